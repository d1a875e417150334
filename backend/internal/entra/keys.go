package entra

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey/latchkey/backend/internal/upstream"
)

// keySet is a provider's published signing keys.
type keySet []jose.JSONWebKey

// providerKeys finds the key for one id_token among those of a provider.
//
// Why not go-oidc's RemoteKeySet: it fetches again for every unknown key id, and an id_token is
// input; ours fetches no more than once in refetchAfter, bounds the body, and shares one memory.
type providerKeys struct {
	client     *Client
	address    string
	algorithms []string
	failed     *Error // Set when the keys could not be fetched, or none of them fits.
}

// VerifySignature implements oidc.KeySet.
func (k *providerKeys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	algorithms := make([]jose.SignatureAlgorithm, len(k.algorithms))
	for i, name := range k.algorithms {
		algorithms[i] = jose.SignatureAlgorithm(name)
	}
	signed, err := jose.ParseSigned(token, algorithms)
	if err != nil || len(signed.Signatures) != 1 {
		return nil, errIDToken
	}
	keys, fresh, failed := k.client.knownKeys(ctx, k.address)
	if failed != nil {
		k.failed = failed
		return nil, failed
	}
	wanted := signed.Signatures[0].Header.KeyID
	if !fresh && !keys.has(wanted) {
		// Keys roll without notice. An unreachable key server leaves the known ones in place.
		if newer, failed := k.client.fetchKeys(ctx, k.address); failed == nil {
			keys = newer
		} else if !keys.has(wanted) {
			k.failed = failed
			return nil, failed
		}
	}
	for _, key := range keys {
		if wanted != "" && key.KeyID != wanted || key.Use != "" && key.Use != "sig" {
			continue
		}
		if payload, err := signed.Verify(key); err == nil {
			return payload, nil
		}
	}
	k.failed = invalidIDToken(reasonIDTokenSignature)
	return nil, k.failed
}

func (s keySet) has(keyID string) bool {
	for _, key := range s {
		if keyID == "" || key.KeyID == keyID {
			return true
		}
	}
	return false
}

// knownKeys returns the remembered keys, fetched if there are none or they are a day old. It reports
// whether they are too fresh to be fetched again.
func (c *Client) knownKeys(ctx context.Context, address string) (keySet, bool, *Error) {
	c.mu.Lock()
	known, found := c.keySets[address]
	c.mu.Unlock()
	age := c.Now().Sub(known.at)
	if found && age < rememberFor {
		return known.value, age < refetchAfter, nil
	}
	keys, failed := c.fetchKeys(ctx, address)
	if failed != nil && found {
		c.mu.Lock()
		c.keySets = remember(c.keySets, address, known.value, c.Now().Add(staleFor-rememberFor))
		c.mu.Unlock()
		return known.value, true, nil
	}
	return keys, true, failed
}

// fetchKeys gets the key set; calls at the same time share one fetch.
func (c *Client) fetchKeys(ctx context.Context, address string) (keySet, *Error) {
	type outcome struct {
		keys keySet
		err  *Error
	}
	fetch := c.fetches.DoChan("keys "+address, func() (any, error) {
		keys, err := c.loadKeys(ctx, address)
		if err == nil {
			c.mu.Lock()
			c.keySets = remember(c.keySets, address, keys, c.Now())
			c.mu.Unlock()
		}
		return outcome{keys, err}, nil
	})
	select {
	case <-ctx.Done():
		return nil, c.failed(ctx, OpIDToken, answer{}, upstream.Describe(ctx.Err()))
	case result := <-fetch:
		done := result.Val.(outcome) //nolint:forcetypeassert // the function above returns nothing else
		return done.keys, done.err
	}
}

func (c *Client) loadKeys(ctx context.Context, address string) (keySet, *Error) {
	got, failed := c.get(ctx, OpIDToken, address)
	if failed != nil {
		return nil, failed
	}
	unexpected := &Error{
		Op: OpIDToken, Status: got.status, CorrelationID: got.requestID,
		RetryAfter: upstream.RetryAfter(got.header, c.Now(), false), cause: errNoKeys,
	}
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if got.status != http.StatusOK || json.Unmarshal(got.body, &document) != nil {
		return nil, unexpected
	}
	var keys keySet
	for _, raw := range document.Keys {
		var key jose.JSONWebKey
		// RFC 7517 §5: keys of a kind that is not understood are ignored.
		if err := key.UnmarshalJSON(raw); err == nil && key.IsPublic() {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, unexpected
	}
	return keys, nil
}

var errNoKeys = errors.New("the key set holds no usable key")
