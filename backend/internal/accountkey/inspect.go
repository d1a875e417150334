package accountkey

import (
	"context"

	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// Registration is what a key says about its app registration, saved or not.
type Registration struct {
	Type         string // empty: the first type there is
	Cloud        string // empty: the default
	TenantID     string
	ClientID     string
	ClientSecret secret.String
	Scopes       []string // nil: the type's default
}

// Inspect brings a registration that is not saved into the form in which it would be saved, and says what is
// wrong with it. Nothing is stored.
func (s *Service) Inspect(r Registration) (Registration, []fault.Field) {
	if r.Type == "" {
		r.Type = Types()[0].ID
	}
	var f fields
	r = s.inspect(&f, r)
	return r, f.Fields
}

// inspect fills in what was left out and checks the rest.
func (s *Service) inspect(f *fields, r Registration) Registration {
	kind, ok := typeByID(r.Type)
	if !ok {
		f.Add("type", "unknown", "Choose a type that GET /api/v1/instance lists.")
	}
	if r.Cloud == "" {
		r.Cloud = s.DefaultCloud
	}
	if r.Scopes == nil {
		r.Scopes = kind.DefaultScopes
	}
	builtin := isBuiltin(r.Cloud)
	s.checkCloud(f, r.Cloud)
	r.ClientSecret = f.clientSecret(r.ClientSecret)
	r.TenantID, r.ClientID = f.tenant(r.TenantID, builtin), f.client(r.ClientID, builtin)
	f.ids(r.TenantID, r.ClientID)
	if ok {
		r.Scopes = f.scopes(r.Scopes)
	}
	return r
}

// Saved returns a key that the caller may use, with its registration, the secret opened.
func (s *Service) Saved(ctx context.Context, id string) (Summary, Registration, error) {
	key, err := s.Get(ctx, id)
	if err != nil {
		return Summary{}, Registration{}, err
	}
	r := Registration{
		Type: key.Type, Cloud: key.Cloud, TenantID: key.TenantID, ClientID: key.ClientID, Scopes: key.Scopes,
	}
	if len(key.ClientSecret) > 0 {
		r.ClientSecret, err = s.OpenSecret(key.Key)
	}
	return key, r, err
}
