package emulator

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// mailbox is a person's folders and messages.
type mailbox struct {
	owner    string
	folders  []*folder
	messages []*message
}

// folder is one mail folder; its id never changes.
type folder struct {
	id, wellKnown, name, parent string
	hidden                      bool
}

// Address is a name with a mail address.
type Address struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// Header is one line of a message's head.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Attachment is a file in a message.
type Attachment struct {
	Name        string `json:"name"`
	ContentType string `json:"contentType"`
	Content     []byte `json:"content"`
	Inline      bool   `json:"inline"`
	ContentID   string `json:"contentId"`
}

// Mail is a message as tests write and read it.
type Mail struct {
	ID                string       `json:"id"`          // default id: another one after every move
	ImmutableID       string       `json:"immutableId"` // stays for life
	Folder            string       `json:"folder"`      // well-known name, or display name
	Subject           string       `json:"subject"`
	From              Address      `json:"from"`
	To                []Address    `json:"to"`
	Cc                []Address    `json:"cc"`
	Bcc               []Address    `json:"bcc"`
	ReplyTo           []Address    `json:"replyTo"`
	BodyType          string       `json:"bodyType"` // "text" or "html"
	Body              string       `json:"body"`
	Importance        string       `json:"importance"`
	Categories        []string     `json:"categories"`
	IsRead            bool         `json:"isRead"`
	IsDraft           bool         `json:"isDraft"`
	Received          time.Time    `json:"received"`
	InternetMessageID string       `json:"internetMessageId"`
	Headers           []Header     `json:"headers"`
	Attachments       []Attachment `json:"attachments"`
}

type message struct {
	Mail
	folder          string // id
	changeKey       string
	conversation    string
	created, edited time.Time
	arrives         time.Time // not visible before
}

// wellKnownFolders in the order they are listed; hidden ones only when asked for.
func wellKnownFolders() []folder {
	return []folder{
		{wellKnown: "archive", name: "Archive"},
		{wellKnown: "conversationhistory", name: "Conversation History"},
		{wellKnown: "deleteditems", name: "Deleted Items"},
		{wellKnown: "drafts", name: "Drafts"},
		{wellKnown: "inbox", name: "Inbox"},
		{wellKnown: "junkemail", name: "Junk Email"},
		{wellKnown: "outbox", name: "Outbox"},
		{wellKnown: "sentitems", name: "Sent Items"},
		{wellKnown: "clutter", name: "Clutter", hidden: true},
		{wellKnown: "conflicts", name: "Conflicts", hidden: true},
		{wellKnown: "localfailures", name: "Local Failures", hidden: true},
		{wellKnown: "recoverableitemsdeletions", name: "Deletions", hidden: true},
		{wellKnown: "scheduled", name: "Scheduled", hidden: true},
		{wellKnown: "searchfolders", name: "Finder", hidden: true},
		{wellKnown: "serverfailures", name: "Server Failures", hidden: true},
		{wellKnown: "syncissues", name: "Sync Issues", hidden: true},
	}
}

// openMailbox gives a person a mailbox, or takes it away, as HasMailbox says.
func (e *Emulator) openMailbox(u *user) {
	if !u.HasMailbox {
		delete(e.mailboxes, u.ObjectID)
		return
	}
	if e.mailboxes[u.ObjectID] != nil {
		return
	}
	root := &folder{id: folderID(u.ObjectID, "msgfolderroot"), wellKnown: "msgfolderroot", name: "Top of Information Store"}
	m := &mailbox{owner: u.ObjectID, folders: []*folder{root}}
	for _, f := range wellKnownFolders() {
		f.id, f.parent = folderID(u.ObjectID, f.wellKnown), root.id
		m.folders = append(m.folders, &f)
	}
	e.mailboxes[u.ObjectID] = m
}

func folderID(owner, name string) string {
	sum := hashOf("folder\x00" + owner + "\x00" + name)
	return "AAMkAGZv" + b64(sum[:])[:40] + strings.Repeat("A", 31) + "="
}

// findFolder takes an id (case matters) or a well-known name (case does not).
func (m *mailbox) findFolder(name string) *folder {
	for _, f := range m.folders {
		if f.id == name || strings.EqualFold(f.wellKnown, name) && name != "" {
			return f
		}
	}
	return nil
}

// findMessage accepts the default and the immutable id.
func (m *mailbox) findMessage(id string, now time.Time) *message {
	for _, msg := range m.messages {
		if (msg.ID == id || msg.ImmutableID == id) && !now.Before(msg.arrives) {
			return msg
		}
	}
	return nil
}

// in lists the visible messages of a folder, or of the whole mailbox when it is nil.
func (m *mailbox) in(f *folder, now time.Time) []*message {
	var out []*message
	for _, msg := range m.messages {
		if (f == nil || msg.folder == f.id) && !now.Before(msg.arrives) {
			out = append(out, msg)
		}
	}
	return out
}

