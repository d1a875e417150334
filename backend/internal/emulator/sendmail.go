package emulator

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
)

const (
	maxGraphBody  = 4 << 20
	maxRecipients = 500
)

// messageInput is a message as callers write it; encoding/json does not mind letter case, and neither does Graph.
type messageInput struct {
	Subject string `json:"subject"`
	Body    *struct {
		ContentType string `json:"contentType"`
		Content     string `json:"content"`
	} `json:"body"`
	From                   *recipientInput  `json:"from"`
	ToRecipients           []recipientInput `json:"toRecipients"`
	CcRecipients           []recipientInput `json:"ccRecipients"`
	BccRecipients          []recipientInput `json:"bccRecipients"`
	ReplyTo                []recipientInput `json:"replyTo"`
	Importance             string           `json:"importance"`
	InternetMessageID      string           `json:"internetMessageId"`
	InternetMessageHeaders []Header         `json:"internetMessageHeaders"`
	Attachments            []struct {
		Type         string `json:"@odata.type"`
		Name         string `json:"name"`
		ContentType  string `json:"contentType"`
		ContentBytes []byte `json:"contentBytes"`
		IsInline     bool   `json:"isInline"`
		ContentID    string `json:"contentId"`
	} `json:"attachments"`
}

type recipientInput struct {
	EmailAddress Address `json:"emailAddress"`
}

// sendMail accepts a message as JSON or as MIME. 202 means queued, and says nothing more.
func (e *Emulator) sendMail(g *graphCall, _ *mailbox) *graphErr {
	need := "Mail.Send"
	if g.owner != g.me {
		need = "Mail.Send.Shared"
	}
	if gErr := g.may(need); gErr != nil {
		return gErr
	}
	if len(g.body) > maxGraphBody {
		return gerr(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The page was not displayed because the request entity is too large.")
	}
	var mail Mail
	var gErr *graphErr
	save := true
	if kind, _, err := mime.ParseMediaType(g.r.Header.Get("Content-Type")); err == nil && kind == "text/plain" {
		mail, gErr = readMIME(g.body)
	} else {
		mail, save, gErr = readJSONMail(g.body)
	}
	if gErr != nil {
		return gErr
	}
	if from := mail.From.Address; from != "" && !strings.EqualFold(from, g.owner.Mail) && !strings.EqualFold(from, g.owner.UserPrincipalName) {
		return gerr(http.StatusForbidden, "ErrorSendAsDenied", "The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account.")
	}
	if gErr := checkRecipients(mail); gErr != nil {
		return gErr
	}
	e.send(g.owner, mail, save)
	g.status = http.StatusAccepted
	return nil
}

func checkRecipients(m Mail) *graphErr {
	n := 0
	for _, list := range [][]Address{m.To, m.Cc, m.Bcc} {
		for _, a := range list {
			n++
			local, domain, ok := strings.Cut(a.Address, "@")
			if !ok || local == "" || domain == "" || strings.ContainsAny(a.Address, " <>,;\r\n") {
				return gerr(http.StatusBadRequest, "ErrorInvalidRecipients", "At least one recipient is not valid. Recipient '"+a.Address+"' is not resolved.")
			}
		}
	}
	switch {
	case n == 0:
		return gerr(http.StatusBadRequest, "ErrorInvalidRecipients", "At least one recipient is not valid. The message has no recipients.")
	case n > maxRecipients:
		return gerr(http.StatusBadRequest, "ErrorExceededMessageLimit", "The number of recipients exceeds the limit.")
	}
	return nil
}

func readJSONMail(body []byte) (Mail, bool, *graphErr) {
	var in struct {
		Message         *messageInput `json:"message"`
		SaveToSentItems *bool         `json:"saveToSentItems"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return Mail{}, false, errBadRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	if in.Message == nil {
		return Mail{}, false, gerr(http.StatusBadRequest, "ErrorInvalidRequest", "The parameter 'Message' is required.")
	}
	mail, gErr := in.Message.mail()
	return mail, in.SaveToSentItems == nil || *in.SaveToSentItems, gErr
}

func (in *messageInput) mail() (Mail, *graphErr) {
	m := Mail{
		Subject: in.Subject, To: addresses(in.ToRecipients), Cc: addresses(in.CcRecipients), Bcc: addresses(in.BccRecipients),
		ReplyTo: addresses(in.ReplyTo), Importance: strings.ToLower(in.Importance), InternetMessageID: in.InternetMessageID, BodyType: "text",
	}
	if in.Body != nil {
		m.Body, m.BodyType = in.Body.Content, strings.ToLower(orDefault(in.Body.ContentType, "text"))
	}
	if in.From != nil {
		m.From = in.From.EmailAddress
	}
	for _, h := range in.InternetMessageHeaders {
		if !strings.HasPrefix(strings.ToLower(h.Name), "x-") {
			return m, gerr(http.StatusBadRequest, "InvalidInternetMessageHeader", "The internet message header name '"+h.Name+"' should start with 'x-' or 'X-'.")
		}
		m.Headers = append(m.Headers, h)
	}
	for _, a := range in.Attachments {
		if a.Type != "" && a.Type != "#microsoft.graph.fileAttachment" {
			return m, errBadRequest("The emulator does not know attachments of type " + a.Type + ".")
		}
		m.Attachments = append(m.Attachments, Attachment{Name: a.Name, ContentType: a.ContentType, Content: a.ContentBytes, Inline: a.IsInline, ContentID: a.ContentID})
	}
	return m, nil
}

func addresses(list []recipientInput) []Address {
	var out []Address
	for _, r := range list {
		out = append(out, r.EmailAddress)
	}
	return out
}

func readMIME(body []byte) (Mail, *graphErr) {
	raw, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\r", "", "\n", "").Replace(strings.TrimSpace(string(body))))
	if err != nil {
		return Mail{}, gerr(http.StatusBadRequest, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.")
	}
	mail, err := parseMIME(raw)
	if err != nil {
		return Mail{}, gerr(http.StatusBadRequest, "ErrorMimeContentInvalid", "Invalid MIME content: "+err.Error())
	}
	return mail, nil
}
