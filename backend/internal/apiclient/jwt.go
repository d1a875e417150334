package apiclient

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// claims of an access token (RFC 9068 §2.2).
type claims struct {
	jwt.RegisteredClaims
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
}

// oauthError is a refusal of the token endpoint (RFC 6749 §5.2).
type oauthError struct {
	Code        string `json:"error" validate:"required" example:"invalid_client"`
	Description string `json:"error_description" validate:"required"`
} // @name OAuthError

// Error returns code and description.
func (e *oauthError) Error() string { return e.Code + ": " + e.Description }

var (
	errBadClient   = &oauthError{"invalid_client", "The client id or the secret is not good."}
	errScopeDenied = &oauthError{"invalid_scope", "The scope names a permission that this API client doesn't have."}
)

// Issued is an access token of ours.
type Issued struct {
	Token     secret.String
	ExpiresIn time.Duration
	Scope     string
}

// Issue exchanges a client's secret for a JWT. scope narrows what the JWT allows; empty means all that
// the client holds.
func (s *Service) Issue(ctx context.Context, clientID string, plain secret.String, scope string) (Issued, error) {
	c, used, err := s.prove(ctx, clientID, plain)
	if err != nil {
		return Issued{}, err
	}
	return s.issue(ctx, c, used, scope)
}

// issue gives a JWT to a client that has proved itself by one of its secrets.
func (s *Service) issue(ctx context.Context, c Client, used Secret, scope string) (Issued, error) {
	now := s.Now()
	granted := c.Permissions
	if scope != "" {
		asked := Permissions{}
		for name := range strings.FieldsSeq(scope) {
			asked = append(asked, auth.Permission(name))
		}
		if granted = cut(asked, c.Permissions); len(granted) != len(asked) {
			return Issued{}, errScopeDenied
		}
	}
	ring, err := s.ring(ctx, false)
	if err != nil {
		return Issued{}, err
	}
	key, err := ring.sign(now)
	if err != nil {
		return Issued{}, err
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: s.Issuer, Subject: c.ID, Audience: jwt.ClaimStrings{s.Audience}, ID: uuid.NewString(),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(s.TokenLifetime)),
		},
		ClientID: c.ID, Scope: granted.scope(),
	})
	token.Header["typ"], token.Header["kid"] = "at+jwt", key.id
	signed, err := token.SignedString(key.private)
	if err != nil {
		return Issued{}, fmt.Errorf("sign access token: %w", err)
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := noteUse(tx, c.ID, used.ID, now); err != nil {
			return err
		}
		return noteSignIn(tx, now, c, used)
	})
	return Issued{Token: secret.New(signed), ExpiresIn: s.TokenLifetime, Scope: granted.scope()}, err
}

// prove finds the client that a secret is of. Every refusal is the same, so that none tells which
// clients there are.
func (s *Service) prove(ctx context.Context, clientID string, plain secret.String) (Client, Secret, error) {
	id, ok := ParseSecret(plain)
	if !ok || (clientID != "" && !strings.EqualFold(clientID, id)) {
		return Client{}, Secret{}, errBadClient
	}
	c, err := s.Get(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Client{}, Secret{}, errBadClient
	}
	if err != nil {
		return Client{}, Secret{}, err
	}
	i := slices.IndexFunc(c.Secrets, func(x Secret) bool {
		return secret.MatchesHash(plain, x.SecretHash) && x.live(s.Now())
	})
	if i < 0 || c.Disabled {
		s.noteRefusal(ctx, c)
		return Client{}, Secret{}, errBadClient
	}
	return c, c.Secrets[i], nil
}

// Verified is a JWT that was found good, with what its client may do.
type Verified struct {
	principal auth.Principal
	expires   time.Time
}

// TokenHash is how a JWT is remembered: without keeping it.
type TokenHash [sha256.Size]byte

