// Package emulator stands in for Microsoft Entra and the mail part of Microsoft Graph: one
// http.Handler, in memory, made for tests and for trying things out without a tenant.
//
// It owns tenants, applications, people, consent, tokens and mailboxes, and the failures that
// tests ask of it: by the methods here, by the control API below /_emulator, or by hand on the control
// page at /emulator, which lists both. Every absolute URL that it hands out is built from the host it was called on,
// so it works behind any httptest.Server and on any port. It imports nothing of the product: a
// fake written from the product's own code would agree with the product's mistakes.
//
// Why one lock: every request runs its logic under one mutex into a buffer and is written to the
// network afterwards. That keeps the state consistent and lets a failure rule drop or damage any
// answer after it was processed.
package emulator

import (
	crand "crypto/rand"
	"crypto/sha256"
	"html/template"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Options say how a new emulator starts; the zero value is a good test fixture.
type Options struct {
	// Now is the clock underneath; Advance moves the emulator's time relative to it. Nil is the machine's clock.
	Now func() time.Time
	// Seed derives other identifiers, secrets and token bytes; empty keeps the well-known identifiers
	// and makes token bytes unpredictable.
	Seed string
	// RedirectURIs of the seeded application, platform Web. Nil is DefaultRedirectURI alone.
	RedirectURIs []string
	// TokenLifetime of access tokens; zero is random between 60 and 90 minutes, as Microsoft does it.
	TokenLifetime time.Duration
	// Settings replaces the default switches when not nil.
	Settings *Settings
	// Logger hears one line per request; nil is silent.
	Logger *slog.Logger
}

// DefaultRedirectURI is what the seeded application is registered with unless Options says otherwise.
const DefaultRedirectURI = "http://localhost:8080/oauth/callback"

// Emulator is the whole of it; make one with New and serve it. All methods are safe for concurrent use.
type Emulator struct {
	options   Options
	logger    *slog.Logger
	base      func() time.Time
	catalog   map[int]stsError
	mux       *http.ServeMux
	templates *template.Template

	mu       sync.Mutex
	random   io.Reader
	offset   time.Duration
	sequence int64
	settings Settings
	keyIndex int

	tenants  []*tenant
	apps     []*app
	users    []*user
	grants   map[grantKey]map[string]bool
	requests []ConsentRequest

	sessions  map[string]*session
	flows     map[string]*flow
	codes     map[tokenHash]*code
	refresh   map[tokenHash]*refreshToken
	access    map[tokenHash]*accessToken
	loops     map[tokenHash]*loop
	jtis      map[string]time.Time
	callbacks []Callback

	mailboxes map[string]*mailbox
	uploads   []*Upload

	rules    []*rule
	held     map[string]func() // by failure, lets go the requests that wait for it
	recorded []Request
	counts   map[string]int
	received int
	inFlight map[lane]int
	peaks    map[lane]int // the most that were in flight at once
	arrived  chan struct{}

	said string // what the control page has to tell next
	seed Seed
}

// New makes an emulator holding one tenant, one application and three people with mail.
func New(o Options) *Emulator {
	if o.RedirectURIs == nil {
		o.RedirectURIs = []string{DefaultRedirectURI}
	}
	e := &Emulator{
		options: o, logger: o.Logger, base: o.Now, catalog: stsCatalog(), templates: parsePages(),
		held: map[string]func(){}, inFlight: map[lane]int{}, arrived: make(chan struct{}),
	}
	if e.logger == nil {
		e.logger = slog.New(slog.DiscardHandler)
	}
	if e.base == nil {
		e.base = time.Now //nolint:forbidigo // the emulator is a program of its own; this is its clock.
	}
	e.begin()
	e.mux = e.routes()
	return e
}

// begin puts everything into the state that a new emulator has.
func (e *Emulator) begin() {
	e.random = crand.Reader
	if e.options.Seed != "" {
		e.random = rand.NewChaCha8(sha256.Sum256([]byte(e.options.Seed)))
	}
	e.settings = DefaultSettings()
	if e.options.Settings != nil {
		e.settings = *e.options.Settings
	}
	if e.options.TokenLifetime > 0 {
		e.settings.TokenLifetime = e.options.TokenLifetime
	}
	e.offset, e.sequence, e.keyIndex = 0, 0, 0
	e.tenants, e.apps, e.users, e.requests, e.callbacks = nil, nil, nil, nil, nil
	e.grants, e.mailboxes = map[grantKey]map[string]bool{}, map[string]*mailbox{}
	e.sessions, e.flows = map[string]*session{}, map[string]*flow{}
	e.codes, e.refresh, e.access = map[tokenHash]*code{}, map[tokenHash]*refreshToken{}, map[tokenHash]*accessToken{}
	e.loops, e.jtis = map[tokenHash]*loop{}, map[string]time.Time{}
	e.recorded, e.counts, e.peaks, e.said = nil, map[string]int{}, map[lane]int{}, ""
	e.uploads = nil
	e.plant(e.options)
}

// Reset puts everything back to how New made it: the clock, people, tokens, failures and records.
func (e *Emulator) Reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clearFailures()
	e.begin()
}

// Now is the emulator's time.
func (e *Emulator) Now() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now()
}

// Advance moves the emulator's time forward, or back when d is negative.
func (e *Emulator) Advance(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.offset += d
}

// SetSkew puts the emulator's clock so far ahead of the clock underneath, or behind it when d is negative.
func (e *Emulator) SetSkew(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.offset = d
}

func (e *Emulator) now() time.Time { return e.base().Add(e.offset).UTC() }

// next numbers events, so that "before" and "after" hold even when a test freezes the clock.
func (e *Emulator) next() int64 {
	e.sequence++
	return e.sequence
}
