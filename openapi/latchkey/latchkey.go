// Package latchkey is the Go client of Latchkey: every operation that a program may call, generated from the
// contract, and a source of access tokens for Microsoft Graph that fits wherever an oauth2.TokenSource does.
//
// [Connect] signs in as an API client and keeps itself signed in; [TokenSource] hands out tokens of one
// account key. Of the methods of the connection, those that end in WithResponse decode the answer.
package latchkey

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Config says which Latchkey is called, and as whom.
type Config struct {
	URL          string   // where Latchkey is: https://latchkey.example.com
	ClientID     string   // the API client's id
	ClientSecret string   // one of its secrets: lk_…
	Permissions  []string // what is asked for; all that the API client has if left out

	// Transport sends the requests; http.DefaultTransport if left out.
	Transport http.RoundTripper
	// Retries is how often a request is sent again that Latchkey asks to send later; 3 if left out, none if
	// negative.
	Retries int
	// MaxWait bounds what is waited before each: if Latchkey asks for more, its refusal is the answer. 30
	// seconds if left out.
	MaxWait time.Duration
	// Wait waits, or returns early with the context's error; a timer does if left out.
	Wait func(context.Context, time.Duration) error
}

// Format keeps the secret out of whatever a Config is printed to.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "latchkey.Config{URL:%q ClientID:%q}", c.URL, c.ClientID)
}

// Connect returns a client of Latchkey's API. It asks for no JWT before the first request.
func Connect(c Config) (*ClientWithResponses, error) {
	at, err := url.Parse(c.URL)
	switch {
	case err != nil || at.Host == "" || (at.Scheme != "https" && at.Scheme != "http"):
		return nil, fmt.Errorf("latchkey: the URL %q is none: write it like https://latchkey.example.com", c.URL)
	case at.Scheme == "http" && !loopback(at.Hostname()):
		return nil, errors.New("latchkey: the URL begins with http, which shows secrets to the network: use https")
	case c.ClientID == "" || c.ClientSecret == "":
		return nil, errors.New("latchkey: ClientID and ClientSecret are needed: an administrator makes them under API Clients")
	}
	retrying := &retrier{next: c.Transport, retries: c.Retries, maxWait: c.MaxWait, wait: c.Wait}
	retrying.setDefaults()
	server := strings.TrimSuffix(c.URL, "/")
	credentials := &clientcredentials.Config{
		ClientID: c.ClientID, ClientSecret: c.ClientSecret, TokenURL: server + "/oauth/token",
		Scopes: c.Permissions, AuthStyle: oauth2.AuthStyleInHeader,
	}
	bearer := &bearer{next: retrying, turn: make(chan struct{}, 1), fetch: func(ctx context.Context) (*oauth2.Token, error) {
		return credentials.Token(context.WithValue(ctx, oauth2.HTTPClient, client(retrying)))
	}}
	return NewClientWithResponses(server, WithHTTPClient(client(bearer)))
}

// client follows no redirect: Latchkey's API has none, and what it is sent is for nobody else.
func client(t http.RoundTripper) *http.Client {
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (ip != nil && ip.IsLoopback())
}
