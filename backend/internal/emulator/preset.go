package emulator

import (
	"slices"
	"time"
)

// Preset is a failure that has a name, for the control page and for tests in any language.
type Preset struct {
	ID, Group, Label string
	Effect           string // what will happen, as the page says it
	Failure          Failure
}

const (
	groupSignIn  = "Signing in"
	groupRefused = "Tokens refused"
	groupNetwork = "Tokens and the network"
	groupAnswer  = "Tokens that look different"
	groupGraph   = "Graph"
	groupKeys    = "Discovery and keys"
)

// Presets are all named failures. Without Times each lasts until it is cleared.
func Presets() []Preset {
	return slices.Concat(signInPresets(), refusedPresets(), networkPresets(), answerPresets(), graphPresets(), keyPresets())
}

func findPreset(id string) (Preset, bool) {
	all := Presets()
	if i := slices.IndexFunc(all, func(p Preset) bool { return p.ID == id }); i >= 0 {
		return all[i], true
	}
	return Preset{}, false
}

func signInPresets() []Preset {
	to := func(id, label, effect string, f Failure) Preset {
		f.Endpoint = EndpointAuthorize
		return Preset{id, groupSignIn, label, effect, f}
	}
	forged, none := "forged-state", ""
	return []Preset{
		to("sign-in-cancelled", "Sign-in cancelled", "Comes back at once with access_denied and error_subcode=cancel, without a description.", Failure{Decision: Cancel}),
		to("consent-declined", "Consent declined", "Comes back with access_denied and AADSTS65004.", Failure{Decision: Decline, Error: "access_denied"}),
		to("consent-declined-required", "Consent declined, the other way", "Comes back with consent_required and AADSTS65004.", Failure{Decision: Decline, Error: "consent_required"}),
		to("sign-in-abandoned", "Sign-in abandoned", "A page without a way on; the application never hears of it.", Failure{Decision: Abandon}),
		to("another-person", "Another person signs in", "Whoever signs in, the code is that of somebody else in the tenant.", Failure{As: AnotherPerson}),
		to("forged-state", "Forged state", "The answer carries a state that the application never gave out.", Failure{State: &forged}),
		to("no-state", "No state", "The answer carries no state at all.", Failure{State: &none}),
		to("spent-code", "Code redeemed before", "The code in the answer has been redeemed by somebody else: AADSTS54005.", Failure{SpentCode: true}),
		to("sign-in-blocked", "Blocked by policy", "A page says AADSTS53003, Conditional Access; the application never hears of it.", Failure{AADSTS: 53003}),
		to("sign-in-unavailable", "Sign-in unavailable", "Comes back with temporarily_unavailable, AADSTS90033.", Failure{AADSTS: 90033}),
		to("sign-in-down", "Sign-in page down", "The authorize endpoint answers 503 with a page of a gateway.", Failure{Status: 503, HTML: true}),
	}
}

func refusedPresets() []Preset {
	to := func(id, label, effect string, f Failure) Preset {
		f.Endpoint = EndpointToken
		return Preset{id, groupRefused, label, effect, f}
	}
	refresh := func(id, label, effect string, code int) Preset {
		return to(id, label, effect, Failure{Detail: "refresh_token", AADSTS: code})
	}
	return []Preset{
		refresh("refresh-revoked", "Refresh token revoked", "Refresh: 400 invalid_grant, AADSTS50173, as after a password reset.", 50173),
		refresh("refresh-expired", "Refresh token expired", "Refresh: 400 invalid_grant, AADSTS700082, as after ninety idle days.", 700082),
		refresh("refresh-mfa", "Second factor needed", "Refresh: 400 invalid_grant with suberror basic_action, AADSTS50076.", 50076),
		refresh("refresh-policy", "Blocked by policy", "Refresh: 400 invalid_grant with suberror message_only and claims, AADSTS53003.", 53003),
		refresh("refresh-consent", "Consent missing", "Refresh: 400 invalid_grant with suberror consent_required, AADSTS65001.", 65001),
		refresh("refresh-interaction", "Interaction required", "Refresh: 400 interaction_required with claims, AADSTS50158.", 50158),
		to("secret-wrong", "Secret wrong", "Every token request: 401 invalid_client, AADSTS7000215.", Failure{AADSTS: 7000215}),
		to("secret-expired", "Secret expired", "Every token request: 401 invalid_client, AADSTS7000222.", Failure{AADSTS: 7000222}),
		to("app-disabled", "Application disabled", "Every token request: 400 unauthorized_client, AADSTS7000112.", Failure{AADSTS: 7000112}),
		to("request-loop", "Request loop", "Every token request: 400 invalid_grant, AADSTS50196, as after too many equal ones.", Failure{AADSTS: 50196}),
		to("unknown-code", "A code nobody knows", "Every token request: 400 invalid_grant with a number that no list has, AADSTS999999.", Failure{AADSTS: 999999}),
		to("verdict-by-200", "invalid_grant told by a 200", "A proxy in between turns the status into 200; the body still says invalid_grant, AADSTS50173.", Failure{AADSTS: 50173, Status: 200}),
		to("verdict-by-500", "invalid_grant told by a 500", "The body says invalid_grant, AADSTS50173, the status says 500.", Failure{AADSTS: 50173, Status: 500}),
	}
}

