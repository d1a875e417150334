package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/emulator"
)

const auditPath = "/api/v1/audit-entries"

func auditEntry(b *apptest.Browser) string {
	id, _ := b.Call(http.MethodGet, auditPath+"?limit=1", nil).Items()[0]["id"].(string)
	return id
}

// story tells entries, oldest first, as action and what changed.
func story(entries []map[string]any) []string {
	told := []string{}
	for _, e := range entries {
		line := fmt.Sprint(e["action"])
		changes, _ := e["changes"].([]any)
		for _, c := range changes {
			change, _ := c.(map[string]any)
			line += fmt.Sprintf(" %v:%v>%v", change["field"], change["before"], change["after"])
		}
		told = append([]string{strings.ReplaceAll(line, "<nil>", "")}, told...)
	}
	return told
}

// lines reads an export.
func lines(t *testing.T, body []byte) []map[string]any {
	t.Helper()
	out := []map[string]any{}
	scanner := bufio.NewScanner(bytes.NewReader(body))
	for scanner.Scan() {
		var e map[string]any
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &e))
		out = append(out, e)
	}
	require.NoError(t, scanner.Err())
	return out
}

func idsOf(entries []map[string]any) []string {
	ids := make([]string, 0, len(entries))
	for _, e := range entries {
		ids = append(ids, fmt.Sprint(e["id"]))
	}
	return ids
}

