package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/graph"
	"github.com/latchkey/latchkey/backend/internal/upstream"
)

// Differences between two clocks.
const (
	clockWarns = time.Minute
	clockFails = 5 * time.Minute // as much as tokens and certificates bear
)

// refresh proves the authorization of a saved key by a real refresh.
func (x *examination) refresh(ctx context.Context) error {
	if x.key == nil {
		x.skip("Not checked: only a key that is saved can be authorized.", CheckRefresh)
		return nil
	}
	switch x.key.Status {
	case accountkey.StatusDraft, accountkey.StatusRevoked:
		x.skip("Not checked: "+lowerFirst(x.key.StatusReason.Message), CheckRefresh)
		return nil
	case accountkey.StatusReauthorizationRequired:
		x.set(CheckRefresh, Failed, brokenBy(x.key.StatusReason))
		return nil
	default:
	}
	misconfigured := x.key.Status == accountkey.StatusMisconfigured
	if x.failed(CheckCloud, CheckTenant, CheckClientID, CheckClientSecret) {
		x.skip("Not checked: Microsoft refuses a refresh until what is at fault above is mended.", CheckRefresh)
		return nil
	}
	if x.tenant == nil {
		x.skip("Not checked: the sign-in service must answer first.", CheckRefresh)
		if misconfigured {
			return nil
		}
		x.hold(ctx)
		return nil
	}
	access, err := x.Broker.Try(ctx, x.key.ID)
	if err != nil {
		return x.notRefreshed(ctx, err)
	}
	if misconfigured {
		key, err := x.Keys.Get(ctx, x.key.ID) // what was at fault is mended
		if err != nil {
			return err
		}
		x.key = &key
	}
	x.access, x.authorized = access, true
	x.pass(CheckRefresh, "Microsoft gave a new token, which is good until "+access.ExpiresAt.Format("15:04 MST, 2 January 2006")+".")
	return nil
}

// notRefreshed tells an outage, which costs nothing, from an authorization that is over.
func (x *examination) notRefreshed(ctx context.Context, err error) error {
	f, told := fault.From(err)
	if !told {
		return err
	}
	switch f.Kind {
	case fault.Unavailable:
		found := Finding{
			Message: fmt.Sprintf("Microsoft was not asked again: an earlier refresh failed, and Latchkey waits %s before the next.",
				wait(f.RetryAfter)),
			Fix: "Check again after that. The key keeps its authorization.",
		}
		if e, advice, ok := microsoft(err); ok {
			found = Finding{Message: advice.Message, Fix: advice.Fix, Microsoft: accountkey.MicrosoftErrorOf(e)}
		} else if isOver(ctx) {
			found.Message = "The refresh had not ended when the time for this check was over."
			found.Fix = "Check again in a minute. The key keeps its authorization."
		}
		x.set(CheckRefresh, Inconclusive, found)
		x.hold(ctx)
		return nil
	case fault.Conflict:
		key, err := x.Keys.Get(ctx, x.key.ID)
		if err != nil {
			return err
		}
		x.key = &key
		x.set(CheckRefresh, Failed, brokenBy(key.StatusReason))
		return nil
	default:
		return err
	}
}

// hold goes on with the token in hand, if there is one.
func (x *examination) hold(ctx context.Context) {
	x.authorized = true
	x.access.Scopes = x.key.GrantedScopes
	if held, err := x.Broker.Held(ctx, x.key.ID); err == nil {
		x.access = held
	}
}

// brokenBy is why a key is out of service.
func brokenBy(reason accountkey.Reason) Finding {
	return Finding{Message: reason.Message, Fix: reason.Fix, Microsoft: reason.Microsoft}
}

// permissions compares what was granted with what the key asks for.
func (x *examination) permissions(context.Context) error {
	switch {
	case x.failed(CheckPermissions):
		return nil
	case !x.authorized:
		x.skip("Not checked: what Microsoft grants shows with an authorization that works.", CheckPermissions)
		return nil
	}
	missing := entra.MissingScopes(x.Scopes, x.access.Scopes)
	if len(missing) == 0 {
		x.pass(CheckPermissions, "Granted: "+strings.Join(x.Scopes, ", ")+".")
		return nil
	}
	x.set(CheckPermissions, Failed, Finding{
		Message: "The key asks for permissions that were not granted: " + strings.Join(missing, ", ") + ".",
		Fix: "Authorize again and accept them. If Microsoft doesn't offer them, have an administrator grant admin " +
			"consent to the app first.",
		Field: entra.FieldScopes,
	})
	return nil
}

