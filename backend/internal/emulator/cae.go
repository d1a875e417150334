package emulator

import (
	"encoding/json"
	"slices"
	"time"
)

// Continuous access evaluation: a client that declares "cp1" gets tokens for a day, and Graph challenges
// them at once when something critical happens to the person. Tokens of other clients just run out.

// claimsRequest is the claims parameter as far as it matters here.
type claimsRequest struct {
	AccessToken struct {
		Capabilities struct {
			Values []string `json:"values"`
		} `json:"xms_cc"`
	} `json:"access_token"`
}

// declaresCAE reports whether a claims parameter says that the client handles challenges.
func declaresCAE(claims string) bool {
	var asked claimsRequest
	return json.Unmarshal([]byte(claims), &asked) == nil && slices.Contains(asked.AccessToken.Capabilities.Values, "cp1")
}

// critical notes that every token given to a person before now is to be challenged.
func (e *Emulator) critical(u *user, now time.Time) {
	u.critical, u.criticalSeq = now, e.next()
}

// Challenge makes Graph challenge every token that a person has by now, as after a change of policy, for
// clients that declared that they handle it.
func (e *Emulator) Challenge(name string) error {
	return e.withUser(name, func(u *user) { e.critical(u, e.now()) })
}

// challenged reports whether a token is one that its person has outlived.
func (e *Emulator) challenged(t *accessToken) (time.Time, bool) {
	u := e.userByID(t.user)
	if u == nil || !t.cae || t.seq > u.criticalSeq {
		return time.Time{}, false
	}
	return u.critical, true
}
