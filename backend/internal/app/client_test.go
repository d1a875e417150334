package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/openapi/latchkey"
)

// goClient is a program that uses the Go client, and the administrator who made its API client.
type goClient struct {
	*apptest.App
	admin  *apptest.Browser
	key    string
	config latchkey.Config
	waits  []time.Duration // that it was told to wait; it doesn't
}

func newGoClient(t *testing.T) *goClient {
	t.Helper()
	p := &goClient{App: apptest.New(t)}
	p.admin = p.Admin()
	p.key = p.admin.CreateKey("Invoices mailbox")
	require.Equal(t, "succeeded", p.admin.Authorize(p.key, "mara", emulator.Accept).Text("status"))
	made := p.admin.Call(http.MethodPost, "/api/v1/api-clients", map[string]any{
		"name": "billing", "permissions": []string{"tokens:issue", "account-keys:read"}, "accountKeyIds": []string{p.key},
	}).Status(http.StatusCreated)
	p.config = latchkey.Config{
		URL: p.URL, ClientID: made.Text("id"), ClientSecret: made.Text("secret"),
		Wait: func(_ context.Context, d time.Duration) error {
			p.waits = append(p.waits, d)
			return nil
		},
	}
	return p
}

func (p *goClient) connect(t *testing.T) *latchkey.ClientWithResponses {
	t.Helper()
	api, err := latchkey.Connect(p.config)
	require.NoError(t, err)
	return api
}

func (p *goClient) graphURL() string { return p.Config.Clouds[len(p.Config.Clouds)-1].GraphURL }

// code returns the code of the problem that err tells of.
func code(t *testing.T, err error) string {
	t.Helper()
	var problem *latchkey.ProblemError
	require.ErrorAs(t, err, &problem)
	require.NotEmpty(t, problem.RequestID)
	return problem.Code
}

func TestGoClient(t *testing.T) {
	t.Parallel()
	t.Run("reads a token and calls Graph with it", func(t *testing.T) {
		t.Parallel()
		p := newGoClient(t)
		api := p.connect(t)
		listed, err := api.ListAccountKeysWithResponse(t.Context(), nil)
		require.NoError(t, err)
		require.NoError(t, latchkey.Failure(listed.HTTPResponse, listed.Body))
		require.Len(t, listed.JSON200.Items, 1)
		require.Equal(t, p.key, listed.JSON200.Items[0].ID)
		require.Equal(t, latchkey.AccountKeyStatusAuthorized, listed.JSON200.Items[0].Status)

		source := latchkey.TokenSource(t.Context(), api, p.key)
		token, err := source.Token()
		require.NoError(t, err)
		require.Contains(t, token.Extra("scope"), "Mail.Read")
		again, err := source.Token()
		require.NoError(t, err)
		require.Same(t, token, again, "a token that is good for long is asked for once")

		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.graphURL()+"/v1.0/me", nil)
		require.NoError(t, err)
		answer, err := oauth2.NewClient(t.Context(), source).Do(request)
		require.NoError(t, err)
		defer answer.Body.Close()
		var me struct{ UserPrincipalName string }
		require.NoError(t, json.NewDecoder(answer.Body).Decode(&me))
		require.Equal(t, "mara@fabrikam.example", me.UserPrincipalName)
	})
	t.Run("says why a key serves nothing", func(t *testing.T) {
		t.Parallel()
		p := newGoClient(t)
		api := p.connect(t)
		p.admin.Call(http.MethodPost, "/api/v1/account-keys/"+p.key+"/suspend", nil).Status(http.StatusOK)
		_, err := latchkey.TokenSource(t.Context(), api, p.key).Token()
		require.Equal(t, "suspended", code(t, err))
		_, err = latchkey.TokenSource(t.Context(), api, "0190f3c4-6a1b-7c55-9d3e-1f2a3b4c5d6e").Token()
		require.Equal(t, "not_found", code(t, err))
	})
	t.Run("a secret that is not good is told, and not shown", func(t *testing.T) {
		t.Parallel()
		p := newGoClient(t)
		p.config.ClientSecret += "x"
		_, err := latchkey.TokenSource(t.Context(), p.connect(t), p.key).Token()
		var refused *oauth2.RetrieveError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, "invalid_client", refused.ErrorCode)
		require.NotContains(t, err.Error(), p.config.ClientSecret)
	})
	t.Run("gets another JWT when its own is no longer taken", func(t *testing.T) {
		t.Parallel()
		p := newGoClient(t)
		api := p.connect(t)
		_, err := latchkey.TokenSource(t.Context(), api, p.key).Token()
		require.NoError(t, err)
		p.Emulator.Advance(2 * time.Hour) // past its end, of which the program's own clock knows nothing
		_, err = latchkey.TokenSource(t.Context(), api, p.key).Token()
		require.NoError(t, err)
	})
	t.Run("waits as long as it is told, and not for ever", func(t *testing.T) {
		t.Parallel()
		p := newGoClient(t)
		p.config.Retries = 2
		api := p.connect(t)
		p.Emulator.Advance(2 * time.Hour)
		p.Emulator.Fail(emulator.Failure{Endpoint: "token", Status: http.StatusServiceUnavailable, RetryAfter: "7"})
		_, err := latchkey.TokenSource(t.Context(), api, p.key).Token()
		require.Equal(t, "microsoft_unavailable", code(t, err))
		require.Len(t, p.waits, 2)
		for _, waited := range p.waits {
			require.Positive(t, waited)
		}

		p.waits, p.config.MaxWait = nil, time.Nanosecond
		_, err = latchkey.TokenSource(t.Context(), p.connect(t), p.key).Token()
		require.Equal(t, "microsoft_unavailable", code(t, err))
		require.Empty(t, p.waits, "it was to wait for longer than it may")
	})
	t.Run("the example shows a mailbox", func(t *testing.T) {
		t.Parallel()
		p := newGoClient(t)
		_, err := p.Emulator.Deliver("mara", emulator.Mail{Subject: "Invoice 4711"})
		require.NoError(t, err)
		program := exec.CommandContext(t.Context(), "go", "run", "./examples/go")
		program.Dir = "../../../openapi"
		program.Env = append(os.Environ(), "LATCHKEY_URL="+p.URL, "GRAPH_URL="+p.graphURL(), //nolint:forbidigo // Go's own settings
			"CLIENT_ID="+p.config.ClientID, "CLIENT_SECRET="+p.config.ClientSecret, "ACCOUNT_KEY_ID="+p.key)
		shown, err := program.CombinedOutput()
		require.NoError(t, err, "%s", shown)
		require.Contains(t, string(shown), "Invoice 4711\n")
	})
}
