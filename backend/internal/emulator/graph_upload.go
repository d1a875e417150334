package emulator

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	uploadPath    = "/outlook/uploads/"
	uploadLasts   = time.Hour
	maxUploadPart = 4 << 20
)

// Upload is a large attachment on its way to a message. Microsoft takes its parts at another host than Graph,
// by an address that is its own credential; here it is another path.
type Upload struct {
	ID       string
	Message  string
	Name     string
	Size     int
	Received []byte
	Done     bool

	token   string
	expires time.Time
}

// Uploads are all upload sessions, oldest first.
func (e *Emulator) Uploads() []Upload {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]Upload, len(e.uploads))
	for i, u := range e.uploads {
		out[i] = *u
		out[i].Received = bytes.Clone(u.Received)
	}
	return out
}

// createUpload answers POST …/attachments/createUploadSession.
func (e *Emulator) createUpload(g *graphCall, box *mailbox) *graphErr {
	if gErr := g.may("Mail.ReadWrite", "Mail.ReadWrite.Shared"); gErr != nil {
		return gErr
	}
	if box.findMessage(g.rest[1], g.now) == nil {
		return errNotFound()
	}
	var in struct {
		AttachmentItem struct {
			AttachmentType string `json:"attachmentType"`
			Name           string `json:"name"`
			Size           int    `json:"size"`
			IsInline       bool   `json:"isInline"`
			ContentID      string `json:"contentId"`
			ContentType    string `json:"contentType"`
		} `json:"AttachmentItem"`
	}
	if err := g.decode(&in); err != nil || in.AttachmentItem.Name == "" || in.AttachmentItem.Size <= 0 {
		return errBadRequest("The attachment item is missing or incomplete.")
	}
	u := &Upload{
		ID: e.guid(), Message: g.rest[1], Name: in.AttachmentItem.Name, Size: in.AttachmentItem.Size,
		token: e.guid(), expires: g.now.Add(uploadLasts),
	}
	e.uploads = append(e.uploads, u)
	g.header.Set("Content-Type", graphJSON)
	g.json(http.StatusCreated, map[string]any{
		"@odata.context": g.base + "/v1.0/$metadata#microsoft.graph.uploadSession",
		"uploadUrl":      g.base + uploadPath + u.ID + "?authtoken=" + u.token, "expirationDateTime": iso(u.expires), "nextExpectedRanges": []string{"0-"},
	})
	return nil
}

// upload answers everything about one session at its own address.
func (e *Emulator) upload(c *call) {
	i := slices.IndexFunc(e.uploads, func(u *Upload) bool { return u.ID == c.r.PathValue("session") && u.token == c.query.Get("authtoken") })
	switch {
	case c.r.Header.Get("Authorization") != "":
		c.graphError(gerr(http.StatusUnauthorized, "InvalidAuthenticationToken", "The upload address is its own credential; it takes no Authorization header."))
	case i < 0 || !c.now.Before(e.uploads[i].expires):
		c.graphError(gerr(http.StatusNotFound, "ErrorItemNotFound", "The upload session was not found."))
	case c.r.Method == http.MethodGet:
		c.uploadState(e.uploads[i])
	case c.r.Method == http.MethodDelete:
		e.uploads = slices.Delete(e.uploads, i, i+1)
		c.status = http.StatusNoContent
	case c.r.Method == http.MethodPut:
		c.uploadPart(e.uploads[i])
	default:
		c.graphError(gerr(http.StatusMethodNotAllowed, "MethodNotAllowed", "An upload takes PUT, GET and DELETE."))
	}
}

func (c *call) uploadState(u *Upload) {
	c.json(http.StatusOK, map[string]any{"ExpirationDateTime": iso(u.expires), "NextExpectedRanges": []string{fmt.Sprint(len(u.Received))}})
}

func (c *call) uploadPart(u *Upload) {
	var from, to, size int
	n, err := fmt.Sscanf(strings.TrimSpace(c.r.Header.Get("Content-Range")), "bytes %d-%d/%d", &from, &to, &size)
	switch {
	case err != nil || n != 3 || to-from+1 != len(c.body) || size != u.Size || to >= size:
		c.graphError(errBadRequest("The Content-Range header does not fit the part that was sent."))
		return
	case len(c.body) >= maxUploadPart:
		c.graphError(gerr(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "A part is smaller than 4 MB."))
		return
	case from != len(u.Received) || u.Done:
		c.graphError(gerr(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The parts come in their order."))
		return
	}
	u.Received = append(u.Received, c.body...)
	if len(u.Received) < u.Size {
		c.uploadState(u)
		return
	}
	u.Done = true
	c.status = http.StatusCreated
	c.header.Set("Location", fmt.Sprintf("%s/api/v2.0/Users('%s')/Messages('%s')/Attachments('%s')", c.base, c.user, u.Message, u.ID))
}