// Authenticate admits the bearer of a JWT of ours: what the JWT allows, cut down to what the client
// holds at this moment. What was found out is remembered until access changes or the JWT expires.
func (s *Service) Authenticate(ctx context.Context, bearer secret.String) (auth.Principal, error) {
	v, err := s.Remembered.Load(ctx, sha256.Sum256([]byte(bearer.Reveal())), func(ctx context.Context) (Verified, error) {
		return s.authenticate(ctx, bearer)
	})
	if err != nil {
		return auth.Principal{}, err
	}
	if !s.Now().Before(v.expires) {
		return auth.Principal{}, ErrBadToken
	}
	return v.principal, nil
}

func (s *Service) authenticate(ctx context.Context, bearer secret.String) (Verified, error) {
	parsed, err := s.verify(ctx, bearer)
	if err != nil {
		return Verified{}, err
	}
	c, err := s.Get(ctx, parsed.Subject)
	if errors.Is(err, ErrNotFound) {
		return Verified{}, ErrBadToken.Because(err)
	}
	if err != nil {
		return Verified{}, err
	}
	if c.Disabled {
		return Verified{}, ErrBadToken
	}
	asked := []auth.Permission{}
	for name := range strings.FieldsSeq(parsed.Scope) {
		asked = append(asked, auth.Permission(name))
	}
	return Verified{expires: parsed.ExpiresAt.Time, principal: s.principal(c, cut(asked, c.Permissions))}, nil
}

// principal is a client as a caller with some of its permissions.
func (s *Service) principal(c Client, permissions []auth.Permission) auth.Principal {
	return auth.Principal{
		Type: auth.TypeAPIClient, ID: c.ID, Name: c.Name, Permissions: permissions,
		AllKeys: c.AllAccountKeys, KeyIDs: c.AccountKeyIDs, Leashes: leashesOf(c), RateLimit: s.rate(c),
	}
}

// clockSkew is how far the clocks of two replicas may be apart.
const clockSkew = 30 * time.Second

// maxToken is several times the length of the longest token of ours.
const maxToken = 8 << 10

var errToken = errors.New("the token is not one of ours")

// wellFormed reports text that could be a token of ours at all. Decoders of base64 skip line ends, which
// would let one token be written in many ways.
func wellFormed(text string) bool {
	return len(text) <= maxToken && !strings.ContainsFunc(text, func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// verify checks a JWT by RFC 9068 §4: the algorithm is ours and fixed, the key is one that we know by
// the id it has in our database, never one that the token brings along.
func (s *Service) verify(ctx context.Context, bearer secret.String) (claims, error) {
	if !wellFormed(bearer.Reveal()) {
		return claims{}, ErrBadToken.Because(errToken)
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(s.Issuer), jwt.WithAudience(s.Audience),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.Now), jwt.WithStrictDecoding(),
	)
	var c claims
	var failed error // of ours, not of the token
	_, err := parser.ParseWithClaims(bearer.Reveal(), &c, func(t *jwt.Token) (any, error) {
		typ, _ := t.Header["typ"].(string)
		if !strings.EqualFold(typ, "at+jwt") && !strings.EqualFold(typ, "application/at+jwt") {
			return nil, errToken
		}
		if _, critical := t.Header["crit"]; critical {
			return nil, errToken // RFC 7515 §4.1.11: none is understood here
		}
		kid, _ := t.Header["kid"].(string)
		key, err := s.publicKey(ctx, kid)
		if err != nil && !errors.Is(err, errToken) {
			failed = err
		}
		return key, err
	})
	if failed != nil {
		return claims{}, failed
	}
	if err != nil {
		return claims{}, ErrBadToken.Because(err)
	}
	if c.IssuedAt != nil && c.IssuedAt.After(s.Now().Add(clockSkew)) {
		return claims{}, ErrBadToken.Because(errToken)
	}
	if c.Subject == "" || c.Subject != c.ClientID || uuid.Validate(c.Subject) != nil {
		return claims{}, ErrBadToken.Because(errToken)
	}
	return c, nil
}

func (s *Service) publicKey(ctx context.Context, kid string) (any, error) {
	for _, force := range []bool{false, true} {
		ring, err := s.ring(ctx, force)
		if err != nil {
			return nil, err
		}
		if key, ok := ring.verify(kid); ok {
			return key, nil
		}
	}
	return nil, errToken
}
