package emulator_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func requireGraph(t *testing.T, r reply, status int, code string) {
	t.Helper()
	require.Equal(t, status, r.status, r.raw)
	problem, ok := r.body["error"].(map[string]any)
	require.True(t, ok, r.raw)
	require.Equal(t, code, problem["code"])
	inner, ok := problem["innerError"].(map[string]any)
	require.True(t, ok)
	require.Equal(t, r.header.Get("request-id"), inner["request-id"])
}

func values(t *testing.T, r reply) []map[string]any {
	t.Helper()
	require.Equal(t, 200, r.status, r.raw)
	list, ok := r.body["value"].([]any)
	require.True(t, ok, r.raw)
	out := make([]map[string]any, 0, len(list))
	for _, v := range list {
		item, ok := v.(map[string]any)
		require.True(t, ok)
		out = append(out, item)
	}
	return out
}

func TestGraphTokens(t *testing.T) {
	t.Parallel()
	t.Run("me has exactly the eleven properties", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.graph(w.token("mara", "User.Read"), "GET", "/v1.0/me", "", "client-request-id", "abc")
		require.Equal(t, 200, r.status)
		require.Len(t, r.body, 12)
		require.Equal(t, w.User("mara").ObjectID, r.body["id"])
		require.Equal(t, "abc", r.header.Get("client-request-id"))
		require.NotEmpty(t, r.header.Get("request-id"))
		require.Contains(t, r.header.Get("Content-Type"), "odata.metadata=minimal")
	})
	t.Run("no, garbage and expired tokens are 401 with different words", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.token("mara", "User.Read")
		r := w.graph("", "GET", "/v1.0/me", "")
		requireGraph(t, r, 401, "InvalidAuthenticationToken")
		require.Contains(t, r.raw, "Access token is empty.")
		require.Contains(t, r.header.Get("WWW-Authenticate"), "Bearer")
		require.Contains(t, w.graph(token+"x", "GET", "/v1.0/me", "").raw, "80049228")
		w.Advance(2 * time.Hour)
		require.Contains(t, w.graph(token, "GET", "/v1.0/me", "").raw, "Lifetime validation failed")
	})
	t.Run("scopes are enforced call by call", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.token("mara", "Mail.Send")
		requireGraph(t, w.graph(token, "GET", "/v1.0/me", ""), 403, "Authorization_RequestDenied")
		requireGraph(t, w.graph(token, "GET", "/v1.0/me/messages", ""), 403, "ErrorAccessDenied")
		requireGraph(t, w.graph(w.token("tomas", "Mail.Read"), "POST", "/v1.0/me/sendMail", "{}"), 403, "ErrorAccessDenied")
		requireGraph(t, w.graph(w.token("tomas", "Mail.Read"), "POST", "/v1.0/me/revokeSignInSessions", ""), 403, "Authorization_RequestDenied")
	})
	t.Run("another person's mailbox needs a shared permission", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		path := "/v1.0/users/tomas@fabrikam.example/messages"
		requireGraph(t, w.graph(w.token("mara", "Mail.Read"), "GET", path, ""), 403, "ErrorAccessDenied")
		require.Len(t, values(t, w.graph(w.token("ines", "Mail.Read.Shared"), "GET", path, "")), 4)
		require.Len(t, values(t, w.graph(w.token("mara", "Mail.Read"), "GET", "/v1.0/users/"+w.User("mara").ObjectID+"/messages", "")), 6)
	})
	t.Run("a person without a mailbox is 404", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.AddUser(emulator.User{UserPrincipalName: "guard@fabrikam.example"})
		token := w.token("guard", "User.Read Mail.Read")
		requireGraph(t, w.graph(token, "GET", "/v1.0/me/mailFolders/inbox", ""), 404, "MailboxNotEnabledForRESTAPI")
		require.Nil(t, w.graph(token, "GET", "/v1.0/me", "").body["mail"])
	})
	t.Run("revoking one's own sessions ends the refresh token", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		code := w.answer(w.authorizeURL("scope", "openid offline_access User.RevokeSessions.All"), "ines", emulator.AcceptForOrganization).Get("code")
		r := w.redeem(code)
		require.Equal(t, true, w.graph(r.text("access_token"), "POST", "/v1.0/me/revokeSignInSessions", "").body["value"])
		requireSTS(t, w.refresh(r.text("refresh_token")), 400, 50173, "invalid_grant")
	})
	t.Run("userinfo tells what the scopes allow", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.graph(w.token("mara", "openid profile"), "GET", "/oidc/userinfo", "")
		require.Equal(t, "Mara Lindqvist", r.text("name"))
		require.NotContains(t, r.body, "email")
	})
}