// mailbox asks Graph who the token is for, then for the inbox.
func (x *examination) mailbox(ctx context.Context) error {
	switch {
	case !x.authorized:
		x.skip("Not checked: a mailbox can be looked at only with an authorization that works.", CheckMailbox)
		return nil
	case x.key.SuspendedAt != nil:
		x.skip("Not checked: the key is suspended.", CheckMailbox)
		return nil
	case isOver(ctx):
		x.set(CheckMailbox, Inconclusive, Finding{Message: "The time for this check was over.", Fix: "Check again in a minute."})
		return nil
	case x.access.AccessToken.IsZero():
		x.skip("Not checked: there is no valid token at the moment.", CheckMailbox)
		return nil
	}
	who := "the account"
	me, err := x.Graph.Me(ctx, x.cloud.GraphURL, x.access.AccessToken)
	// Without User.Read the name stays unknown, and the mailbox may be there all the same.
	if e, ok := errorOfGraph(err); err != nil && (!ok || e.Status != http.StatusForbidden) {
		return x.graphRefused(err)
	}
	who = cmp.Or(me.UserPrincipalName, who)
	_, err = x.Graph.Do(ctx, x.cloud.GraphURL, x.access.AccessToken, graph.Request{
		Method: http.MethodGet, Path: "/me/mailFolders/inbox",
	})
	if err != nil {
		return x.graphRefused(err)
	}
	x.pass(CheckMailbox, "The mailbox of "+who+" answers.")
	return nil
}

func errorOfGraph(err error) (*graph.Error, bool) {
	var e *graph.Error
	ok := errors.As(err, &e)
	return e, ok
}

// graphRefused says what an error of Graph means for the mailbox.
func (x *examination) graphRefused(err error) error {
	e, ok := errorOfGraph(err)
	if !ok {
		return err
	}
	result, found := Failed, Finding{Microsoft: factsOf(e)}
	switch {
	case e.HasCode(graph.CodeMailboxNotEnabled) || e.Status == http.StatusNotFound:
		found.Message = "The account has no mailbox that Microsoft Graph can reach: it has no licence for Exchange Online, " +
			"its mailbox is inactive, or it is on a server of your own."
		found.Fix = "Have the tenant's administrator assign a licence with Exchange Online, or authorize the key with another account."
	case e.Status == http.StatusUnauthorized:
		found.Message = "Microsoft Graph does not accept the token, although it is fresh."
		found.Fix = "Check the cloud and its Graph address. If a policy of the tenant ended the session, authorize again."
		found.Field = entra.FieldCloud
	case e.Status == http.StatusForbidden && !readsMail(x.access.Scopes):
		result = Inconclusive
		found.Message = "The key has no permission to read mail, so its mailbox cannot be looked at."
	case e.Status == http.StatusForbidden:
		found.Message = "Microsoft Graph denies access to the mailbox, although the permission was granted."
		found.Fix = "Have the tenant's administrator look for a policy that restricts which mailboxes the app may use."
	default:
		result, found.Message, found.Fix = troubleOf(e)
	}
	x.set(CheckMailbox, result, found)
	return nil
}

// troubleOf tells a way to Graph that is blocked from trouble of Graph's own.
func troubleOf(e *graph.Error) (result Result, message, fix string) {
	var broken *upstream.Failure
	if errors.As(e, &broken) && (broken.Kind == upstream.Unreachable || broken.Kind == upstream.Untrusted) {
		return Failed, "Microsoft Graph cannot be reached from this server.",
			"Check this server's DNS, firewall, proxy and trusted certificates, and the Graph address of the cloud."
	}
	return Inconclusive, "Microsoft Graph did not answer as it should at the moment.", "Check again in a few minutes."
}

func readsMail(granted []string) bool {
	return slices.ContainsFunc(granted, func(scope string) bool {
		return strings.HasPrefix(entra.NormalizeScope(scope), "mail.read")
	})
}

// factsOf keeps what Microsoft's support asks for; nil when there was no answer of theirs.
func factsOf(e *graph.Error) *accountkey.MicrosoftError {
	if e.Status == 0 || e.Code == "" && e.RequestID == "" {
		return nil
	}
	return &accountkey.MicrosoftError{
		Error: e.Code, Codes: []int{}, TraceID: e.RequestID, CorrelationID: e.ClientRequestID, Timestamp: e.Date,
	}
}

// clock compares our clock with Microsoft's.
func (x *examination) clock(ctx context.Context) error {
	if !x.answered {
		x.skip("Not checked: the sign-in service must answer first.", CheckClock)
		return nil
	}
	offset, err := x.Entra.ClockOffset(ctx, x.cloud)
	if err != nil {
		if _, _, ok := microsoft(err); !ok {
			return err
		}
		x.set(CheckClock, Inconclusive, Finding{Message: "The sign-in service did not tell the time.", Fix: "Check again in a minute."})
		return nil
	}
	if offset.Abs() <= clockWarns {
		x.pass(CheckClock, "This server's clock agrees with Microsoft's.")
		return nil
	}
	result, direction := Warning, "ahead of"
	if offset.Abs() > clockFails {
		result = Failed
	}
	if offset < 0 {
		direction = "behind"
	}
	x.set(CheckClock, result, Finding{
		Message: fmt.Sprintf("This server's clock is %s %s Microsoft's. Tokens are taken to live longer or shorter than they do.",
			offset.Abs().Round(time.Second), direction),
		Fix: "Set this server's clock right by NTP.",
	})
	return nil
}

// isOver reports that the time for the whole examination is.
func isOver(ctx context.Context) bool { return ctx.Err() != nil }

func wait(d time.Duration) string { return max(d, time.Second).Round(time.Second).String() }

func lowerFirst(sentence string) string {
	return strings.ToLower(sentence[:min(1, len(sentence))]) + sentence[min(1, len(sentence)):]
}
