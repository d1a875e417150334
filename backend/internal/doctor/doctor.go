// Package doctor checks an account key from end to end, saved or not yet: the redirect URI, cloud, tenant,
// client ID and secret, and for an authorized key a refresh, its permissions and its mailbox. Each check says
// what was found, why, and what to do.
//
// Invariants: the checks really run, in a fixed order and within a bounded time; one that an earlier one makes
// moot is skipped and says so; what proves nothing is inconclusive and never a failure. A key is changed by
// nothing but its refresh, which goes through the broker like any other. Nothing is stored here.
package doctor

import (
	"fmt"
	"strings"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
)

// CheckID names a check.
type CheckID string // @name CheckId

// The checks, in their order.
const (
	CheckRedirectURI  CheckID = "redirect_uri"
	CheckCloud        CheckID = "cloud"
	CheckTenant       CheckID = "tenant"
	CheckClientID     CheckID = "client_id"
	CheckClientSecret CheckID = "client_secret"
	CheckRefresh      CheckID = "refresh"
	CheckPermissions  CheckID = "permissions"
	CheckMailbox      CheckID = "mailbox"
	CheckClock        CheckID = "clock"
)

func checkIDs() []CheckID {
	return []CheckID{
		CheckRedirectURI, CheckCloud, CheckTenant, CheckClientID, CheckClientSecret,
		CheckRefresh, CheckPermissions, CheckMailbox, CheckClock,
	}
}

// title is how people call a check.
func (id CheckID) title() string {
	switch id {
	case CheckRedirectURI:
		return "Redirect URI"
	case CheckCloud:
		return "Cloud"
	case CheckTenant:
		return "Directory (tenant) ID"
	case CheckClientID:
		return "Application (client) ID"
	case CheckClientSecret:
		return "Secret Key"
	case CheckRefresh:
		return "Authorization"
	case CheckPermissions:
		return "Permissions"
	case CheckMailbox:
		return "Mailbox"
	case CheckClock:
		return "Clock"
	default:
		return string(id)
	}
}

// Result is how a check came out.
type Result string // @name CheckResult

// The results of a check.
const (
	Passed       Result = "passed"
	Warning      Result = "warning"      // It works, but not for ever or not for everything
	Failed       Result = "failed"       // It does not work; the message says why
	Skipped      Result = "skipped"      // Not made: the message says what makes it moot
	Inconclusive Result = "inconclusive" // Made, and proved nothing
)

// Finding is what a check says: what was found, what to do about it, and the field of the key at fault.
type Finding struct {
	Message   string
	Fix       string
	Field     string
	Microsoft *accountkey.MicrosoftError
}

// Check is one check that was made.
type Check struct {
	ID     CheckID
	Title  string
	Result Result
	Finding
}

// Report is every check, in order.
type Report struct{ Checks []Check }

// Count says how many checks came out so.
func (r Report) Count(result Result) int {
	n := 0
	for _, check := range r.Checks {
		if check.Result == result {
			n++
		}
	}
	return n
}

// Result is the worst of all; checks that were skipped don't count.
func (r Report) Result() Result {
	for _, result := range []Result{Failed, Warning, Inconclusive} {
		if r.Count(result) > 0 {
			return result
		}
	}
	return Passed
}

// Message sums up in a sentence.
func (r Report) Message() string {
	result := r.Result()
	if result == Passed {
		if n := r.Count(Skipped); n > 0 {
			return fmt.Sprintf("Everything that could be checked is in order; %d skipped.", n)
		}
		return "Everything is in order."
	}
	var titles []string
	for _, check := range r.Checks {
		if check.Result == result {
			titles = append(titles, check.Title)
		}
	}
	what := map[Result]string{Failed: "Needs mending: ", Warning: "Needs attention: ", Inconclusive: "Could not be told: "}[result]
	return what + strings.Join(titles, ", ") + "."
}
