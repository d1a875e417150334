package graphtarget

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/epoch"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/graphpath"
	"github.com/latchkey/latchkey/backend/internal/mailbox"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/token"
	"github.com/latchkey/latchkey/backend/internal/upstream"
)

// Caller makes the calls of targets.
type Caller struct {
	Targets    *Service
	Broker     *token.Broker
	Slots      *mailbox.Slots
	Box        *masterkey.Box
	Transport  http.RoundTripper // follows no redirects, by its nature
	PublicURL  string
	Remembered *epoch.Memory[string, Ready] // by the target's id
	Now        func() time.Time

	bases sync.Map // what graphURL has read, by its text
}

// Ready is a target with its bounds read.
type Ready struct {
	Target
	bounds graphpath.List
	base   graphpath.Path
}

func ready(t Target) Ready { return Ready{Target: t, bounds: t.list(), base: t.base()} }

// NewTransport returns what calls go by. It neither decompresses nor bounds answers: they are passed on.
//
// Why one of our own: the default keeps two idle connections per host, and nearly all calls go to one.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableCompression: true,
		MaxIdleConns: 512, MaxIdleConnsPerHost: 256, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10, WriteBufferSize: 32 << 10, ReadBufferSize: 32 << 10,
	}
}

// Failures of our own, which Graph's are never mistaken for.
var (
	errDisabled = fault.New(fault.Conflict, "target_disabled", "The target is switched off.").WithFix("Enable it, or call through another one.")
	errPath     = fault.New(fault.Malformed, "bad_path", "The path after /graph cannot be passed on.")
	errMethod   = fault.New(fault.Forbidden, "method_refused", "The target doesn't allow this method.").WithFix("Allow it at the target, if it is meant to be.")
	errRefused  = fault.New(fault.Forbidden, "path_refused", "The target doesn't allow this path.").WithFix("Allow it at the target, if it is meant to be.")
	errLeash    = fault.New(fault.Forbidden, "leash_refused", "This API client may not make this call to Microsoft Graph with this account key.").
			WithFix("Ask whoever looks after the API client.")
	errNoCloud     = fault.New(fault.Unavailable, "cloud_not_configured", "The cloud of the target's key is not configured on this server.").After(time.Minute)
	errUnreachable = fault.New(fault.Unreachable, "graph_unreachable", "Microsoft Graph could not be reached.").WithFix("Try again in a moment.")
	errUnanswered  = fault.New(fault.Unanswered, "graph_timeout", "Microsoft Graph did not begin its answer within the target's time-out.").
			WithFix("What was asked may have been done all the same: look before you repeat it.")
)

// target returns a target that the caller may use and that takes calls.
func (c *Caller) target(ctx context.Context, id string) (Ready, error) {
	t, err := c.Remembered.Load(ctx, id, func(ctx context.Context) (Ready, error) {
		t, err := load(c.Targets.DB.Read(ctx), id)
		return ready(t), err
	})
	if err := mayUse(ctx, t.Target, err); err != nil {
		return Ready{}, err
	}
	if !t.Enabled {
		return Ready{}, errDisabled
	}
	return t, nil
}

// allowed refuses what the target or the caller's leash doesn't allow. It is the one place that decides; the
// path is that below Graph's version.
func allowed(p auth.Principal, t Ready, method string, path graphpath.Path) error {
	switch _, inside := path.Below(t.base); {
	case !t.bounds.AllowsMethod(method):
		return errMethod
	case !inside || !t.bounds.AllowsPath(path):
		return errRefused
	case !p.Leash(t.AccountKeyID).AllowsGraph(method, path):
		return errLeash
	}
	return nil
}

// list is the target's allow-list. What cannot be read allows nothing; it was checked when it was stored.
func (t Target) list() graphpath.List {
	list := graphpath.List{Methods: t.AllowedMethods}
	for _, text := range t.AllowedPaths {
		if p, err := graphpath.ParsePattern(text); err == nil {
			list.Paths = append(list.Paths, p)
		}
	}
	return list
}

func (t Target) base() graphpath.Path {
	path, err := graphpath.Parse(t.BasePath)
	if err != nil {
		return graphpath.Path{} // as above: it was checked, and the patterns still hold
	}
	return path
}

// Call passes one request on to Graph and its answer back to w. rest is the path after /graph as it was
// written. An error means that w was not written to, or that the answer broke off.
func (c *Caller) Call(w http.ResponseWriter, r *http.Request, id, rest string) error {
	ctx := r.Context()
	t, err := c.target(ctx, id)
	if err != nil {
		return err
	}
	below, err := graphpath.Parse(rest)
	if err != nil {
		return errPath.WithMessage(errPath.Message + " " + err.Error())
	}
	out := outgoing{target: t, method: r.Method, path: t.base.Join(below), query: r.URL.RawQuery, asks: r.URL.ForceQuery, length: r.ContentLength}
	if err := out.admit(r, below); err != nil {
		return err
	}
	access, err := c.Broker.Get(ctx, t.AccountKeyID, token.Request{Kept: true})
	if err != nil {
		return err
	}
	base, err := c.graphURL(access.GraphURL)
	if err != nil {
		return err
	}
	box := mailbox.ID(access.ClientID, access.Account.ObjectID)
	slot, err := c.wait(ctx, t, box)
	if err != nil {
		return err
	}
	defer slot.Release()
	out.url = out.address(base)
	out.header = requestHeader(r.Header, t.FixedHeaders)
	answer, err := c.authorized(ctx, &out, access)
	if err != nil {
		return err
	}
	defer answer.close()
	c.heed(box, answer.Response)
	return c.answer(w, r, t, base, out.path, answer.Response)
}