func TestAuditTellsChanges(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	about := func(objectID string) []string {
		return story(admin.Call(http.MethodGet, auditPath+"?objectId="+objectID, nil).Status(http.StatusOK).Items())
	}
	seed := a.Emulator.Seed()

	t.Run("of an account key", func(t *testing.T) {
		id := admin.CreateKey("Invoices", with("scopes", []string{"Mail.Read"}), with("description", "AP"))
		path := keysPath + "/" + id
		require.Equal(t, "succeeded", admin.Authorize(id, "mara", emulator.Accept).Text("status"))
		patch := func(body map[string]any) { admin.Call(http.MethodPatch, path, body).Status(http.StatusOK) }
		patch(map[string]any{"displayName": "Bills", "scopes": []string{"Mail.Read", "Mail.Send"}})
		patch(map[string]any{"clientSecret": seed.Secret + "x", "clientSecretExpiresOn": "2027-03-01"})
		for _, verb := range []string{"suspend", "resume"} {
			admin.Call(http.MethodPost, path+"/"+verb, nil).Status(http.StatusOK)
		}
		patch(map[string]any{"tenantId": "11111111-2222-4333-8444-555555555555", "clientSecret": nil})
		admin.Call(http.MethodPost, path+"/revoke", nil).Status(http.StatusOK)
		admin.Call(http.MethodDelete, path, nil).Status(http.StatusNoContent)
		got := about(id)
		// The new secret is tried by a job, which finds it wrong at a moment of its own.
		found := slices.DeleteFunc(slices.Clone(got), func(line string) bool { return strings.HasPrefix(line, "account_key.misconfigured") })
		require.Equal(t, []string{
			"account_key.created type:>oauth2_microsoft_graph displayName:>Invoices description:>AP cloud:>emulator tenantId:>" + seed.TenantID +
				" clientId:>" + seed.ClientID + " scopes:>Mail.Read clientSecret:>set",
			"authorization.started",
			"account_key.authorized status:draft>authorized account:>mara@fabrikam.example grantedScopes:>Mail.Read, openid, profile, email",
			"account_key.updated displayName:Invoices>Bills scopes:Mail.Read>Mail.Read, Mail.Send",
			"account_key.updated clientSecretExpiresOn:>2027-03-01 clientSecret:>replaced",
		}, found[:5])
		require.Contains(t, found[5], "account_key.suspended status:")
		require.Contains(t, found[6], "account_key.resumed status:suspended>")
		require.Regexp(t, `^account_key.updated tenantId:`+seed.TenantID+`>11111111-2222-4333-8444-555555555555 clientSecretExpiresOn:2027-03-01> `+
			`clientSecret:>removed account:mara@fabrikam.example> status:(authorized|misconfigured)>reauthorization_required$`, found[7])
		require.Equal(t, []string{
			"account_key.revoked status:reauthorization_required>revoked",
			"account_key.deleted type:oauth2_microsoft_graph> displayName:Bills> description:AP> cloud:emulator> " +
				"tenantId:11111111-2222-4333-8444-555555555555> clientId:" + seed.ClientID + "> scopes:Mail.Read, Mail.Send> status:revoked>",
		}, found[8:])
	})
	t.Run("of a key that Microsoft refuses and takes again", func(t *testing.T) {
		id := admin.CreateKey("Refused", with("scopes", []string{"Mail.Read"}))
		admin.Authorize(id, "mara", emulator.Accept)
		refresh := func(status int) {
			admin.Call(http.MethodPost, keysPath+"/"+id+"/access-token", map[string]any{"forceRefresh": true}).Status(status)
		}
		a.Emulator.Fail(emulator.Failure{AADSTS: 50173, Endpoint: "token", Detail: "refresh_token", Times: 1})
		refresh(http.StatusConflict)
		require.Regexp(t, `^account_key.reauthorization_required status:authorized>reauthorization_required statusReason:>\w+$`, about(id)[3])
		entry := admin.Call(http.MethodGet, auditPath+"?limit=1&objectId="+id, nil).Items()[0]
		require.Equal(t, "failure", entry["outcome"])
		require.Equal(t, "succeeded", admin.Authorize(id, "mara", emulator.Accept).Text("status"))
		require.Equal(t, "account_key.authorized status:reauthorization_required>authorized", about(id)[5])
	})
	t.Run("of an API client", func(t *testing.T) {
		keyID := admin.CreateKey("For a client")
		made := admin.Call(http.MethodPost, "/api/v1/api-clients", map[string]any{"name": "billing", "permissions": []string{"tokens:issue", "mail:send"}}).
			Status(http.StatusCreated)
		path := "/api/v1/api-clients/" + made.Text("id")
		admin.Call(http.MethodPatch, path, map[string]any{"disabled": true, "accountKeyIds": []string{keyID}, "permissions": []string{"mail:send"}}).Status(http.StatusOK)
		second := admin.Call(http.MethodPost, path+"/secrets", map[string]any{"expiresAt": "2199-01-01T00:00:00Z"}).Status(http.StatusCreated)
		admin.Call(http.MethodDelete, path+"/secrets/"+second.Text("id"), nil).Status(http.StatusNoContent)
		admin.Call(http.MethodDelete, path, nil).Status(http.StatusNoContent)
		require.Equal(t, []string{
			"api_client.created name:>billing permissions:>tokens:issue, mail:send secret:>set",
			"api_client.updated permissions:tokens:issue, mail:send>mail:send accountKeyIds:>" + keyID + " disabled:false>true",
			"api_client.secret_added secret:>set expiresAt:>2199-01-01T00:00:00Z",
			"api_client.secret_removed secret:>removed",
			"api_client.deleted name:billing> permissions:mail:send> accountKeyIds:" + keyID + "> disabled:true>",
		}, about(made.Text("id")))
	})
	t.Run("of a program that creates a key", func(t *testing.T) {
		bearer, clientID := admin.Program("provisioner", []string{"account-keys:write"}, []string{})
		keyID := a.Call(http.MethodPost, keysPath, draft("Made by a program"), bearer...).Status(http.StatusCreated).Text("id")
		newest := admin.Call(http.MethodGet, auditPath+"?limit=1&objectId="+clientID, nil).Items()[0]
		require.Equal(t, "api_client.updated", newest["action"])
		require.Contains(t, newest["message"], keyID)
	})
	t.Run("of a person", func(t *testing.T) {
		vic := person(t, a, admin, "viewer")
		id := vic.Call(http.MethodGet, "/api/v1/session", nil).Text("user", "id")
		vic.Call(http.MethodPost, "/api/v1/session/password", map[string]any{
			"currentPassword": apptest.Password, "newPassword": "nine loud magpies 62",
		}).Status(http.StatusNoContent)
		vic.Call(http.MethodDelete, "/api/v1/session", nil).Status(http.StatusNoContent)
		admin.Call(http.MethodPatch, "/api/v1/users/"+id, map[string]any{"role": "operator", "disabled": true}).Status(http.StatusOK)
		admin.Call(http.MethodDelete, "/api/v1/users/"+id, nil).Status(http.StatusNoContent)
		require.Equal(t, []string{
			"user.created email:>viewer@fabrikam.example name:>viewer role:>viewer password:>set",
			"session.created", "user.password_changed password:>replaced", "session.ended",
			"user.updated role:viewer>operator disabled:false>true",
			"user.deleted email:viewer@fabrikam.example> name:viewer> role:operator> disabled:true>",
		}, about(id))
	})
	t.Run("and of what was set up first", func(t *testing.T) {
		all := lines(t, admin.Call(http.MethodGet, auditPath+"/export", nil).Status(http.StatusOK).Body)
		require.Equal(t, []string{
			"signing_key.created",
			"setup.completed email:>ada@fabrikam.example name:>Ada role:>admin password:>set",
		}, story(all)[:2])
	})
}

