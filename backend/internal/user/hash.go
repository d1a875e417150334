package user

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"github.com/latchkey/latchkey/backend/internal/secret"
)

const (
	hashesAtOnce = 2                // 19 MiB each: sign-ins must not exhaust the memory
	forTheKnown  = 1                // more of them for people who are known, whatever strangers do
	waitForHash  = 10 * time.Second // then the caller is asked to come back
)

// hasher makes and compares password hashes, a few at a time. The zero value is ready.
type hasher struct {
	once  sync.Once
	slots chan struct{}
	known chan struct{}
	wait  time.Duration

	dummyOnce sync.Once
	dummy     string
	dummyErr  error
}

// params are those that OWASP names first for Argon2id.
func params() *argon2id.Params {
	return &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

func (h *hasher) start() {
	h.slots, h.known = make(chan struct{}, hashesAtOnce), make(chan struct{}, forTheKnown)
	h.wait = waitForHash
}

// acquire waits for a free slot; the caller gives it back by calling release. A known caller is one
// who proved who they are by something else than the password that is to be hashed.
func (h *hasher) acquire(ctx context.Context, known bool) (release func(), err error) {
	h.once.Do(h.start)
	ctx, cancel := context.WithTimeout(ctx, h.wait)
	defer cancel()
	var reserved chan struct{} // nil is never free
	if known {
		reserved = h.known
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case reserved <- struct{}{}:
		return func() { <-reserved }, nil
	case <-ctx.Done():
		return nil, errBusy.Because(ctx.Err())
	}
}

// hash makes the stored form of a new password, which only somebody known chooses.
func (h *hasher) hash(ctx context.Context, password secret.String) (string, error) {
	release, err := h.acquire(ctx, true)
	if err != nil {
		return "", err
	}
	defer release()
	hash, err := argon2id.CreateHash(normal(password), params())
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// matches compares with a stored hash; the caller holds a slot. Without a hash ("" for an unknown
// person) it takes just as long and answers no, so that the time doesn't tell who exists.
func (h *hasher) matches(password secret.String, hash string) (bool, error) {
	dummy, err := h.dummyHash() // made on the first call, whoever it is for
	if err != nil {
		return false, err
	}
	known := hash != ""
	if !known {
		hash = dummy
	}
	same, err := argon2id.ComparePasswordAndHash(normal(password), hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return same && known, nil
}

// dummyHash is a hash of the usual cost that no password has.
func (h *hasher) dummyHash() (string, error) {
	h.dummyOnce.Do(func() {
		h.dummy, h.dummyErr = argon2id.CreateHash(secret.Random().Reveal(), params())
	})
	if h.dummyErr != nil {
		return "", fmt.Errorf("make dummy hash: %w", h.dummyErr)
	}
	return h.dummy, nil
}

// normal is the one form of a password however a keyboard composes its characters (NIST SP 800-63B
// §3.1.1.2).
func normal(password secret.String) string { return norm.NFKC.String(password.Reveal()) }
