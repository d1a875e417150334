// Package identity answers token requests as the managed identity of an Azure App Service does, so that programs
// written with an Azure SDK get the Graph tokens of an account key without a change
// (https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference). Who asks is an
// API client: its secret is the value of X-IDENTITY-HEADER.
package identity

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/apiclient"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/token"
)

// version of the protocol. SDKs ask for no other when they are given IDENTITY_ENDPOINT and IDENTITY_HEADER.
const version = "2019-08-01"

// graphAppID names Microsoft Graph in every cloud.
const graphAppID = "00000003-0000-0000-c000-000000000000"

// Failures as programs see them.
var (
	errHeader = fault.New(fault.Unauthenticated, "identity_header", "X-IDENTITY-HEADER is missing or no good secret of an API client.").
			WithFix("Set IDENTITY_HEADER to a secret of an API client that may use the account key.")
	errPermission = fault.New(fault.Forbidden, "permission_denied", "The API client lacks the permission tokens:issue.")
	errVersion    = fault.New(fault.Malformed, "api_version", "The only api-version that is spoken here is "+version+".")
	errResource   = fault.New(fault.Malformed, "invalid_resource", "Tokens are given for Microsoft Graph alone, in the cloud of the account key.").
			WithFix("Ask for the scope https://graph.microsoft.com/.default, with the host of the key's cloud.")
	errNoKey = fault.New(fault.Malformed, "identity_not_found", "There is no such account key for this API client.").
			WithFix("Put the account key's id into the path, /identity/{id}/token, or name it by client_id.")
	errSelector  = fault.New(fault.Malformed, "selector", "Name the account key by just one of the path, client_id, mi_res_id and object_id.")
	errAmbiguous = fault.New(fault.Malformed, "identity_ambiguous", "Several account keys go by this name.").
			WithFix("Put the account key's id into the path, /identity/{id}/token.")
)

// Service finds out who asks for which key, and gets the token.
type Service struct {
	Clients *apiclient.Service
	Keys    *accountkey.Service
	Broker  *token.Broker
}

// request is what a program asked.
type request struct {
	header   secret.String
	keyID    string // of the path
	version  string
	resource string
	named    map[string]string // selectors by their parameters
}

// issue returns a token of the key that was asked for, unless count refuses another request of who asks.
func (s *Service) issue(ctx context.Context, r request, count func(auth.Principal) error) (token.Access, error) {
	if r.header.IsZero() {
		return token.Access{}, errHeader
	}
	p, err := s.Clients.AuthenticateSecret(ctx, r.header)
	if errors.Is(err, apiclient.ErrBadSecret) {
		return token.Access{}, errHeader.Because(err)
	}
	if err != nil {
		return token.Access{}, err
	}
	if err := count(p); err != nil {
		return token.Access{}, err
	}
	if r.version != version {
		return token.Access{}, errVersion
	}
	if !p.Can(auth.TokensIssue) {
		return token.Access{}, errPermission
	}
	ctx = auth.WithReadmission(ctx, p, func() (auth.Principal, error) { return s.Clients.AuthenticateSecret(ctx, r.header) })
	key, err := s.find(ctx, r)
	if err != nil {
		return token.Access{}, err
	}
	if !s.isGraph(key, r.resource) {
		return token.Access{}, errResource
	}
	access, err := s.Broker.Get(ctx, key.ID, token.Request{})
	if errors.Is(err, accountkey.ErrNotFound) {
		return token.Access{}, errNoKey.Because(err) // deleted or taken away a moment ago
	}
	return access, err
}

// find returns the key of the path, or the one that the selector names.
func (s *Service) find(ctx context.Context, r request) (accountkey.Key, error) {
	switch {
	case r.keyID != "" && len(r.named) == 0:
		key, err := s.Keys.Find(ctx, r.keyID)
		if errors.Is(err, accountkey.ErrNotFound) {
			return accountkey.Key{}, errNoKey.Because(err)
		}
		return key, err
	case len(r.named) != 1 || r.keyID != "":
		return accountkey.Key{}, errSelector
	}
	var keys []accountkey.Key
	var err error
	for parameter, value := range r.named {
		keys, err = s.Keys.Named(ctx, nameOf(parameter, value))
	}
	switch {
	case err != nil:
		return accountkey.Key{}, err
	case len(keys) == 0:
		return accountkey.Key{}, errNoKey
	case len(keys) > 1:
		return accountkey.Key{}, errAmbiguous
	}
	return keys[0], nil
}

// nameOf says what a selector of the protocol names here. Programs send the same thing by several names.
func nameOf(parameter, value string) accountkey.Name {
	switch parameter {
	case "object_id", "principal_id":
		return accountkey.Name{AccountObjectID: value}
	case "mi_res_id", "msi_res_id":
		return accountkey.Name{ID: value[strings.LastIndex(value, "/")+1:], DisplayName: value}
	default:
		return accountkey.Name{ID: value, ClientID: value, DisplayName: value}
	}
}

// isGraph reports whether a resource is Microsoft Graph in the cloud of a key.
func (s *Service) isGraph(key accountkey.Key, resource string) bool {
	resource = strings.TrimSuffix(strings.TrimSuffix(resource, "/.default"), "/")
	if strings.EqualFold(resource, graphAppID) {
		return true
	}
	cloud, ok := s.Keys.Cloud(key.Cloud)
	if !ok {
		return true // the broker says what is wrong
	}
	asked, err := url.Parse(resource)
	if err != nil || asked.RawQuery != "" || asked.Path != "" {
		return false
	}
	graph, err := url.Parse(cloud.GraphURL)
	return err == nil && asked.Scheme == graph.Scheme && strings.EqualFold(asked.Host, graph.Host)
}