func TestAuditEntries(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.Admin()
	mine, other := admin.CreateKey("Mine"), admin.CreateKey("Other")
	get := func(query string) apptest.Answer { return admin.Call(http.MethodGet, auditPath+query, nil) }

	t.Run("an entry says who, what, when and from where", func(t *testing.T) {
		made := admin.Call(http.MethodPost, keysPath, draft("Traced")).Status(http.StatusCreated)
		e := get("?limit=1").Status(http.StatusOK).Items()[0]
		require.Equal(t, made.Header.Get("X-Request-Id"), e["requestId"])
		require.Equal(t, "127.0.0.1", e["ip"])
		require.Equal(t, map[string]any{"type": "account_key", "id": made.Text("id"), "name": "Traced", "deleted": false}, e["object"])
		actor, _ := e["actor"].(map[string]any)
		require.Equal(t, "Ada", actor["name"])
		require.Equal(t, e, get("/"+fmt.Sprint(e["id"])).Status(http.StatusOK).JSON)
	})
	t.Run("pages join without gap or repeat", func(t *testing.T) {
		whole := idsOf(get("?limit=200").Items())
		var seen []string
		query := "?limit=2"
		for {
			page := get(query).Status(http.StatusOK)
			seen = append(seen, idsOf(page.Items())...)
			if page.At("nextCursor") == nil {
				break
			}
			query = "?limit=2&cursor=" + url.QueryEscape(page.Text("nextCursor"))
		}
		require.Equal(t, whole, seen)
	})
	t.Run("times may be in any zone", func(t *testing.T) {
		day := a.Emulator.Now().In(time.FixedZone("", 2*60*60))
		between := "?since=" + url.QueryEscape(day.Add(-time.Hour).Format(time.RFC3339)) + "&until=" + url.QueryEscape(day.Add(time.Hour).Format(time.RFC3339Nano))
		require.NotEmpty(t, get(between).Status(http.StatusOK).Items())
		require.Empty(t, get("?since="+url.QueryEscape(day.Add(time.Hour).Format(time.RFC3339))).Status(http.StatusOK).Items())
	})
	t.Run("what is wrong with the query is told at its parameter, for the export too", func(t *testing.T) {
		for query, want := range map[string][]string{
			"since=yesterday":                                       {"since:invalid"},
			"until=2026-03-01":                                      {"until:invalid"},
			"since=2026-03-01T09:00:00+02:00":                       {"since:invalid"}, // the + arrives as a space
			"actorid=1":                                             {"actorid:unknown"},
			"outcome=success&outcome=failure":                       {"outcome:repeated"},
			"action=account_key.created&action=user.":               {"action:repeated"},
			"action=deleted":                                        {"action:unknown"},
			"objectType=mailbox&outcome=maybe":                      {"objectType:unknown", "outcome:unknown"},
			"since=2026-03-02T00:00:00Z&until=2026-03-01T00:00:00Z": {"until:before_since"},
		} {
			for _, path := range []string{"?", "/export?"} {
				got := get(path + query).Status(http.StatusUnprocessableEntity)
				require.Equal(t, want, got.FieldErrors(), query)
				require.Empty(t, got.Header.Get("Content-Disposition"))
			}
		}
		require.Equal(t, []string{"limit:out_of_range"}, get("?limit=0").Status(http.StatusUnprocessableEntity).FieldErrors())
		require.Equal(t, []string{"cursor:invalid"}, get("?cursor=here").Status(http.StatusUnprocessableEntity).FieldErrors())
		require.Equal(t, []string{"limit:unknown"}, get("/export?limit=5").Status(http.StatusUnprocessableEntity).FieldErrors())
		get("/not-an-id").Status(http.StatusNotFound)
		get("/" + uuid.NewString()).Status(http.StatusNotFound)
	})
	t.Run("every role reads it", func(t *testing.T) {
		for _, role := range []string{"operator", "viewer"} {
			b := person(t, a, admin, role)
			require.NotEmpty(t, b.Call(http.MethodGet, auditPath, nil).Status(http.StatusOK).Items())
			b.Call(http.MethodGet, auditPath+"/"+auditEntry(b), nil).Status(http.StatusOK)
			b.Call(http.MethodGet, auditPath+"/export", nil).Status(http.StatusOK)
		}
	})
	t.Run("a program needs the permission", func(t *testing.T) {
		bearer, _ := admin.Program("blind", []string{"account-keys:read"}, []string{mine})
		for _, path := range []string{auditPath, auditPath + "/export", auditPath + "/" + auditEntry(admin)} {
			require.Equal(t, "permission_denied", a.Call(http.MethodGet, path, nil, bearer...).Status(http.StatusForbidden).Text("code"))
		}
	})
	t.Run("a program sees what hangs on its keys, and of the rest not even that it is there", func(t *testing.T) {
		bearer, _ := admin.Program("collector", []string{"audit:read"}, []string{mine})
		see := func(path string) apptest.Answer { return a.Call(http.MethodGet, path, nil, bearer...) }
		ofMine, ofOther := get("?objectId="+mine).Items(), get("?objectId="+other).Items()
		require.NotEmpty(t, ofMine)
		require.NotEmpty(t, ofOther)
		require.Equal(t, idsOf(ofMine), idsOf(see(auditPath).Status(http.StatusOK).Items()))
		require.Equal(t, idsOf(ofMine), idsOf(lines(t, see(auditPath+"/export").Status(http.StatusOK).Body)))
		require.Empty(t, see(auditPath+"?objectId="+other).Status(http.StatusOK).Items())
		require.Empty(t, see(auditPath+"?action=session.").Status(http.StatusOK).Items())
		see(auditPath + "/" + idsOf(ofMine)[0]).Status(http.StatusOK)
		see(auditPath + "/" + idsOf(ofOther)[0]).Status(http.StatusNotFound)
		signIn := get("?limit=1&action=setup.completed").Items()
		see(auditPath + "/" + idsOf(signIn)[0]).Status(http.StatusNotFound)
	})
}

