package emulator

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

const maxBatch = 20

// batchRequest is one request within a batch.
type batchRequest struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

// isBatch reports the one operation that is not below a person.
func isBatch(path string) bool {
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return strings.EqualFold(rest, "$batch")
}

// batch answers each of several requests as if it had come by itself. The lock is held.
func (e *Emulator) batch(c *call) *graphErr {
	if _, gErr := e.checkToken(c); gErr != nil {
		return gErr
	}
	var in struct {
		Requests []batchRequest `json:"requests"`
	}
	switch err := json.Unmarshal(c.body, &in); {
	case c.r.Method != http.MethodPost:
		return gerr(http.StatusMethodNotAllowed, "MethodNotAllowed", "A batch is sent by POST.")
	case err != nil || len(in.Requests) == 0:
		return errBadRequest("Invalid batch payload format.")
	case len(in.Requests) > maxBatch:
		return errBadRequest("Number of batch request steps exceeds the maximum value of 20.")
	}
	failed := map[string]bool{}
	responses := []map[string]any{}
	for _, r := range in.Requests {
		answer := e.batchAnswer(c, r, failed)
		failed[r.ID] = answer["status"].(int) >= http.StatusBadRequest //nolint:forcetypeassert // batchAnswer sets it
		responses = append(responses, answer)
	}
	c.graphAnswer(map[string]any{"responses": responses})
	return nil
}

func (e *Emulator) batchAnswer(c *call, r batchRequest, failed map[string]bool) map[string]any {
	for _, id := range r.DependsOn {
		if failed[id] {
			return map[string]any{"id": r.ID, "status": http.StatusFailedDependency, "headers": map[string]string{}, "body": nil}
		}
	}
	version, _, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, "/"), "/")
	target, err := url.Parse(c.base + "/" + version + "/" + strings.TrimPrefix(r.URL, "/"))
	if err != nil {
		return map[string]any{"id": r.ID, "status": http.StatusBadRequest, "headers": map[string]string{}, "body": nil}
	}
	body := []byte(r.Body)
	var encoded string
	if json.Unmarshal(r.Body, &encoded) == nil { // what is no JSON comes in base64
		body, _ = base64.StdEncoding.DecodeString(encoded) // what is no base64 either is no body
	}
	request := c.r.Clone(c.r.Context())
	request.Method, request.URL, request.Header = strings.ToUpper(r.Method), target, http.Header{"Authorization": c.r.Header["Authorization"]}
	for name, value := range r.Headers {
		request.Header.Set(name, value)
	}
	inner := &call{
		e: e, r: request, endpoint: c.endpoint, base: c.base, requestID: c.requestID, correlationID: c.correlationID, now: c.now, body: body,
		form: url.Values{}, query: target.Query(), tenant: c.tenant, user: c.user, client: c.client, header: http.Header{}, status: http.StatusOK,
	}
	e.graph(inner)
	headers := map[string]string{}
	for name := range inner.header {
		headers[name] = inner.header.Get(name)
	}
	var answer any
	if raw := bytes.TrimSpace(inner.out.Bytes()); len(raw) > 0 {
		if json.Unmarshal(raw, &answer) != nil {
			answer = base64.StdEncoding.EncodeToString(raw)
		}
	}
	return map[string]any{"id": r.ID, "status": inner.status, "headers": headers, "body": answer}
}