func (e *Emulator) messageID() string { return "AAMkAGVt" + b64(e.bytes(57)) + "AAA=" }

// put stores a message in a folder, filling in what is missing.
func (e *Emulator) put(m *mailbox, wellKnown string, mail Mail, arrives time.Time) *message {
	mail.ID, mail.ImmutableID, mail.Folder = e.messageID(), "AAkALgAA"+b64(e.bytes(57))+"AAA=", wellKnown
	if mail.Received.IsZero() {
		mail.Received = arrives.Truncate(time.Second)
	}
	if mail.InternetMessageID == "" {
		mail.InternetMessageID = "<" + e.guid() + "@" + seedDomain + ">"
	}
	if mail.Importance == "" {
		mail.Importance = "normal"
	}
	if mail.BodyType == "" {
		mail.BodyType = "text"
	}
	conversation := hashOf("conversation\x00" + strings.ToLower(bareSubject(mail.Subject)))
	msg := &message{
		Mail: mail, folder: m.findFolder(wellKnown).id, changeKey: "CQAAABYAAAD" + b64(e.bytes(21)),
		conversation: "AAQkAGVt" + b64(conversation[:24]) + "AAA=", created: mail.Received, edited: mail.Received, arrives: arrives,
	}
	m.messages = append(m.messages, msg)
	return msg
}

func bareSubject(s string) string {
	for {
		cut := strings.TrimSpace(s)
		for _, prefix := range []string{"re:", "fw:", "fwd:"} {
			if len(cut) >= len(prefix) && strings.EqualFold(cut[:len(prefix)], prefix) {
				cut = cut[len(prefix):]
			}
		}
		if cut == s {
			return s
		}
		s = cut
	}
}

// send delivers a message to the mailboxes of its recipients. An unknown name in a domain of the tenant
// comes back as a non-delivery report; what leaves the tenant is gone.
func (e *Emulator) send(from *user, mail Mail, saveToSent bool) {
	now := e.now()
	mail.From = Address{from.DisplayName, from.Mail}
	mail.InternetMessageID = orDefault(mail.InternetMessageID, "<"+e.guid()+"@"+seedDomain+">")
	if saveToSent {
		sent := mail
		sent.IsRead = true
		e.put(e.mailboxes[from.ObjectID], "sentitems", sent, now)
	}
	arrives := now.Add(e.settings.DeliveryDelay)
	seen := map[string]bool{}
	for _, to := range slices.Concat(mail.To, mail.Cc, mail.Bcc) {
		address := strings.ToLower(to.Address)
		if seen[address] {
			continue
		}
		seen[address] = true
		e.deliverTo(from, address, mail, arrives)
	}
}

func (e *Emulator) deliverTo(from *user, address string, mail Mail, arrives time.Time) {
	for _, u := range e.users {
		if box := e.mailboxes[u.ObjectID]; box != nil && (strings.EqualFold(u.Mail, address) || strings.EqualFold(u.UserPrincipalName, address)) {
			copied := mail
			copied.Bcc, copied.IsRead, copied.Categories = nil, false, nil
			e.put(box, "inbox", copied, arrives)
			return
		}
	}
	_, domain, _ := strings.Cut(address, "@")
	if e.findTenant(domain) == nil {
		return
	}
	e.put(e.mailboxes[from.ObjectID], "inbox", Mail{
		Subject: "Undeliverable: " + mail.Subject, From: Address{"Microsoft Outlook", "postmaster@" + seedDomain}, To: []Address{{from.DisplayName, from.Mail}},
		Body: fmt.Sprintf("Your message to %s couldn't be delivered.\r\n\r\nRemote server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient %s not found by SMTP address lookup'", address, address),
	}, arrives)
}

func orDefault(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// Deliver puts a message into a person's inbox as if it had come from outside.
func (e *Emulator) Deliver(to string, mail Mail) (Mail, error) {
	var out Mail
	var err error
	found := e.withUser(to, func(u *user) {
		box := e.mailboxes[u.ObjectID]
		if box == nil {
			err = fmt.Errorf("%s has no mailbox", u.UserPrincipalName)
			return
		}
		if len(mail.To) == 0 {
			mail.To = []Address{{u.DisplayName, u.Mail}}
		}
		out = e.put(box, "inbox", mail, e.now()).Mail
	})
	if found != nil {
		return out, found
	}
	return out, err
}

// Mailbox lists a person's messages in a folder (well-known name), oldest first.
func (e *Emulator) Mailbox(name, wellKnown string) []Mail {
	var out []Mail
	err := e.withUser(name, func(u *user) {
		box := e.mailboxes[u.ObjectID]
		if box == nil {
			return
		}
		if f := box.findFolder(wellKnown); f != nil {
			for _, m := range box.in(f, e.now()) {
				out = append(out, m.Mail)
			}
		}
	})
	if err != nil {
		return nil
	}
	return out
}
