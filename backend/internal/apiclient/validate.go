package apiclient

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/fault"
)

// apply checks the input and puts it on the client. Nobody grants a permission or a key that they lack;
// what the client had before may stay.
func (s *Service) apply(tx *gorm.DB, c *Client, in Input, actor auth.Principal, before Client) error {
	var wrong fault.Fields
	c.Name = wrong.Name("name", in.Name, "Give the API client a name.")
	c.NameKey = db.Fold(c.Name)
	c.Description = wrong.Description("description", in.Description)
	if len(in.Permissions) > maxListed {
		wrong.Add("permissions", "too_many", "Name each permission once.")
		in.Permissions = nil
	}
	c.Permissions = Permissions{}
	for _, p := range in.Permissions {
		switch {
		case !p.Valid():
			wrong.Add("permissions", "unknown", "Choose permissions that GET /api/v1/instance lists.")
		case !actor.Can(p) && !slices.Contains(before.Permissions, p):
			wrong.Add("permissions", "not_held", "You cannot grant "+string(p)+", which you don't have yourself.")
		case !slices.Contains(c.Permissions, p):
			c.Permissions = append(c.Permissions, p)
		}
	}
	c.AllAccountKeys, c.Disabled = in.AllAccountKeys, in.Disabled
	if c.AllAccountKeys && len(in.AccountKeyIDs) > 0 {
		wrong.Add("accountKeyIds", "not_both", "Choose all account keys, or some of them, not both.")
	}
	if c.AllAccountKeys && !actor.AllKeys && !before.AllAccountKeys {
		wrong.Add("allAccountKeys", "not_held", "You cannot grant all account keys, which you don't have yourself.")
	}
	if err := s.applyKeys(tx, &wrong, c, in, actor, before); err != nil {
		return err
	}
	if err := applyLeashes(tx, &wrong, c, in, actor, before); err != nil {
		return err
	}
	if c.RateLimit = in.RateLimit; in.RateLimit != nil && (*in.RateLimit < 0 || *in.RateLimit > maxRateLimit) {
		wrong.Add("rateLimitPerMinute", "out_of_range", "Allow 0 (any number) to 1,000,000 requests a minute.")
	}
	s.compareRates(&wrong, *c, actor, before)
	if len(wrong) == 0 {
		comparePairs(&wrong, *c, actor, before)
		compareLeashes(&wrong, *c, actor, before)
	}
	return wrong.Err()
}

// comparePairs reports a grant of a permission at a key that the caller lacks as a pair, though each of the two may
// be theirs or the client's: a new key comes with every permission of the client, a new permission with every key.
func comparePairs(wrong *fault.Fields, c Client, actor auth.Principal, before Client) {
	newKeys := (c.AllAccountKeys && !before.AllAccountKeys) || (!before.AllAccountKeys && len(without(c.AccountKeyIDs, before.AccountKeyIDs)) > 0)
	if lacks := len(cut(c.Permissions, actor.Permissions)) < len(c.Permissions); newKeys && lacks {
		wrong.Add("accountKeyIds", "not_held", "You cannot give account keys to an API client with permissions that you don't have yourself.")
	}
	newPermissions := len(cut(c.Permissions, before.Permissions)) < len(c.Permissions)
	lacks := (c.AllAccountKeys && !actor.AllKeys) || slices.ContainsFunc(c.AccountKeyIDs, func(id string) bool { return !actor.MayUseKey(id) })
	if newPermissions && lacks {
		wrong.Add("permissions", "not_held", "You cannot give permissions to an API client with account keys that you may not use yourself.")
	}
}

const maxRateLimit = 1_000_000

// rate is how many requests a minute a client may make; 0 is any number.
func (s *Service) rate(c Client) int64 {
	if c.RateLimit != nil {
		return *c.RateLimit
	}
	return s.RateLimit
}

// compareRates reports a limit that is higher than the caller's own; what the client had before may stay.
func (s *Service) compareRates(wrong *fault.Fields, c Client, actor auth.Principal, before Client) {
	higher := func(limit, than int64) bool { return than > 0 && (limit == 0 || limit > than) }
	if limit := s.rate(c); higher(limit, actor.RateLimit) && (before.ID == "" || higher(limit, s.rate(before))) {
		wrong.Add("rateLimitPerMinute", "not_held", fmt.Sprintf("You cannot allow more than your own %d requests a minute.", actor.RateLimit))
	}
}

// maxListed is more than anybody lists by hand; whoever needs more account keys needs all of them.
const maxListed = 2000

// applyKeys puts the listed account keys on the client, and reports those that the caller cannot grant.
func (s *Service) applyKeys(tx *gorm.DB, wrong *fault.Fields, c *Client, in Input, actor auth.Principal, before Client) error {
	had := map[string]bool{}
	for _, id := range before.AccountKeyIDs {
		had[id] = true
	}
	var added []string
	ids := map[string]bool{}
	for _, id := range in.AccountKeyIDs {
		id = strings.ToLower(id) // as in paths
		if !ids[id] && !had[id] {
			added = append(added, id)
		}
		ids[id] = true
	}
	for id := range had {
		if !in.AllAccountKeys && !actor.MayUseKey(id) {
			ids[id] = true // they could not see it, so they did not mean to take it away
		}
	}
	c.AccountKeyIDs = slices.Sorted(maps.Keys(ids))
	if len(added) > maxListed {
		wrong.Add("accountKeyIds", "too_many", "List at most 2,000 at a time, or give it all account keys.")
		return nil
	}
	found, err := existing(tx, added)
	if err != nil {
		return err
	}
	for _, id := range added {
		if !slices.Contains(found, id) || !actor.MayUseKey(id) {
			*wrong = append(*wrong, unknownKey(id))
		}
	}
	return nil
}

func unknownKey(id string) fault.Field { return unknownKeyAt("accountKeyIds", id) }

func unknownKeyAt(field, id string) fault.Field {
	return fault.Field{
		Field: field, Code: "unknown", Message: "There is no account key with the id " + fmt.Sprintf("%.40q", id) + ".",
	}
}