func TestGraphMail(t *testing.T) {
	t.Parallel()
	t.Run("folders by list, well-known name, key form and id", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.token("mara", "Mail.Read")
		require.Len(t, values(t, w.graph(token, "GET", "/v1.0/me/mailFolders", "")), 8)
		require.Len(t, values(t, w.graph(token, "GET", "/v1.0/me/mailFolders?includeHiddenFolders=true&$top=50", "")), 16)
		inbox := w.graph(token, "GET", "/v1.0/me/mailFolders('Inbox')", "").body
		require.EqualValues(t, 5, inbox["totalItemCount"])
		require.EqualValues(t, 2, inbox["unreadItemCount"])
		id, ok := inbox["id"].(string)
		require.True(t, ok)
		require.Equal(t, "Inbox", w.graph(token, "GET", "/v1.0/me/mailFolders/"+url.PathEscape(id), "").text("displayName"))
		requireGraph(t, w.graph(token, "GET", "/v1.0/me/mailFolders/nothing", ""), 400, "ErrorInvalidIdMalformed")
	})
	t.Run("pages follow nextLink on the caller's own host", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.token("mara", "Mail.Read")
		next, seen := w.url+"/v1.0/me/messages?$top=4&$select=subject&$count=true&$orderby=receivedDateTime%20desc", 0
		for next != "" {
			r := w.graph(token, "GET", next, "")
			for _, m := range values(t, r) {
				require.Len(t, m, 3, "id, etag, subject")
				seen++
			}
			require.EqualValues(t, 6, r.body["@odata.count"])
			next = r.text("@odata.nextLink")
			require.True(t, next == "" || strings.HasPrefix(next, w.url+"/v1.0/me/messages?"), next)
		}
		require.Equal(t, 6, seen)
	})
	filters := map[string]int{
		"isRead eq false":                                              2,
		"receivedDateTime ge 2026-03-04T05:00:00Z":                     2,
		"isRead eq false and receivedDateTime lt 2026-03-04T07:00:00Z": 1,
		"from/emailAddress/address eq 'BILLING@northwind.example'":     2,
		"contains(subject,'invoice')":                                  1,
		"startswith(subject,'Lunch') or hasAttachments eq true":        2,
		"not (importance eq 'high') and (isRead eq true)":              2,
		"categories/any(c:c eq 'Invoices')":                            1,
		"subject eq 'it''s'":                                           0,
		"isDraft eq true":                                              0,
	}
	for text, want := range filters {
		t.Run("filter "+text, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.graph(w.token("mara", "Mail.Read"), "GET", "/v1.0/me/mailFolders/inbox/messages?$filter="+url.QueryEscape(text), "")
			require.Len(t, values(t, r), want)
		})
	}
	t.Run("what Graph refuses is refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.token("mara", "Mail.Read")
		get := func(query string) reply { return w.graph(token, "GET", "/v1.0/me/messages?"+query, "") }
		requireGraph(t, get("$filter=isRead%20eq%20false&$orderby=receivedDateTime"), 400, "InefficientFilter")
		requireGraph(t, get("$search=%22invoice%22&$orderby=receivedDateTime"), 400, "SearchWithOrderBy")
		requireGraph(t, get("$filter=isRead%20maybe%20false"), 400, "BadRequest")
		requireGraph(t, get("$top=0"), 400, "BadRequest")
		requireGraph(t, get("$top=1001"), 400, "BadRequest")
		require.Len(t, values(t, get("$search=%22subject:invoice%22")), 1)
	})
	t.Run("one message by either id, immutable when asked", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.token("mara", "Mail.Read")
		mail := w.Mailbox("mara", "inbox")[0]
		for _, id := range []string{mail.ID, mail.ImmutableID} {
			r := w.graph(token, "GET", "/v1.0/me/messages/"+url.PathEscape(id), "", "Prefer", `IdType="ImmutableId", outlook.body-content-type="text"`)
			require.Equal(t, 200, r.status, r.raw)
			require.Equal(t, mail.ImmutableID, r.body["id"])
			require.Contains(t, r.header.Get("Preference-Applied"), `IdType="ImmutableId"`)
			require.NotContains(t, r.body, "uniqueBody")
		}
		require.Equal(t, mail.ID, w.graph(token, "GET", "/v1.0/me/messages/"+url.PathEscape(mail.ImmutableID), "").body["id"])
		unknown := "AAMk" + strings.Repeat("x", 100)
		requireGraph(t, w.graph(token, "GET", "/v1.0/me/messages/"+unknown, ""), 404, "ErrorItemNotFound")
		requireGraph(t, w.graph(token, "GET", "/v1.0/me/messages/garbage", ""), 400, "ErrorInvalidIdMalformed")
	})
}

