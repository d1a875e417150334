package emulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Settings are the switches of the emulated tenants. Read them with Settings, change them with Configure,
// or with ConfigureTenant for one tenant alone.
type Settings struct {
	// TokenLifetime of access tokens; zero is random between 60 and 90 minutes.
	TokenLifetime time.Duration
	// ScopeForm is how the token answer writes scopes: "full" (https://graph.microsoft.com/Mail.Read),
	// "short" (Mail.Read), "lower" (mail.read) or "lower-full".
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
	// Like the two below it is the same for all tenants.
	LoopLimit int
	// OpenerPolicy is sent as Cross-Origin-Opener-Policy on every page; empty sends none.
	OpenerPolicy string
	// DeliveryDelay is how long, on the emulator's clock, a sent message takes to arrive.
	DeliveryDelay time.Duration
	// MailboxConcurrency is how many calls of Graph are taken for one person at the same time; the others are answered
	// 429. Zero is no limit.
	MailboxConcurrency int
}

// DefaultSettings suit a demonstration: people may consent for themselves.
func DefaultSettings() Settings {
	return Settings{ScopeForm: "full", ConsentPolicy: "legacy", DeclineError: "access_denied", LoopLimit: 20, MailboxConcurrency: 4}
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

// ConfigureTenant changes switches for one tenant, by id or domain, which from then on no longer follows Configure.
func (e *Emulator) ConfigureTenant(name string, change func(*Settings)) error {
	return e.withTenant(name, func(t *tenant) {
		own := e.settingsOf(t)
		change(&own)
		t.settings = &own
	})
}

// settingsOf are the switches in force in a tenant.
func (e *Emulator) settingsOf(t *tenant) Settings {
	if t != nil && t.settings != nil {
		return *t.settings
	}
	return e.settings
}

// SetTokenLifetime fixes the lifetime of access tokens issued from now on; zero makes it random again.
func (e *Emulator) SetTokenLifetime(d time.Duration) {
	e.Configure(func(s *Settings) { s.TokenLifetime = d })
}

// check says which switch has a value that means nothing.
func (s Settings) check() error {
	for _, choice := range []struct {
		name, value string
		allowed     []string
	}{
		{"scopeForm", s.ScopeForm, scopeForms()},
		{"consentPolicy", s.ConsentPolicy, []string{"legacy", "managed", "low", "off"}},
		{"declineError", s.DeclineError, []string{"access_denied", "consent_required"}},
	} {
		if !slices.Contains(choice.allowed, choice.value) {
			return fmt.Errorf("%s %q is none of %s", choice.name, choice.value, strings.Join(choice.allowed, ", "))
		}
	}
	if s.TokenLifetime < 0 || s.SignInFrequency < 0 || s.DeliveryDelay < 0 || s.LoopLimit < 0 || s.MailboxConcurrency < 0 {
		return errors.New("a duration or a limit is negative")
	}
	return nil
}

func scopeForms() []string { return []string{"full", "short", "lower", "lower-full"} }