func TestAuditHoldsNoSecret(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	microsoft := a.Config.Clouds[len(a.Config.Clouds)-1].AuthorityURL
	a.Call(http.MethodPost, microsoft+"/_emulator/apps/default/secrets", map[string]any{"value": planted}).Status(http.StatusCreated)
	admin := a.Admin()
	const second, newPassword, mistyped = "S3cond~planted-secret&=%", "Pl4nted new passw0rd!", "Pl4nted-in-the-wrong-field"
	secrets := map[string]string{
		"client secret": planted, "second client secret": second, "password": apptest.Password, "new password": newPassword,
		"password typed as the address": mistyped, "set-up code": a.SetupCode,
	}

	// Everything that sets, replaces, uses, mistakes or removes a secret.
	keyID := admin.CreateKey("Secretive", with("clientSecret", planted))
	path := keysPath + "/" + keyID
	started := admin.Call(http.MethodPost, path+"/authorizations", map[string]any{"mode": "popup"}).Status(http.StatusCreated)
	callback, err := a.Emulator.SignIn(started.Text("url"), "mara", emulator.Accept)
	require.NoError(t, err)
	admin.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
	back, err := url.Parse(callback)
	require.NoError(t, err)
	secrets["authorization code"], secrets["state"] = back.Query().Get("code"), back.Query().Get("state")
	link := admin.Call(http.MethodPost, path+"/authorizations", map[string]any{"mode": "link"}).Status(http.StatusCreated).Text("url")
	secrets["link"] = link[strings.LastIndex(link, "/")+1:]
	for column, value := range storedTokens(t, a) {
		secrets[column] = value
	}
	admin.Authorize(keyID, "mara", emulator.Decline)
	admin.Call(http.MethodPatch, path, map[string]any{"clientSecret": second, "clientSecretExpiresOn": "2027-01-01"}).Status(http.StatusOK)
	admin.Call(http.MethodPatch, path, map[string]any{"clientSecret": nil}).Status(http.StatusOK)
	admin.Call(http.MethodDelete, path, nil).Status(http.StatusNoContent)

	made := admin.Call(http.MethodPost, "/api/v1/api-clients", map[string]any{"name": "billing", "permissions": []string{"tokens:issue"}}).Status(http.StatusCreated)
	another := admin.Call(http.MethodPost, "/api/v1/api-clients/"+made.Text("id")+"/secrets", map[string]any{}).Status(http.StatusCreated)
	secrets["API client's secret"], secrets["its second"] = made.Text("secret"), another.Text("secret")
	exchange := func(clientSecret string) apptest.Answer {
		return a.Call(http.MethodPost, "/oauth/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {made.Text("id")}, "client_secret": {clientSecret},
		})
	}
	secrets["JWT"] = exchange(made.Text("secret")).Status(http.StatusOK).Text("access_token")
	admin.Call(http.MethodDelete, "/api/v1/api-clients/"+made.Text("id")+"/secrets/"+another.Text("id"), nil).Status(http.StatusNoContent)
	exchange(another.Text("secret")).Status(http.StatusUnauthorized)

	const chosen = "Pl4nted by invitation!"
	vic := admin.Call(http.MethodPost, "/api/v1/users", map[string]any{"email": "vic@fabrikam.example", "name": "Vic", "role": "viewer"}).
		Status(http.StatusCreated)
	usersPath := "/api/v1/users/" + vic.Text("id")
	again := admin.Call(http.MethodPost, usersPath+"/invitation", nil).Status(http.StatusCreated)
	accept(a, again.Text("url"), chosen)
	reset := admin.Call(http.MethodPost, usersPath+"/password-reset", nil).Status(http.StatusCreated)
	accept(a, reset.Text("url"), newPassword)
	secrets["password by invitation"] = chosen
	for name, link := range map[string]string{
		"invitation": vic.Text("invitation", "url"), "second invitation": again.Text("url"), "password reset": reset.Text("url"),
	} {
		_, secrets[name], _ = strings.Cut(link, "#")
	}

	signIn := func(email, password string) apptest.Answer {
		return a.Call(http.MethodPost, "/api/v1/session", map[string]any{"email": email, "password": password})
	}
	signIn("ada@fabrikam.example", planted).Status(http.StatusUnauthorized)
	signIn(mistyped, apptest.Password).Status(http.StatusUnauthorized)
	signIn("me@"+mistyped, apptest.Password).Status(http.StatusUnauthorized)
	_, secrets["session"], _ = strings.Cut(admin.Cookies(), "=")
	admin.Call(http.MethodPost, "/api/v1/session/password", map[string]any{
		"currentPassword": apptest.Password, "newPassword": newPassword,
	}).Status(http.StatusNoContent)
	admin.Call(http.MethodGet, auditPath+"/export?q="+url.QueryEscape(planted), nil).Status(http.StatusOK)

	var stored []map[string]any
	require.NoError(t, a.DB.Read(t.Context()).Table("audit_entries").Find(&stored).Error)
	log := fmt.Sprint(stored) + string(admin.Call(http.MethodGet, auditPath+"/export", nil).Status(http.StatusOK).Body) +
		string(admin.Call(http.MethodGet, auditPath+"?limit=200", nil).Status(http.StatusOK).Body)
	for _, action := range []audit.Action{
		audit.AccountKeyCreated, audit.AccountKeyUpdated, audit.AccountKeyAuthorized, audit.AccountKeyDeleted, audit.AuthorizationStarted,
		audit.AuthorizationFailed, audit.APIClientSecretAdded, audit.APIClientSecretRemoved, audit.APIClientSignedIn,
		audit.APIClientSignInFailed, audit.SessionFailed, audit.UserInvited, audit.UserInvitationAccepted, audit.UserPasswordResetOffered,
		audit.UserPasswordReset, audit.UserPasswordChanged, audit.LogExported,
	} {
		require.Contains(t, log, string(action), "this is what was done")
	}
	for name, value := range secrets {
		require.NotEmpty(t, value, name)
		for _, spelling := range spellings(value) {
			for _, cased := range []string{spelling, strings.ToLower(spelling)} { // the search is folded
				found := strings.Contains(log, cased) // told without repeating either
				require.False(t, found, "%s is in the audit log", name)
			}
		}
	}
}
