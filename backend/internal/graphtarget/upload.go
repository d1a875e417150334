package graphtarget

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/mailbox"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/token"
	"github.com/latchkey/latchkey/backend/internal/upstream"
)

// uploadFor is how long a handle is good. Microsoft's own sessions end sooner.
const uploadFor = 24 * time.Hour

var errNoUpload = fault.New(fault.NotFound, "upload_not_found", "There is no such upload session: it has ended, or belongs to another target.").
	WithFix("Create another one.")

// upload is what a handle stands for: the one address that it leads to. Whoever has that address needs no
// token, so it is nobody's to see.
type upload struct {
	URL  string    `json:"u"`
	Ends time.Time `json:"e"`
}

// handleFor seals the address of an upload session into one of our own, which is good for this target alone.
func (c *Caller) handleFor(ctx context.Context, t Target, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || upstream.CheckURL(u.Scheme+"://"+u.Host) != nil || u.User != nil || u.Fragment != "" {
		return "", errors.New("the address of an upload session is none that can be called")
	}
	raw, err := json.Marshal(upload{URL: address, Ends: c.Now().Add(uploadFor)})
	if err != nil {
		return "", err
	}
	var sealed secret.Sealed
	err = c.Targets.DB.InTx(ctx, func(tx *gorm.DB) (err error) {
		sealed, err = c.Box.Seal(tx, secret.New(string(raw)), "targets", "upload", t.ID)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("seal an upload session: %w", err)
	}
	return c.PublicURL + httpapi.BasePath + "/targets/" + t.ID + "/uploads/" + base64.RawURLEncoding.EncodeToString(sealed), nil
}

func (c *Caller) openHandle(id, handle string) (upload, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(handle)
	if err != nil {
		return upload{}, errNoUpload
	}
	raw, err := c.Box.Open(sealed, "targets", "upload", id)
	if err != nil || raw.IsZero() {
		return upload{}, errNoUpload.Because(err)
	}
	var u upload
	if err := json.Unmarshal([]byte(raw.Reveal()), &u); err != nil || !c.Now().Before(u.Ends) {
		return upload{}, errNoUpload
	}
	return u, nil
}

// Upload passes a part of a large attachment on to where its upload session is. That is another host, whose
// address is its own credential: no token goes there.
func (c *Caller) Upload(w http.ResponseWriter, r *http.Request, id, handle string) error {
	ctx := r.Context()
	t, err := c.target(ctx, id)
	if err != nil {
		return err
	}
	if p, _ := auth.From(ctx); r.Method != http.MethodGet && r.Method != http.MethodHead && p.Leash(t.AccountKeyID).BoundsMail() {
		return errLeash // as for everything else that writes through Graph
	}
	session, err := c.openHandle(t.ID, handle)
	if err != nil {
		return err
	}
	address, err := url.Parse(session.URL)
	if err != nil {
		return errNoUpload.Because(err)
	}
	access, err := c.Broker.Get(ctx, t.AccountKeyID, token.Request{Kept: true}) // a key that serves nothing uploads nothing
	if err != nil {
		return err
	}
	slot, err := c.wait(ctx, t, mailbox.ID(access.ClientID, access.Account.ObjectID))
	if err != nil {
		return err
	}
	defer slot.Release()
	out := outgoing{target: t, method: r.Method, url: address, length: r.ContentLength, header: uploadHeader(r.Header)}
	if r.ContentLength != 0 && r.Body != nil && r.Body != http.NoBody {
		out.body = r.Body
	}
	answer, err := c.send(ctx, &out, "")
	if err != nil {
		return err
	}
	defer answer.close()
	if answer.StatusCode < http.StatusOK {
		return errUnreachable.Because(errSwitched)
	}
	answerHeader(w.Header(), answer.Response)
	return pass(w, answer.Response, answer.Body, answer.ContentLength)
}

// uploadHeader is all that the other host needs to know.
func uploadHeader(from http.Header) http.Header {
	h := http.Header{"Accept-Encoding": {"identity"}, "User-Agent": {"latchkey"}}
	for _, name := range []string{"Accept", "Content-Type", "Content-Range", "Client-Request-Id"} {
		if values := from.Values(name); len(values) > 0 {
			h[name] = values
		}
	}
	return h
}
