package apiclient

import (
	"slices"

	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
)

// Leash bounds a client at one account key, or at every key without a leash of its own.
type Leash struct {
	AccountKeyID string // auth.EveryOtherKey: every other
	auth.Leash
}

// keyID is nil for every other account key.
func (l Leash) keyID() *string {
	if l.AccountKeyID == auth.EveryOtherKey {
		return nil
	}
	return &l.AccountKeyID
}

// leash returns what bounds the client at an account key; nil is nothing.
func (c Client) leash(accountKeyID string) *auth.Leash {
	return auth.Principal{Leashes: leashesOf(c)}.Leash(accountKeyID)
}

func leashesOf(c Client) map[string]*auth.Leash {
	if len(c.Leashes) == 0 {
		return nil
	}
	out := make(map[string]*auth.Leash, len(c.Leashes))
	for i := range c.Leashes {
		out[c.Leashes[i].AccountKeyID] = &c.Leashes[i].Leash
	}
	return out
}

// uses reports whether the client may use an account key.
func (c Client) uses(accountKeyID string) bool {
	return c.AllAccountKeys || slices.Contains(c.AccountKeyIDs, accountKeyID)
}

// creates reports whether the client may create account keys, which it may use from then on.
func (c Client) creates() bool { return slices.Contains(c.Permissions, auth.AccountKeysWrite) }

// keysToCompare are the account keys at which the client's leash can differ from that of others: those of its
// list, or those that have a leash of their own with any of them. auth.EveryOtherKey is among them for a
// client that may use keys which are still to come.
func (c Client) keysToCompare(caller auth.Principal, before Client) []string {
	var ids []string
	if c.AllAccountKeys || c.creates() {
		ids = append(ids, auth.EveryOtherKey)
	}
	if !c.AllAccountKeys {
		return append(ids, c.AccountKeyIDs...)
	}
	for id := range caller.Leashes {
		ids = append(ids, id)
	}
	for _, l := range slices.Concat(c.Leashes, before.Leashes) {
		ids = append(ids, l.AccountKeyID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// compareLeashes reports where the client would be bound less than its caller is. What bound it before may
// stay, unless it gains a permission by which it could do more at that key.
func compareLeashes(wrong *fault.Fields, c Client, actor auth.Principal, before Client) {
	gained := len(cut(c.Permissions, before.Permissions)) < len(c.Permissions)
	for _, id := range c.keysToCompare(actor, before) {
		after := c.leash(id)
		seen, had := actor.MayUseKey(id), before.uses(id)
		if id == auth.EveryOtherKey {
			seen, had = actor.AllKeys || !c.AllAccountKeys, before.AllAccountKeys || (!c.AllAccountKeys && before.creates())
		}
		stays := had && (!gained || !seen) && after.Within(before.leash(id))
		if stays || (seen && after.Within(actor.Leash(id))) {
			continue
		}
		if !seen {
			wrong.Add("leashes", "not_held", "This would loosen the leash on account keys that you may not use. Keep the leash of every other account key.")
			return
		}
		on := "on every other account key"
		if id != auth.EveryOtherKey {
			on = "on the account key " + id
		}
		wrong.Add("leashes", "not_held", "You cannot give a looser leash "+on+" than your own, which allows: "+actor.Leash(id).String()+".")
	}
}

// addLeashes tells in words which leashes differ.
func addLeashes(changes *audit.Changes, before, after []Leash) {
	words := func(leashes []Leash, id string) string {
		for i := range leashes {
			if leashes[i].AccountKeyID == id {
				return leashes[i].String()
			}
		}
		return ""
	}
	var ids []string
	for _, l := range slices.Concat(before, after) {
		ids = append(ids, l.AccountKeyID)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		field := "leash on every other key"
		if id != auth.EveryOtherKey {
			field = "leash on " + id
		}
		changes.Add(field, words(before, id), words(after, id))
	}
}
