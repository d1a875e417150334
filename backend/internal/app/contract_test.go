package app_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/openapi"
)

type operation struct {
	ID         string                `json:"operationId"`
	Permission string                `json:"x-permission"`
	Security   []map[string][]string `json:"security"`
	Responses  map[string]any        `json:"responses"`
}

type contract struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		SecuritySchemes map[string]struct {
			Flows map[string]struct {
				Scopes map[string]string `json:"scopes"`
			} `json:"flows"`
		} `json:"securitySchemes"`
	} `json:"components"`
}

func readContract(t *testing.T) contract {
	t.Helper()
	var c contract
	require.NoError(t, json.Unmarshal(openapi.V31, &c))
	return c
}

var pathParameter = regexp.MustCompile(`:([A-Za-z]+)`)

func operationName(route httpapi.Route) string {
	path := strings.ReplaceAll(route.Path, "/*", "/{path}")
	return route.Method + " " + pathParameter.ReplaceAllString(path, "{$1}")
}

// undocumented routes are for machines that know them already.
func undocumented(name string) bool {
	return name == "GET /metrics" || name == "GET /openapi.json" || name == "GET /openapi-3.0.json"
}

func TestContract(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	described := map[string]operation{}
	for path, operations := range readContract(t).Paths {
		for method, o := range operations {
			described[strings.ToUpper(method)+" "+path] = o
		}
	}
	served := map[string]httpapi.Route{}
	for _, route := range a.Server.Routes() {
		served[operationName(route)] = route
	}

	t.Run("every route is described", func(t *testing.T) {
		for name := range served {
			if !undocumented(name) {
				require.Contains(t, described, name)
			}
		}
	})
	t.Run("everything described is served", func(t *testing.T) {
		for name := range described {
			require.Contains(t, served, name)
		}
	})
	t.Run("permission and security are those that the route asks for", func(t *testing.T) {
		for name, o := range described {
			access := served[name].Access
			require.Equal(t, string(access.Permission), o.Permission, name)
			session := map[string][]string{"SessionCookie": {}}
			switch {
			case name == "POST /oauth/token": // takes a client's secret in the body or by Basic
				require.Equal(t, []map[string][]string{{"ClientSecret": {}}}, o.Security)
			case strings.HasPrefix(name, "GET /identity/"):
				require.Equal(t, []map[string][]string{{"IdentityHeader": {}}}, o.Security, name)
			case access.Public:
				require.Empty(t, o.Security, name)
			case access.People:
				require.Equal(t, []map[string][]string{session}, o.Security, name)
			default:
				program := map[string][]string{"ApiClientToken": {string(access.Permission)}}
				require.ElementsMatch(t, []map[string][]string{program, session}, o.Security, name)
			}
		}
	})
	t.Run("operation ids are there and unique", func(t *testing.T) {
		seen := map[string]string{}
		for name, o := range described {
			require.NotEmpty(t, o.ID, name)
			require.Empty(t, seen[o.ID], "%s and %s are both %s", name, seen[o.ID], o.ID)
			seen[o.ID] = name
		}
	})
	t.Run("what asks who is calling says that it refuses strangers, and does", func(t *testing.T) {
		for name, o := range described {
			if served[name].Access.Public {
				continue
			}
			require.Contains(t, o.Responses, "401", name)
			method, path, _ := strings.Cut(name, " ")
			path = regexp.MustCompile(`{\w+}`).ReplaceAllString(path, "0190f3c4-6a1b-7c55-9d3e-1f2a3b4c5d6e")
			got := a.Call(method, path, nil).Status(http.StatusUnauthorized)
			require.Equal(t, "application/problem+json", got.Header.Get("Content-Type"), name)
			require.Equal(t, "unauthenticated", got.Text("code"), name)
			require.NotEmpty(t, got.Header.Get("WWW-Authenticate"), name)
		}
	})
	t.Run("scopes are the permissions with their descriptions", func(t *testing.T) {
		want := map[string]string{}
		for _, d := range auth.Descriptions() {
			want[string(d.Name)] = d.Description
		}
		flows := readContract(t).Components.SecuritySchemes["ApiClientToken"].Flows
		require.Equal(t, want, flows["clientCredentials"].Scopes)
	})
	t.Run("the documents are handed out as they were committed", func(t *testing.T) {
		require.Equal(t, openapi.V31, a.Call(http.MethodGet, "/openapi.json", nil).Status(http.StatusOK).Body)
		require.Equal(t, openapi.V30, a.Call(http.MethodGet, "/openapi-3.0.json", nil).Status(http.StatusOK).Body)
	})
}

