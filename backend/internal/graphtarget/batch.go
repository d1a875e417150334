package graphtarget

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/graphpath"
)

const (
	batch    = "$batch"
	maxBatch = 4 << 20 // what Graph takes
	maxItems = 20
)

var (
	errBatch      = fault.New(fault.Malformed, "bad_batch", "The body is no batch as Microsoft Graph takes it.")
	errBatchLarge = fault.New(fault.TooLarge, "too_large", "A batch has at most 4 MB.")
	errItem       = fault.New(fault.Forbidden, "batch_item_refused", "The batch holds something that cannot be passed on.")
)

func batchPath() graphpath.Path {
	path, _ := graphpath.Parse("/" + batch) // it is one
	return path
}

// batchItem is what is looked at of a request within a batch. The names of members are taken as Graph may
// take them, in any case: an item that has one twice is refused.
type batchItem struct {
	id      string
	method  string
	url     string
	headers map[string]json.RawMessage
}

// readBatch reads a batch and looks at every item as if it were sent by itself. What is passed on are the
// very bytes that were looked at.
func (o *outgoing) readBatch(r *http.Request) error {
	if r.Method != http.MethodPost {
		return errMethod
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return errBatch.WithMessage("Send a batch as it is, without Content-Encoding: it has to be looked at.")
	}
	if r.ContentLength > maxBatch {
		return errBatchLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBatch+1))
	if err != nil {
		return broken(err)
	}
	if len(body) > maxBatch {
		return errBatchLarge
	}
	items, err := batchItems(body)
	if err != nil {
		return err
	}
	caller, _ := auth.From(r.Context())
	for i, item := range items {
		if err := o.target.allowsItem(caller, item); err != nil {
			return inItem(err, i, item.id)
		}
	}
	o.keep(body)
	return nil
}

// inItem says which item of a batch it is about.
func inItem(err error, i int, id string) error {
	f, ok := fault.From(err)
	if !ok {
		return err
	}
	return errItem.WithMessage(fmt.Sprintf("Request %d of the batch, with the id %.40q: %s", i+1, id, f.Message)).WithFix(f.Fix)
}

func (t Ready) allowsItem(caller auth.Principal, item batchItem) error {
	for name := range item.headers {
		if ours(name) {
			return errBatch.WithMessage("The header " + fmt.Sprintf("%.60q", name) + " is not for a caller to send.")
		}
	}
	raw, _, _ := strings.Cut(item.url, "?")
	if raw != "" && raw[0] != '/' {
		raw = "/" + raw // Graph takes both
	}
	path, err := graphpath.Parse(raw)
	if err != nil {
		return errPath.WithMessage("Its url is no relative address. " + err.Error())
	}
	if path.Has(batch) {
		return errRefused.WithMessage("A batch holds no batches.")
	}
	return allowed(caller, t, item.method, path)
}

// batchItems reads the requests of a batch.
func batchItems(body []byte) ([]batchItem, error) {
	top, err := members(body)
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(top["requests"], &list); err != nil || len(top["requests"]) == 0 || len(top) != 1 {
		return nil, errBatch.WithFix(`Send {"requests":[…]} and nothing else.`)
	}
	if len(list) == 0 || len(list) > maxItems {
		return nil, errBatch.WithMessage("A batch has 1 to 20 requests.")
	}
	items := make([]batchItem, len(list))
	for i, raw := range list {
		if items[i], err = batchItemOf(raw); err != nil {
			return nil, inItem(err, i, items[i].id)
		}
	}
	return items, nil
}

func batchItemOf(raw json.RawMessage) (item batchItem, err error) {
	parts, err := members(raw)
	if err != nil {
		return item, err
	}
	for _, text := range []struct {
		name string
		to   *string
	}{{"id", &item.id}, {"method", &item.method}, {"url", &item.url}} {
		if err := json.Unmarshal(parts[text.name], text.to); err != nil || *text.to == "" {
			return item, errBatch.WithMessage("It needs " + text.name + ", a text.")
		}
	}
	item.method = strings.ToUpper(item.method)
	if headers := parts["headers"]; len(headers) > 0 && string(headers) != "null" {
		if item.headers, err = members(headers); err != nil {
			return item, err
		}
	}
	return item, nil
}

// members reads a JSON object, its names in small letters. One that has a name twice is refused: who reads it
// after us may take the other one.
func members(raw []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	open, err := d.Token()
	if err != nil || open != json.Delim('{') {
		return nil, errBatch
	}
	out := map[string]json.RawMessage{}
	for d.More() {
		token, err := d.Token()
		name, isName := token.(string)
		var value json.RawMessage
		if err != nil || !isName || d.Decode(&value) != nil {
			return nil, errBatch
		}
		name = strings.ToLower(name)
		if _, twice := out[name]; twice {
			return nil, errBatch.WithMessage(fmt.Sprintf("It has %.60q twice.", name))
		}
		out[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errBatch
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errBatch
	}
	return out, nil
}

// links returns what becomes of the links in an answer to a call at path.
func (c *Caller) links(ctx context.Context, t Ready, base *url.URL, path graphpath.Path) linker {
	uploads := strings.HasSuffix(strings.ToLower(path.Last()), "createuploadsession")
	return func(member, link string) (string, bool, error) {
		switch {
		case member != memberUpload:
			own, ok := c.ownLink(t, base, link)
			return own, ok, nil
		case uploads:
			handle, err := c.handleFor(ctx, t.Target, link)
			return handle, err == nil, err
		default:
			return "", false, nil
		}
	}
}

// ownLink is where a link of Graph's is at the target, if it lies inside.
func (c *Caller) ownLink(t Ready, base *url.URL, link string) (string, bool) {
	address, query, asked := strings.Cut(link, "?")
	u, err := url.Parse(address)
	if err != nil || !strings.EqualFold(u.Scheme, base.Scheme) || !strings.EqualFold(u.Host, base.Host) || u.User != nil || u.Fragment != "" {
		return "", false
	}
	raw, ok := strings.CutPrefix(u.EscapedPath(), strings.TrimSuffix(base.EscapedPath(), "/")+"/"+string(t.APIVersion))
	if !ok {
		return "", false
	}
	path, err := graphpath.Parse(raw)
	if err != nil {
		return "", false
	}
	below, ok := path.Below(t.base)
	if !ok {
		return "", false
	}
	own := urlOf(c.PublicURL, t.ID) + below.String()
	if asked {
		own += "?" + query
	}
	return own, true
}
