package emulator

import (
	"html"
	"net/url"
	"regexp"
	"strings"
)

// messageJSON is a message with every property; uniqueBody and internetMessageHeaders are dropped later
// unless they were asked for by name.
func (g *graphCall) messageJSON(m *message) map[string]any {
	id := m.ID
	if g.immutable() {
		id = m.ImmutableID
	}
	kind, content := m.BodyType, m.Body
	switch asked := g.bodyType(); {
	case asked == "text" && kind == "html":
		kind, content = "text", plainText(content)
	case asked == "html" && kind == "text":
		kind, content = "html", "<html><body><pre>"+html.EscapeString(content)+"</pre></body></html>"
	}
	received := iso(m.Received)
	files := 0
	for _, a := range m.Attachments {
		if !a.Inline {
			files++
		}
	}
	categories := m.Categories
	if categories == nil {
		categories = []string{}
	}
	headers := make([]map[string]any, 0, len(m.Headers))
	for _, h := range m.Headers {
		headers = append(headers, map[string]any{"name": h.Name, "value": h.Value})
	}
	body := map[string]any{"contentType": kind, "content": content}
	return map[string]any{
		"@odata.etag": `W/"` + m.changeKey + `"`, "id": id, "changeKey": m.changeKey, "parentFolderId": m.folder,
		"createdDateTime": iso(m.created), "lastModifiedDateTime": iso(m.edited), "receivedDateTime": received, "sentDateTime": received,
		"conversationId": m.conversation, "conversationIndex": "AQHc" + b64([]byte(m.conversation))[:24], "subject": m.Subject,
		"bodyPreview": preview(m.Mail), "body": body, "uniqueBody": body, "internetMessageHeaders": headers,
		"from": recipientJSON(m.From), "sender": recipientJSON(m.From), "toRecipients": recipientsJSON(m.To), "ccRecipients": recipientsJSON(m.Cc),
		"bccRecipients": recipientsJSON(m.Bcc), "replyTo": recipientsJSON(m.ReplyTo), "importance": m.Importance, "inferenceClassification": "focused",
		"isRead": m.IsRead, "isDraft": m.IsDraft, "hasAttachments": files > 0, "isDeliveryReceiptRequested": nil, "isReadReceiptRequested": false,
		"categories": categories, "flag": map[string]any{"flagStatus": "notFlagged"}, "internetMessageId": m.InternetMessageID,
		"webLink": g.base + "/owa/?ItemID=" + url.QueryEscape(m.ID) + "&exvsurl=1&viewmodel=ReadMessageItem",
	}
}

// dropUnasked removes the properties that Graph gives only when named in $select.
func dropUnasked(all map[string]any, list string) map[string]any {
	for _, name := range []string{"uniqueBody", "internetMessageHeaders"} {
		if !strings.Contains(strings.ToLower(list), strings.ToLower(name)) {
			delete(all, name)
		}
	}
	return all
}

func recipientJSON(a Address) map[string]any {
	return map[string]any{"emailAddress": map[string]any{"name": orDefault(a.Name, a.Address), "address": a.Address}}
}

func recipientsJSON(list []Address) []map[string]any {
	out := make([]map[string]any, 0, len(list))
	for _, a := range list {
		out = append(out, recipientJSON(a))
	}
	return out
}

// preview is the first 255 characters of the text.
func preview(m Mail) string {
	text := m.Body
	if m.BodyType == "html" {
		text = plainText(text)
	}
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > 255 {
		runes = runes[:255]
	}
	return string(runes)
}

func plainText(markup string) string {
	breaks := regexp.MustCompile(`(?i)<(br|/p|/div|/li|/tr|/h[1-6])[^>]*>`)
	hidden := regexp.MustCompile(`(?is)<(style|script|head)[^>]*>.*?</(style|script|head)>`)
	tags := regexp.MustCompile(`<[^>]*>`)
	text := breaks.ReplaceAllString(hidden.ReplaceAllString(markup, ""), "\n")
	return strings.TrimSpace(html.UnescapeString(tags.ReplaceAllString(text, "")))
}
