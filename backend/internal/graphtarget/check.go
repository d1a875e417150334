package graphtarget

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/graphpath"
	"github.com/latchkey/latchkey/backend/internal/mailbox"
	"github.com/latchkey/latchkey/backend/internal/token"
)

// CheckID names a check.
type CheckID string // @name TargetCheckId

// The checks, in their order.
const (
	CheckEnabled     CheckID = "enabled"
	CheckMethod      CheckID = "method"
	CheckPath        CheckID = "path"
	CheckKey         CheckID = "account_key"
	CheckPermissions CheckID = "permissions"
	CheckGraph       CheckID = "graph"
)

// Result is how a check came out.
type Result string // @name TargetCheckResult

// The results of a check.
const (
	Passed       Result = "passed"
	Failed       Result = "failed"       // It does not work; the message says why
	Skipped      Result = "skipped"      // Not made: the message says what makes it moot
	Inconclusive Result = "inconclusive" // Made, and proved nothing
)

// Check is what was found, and what to do about it.
type Check struct {
	ID      CheckID
	Title   string
	Result  Result
	Message string
	Fix     string
}

const maxAsked = 4096 // characters

// Question is a call that somebody thinks of making. Both may be empty.
type Question struct {
	Method string
	Path   string // after /graph
}

// Validate tells whether a target's key can do something there, as far as that can be told without doing it.
// What only reads is tried.
func (c *Caller) Validate(ctx context.Context, id string, q Question) ([]Check, error) {
	t, err := load(c.Targets.DB.Read(ctx), id)
	if err := mayUse(ctx, t, err); err != nil {
		return nil, err
	}
	q.Method = strings.ToUpper(strings.TrimSpace(q.Method))
	if q.Method != "" && !slices.Contains(methods(), q.Method) {
		return nil, fault.Invalid(fault.Field{Field: "method", Code: "unknown", Message: methodsSentence})
	}
	if utf8.RuneCountInString(q.Path) > maxAsked {
		return nil, fault.Invalid(fault.Field{Field: "path", Code: "too_long", Message: "A path has at most 4,096 characters, its query included."})
	}
	address, query, _ := strings.Cut(strings.TrimSpace(q.Path), "?")
	v := validation{caller: c, target: ready(t), method: q.Method, asked: address != "", query: query}
	v.enabled()
	v.bounds(ctx, address)
	access, serves := v.key(ctx)
	if serves {
		v.permissions(access)
		return append(v.checks, v.try(ctx, access)), nil
	}
	v.skip(CheckPermissions, "Permissions", "The account key serves nothing.")
	v.skip(CheckGraph, "Microsoft Graph", "The account key serves nothing.")
	return v.checks, nil
}

// validation is one on its way.
type validation struct {
	caller *Caller
	target Ready
	method string
	asked  bool // a path was named
	path   graphpath.Path
	query  string
	lost   bool // method or path are not allowed
	checks []Check
}

func (v *validation) add(id CheckID, title string, r Result, message, fix string) {
	v.checks = append(v.checks, Check{ID: id, Title: title, Result: r, Message: message, Fix: fix})
}

func (v *validation) skip(id CheckID, title, message string) { v.add(id, title, Skipped, message, "") }

func (v *validation) enabled() {
	if v.target.Enabled {
		v.add(CheckEnabled, "Target", Passed, "The target is switched on.", "")
	} else {
		v.add(CheckEnabled, "Target", Failed, errDisabled.Message, "Enable the target.")
	}
}

// bounds looks at what the target and the caller's leash allow.
func (v *validation) bounds(ctx context.Context, address string) {
	list := v.target.bounds
	switch {
	case v.method == "":
		v.skip(CheckMethod, "Method", "No method was named.")
	case list.AllowsMethod(v.method):
		v.add(CheckMethod, "Method", Passed, "The target allows "+v.method+".", "")
	default:
		v.lost = true
		v.add(CheckMethod, "Method", Failed, "The target doesn't allow "+v.method+": it allows "+strings.Join(list.Methods, ", ")+".", "Allow it at the target, if it is meant to be.")
	}
	if !v.asked {
		v.skip(CheckPath, "Path", "No path was named.")
		return
	}
	below, err := graphpath.Parse(address)
	v.path = v.target.base.Join(below)
	if err != nil {
		v.lost = true
		v.add(CheckPath, "Path", Failed, errPath.Message+" "+err.Error(), "Write the path as it is to be sent, escaped.")
		return
	}
	caller, _ := auth.From(ctx)
	method := v.method
	if method == "" {
		method = v.target.AllowedMethods[0]
	}
	switch err := allowed(caller, v.target, method, v.path); {
	case err == nil || errors.Is(err, errMethod):
		v.add(CheckPath, "Path", Passed, "The target allows "+v.path.String()+".", "")
	default:
		v.lost = true
		f, _ := fault.From(err)
		v.add(CheckPath, "Path", Failed, f.Message+" It comes to "+v.path.String()+"; the target allows "+strings.Join(v.target.AllowedPaths, ", ")+".", f.Fix)
	}
}

// key gets a token, as a call would.
func (v *validation) key(ctx context.Context) (token.Access, bool) {
	access, err := v.caller.Broker.Get(ctx, v.target.AccountKeyID, token.Request{Kept: true})
	if err == nil && access.GraphURL == "" {
		err = errNoCloud
	}
	if err == nil {
		v.add(CheckKey, "Account key", Passed, "The account key serves "+access.Account.UserPrincipalName+".", "")
		return access, true
	}
	f, ok := fault.From(err)
	if !ok {
		f = token.ErrUnavailable
	}
	result := Failed
	if f.Kind == fault.Unavailable {
		result = Inconclusive
	}
	v.add(CheckKey, "Account key", result, f.Message, f.Fix)
	return token.Access{}, false
}

