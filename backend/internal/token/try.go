package token

import (
	"context"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/auth"
)

// Try proves a key's authorization by one refresh, which it shares with whoever needs one at the same time,
// and which waits like any other while Microsoft is to be left alone. It is no use of the key. A suspended key is
// tried as well, but its access token stays here; one that is misconfigured is authorized again if Microsoft takes
// its grant.
func (b *Broker) Try(ctx context.Context, keyID string) (Access, error) {
	s, err := b.own(ctx, keyID)
	if err != nil {
		return Access{}, err
	}
	if err := mendable(s); err != nil {
		return Access{}, err
	}
	if s, err = b.refreshed(ctx, s, true); err != nil {
		return Access{}, err
	}
	return b.inHand(s)
}

// Held returns the token that is in hand without asking Microsoft, if it is still valid. It is no use of the
// key.
func (b *Broker) Held(ctx context.Context, keyID string) (Access, error) {
	s, err := b.own(ctx, keyID)
	if err != nil {
		return Access{}, err
	}
	if err := servable(s); err != nil {
		return Access{}, err
	}
	return b.inHand(s)
}

// own reads a key that the caller was granted.
func (b *Broker) own(ctx context.Context, keyID string) (state, error) {
	if p, _ := auth.From(ctx); !p.MayUseKey(keyID) {
		return state{}, accountkey.ErrNotFound
	}
	return read(b.DB.Read(ctx), keyID)
}

// inHand opens the stored token, unless it has expired or the key serves nothing. It is not remembered.
func (b *Broker) inHand(s state) (Access, error) {
	if serves := servable(s) == nil; !serves || !b.Now().Before(s.Token.ExpiresAt) {
		account, _ := s.Key.Account()
		return Access{ExpiresAt: s.Token.ExpiresAt, Scopes: s.Token.Scopes, Account: account}, nil
	}
	ready, err := b.open(s)
	return ready.access, err
}
