package entra

import (
	"net/http"

	"github.com/latchkey/latchkey/backend/internal/upstream"
)

// Class says who can mend a failure.
type Class string

// The classes.
const (
	ClassConfiguration Class = "configuration" // What was typed into the key, or the app registration.
	ClassSignIn        Class = "sign_in"       // The account's owner must sign in (again).
	ClassAdministrator Class = "administrator" // The tenant's administrator.
	ClassTransient     Class = "transient"     // Nobody: try again later.
	ClassDeclined      Class = "declined"      // The person said no.
)

// The fields of an account key that Advice.Field names.
const (
	FieldTenantID     = "tenantId"
	FieldClientID     = "clientId"
	FieldClientSecret = "clientSecret"
	FieldCloud        = "cloud"
	FieldScopes       = "scopes"
	FieldRedirectURI  = "redirectUri"
)

// Advice is what a failure means to an administrator. Field is empty when no field is at fault.
// Code is stable; Message says what happened and Fix what to do, each in plain sentences.
type Advice struct {
	Class   Class
	Field   string
	Code    string
	Message string
	Fix     string
}

// reason is a finding of our own: there was no answer, or an answer that we can't accept.
type reason string

const (
	reasonCancelled         reason = "cancelled"
	reasonTimeout           reason = "timeout"
	reasonUnreachable       reason = "unreachable"
	reasonUntrusted         reason = "untrusted_certificate"
	reasonUnexpected        reason = "unexpected_answer"
	reasonTenantMalformed   reason = "tenant_malformed"
	reasonTenantNotSpecific reason = "tenant_not_specific"
	reasonDiscoveryNotFound reason = "discovery_not_found"
	reasonDiscoveryInvalid  reason = "discovery_invalid"
	reasonWrongCloud        reason = "wrong_cloud"
	reasonNoRefreshToken    reason = "no_refresh_token"
	reasonNoGrant           reason = "no_grant"
	reasonIDTokenInvalid    reason = "id_token_invalid"
	reasonIDTokenSignature  reason = "id_token_signature"
	reasonIDTokenTime       reason = "id_token_time"
	reasonNonceMismatch     reason = "nonce_mismatch"
	reasonWrongTenant       reason = "wrong_tenant"
)

func reasonOf(kind upstream.Kind) reason {
	switch kind {
	case upstream.Cancelled:
		return reasonCancelled
	case upstream.Timeout:
		return reasonTimeout
	case upstream.Unreachable:
		return reasonUnreachable
	case upstream.Untrusted:
		return reasonUntrusted
	case upstream.Broken, upstream.TooLarge:
		return reasonUnexpected
	}
	return reasonUnexpected
}

// Advice says what the failure means. It never lays a fault on a person or on the configuration
// unless an answer that may be believed says so: everything else is transient.
func (e *Error) Advice() Advice {
	if e.reason != "" {
		return adviceForReason(e.reason)
	}
	if e.Op == OpCallback {
		return e.callbackAdvice()
	}
	if !e.judged {
		return e.refineTransient(adviceForStatus(e.Status))
	}
	standard, known := adviceForError(e.Code, e.Suberror)
	switch {
	case known && standard.Class == ClassTransient:
		return e.refineTransient(standard)
	case known && settledBySuberror(e.Suberror):
		return standard
	}
	if refined, found := e.numbered(); found {
		return refined
	}
	if !known {
		return adviceForStatus(e.Status)
	}
	return standard
}

// callbackAdvice reads a redirect. Cancelling and declining come in several shapes, some without
// any description.
func (e *Error) callbackAdvice() Advice {
	if e.Suberror == "cancel" {
		return declined()
	}
	standard, known := adviceForError(e.Code, e.Suberror)
	if known && standard.Class == ClassTransient {
		return e.refineTransient(standard)
	}
	if refined, found := e.numbered(); found {
		return refined
	}
	switch {
	case e.Code == "access_denied":
		return declined()
	case known:
		return standard
	}
	return Advice{
		ClassSignIn, "", "sign_in_failed",
		"The sign-in ended with an error that is not a known one.",
		"Start the authorization again. If it repeats, look the error up with the ids shown here.",
	}
}

// numbered returns the advice for the first number in the table.
func (e *Error) numbered() (Advice, bool) {
	for _, number := range e.Numbers {
		if advice, found := numberedAdvice[number]; found {
			return advice, true
		}
	}
	return Advice{}, false
}

// refineTransient lets a number say which trouble it is, but never turn it into somebody's fault.
func (e *Error) refineTransient(standard Advice) Advice {
	if refined, found := e.numbered(); found && refined.Class == ClassTransient {
		return refined
	}
	return standard
}

func adviceForStatus(status int) Advice {
	switch {
	case status == http.StatusTooManyRequests:
		return throttled()
	case status >= http.StatusInternalServerError:
		return serviceTrouble()
	default:
		return adviceForReason(reasonUnexpected)
	}
}

func throttled() Advice {
	return Advice{
		ClassTransient, "", "throttled",
		"The sign-in service is limiting the number of requests.",
		"Nothing to do: Latchkey waits as long as it was asked to, then tries again.",
	}
}

func serviceTrouble() Advice {
	return Advice{
		ClassTransient, "", "microsoft_unavailable",
		"The sign-in service has a problem of its own at the moment.",
		"Nothing to do: Latchkey tries again. If it lasts, look at the service's status page.",
	}
}

func declined() Advice {
	return Advice{
		ClassDeclined, "", "declined",
		"The sign-in was cancelled, or the permissions were not accepted.",
		"Start the authorization again and choose Accept. If the page said that an administrator must " +
			"approve, have a tenant administrator grant admin consent to the app first.",
	}
}
