package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func TestGraphBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token("mara", "User.Read Mail.Read")
	send := func(body string) reply {
		return w.graph(token, "POST", "/v1.0/$batch", body, "Content-Type", "application/json")
	}
	r := send(`{"requests":[{"id":"1","method":"GET","url":"/me"},{"id":"2","method":"GET","url":"/me/messages/x"},
		{"id":"3","method":"GET","url":"/me","dependsOn":["2"]},{"id":"4","method":"POST","url":"/me/sendMail","body":{"message":{}}}]}`)
	require.Equal(t, http.StatusOK, r.status, r.raw)
	statuses := map[any]any{}
	list, _ := r.body["responses"].([]any)
	for _, item := range list {
		answer, _ := item.(map[string]any)
		statuses[answer["id"]] = answer["status"]
	}
	require.Equal(t, map[any]any{"1": 200.0, "2": 400.0, "3": 424.0, "4": 403.0}, statuses)
	requireGraph(t, send(`{"requests":[]}`), 400, "BadRequest")
	requireGraph(t, send(`{"requests":[`+strings.TrimSuffix(strings.Repeat(`{"id":"1","method":"GET","url":"/me"},`, 21), ",")+`]}`), 400, "BadRequest")
	requireGraph(t, w.graph("", "POST", "/v1.0/$batch", "{}"), 401, "InvalidAuthenticationToken")
}

func TestGraphUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	readOnly, token := w.token("mara", "Mail.Read"), w.token("mara", "Mail.ReadWrite")
	id, _ := values(t, w.graph(token, "GET", "/v1.0/me/messages?$top=1", ""))[0]["id"].(string)
	open := func(token string) reply {
		return w.graph(token, "POST", "/v1.0/me/messages/"+id+"/attachments/createUploadSession",
			`{"AttachmentItem":{"attachmentType":"file","name":"a","size":10}}`, "Content-Type", "application/json")
	}
	requireGraph(t, open(readOnly), 403, "ErrorAccessDenied")
	made := open(token)
	require.Equal(t, http.StatusCreated, made.status, made.raw)
	address, _ := made.body["uploadUrl"].(string)
	address = strings.TrimPrefix(address, w.url)
	put := func(part, contentRange string) reply {
		return w.graph("", "PUT", address, part, "Content-Range", contentRange)
	}
	requireGraph(t, w.graph(token, "PUT", address, "01234", "Content-Range", "bytes 0-4/10"), 401, "InvalidAuthenticationToken")
	requireGraph(t, put("01234", "bytes 5-9/10"), 416, "InvalidRange")
	requireGraph(t, put("01234", "bytes 0-5/10"), 400, "BadRequest")
	require.Equal(t, []any{"5"}, put("01234", "bytes 0-4/10").body["NextExpectedRanges"])
	last := put("56789", "bytes 5-9/10")
	require.Equal(t, http.StatusCreated, last.status)
	require.Empty(t, last.raw)
	require.NotEmpty(t, last.header.Get("Location"))
	require.Equal(t, "0123456789", string(w.Uploads()[0].Received))
	require.Equal(t, http.StatusNoContent, w.graph("", "DELETE", address, "").status)
	requireGraph(t, put("x", "bytes 0-0/10"), 404, "ErrorItemNotFound")
}

func TestMailboxConcurrency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token("mara", "User.Read")
	w.Configure(func(s *emulator.Settings) { s.MailboxConcurrency = 2 })
	w.ForgetRequests()
	release := w.Hold(emulator.EndpointGraph, "")
	statuses := make(chan int, 2)
	for range 2 {
		go func() { statuses <- w.graph(token, "GET", "/v1.0/me", "").status }()
	}
	require.NoError(t, w.WaitFor(t.Context(), "graph.GET /me", 2))
	third := make(chan reply, 1)
	go func() { third <- w.graph(token, "GET", "/v1.0/me", "") }()
	require.NoError(t, w.WaitFor(t.Context(), "graph.GET /me", 3))
	require.Equal(t, 3, w.MostAtOnce(emulator.EndpointGraph, "mara"))
	release()
	got := []int{<-statuses, <-statuses, (<-third).status}
	require.Contains(t, got, http.StatusOK)
	require.Contains(t, got, http.StatusTooManyRequests)
	w.ForgetRequests()
	require.Zero(t, w.MostAtOnce(emulator.EndpointGraph, "mara"))
}
