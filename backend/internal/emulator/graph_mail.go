package emulator

import (
	"net/http"
	"strings"
	"time"
)

// mailRoute finds the mail operation below a person's root.
func (e *Emulator) mailRoute(g *graphCall) *graphErr {
	if g.me == nil || g.owner != g.me && g.may("Mail.Read.Shared", "Mail.ReadWrite.Shared", "Mail.Send.Shared") != nil {
		return errAccessDenied()
	}
	box := e.mailboxes[g.owner.ObjectID]
	if box == nil {
		return gerr(http.StatusNotFound, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or is hosted on-premise.")
	}
	path := g.r.Method + " " + strings.ToLower(strings.Join(shape(g.rest), "/"))
	if strings.HasPrefix(path, "POST sendmail") || strings.HasPrefix(path, "POST microsoft.graph.sendmail") {
		return e.sendMail(g, box)
	}
	if path == "POST messages/{id}/attachments/{id}" && strings.EqualFold(g.rest[3], "createUploadSession") {
		return e.createUpload(g, box)
	}
	if g.r.Method == http.MethodGet {
		if gErr := g.may("Mail.Read", "Mail.ReadWrite", "Mail.Read.Shared", "Mail.ReadWrite.Shared"); gErr != nil {
			return gErr
		}
	}
	switch path {
	case "GET mailfolders":
		return e.listFolders(g, box, box.findFolder("msgfolderroot"))
	case "GET mailfolders/{id}":
		return e.getFolder(g, box)
	case "GET mailfolders/{id}/childfolders":
		parent := box.findFolder(g.rest[1])
		if parent == nil {
			return errNotFound()
		}
		return e.listFolders(g, box, parent)
	case "GET messages":
		return e.listMessages(g, box, nil)
	case "GET mailfolders/{id}/messages":
		f := box.findFolder(g.rest[1])
		if f == nil {
			return errFolder(g.rest[1])
		}
		return e.listMessages(g, box, f)
	case "GET messages/{id}":
		return e.getMessage(g, box, nil, g.rest[1])
	case "GET mailfolders/{id}/messages/{id}":
		f := box.findFolder(g.rest[1])
		if f == nil {
			return errFolder(g.rest[1])
		}
		return e.getMessage(g, box, f, g.rest[3])
	}
	return errBadRequest("The emulator does not know the operation " + path + ".")
}

// shape replaces ids in a path, which stand after every collection.
func shape(rest []string) []string {
	out := make([]string, len(rest))
	copy(out, rest)
	for i := 1; i < len(out); i += 2 {
		out[i] = "{id}"
	}
	return out
}

func looksLikeID(id string) bool {
	return len(id) > 40 && (strings.HasPrefix(id, "AAMk") || strings.HasPrefix(id, "AAkA"))
}

func errFolder(id string) *graphErr {
	if !looksLikeID(id) {
		return gerr(http.StatusBadRequest, "ErrorInvalidIdMalformed", "Id is malformed.")
	}
	return errNotFound()
}

func (m *mailbox) folderJSON(f *folder, now time.Time) map[string]any {
	children, unread := 0, 0
	for _, child := range m.folders {
		if child.parent == f.id && !child.hidden {
			children++
		}
	}
	inside := m.in(f, now)
	for _, msg := range inside {
		if !msg.IsRead {
			unread++
		}
	}
	return map[string]any{
		"id": f.id, "displayName": f.name, "parentFolderId": f.parent, "childFolderCount": children,
		"unreadItemCount": unread, "totalItemCount": len(inside), "isHidden": f.hidden,
	}
}

func (e *Emulator) getFolder(g *graphCall, box *mailbox) *graphErr {
	f := box.findFolder(g.rest[1])
	if f == nil {
		return errFolder(g.rest[1])
	}
	out := selectFrom(box.folderJSON(f, g.now), g.query.Get("$select"))
	out["@odata.context"] = g.context("mailFolders/$entity")
	g.prefer()
	g.graphAnswer(out)
	return nil
}

func (e *Emulator) listFolders(g *graphCall, box *mailbox, parent *folder) *graphErr {
	var all []map[string]any
	for _, f := range box.folders {
		if f.parent == parent.id && (!f.hidden || g.query.Get("includeHiddenFolders") == "true") {
			all = append(all, box.folderJSON(f, g.now))
		}
	}
	return g.listAnswer("mailFolders", all)
}

func (e *Emulator) listMessages(g *graphCall, box *mailbox, f *folder) *graphErr {
	var all []map[string]any
	for _, m := range box.in(f, g.now) {
		all = append(all, g.messageJSON(m))
	}
	return g.listAnswer("messages", all)
}

func (e *Emulator) getMessage(g *graphCall, box *mailbox, f *folder, id string) *graphErr {
	m := box.findMessage(id, g.now)
	switch {
	case !looksLikeID(id):
		return gerr(http.StatusBadRequest, "ErrorInvalidIdMalformed", "Id is malformed.")
	case m == nil, f != nil && m.folder != f.id:
		return errNotFound()
	}
	list := g.query.Get("$select")
	out := selectFrom(dropUnasked(g.messageJSON(m), list), list)
	out["@odata.context"] = g.context("messages/$entity")
	g.prefer()
	g.graphAnswer(out)
	return nil
}

func (g *graphCall) context(what string) string {
	return g.base + "/v1.0/$metadata#users('" + g.owner.ObjectID + "')/" + what
}

// prefer tells which preferences were honoured.
func (g *graphCall) prefer() {
	var applied []string
	if g.immutable() {
		applied = append(applied, `IdType="ImmutableId"`)
	}
	if kind := g.bodyType(); kind != "" {
		applied = append(applied, `outlook.body-content-type="`+kind+`"`)
	}
	if len(applied) > 0 {
		g.header.Set("Preference-Applied", strings.Join(applied, ", "))
	}
}

func (g *graphCall) immutable() bool { return strings.EqualFold(g.prefs["idtype"], "ImmutableId") }

func (g *graphCall) bodyType() string {
	kind := strings.ToLower(g.prefs["outlook.body-content-type"])
	if kind == "text" || kind == "html" {
		return kind
	}
	return ""
}