// admit looks at what is asked for, and reads the body as far as that needs.
func (o *outgoing) admit(r *http.Request, below graphpath.Path) error {
	if o.path.Has(batch) {
		if readings := below.Readings(); len(readings[0]) != 1 || !strings.EqualFold(readings[0][0], batch) {
			return errRefused.WithMessage("A batch is sent to /$batch, right after /graph.")
		}
		o.path = batchPath() // below the version, whatever the base path
		return o.readBatch(r)
	}
	caller, _ := auth.From(r.Context())
	if err := allowed(caller, o.target, o.method, o.path); err != nil {
		return err
	}
	return o.readSmall(r)
}

// wait takes one of the mailbox's places. Whoever had to wait for it is looked at again: access may have been
// taken away meanwhile.
func (c *Caller) wait(ctx context.Context, t Ready, box string) (*mailbox.Slot, error) {
	slot, err := c.Slots.Take(ctx, box)
	if err != nil || !slot.Waited {
		return slot, err
	}
	p, err := auth.Readmit(ctx)
	if err == nil {
		err = mayUse(auth.WithPrincipal(ctx, p), t.Target, nil)
	}
	if err == nil {
		_, err = c.Broker.Held(ctx, t.AccountKeyID)
	}
	if err != nil {
		slot.Release()
		return nil, err
	}
	return slot, nil
}

// heed leaves a mailbox alone for as long as Microsoft asks for.
func (c *Caller) heed(box string, answer *http.Response) {
	switch answer.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		c.Slots.LeaveAlone(box, upstream.RetryAfter(answer.Header, c.Now(), false))
	}
}

func (c *Caller) graphURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, errNoCloud
	}
	if known, ok := c.bases.Load(text); ok {
		return known.(*url.URL), nil //nolint:forcetypeassert // stored below alone
	}
	base, err := url.Parse(text)
	if err == nil {
		c.bases.Store(text, base)
	}
	return base, err
}

// answered is an answer whose body is yet to be read, and what ends the call.
type answered struct {
	*http.Response
	cancel context.CancelFunc
}

func (a answered) close() {
	_ = a.Body.Close() // nobody is left to be told
	a.cancel()
}

// authorized sends a request with a token. If Graph doesn't take it, and the request can be repeated, that is
// done once with a fresh one.
func (c *Caller) authorized(ctx context.Context, out *outgoing, access token.Access) (answered, error) {
	answer, err := c.send(ctx, out, "Bearer "+access.AccessToken.Reveal())
	if err != nil || answer.StatusCode != http.StatusUnauthorized || (out.length != 0 && out.kept == nil) {
		return answer, err
	}
	// Somebody may have had the token refreshed already; whoever insists costs Microsoft a call.
	next, err := c.Broker.Get(ctx, out.target.AccountKeyID, token.Request{Kept: true})
	if err == nil && next.AccessToken.Reveal() == access.AccessToken.Reveal() {
		next, err = c.Broker.Get(ctx, out.target.AccountKeyID, token.Request{Kept: true, ForceRefresh: true})
	}
	if err != nil {
		answer.close()
		return answered{}, err
	}
	if next.AccessToken.Reveal() == access.AccessToken.Reveal() {
		return answer, nil // it was refreshed a moment ago; this is Graph's last word
	}
	answer.close()
	return c.send(ctx, out, "Bearer "+next.AccessToken.Reveal())
}

var errHeadTimeout = errors.New("no answer within the target's time-out")

// send makes the call and returns when the head of the answer is there. The time-out runs while nothing moves,
// and no longer than until then.
func (c *Caller) send(ctx context.Context, out *outgoing, authorization string) (answered, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	patience := time.Duration(out.target.TimeoutSeconds) * time.Second
	timer := time.AfterFunc(patience, func() { cancel(errHeadTimeout) })
	request := (&http.Request{
		Method: out.method, URL: out.url, Host: out.url.Host, Header: out.header, ContentLength: out.length,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if authorization != "" {
		request.Header["Authorization"] = []string{authorization}
	}
	var source *moving
	switch {
	case len(out.kept) > 0:
		kept := out.kept
		request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(kept)), nil }
		request.Body, _ = request.GetBody() // it cannot fail
	case out.body != nil && out.length != 0:
		source = &moving{from: out.body, moved: func() { timer.Reset(patience) }}
		request.Body = source
	}
	response, err := c.Transport.RoundTrip(request)
	source.stop()
	inTime := timer.Stop()
	if err == nil && inTime {
		return answered{response, func() { cancel(nil) }}, nil
	}
	cause := context.Cause(ctx)
	if err == nil {
		_ = response.Body.Close() // it came too late
	}
	cancel(nil)
	return answered{}, c.lost(cause, source, err)
}

// lost tells why there is no answer.
func (c *Caller) lost(cause error, source *moving, err error) error {
	switch read := source.failure(); {
	case errors.Is(cause, errHeadTimeout):
		return errUnanswered.Because(cause)
	case cause != nil:
		return cause // the caller went away
	case read != nil:
		return broken(read)
	default:
		return errUnreachable.Because(upstream.Describe(err))
	}
}