func networkPresets() []Preset {
	to := func(id, label, effect string, f Failure) Preset {
		f.Endpoint = EndpointToken
		return Preset{id, groupNetwork, label, effect, f}
	}
	refresh := "refresh_token"
	return []Preset{
		to("token-throttled", "Throttled, seconds", "429 temporarily_unavailable, AADSTS90055, with Retry-After: 30.", Failure{AADSTS: 90055, RetryAfter: "30"}),
		to("token-throttled-date", "Throttled, a date", "The same, with Retry-After as an HTTP date 30 seconds ahead.", Failure{AADSTS: 90055, RetryAfterDate: 30 * time.Second}),
		to("token-unavailable", "Unavailable", "503 temporarily_unavailable, AADSTS90033, without Retry-After.", Failure{AADSTS: 90033}),
		to("token-gateway", "A gateway's page", "502 with an HTML body.", Failure{Status: 502, HTML: true}),
		to("token-page-200", "A page instead of JSON", "200 with an HTML body, as from a captive portal.", Failure{Status: 200, HTML: true}),
		to("token-empty-500", "Empty 500", "500 without a body.", Failure{Status: 500}),
		to("token-truncated", "Truncated JSON", "The real answer, cut in the middle; the request was processed.", Failure{Truncate: true}),
		to("token-slow", "Slow", "Every token request takes 30 seconds.", Failure{Delay: 30 * time.Second}),
		to("token-held", "Held", "Every token request waits until this failure is cleared.", Failure{Hold: true}),
		to("refresh-lost-answer", "Lost answer to a refresh", "The refresh is processed; then the connection closes without an answer.", Failure{Detail: refresh, Drop: DropAfter}),
		to("refresh-not-reached", "Refresh not reached", "The connection closes before anything is processed.", Failure{Detail: refresh, Drop: DropBefore}),
		to("refresh-reset", "Connection reset", "A refresh ends in a TCP reset before anything is processed.", Failure{Detail: refresh, Drop: DropBefore, Reset: true}),
		to("refresh-broken-off", "Answer broken off", "Half the answer to a refresh arrives, then the connection closes.", Failure{Detail: refresh, Drop: DropDuring}),
	}
}

func answerPresets() []Preset {
	to := func(id, label, effect string, f Failure) Preset {
		f.Endpoint = EndpointToken
		return Preset{id, groupAnswer, label, effect, f}
	}
	return []Preset{
		to("no-refresh-token", "No refresh token", "Token answers have no refresh_token.", Failure{OmitRefreshToken: true}),
		to("no-id-token", "No id_token", "Token answers have no id_token.", Failure{OmitIDToken: true}),
		to("expires-in-text", "expires_in as text", "expires_in is a string of digits.", Failure{ExpiresInString: true}),
		to("extra-fields", "Unknown fields", "Token answers have fields that nobody knows.", Failure{Extra: map[string]any{"foci": "1", "x_unknown": map[string]any{"deep": []any{1, "two"}}}}),
		to("fewer-scopes", "Fewer permissions", "Mail.Send is neither listed nor granted, whatever was asked.", Failure{DropScopes: []string{"Mail.Send"}}),
		to("scopes-short", "Scopes in short form", "scope says Mail.Read instead of https://graph.microsoft.com/Mail.Read.", Failure{ScopeForm: "short"}),
		to("scopes-lower", "Scopes in lower case", "scope says https://graph.microsoft.com/mail.read.", Failure{ScopeForm: "lower-full"}),
		to("id-token-unlisted-key", "id_token of an unknown key", "The id_token is signed by a key that the JWKS doesn't list.", Failure{UnlistedKey: true}),
		to("id-token-audience", "id_token for somebody else", "The id_token's audience is another application.", Failure{IDTokenClaims: map[string]any{"aud": "00000000-0000-4000-8000-000000000000"}}),
		to("id-token-nonce", "id_token without its nonce", "The id_token has no nonce.", Failure{IDTokenClaims: map[string]any{"nonce": nil}}),
	}
}