func TestSendMail(t *testing.T) {
	t.Parallel()
	t.Run("is accepted with an empty body, arrives, and is kept", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.graph(w.token("mara", "Mail.Send"), "POST", "/v1.0/me/sendMail", `{"Message":{"subject":"Status","body":{"contentType":"HTML","content":"<p>All green.</p>"},
			"toRecipients":[{"emailAddress":{"address":"tomas@fabrikam.example"}}],"bccRecipients":[{"emailAddress":{"address":"INES@fabrikam.example"}}],
			"internetMessageHeaders":[{"name":"x-latchkey-run","value":"42"}],
			"attachments":[{"@odata.type":"#microsoft.graph.fileAttachment","name":"a.csv","contentType":"text/csv","contentBytes":"YSxiCg=="}]}}`)
		require.Equal(t, http.StatusAccepted, r.status, r.raw)
		require.Empty(t, r.raw)
		require.Empty(t, r.header.Get("Location"))
		inbox := w.Mailbox("tomas", "inbox")
		got := inbox[len(inbox)-1]
		require.Equal(t, "Status", got.Subject)
		require.Equal(t, "mara@fabrikam.example", got.From.Address)
		require.Empty(t, got.Bcc, "nobody sees the hidden recipients")
		require.Equal(t, []byte("a,b\n"), got.Attachments[0].Content)
		require.False(t, got.IsRead)
		sent := w.Mailbox("mara", "sentitems")
		require.Equal(t, got.InternetMessageID, sent[len(sent)-1].InternetMessageID)
		hidden := w.Mailbox("ines", "inbox")
		require.Equal(t, "Status", hidden[len(hidden)-1].Subject)
	})
	t.Run("is not kept when so asked", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		before := len(w.Mailbox("mara", "sentitems"))
		r := w.graph(w.token("mara", "Mail.Send"), "POST", "/v1.0/me/sendMail",
			`{"message":{"subject":"s","toRecipients":[{"emailAddress":{"address":"x@elsewhere.example"}}]},"saveToSentItems":false}`)
		require.Equal(t, 202, r.status)
		require.Len(t, w.Mailbox("mara", "sentitems"), before)
	})
	t.Run("an unknown colleague comes back as a report", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.graph(w.token("mara", "Mail.Send"), "POST", "/v1.0/me/sendMail", `{"message":{"subject":"s","toRecipients":[{"emailAddress":{"address":"gone@fabrikam.example"}}]}}`)
		inbox := w.Mailbox("mara", "inbox")
		require.Equal(t, "Undeliverable: s", inbox[len(inbox)-1].Subject)
	})
	t.Run("MIME goes too, and broken base64 does not", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		token := w.token("mara", "Mail.Send")
		raw := "From: mara@fabrikam.example\r\nTo: Tomas <tomas@fabrikam.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n" +
			"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4\r\n" +
			"--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\nContent-Transfer-Encoding: base64\r\n\r\nYSxi\r\n--b--\r\n"
		r := w.graph(token, "POST", "/v1.0/me/sendMail", base64.StdEncoding.EncodeToString([]byte(raw)), "Content-Type", "text/plain")
		require.Equal(t, 202, r.status, r.raw)
		inbox := w.Mailbox("tomas", "inbox")
		got := inbox[len(inbox)-1]
		require.Equal(t, "Grüße", got.Subject)
		require.Equal(t, "ä", strings.TrimSpace(got.Body))
		require.Equal(t, "a.csv", got.Attachments[0].Name)
		requireGraph(t, w.graph(token, "POST", "/v1.0/me/sendMail", "%%%", "Content-Type", "text/plain"), 400, "ErrorMimeContentInvalidBase64String")
	})
	refused := map[string]struct {
		status     int
		code, body string
	}{
		"not JSON":               {400, "BadRequest", "{"},
		"no message":             {400, "ErrorInvalidRequest", "{}"},
		"no recipients":          {400, "ErrorInvalidRecipients", `{"message":{"subject":"s"}}`},
		"a broken recipient":     {400, "ErrorInvalidRecipients", `{"message":{"toRecipients":[{"emailAddress":{"address":"nobody"}}]}}`},
		"somebody else's name":   {403, "ErrorSendAsDenied", `{"message":{"from":{"emailAddress":{"address":"ines@fabrikam.example"}},"toRecipients":[{"emailAddress":{"address":"a@b.example"}}]}}`},
		"a header not of ours":   {400, "InvalidInternetMessageHeader", `{"message":{"internetMessageHeaders":[{"name":"Subject","value":"x"}],"toRecipients":[{"emailAddress":{"address":"a@b.example"}}]}}`},
		"more than four million": {413, "RequestEntityTooLarge", fmt.Sprintf(`{"message":{"subject":"%s"}}`, strings.Repeat("x", 4<<20))},
	}
	for name, c := range refused {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			requireGraph(t, w.graph(w.token("mara", "Mail.Send"), "POST", "/v1.0/me/sendMail", c.body), c.status, c.code)
		})
	}
	t.Run("arrives later when delivery takes time", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Configure(func(s *emulator.Settings) { s.DeliveryDelay = time.Minute })
		before := len(w.Mailbox("tomas", "inbox"))
		w.graph(w.token("mara", "Mail.Send"), "POST", "/v1.0/me/sendMail", `{"message":{"subject":"s","toRecipients":[{"emailAddress":{"address":"tomas@fabrikam.example"}}]}}`)
		require.Len(t, w.Mailbox("tomas", "inbox"), before)
		w.Advance(time.Minute)
		require.Len(t, w.Mailbox("tomas", "inbox"), before+1)
	})
	t.Run("a test may deliver from outside", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, err := w.Deliver("tomas", emulator.Mail{Subject: "Hello", From: emulator.Address{Address: "a@b.example"}})
		require.NoError(t, err)
		r := w.graph(w.token("tomas", "Mail.Read"), "GET", "/v1.0/me/messages?$top=1", "")
		require.Equal(t, "Hello", values(t, r)[0]["subject"])
	})
}
