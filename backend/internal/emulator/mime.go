package emulator

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
)

// parseMIME reads an RFC 5322 message: addresses, subject, x- headers, the first text or HTML body, attachments.
func parseMIME(raw []byte) (Mail, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Mail{}, err
	}
	words := &mime.WordDecoder{}
	subject, err := words.DecodeHeader(msg.Header.Get("Subject"))
	if err != nil {
		subject = msg.Header.Get("Subject")
	}
	m := Mail{
		Subject: subject, InternetMessageID: msg.Header.Get("Message-Id"),
		To: mimeAddresses(msg.Header, "To"), Cc: mimeAddresses(msg.Header, "Cc"), Bcc: mimeAddresses(msg.Header, "Bcc"),
		ReplyTo: mimeAddresses(msg.Header, "Reply-To"), Importance: strings.ToLower(msg.Header.Get("Importance")),
	}
	if from := mimeAddresses(msg.Header, "From"); len(from) > 0 {
		m.From = from[0]
	}
	for name, values := range msg.Header {
		if strings.HasPrefix(name, "X-") {
			m.Headers = append(m.Headers, Header{Name: name, Value: values[0]})
		}
	}
	if err := readPart(&m, textproto.MIMEHeader(msg.Header), msg.Body); err != nil {
		return Mail{}, err
	}
	return m, nil
}

func mimeAddresses(h mail.Header, name string) []Address {
	list, err := h.AddressList(name)
	if err != nil {
		return nil
	}
	var out []Address
	for _, a := range list {
		out = append(out, Address{a.Name, a.Address})
	}
	return out
}

// readPart takes one MIME part; a multipart is walked. HTML wins over plain text.
func readPart(m *Mail, h textproto.MIMEHeader, r io.Reader) error {
	kind, params, err := mime.ParseMediaType(orDefault(h.Get("Content-Type"), "text/plain"))
	if err != nil {
		return fmt.Errorf("content type: %w", err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(r, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("multipart: %w", err)
			}
			if err := readPart(m, p.Header, p); err != nil {
				return err
			}
		}
	}
	content, err := io.ReadAll(decoded(h.Get("Content-Transfer-Encoding"), r))
	if err != nil {
		return fmt.Errorf("content: %w", err)
	}
	disposition, dparams, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	name := params["name"]
	if err == nil && dparams["filename"] != "" {
		name = dparams["filename"]
	}
	switch {
	case disposition == "attachment", name != "", !strings.HasPrefix(kind, "text/"):
		m.Attachments = append(m.Attachments, Attachment{
			Name: name, ContentType: kind, Content: content, Inline: disposition == "inline", ContentID: strings.Trim(h.Get("Content-Id"), "<>"),
		})
	case kind == "text/html":
		m.Body, m.BodyType = string(content), "html"
	case m.Body == "":
		m.Body, m.BodyType = string(content), "text"
	}
	return nil
}

func decoded(encoding string, r io.Reader) io.Reader {
	switch strings.ToLower(encoding) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	}
	return r
}