func graphPresets() []Preset {
	to := func(id, label, effect string, f Failure) Preset {
		f.Endpoint = EndpointGraph
		return Preset{id, groupGraph, label, effect, f}
	}
	send := "POST /me/sendMail"
	return []Preset{
		to("graph-challenge", "Challenge for claims", "Graph: 401 with insufficient_claims, whatever the client declared.", Failure{CAE: true}),
		to("graph-unauthorized", "Token refused", "Graph: 401 InvalidAuthenticationToken.", Failure{Status: 401}),
		to("graph-denied", "Access denied", "Graph: 403 ErrorAccessDenied.", Failure{Status: 403}),
		to("graph-throttled", "Throttled, seconds", "Graph: 429 ApplicationThrottled with Retry-After: 10.", Failure{Status: 429, RetryAfter: "10"}),
		to("graph-throttled-date", "Throttled, a date", "The same, with Retry-After as an HTTP date 10 seconds ahead.", Failure{Status: 429, RetryAfterDate: 10 * time.Second}),
		to("graph-throttled-bare", "Throttled, no hint", "Graph: 429 without Retry-After.", Failure{Status: 429}),
		to("graph-unavailable", "Unavailable", "Graph: 503 serviceNotAvailable without Retry-After.", Failure{Status: 503}),
		to("graph-error", "Internal error", "Graph: 500 generalException.", Failure{Status: 500}),
		to("graph-gateway", "A gateway's page", "Graph: 502 with an HTML body.", Failure{Status: 502, HTML: true}),
		to("graph-timeout", "Gateway time-out", "Graph: 504, with nothing processed.", Failure{Status: 504}),
		to("send-timeout-sent", "sendMail times out, but sends", "The message is sent; the answer is a 504 of a gateway.", Failure{Detail: send, Status: 504, HTML: true, After: true}),
		to("graph-truncated", "Truncated JSON", "The real answer, cut in the middle.", Failure{Truncate: true}),
		to("graph-slow", "Slow", "Every call of Graph takes 30 seconds.", Failure{Delay: 30 * time.Second}),
		to("send-lost-answer", "Lost answer to sendMail", "The message is sent; then the connection closes without an answer.", Failure{Detail: send, Drop: DropAfter}),
		to("send-not-reached", "sendMail not reached", "The connection closes and nothing is sent.", Failure{Detail: send, Drop: DropBefore}),
		to("send-reset", "Connection reset", "sendMail ends in a TCP reset; the message is sent all the same.", Failure{Detail: send, Drop: DropAfter, Reset: true}),
	}
}

func keyPresets() []Preset {
	to := func(id, label, effect, endpoint string, f Failure) Preset {
		f.Endpoint = endpoint
		return Preset{id, groupKeys, label, effect, f}
	}
	return []Preset{
		to("discovery-down", "Discovery down", "The discovery document is a 503 with an HTML body.", EndpointDiscovery, Failure{Status: 503, HTML: true}),
		to("tenant-unknown", "Tenant unknown", "The discovery document is a 400 invalid_tenant, AADSTS90002.", EndpointDiscovery, Failure{AADSTS: 90002}),
		to("keys-down", "Keys down", "The JWKS is a 503 with an HTML body.", EndpointJWKS, Failure{Status: 503, HTML: true}),
		to("keys-empty", "No keys", "The JWKS lists no key at all.", EndpointJWKS, Failure{Status: 200, Body: `{"keys":[]}`, ContentType: "application/json"}),
	}
}

// presetJSON is a Preset as the control API shows it.
type presetJSON struct {
	ID      string      `json:"preset"`
	Group   string      `json:"group"`
	Label   string      `json:"label"`
	Effect  string      `json:"effect"`
	Failure failureJSON `json:"failure"`
}

func presetViews() []presetJSON {
	all := Presets()
	out := make([]presetJSON, 0, len(all))
	for _, p := range all {
		out = append(out, presetJSON{p.ID, p.Group, p.Label, p.Effect, failureView(p.Failure)})
	}
	return out
}