// permissions compares what was granted with what the call needs, where that is known.
func (v *validation) permissions(access token.Access) {
	const title = "Permissions"
	if v.method == "" || !v.asked || v.lost {
		v.skip(CheckPermissions, title, "It takes a method and a path that the target allows.")
		return
	}
	needed := neededScopes(v.method, v.path)
	switch {
	case needed == nil:
		v.add(CheckPermissions, title, Inconclusive, "Which permission this needs is not known here.", "Look for it in Microsoft's documentation of the call.")
	case slices.ContainsFunc(needed, func(n string) bool { return hasScope(access.Scopes, n) }):
		v.add(CheckPermissions, title, Passed, "The account key was granted what this needs: "+strings.Join(needed, " or ")+".", "")
	default:
		v.add(CheckPermissions, title, Failed, "This needs "+strings.Join(needed, " or ")+", which the account key was not granted.",
			"Add "+needed[0]+" to the key's permissions, and to the app in Microsoft Entra, then authorize the key again.")
	}
}

func hasScope(granted []string, name string) bool {
	return slices.ContainsFunc(granted, func(g string) bool {
		return strings.EqualFold(g[strings.LastIndexByte(g, '/')+1:], name)
	})
}

// neededScopes lists the permissions of which a call needs one, the least first; nil for what is not known.
func neededScopes(method string, path graphpath.Path) []string {
	segments := path.Readings()[0]
	shared := ""
	switch {
	case len(segments) > 0 && strings.EqualFold(segments[0], "me"):
		segments = segments[1:]
	case len(segments) > 1 && strings.EqualFold(segments[0], "users"):
		segments, shared = segments[2:], ".Shared"
	default:
		return nil
	}
	reads := method == http.MethodGet || method == http.MethodHead
	if len(segments) == 0 {
		if reads && shared == "" {
			return []string{"User.Read", "User.ReadWrite"}
		}
		return nil
	}
	last := strings.ToLower(segments[len(segments)-1])
	last = last[strings.LastIndexByte(last, '.')+1:] // microsoft.graph.sendMail
	switch first, _, _ := strings.Cut(strings.ToLower(segments[0]), "("); {
	case method == http.MethodPost && slices.Contains([]string{"sendmail", "send", "reply", "replyall", "forward"}, last):
		return []string{"Mail.Send" + shared}
	case first != "messages" && first != "mailfolders":
		return nil
	case reads:
		return []string{"Mail.Read" + shared, "Mail.ReadWrite" + shared}
	default:
		return []string{"Mail.ReadWrite" + shared}
	}
}

// try makes a call that changes nothing: the one that was asked about if it only reads, else who the account is.
func (v *validation) try(ctx context.Context, access token.Access) Check {
	check := Check{ID: CheckGraph, Title: "Microsoft Graph"}
	out := outgoing{target: v.target, method: http.MethodGet, path: v.path, query: v.query, header: requestHeader(nil, v.target.FixedHeaders)}
	if v.method != http.MethodGet || !v.asked || v.lost || !v.target.Enabled {
		me, _ := graphpath.Parse("/me") // it is one
		out.path, out.query = me, "$select=id"
	}
	base, err := v.caller.graphURL(access.GraphURL)
	if err == nil {
		out.url = out.address(base)
		var status int
		status, err = v.ask(ctx, &out, access)
		check.Result, check.Message, check.Fix = verdict(out.path.String(), status)
	}
	if err != nil {
		check.Result, check.Message = Inconclusive, "Microsoft Graph could not be asked just now."
		if f, ok := fault.From(err); ok {
			check.Message, check.Fix = f.Message, f.Fix
		}
	}
	return check
}

func (v *validation) ask(ctx context.Context, out *outgoing, access token.Access) (int, error) {
	box := mailbox.ID(access.ClientID, access.Account.ObjectID)
	slot, err := v.caller.wait(ctx, v.target, box)
	if err != nil {
		return 0, err
	}
	defer slot.Release()
	answer, err := v.caller.authorized(ctx, out, access)
	if err != nil {
		return 0, err
	}
	defer answer.close()
	v.caller.heed(box, answer.Response)
	return answer.StatusCode, nil
}

// verdict says what a status means.
func verdict(path string, status int) (r Result, message, fix string) {
	answered := fmt.Sprintf("Microsoft Graph answered GET %s with %d.", path, status)
	switch {
	case status >= 200 && status < 400:
		return Passed, answered, ""
	case status == http.StatusUnauthorized:
		return Failed, answered + " It doesn't take the key's token.", "Check the account key; authorize it again if that says so."
	case status == http.StatusForbidden:
		return Failed, answered + " The account may not do this.", "Compare the permissions that the key was granted, and the account's own rights, with what the call needs."
	case status == http.StatusNotFound:
		return Failed, answered + " There is nothing at this path for this account.", "Look for a mistake in the path or the target's base path, and whether the account has a mailbox."
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		return Inconclusive, answered, "Try again in a while."
	default:
		return Failed, answered + " It doesn't understand the call.", "Compare the path and the query with Microsoft's documentation."
	}
}
