package emulator

import "time"

// Settings are the switches of the emulated tenant. Read them with Settings, change them with Configure.
type Settings struct {
	// TokenLifetime of access tokens; zero is random between 60 and 90 minutes.
	TokenLifetime time.Duration
	// ScopeForm is how the token answer writes scopes: "full" (https://graph.microsoft.com/Mail.Read),
	// "short" (Mail.Read) or "lower" (mail.read).
	ScopeForm string
	// OpaqueAccessTokens gives access tokens that do not even look like a JWT.
	OpaqueAccessTokens bool
	// ConsentPolicy is what ordinary users may consent to: "legacy", "managed", "low" or "off".
	ConsentPolicy string
	// AdminConsentWorkflow shows the "Approval required" form instead of "Need admin approval".
	AdminConsentWorkflow bool
	// DeclineError is the error of a declined consent: "access_denied" or "consent_required".
	DeclineError string
	// RequireMFA asks everybody for a second factor and refuses refresh tokens obtained without one.
	RequireMFA bool
	// SignInFrequency ends refresh tokens this long after the person signed in; zero is never.
	SignInFrequency time.Duration
	// LoopLimit is how many equal failing token requests in a minute are answered before 50196; zero is no limit.
	LoopLimit int
	// OpenerPolicy is sent as Cross-Origin-Opener-Policy on every page; empty sends none.
	OpenerPolicy string
	// DeliveryDelay is how long, on the emulator's clock, a sent message takes to arrive.
	DeliveryDelay time.Duration
}

// DefaultSettings suit a demonstration: people may consent for themselves.
func DefaultSettings() Settings {
	return Settings{ScopeForm: "full", ConsentPolicy: "legacy", DeclineError: "access_denied", LoopLimit: 20}
}

// Settings are the switches in force.
func (e *Emulator) Settings() Settings {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.settings
}

// Configure changes switches at once for all later requests.
func (e *Emulator) Configure(change func(*Settings)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.settings)
}

// SetTokenLifetime fixes the lifetime of access tokens issued from now on; zero makes it random again.
func (e *Emulator) SetTokenLifetime(d time.Duration) {
	e.Configure(func(s *Settings) { s.TokenLifetime = d })
}
