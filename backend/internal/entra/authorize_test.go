package entra_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

func TestAuthorizeURL(t *testing.T) {
	t.Parallel()
	client := newClient(time.Now)
	provider := entra.Provider{
		Cloud:                 entra.Cloud{GraphURL: "https://graph.microsoft.us/"},
		AuthorizationEndpoint: "https://login.example/t/authorize?p=policy",
	}
	verifier := secret.Random()
	request := func(change func(*entra.AuthorizeRequest)) url.Values {
		r := entra.AuthorizeRequest{
			ClientID: "client", RedirectURI: "https://latchkey.example/oauth/callback?a=b",
			Scopes: []string{"Mail.Read", "https://graph.microsoft.us/Mail.Send", "openid", "Mail.Read", " "},
			State:  secret.New("the state"), Nonce: secret.New("the-nonce"), Verifier: verifier,
		}
		if change != nil {
			change(&r)
		}
		parsed, err := url.Parse(client.AuthorizeURL(provider, r))
		require.NoError(t, err)
		require.Equal(t, "login.example", parsed.Host)
		return parsed.Query()
	}

	t.Run("holds all that Entra needs", func(t *testing.T) {
		t.Parallel()
		challenge := sha256.Sum256([]byte(verifier.Reveal()))
		require.Equal(t, url.Values{
			"p": {"policy"}, "client_id": {"client"}, "response_type": {"code"}, "response_mode": {"query"},
			"redirect_uri": {"https://latchkey.example/oauth/callback?a=b"},
			"scope":        {"openid profile email offline_access https://graph.microsoft.us/Mail.Read https://graph.microsoft.us/Mail.Send"},
			"state":        {"the state"}, "nonce": {"the-nonce"}, "prompt": {"select_account"},
			"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
			"code_challenge_method": {"S256"},
		}, request(nil))
	})
	t.Run("a login hint takes the picker's place", func(t *testing.T) {
		t.Parallel()
		query := request(func(r *entra.AuthorizeRequest) { r.LoginHint = "a+b@c.example" })
		require.Equal(t, "a+b@c.example", query.Get("login_hint"))
		require.False(t, query.Has("prompt"))
	})
	t.Run("a claims challenge is passed on", func(t *testing.T) {
		t.Parallel()
		query := request(func(r *entra.AuthorizeRequest) { r.Claims = `{"access_token":{}}` })
		require.JSONEq(t, `{"access_token":{}}`, query.Get("claims"))
	})
}
