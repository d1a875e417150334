package auth

import (
	"context"
	"net/netip"
	"slices"
)

// PrincipalType tells people, integrations and the product itself apart, and strangers in the audit log.
type PrincipalType string // @name ActorType

// The types of principal.
const (
	TypeUser      PrincipalType = "user"
	TypeAPIClient PrincipalType = "api_client"
	TypeSystem    PrincipalType = "system"
	TypeAnonymous PrincipalType = "anonymous" // never a caller; who tried something without being known
)

// Principal is who is calling, and what they may do at this moment.
type Principal struct {
	Type        PrincipalType
	ID          string
	Name        string
	Permissions []Permission
	AllKeys     bool     // every account key, those to come included
	KeyIDs      []string // otherwise just these
	SessionID   string   // of a person

	Leashes   map[string]*Leash // of an API client, by account key; see Leash
	RateLimit int64             // requests a minute that an API client may make; 0 is any number
}

// System is the product itself: jobs, migrations and commands act as it.
func System(name string) Principal {
	return Principal{Type: TypeSystem, ID: "system", Name: name, Permissions: AllPermissions(), AllKeys: true}
}

// Anonymous is somebody who has not proved who they are.
func Anonymous() Principal {
	return Principal{Type: TypeAnonymous, ID: "anonymous", Name: "Somebody not signed in"}
}

// Can reports whether the principal holds a permission.
func (p Principal) Can(perm Permission) bool { return slices.Contains(p.Permissions, perm) }

// MayUseKey reports whether the principal was granted an account key. To one that was not, the key
// doesn't exist.
func (p Principal) MayUseKey(id string) bool { return p.AllKeys || slices.Contains(p.KeyIDs, id) }

// WithReadmission puts the caller into the context, and how to find out whether they would still be admitted.
func WithReadmission(ctx context.Context, p Principal, again func() (Principal, error)) context.Context {
	return WithPrincipal(context.WithValue(ctx, readmissionKey{}, again), p)
}

// Readmit returns the caller as of now, or why they would no longer be admitted. It is for work that took so long
// that access may have changed meanwhile.
func Readmit(ctx context.Context) (Principal, error) {
	if again, ok := ctx.Value(readmissionKey{}).(func() (Principal, error)); ok {
		return again()
	}
	p, _ := From(ctx)
	return p, nil
}

// Request is what is known of the HTTP request that an action came by.
type Request struct {
	ID string // also in the answer's X-Request-Id
	IP string
}

// Network is where the request came from, as far as one customer of a provider reaches: an IPv4 address or an
// IPv6 /64.
func (r Request) Network() string {
	ip, err := netip.ParseAddr(r.IP)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

type (
	principalKey   struct{}
	readmissionKey struct{}
	requestKey     struct{}
)

// WithPrincipal puts the caller into the context.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From returns the caller; false when nobody is signed in.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// WithRequest puts the facts of the request into the context.
func WithRequest(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestFrom returns the facts of the request; zero outside of one.
func RequestFrom(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey{}).(Request)
	return r
}