func TestContractSchemas(t *testing.T) {
	t.Parallel()
	t.Run("the older document is valid OpenAPI 3.0", func(t *testing.T) {
		t.Parallel()
		document, err := openapi3.NewLoader().LoadFromData(openapi.V30)
		require.NoError(t, err)
		require.NoError(t, document.Validate(t.Context()))
	})
	t.Run("answers have the form that it promises", func(t *testing.T) {
		t.Parallel()
		a := apptest.New(t)
		admin := a.Admin()
		keyID := admin.CreateKey("Described")
		targetID := admin.Call(http.MethodPost, "/api/v1/targets", map[string]any{"name": "Described", "accountKeyId": keyID}).
			Status(http.StatusCreated).Text("id")
		invited := admin.Call(http.MethodPost, "/api/v1/users", map[string]any{
			"email": "bo@fabrikam.example", "name": "Bo", "role": "viewer",
		}).Status(http.StatusCreated)
		_, token, _ := strings.Cut(invited.Text("invitation", "url"), "#")
		document, err := openapi3.NewLoader().LoadFromData(openapi.V30)
		require.NoError(t, err)
		for _, row := range []struct {
			schema string
			answer apptest.Answer
		}{
			{"Instance", a.Call(http.MethodGet, "/api/v1/instance", nil).Status(http.StatusOK)},
			{"Session", admin.Call(http.MethodGet, "/api/v1/session", nil).Status(http.StatusOK)},
			{"UserPage", admin.Call(http.MethodGet, "/api/v1/users", nil).Status(http.StatusOK)},
			{"UserCreated", invited},
			{"Invitation", a.Call(http.MethodPost, "/api/v1/invitations/inspect", map[string]any{"token": token}).Status(http.StatusOK)},
			{"UserLink", admin.Call(http.MethodPost, "/api/v1/users/"+invited.Text("id")+"/invitation", nil).Status(http.StatusCreated)},
			{"SessionPage", admin.Call(http.MethodGet, "/api/v1/sessions", nil).Status(http.StatusOK)},
			{"AccountKeyDetails", admin.Call(http.MethodGet, "/api/v1/account-keys/"+keyID, nil).Status(http.StatusOK)},
			{"AccountKeyPage", admin.Call(http.MethodGet, "/api/v1/account-keys", nil).Status(http.StatusOK)},
			{"ActivityPage", admin.Call(http.MethodGet, "/api/v1/account-keys/"+keyID+"/activity", nil).Status(http.StatusOK)},
			{"AccountKeyCheckReport", admin.Call(http.MethodPost, "/api/v1/account-keys/"+keyID+"/check", nil).Status(http.StatusOK)},
			{"AdminConsentLink", admin.Call(http.MethodPost, "/api/v1/account-keys/"+keyID+"/admin-consent", nil).Status(http.StatusCreated)},
			{"SightingList", admin.Call(http.MethodGet, "/api/v1/microsoft-errors", nil).Status(http.StatusOK)},
			{"AuditEntryPage", admin.Call(http.MethodGet, "/api/v1/audit-entries", nil).Status(http.StatusOK)},
			{"AuditEntry", admin.Call(http.MethodGet, "/api/v1/audit-entries/"+auditEntry(admin), nil).Status(http.StatusOK)},
			{"Target", admin.Call(http.MethodGet, "/api/v1/targets/"+targetID, nil).Status(http.StatusOK)},
			{"TargetReport", admin.Call(http.MethodPost, "/api/v1/targets/"+targetID+"/validate", nil).Status(http.StatusOK)},
			{"TargetPage", admin.Call(http.MethodGet, "/api/v1/targets", nil).Status(http.StatusOK)},
			{"AccountKeyUsage", admin.Call(http.MethodGet, "/api/v1/account-keys/"+keyID+"/usage", nil).Status(http.StatusOK)},
			{"ApiClientPage", admin.Call(http.MethodGet, "/api/v1/api-clients", nil).Status(http.StatusOK)},
			{"Health", a.Call(http.MethodGet, "/readyz", nil).Status(http.StatusOK)},
			{"Problem", a.Call(http.MethodGet, "/api/v1/session", nil).Status(http.StatusUnauthorized)},
			{"Problem", admin.Call(http.MethodPost, "/api/v1/account-keys", map[string]any{}).Status(http.StatusUnprocessableEntity)},
		} {
			schema := document.Components.Schemas[row.schema]
			require.NotNil(t, schema, row.schema)
			require.NoError(t, schema.Value.VisitJSON(row.answer.JSON), row.schema)
			for member := range row.answer.JSON {
				require.Contains(t, schema.Value.Properties, member, row.schema)
			}
		}
	})
}
