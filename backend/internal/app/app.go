package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/apiclient"
	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/authflow"
	"github.com/latchkey/latchkey/backend/internal/config"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/doctor"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/epoch"
	"github.com/latchkey/latchkey/backend/internal/graph"
	"github.com/latchkey/latchkey/backend/internal/graphtarget"
	"github.com/latchkey/latchkey/backend/internal/httpapi"
	"github.com/latchkey/latchkey/backend/internal/identity"
	"github.com/latchkey/latchkey/backend/internal/job"
	"github.com/latchkey/latchkey/backend/internal/mailbox"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/spa"
	"github.com/latchkey/latchkey/backend/internal/token"
	"github.com/latchkey/latchkey/backend/internal/user"
)

// Version is what the build says it is.
var Version = "dev" //nolint:gochecknoglobals // set by the linker

// App is Latchkey, ready to run.
type App struct {
	Config  *config.Config
	DB      *db.DB
	Audit   *audit.Service
	Users   *user.Service
	Clients *apiclient.Service
	Keys    *accountkey.Service
	Broker  *token.Broker
	Flow    *authflow.Service
	Doctor  *doctor.Service
	Targets *graphtarget.Service
	Queue   *job.Queue
	Server  *httpapi.Server

	logger   *slog.Logger
	now      func() time.Time
	registry *prometheus.Registry
	watch    *epoch.Watch
	slots    *mailbox.Slots
	calls    *graphtarget.Caller
	loops    loops

	box     *masterkey.Box
	replica string // unique to this process
	beat    time.Duration
	failed  chan error // takes what must end this replica
}

// Options are what the surroundings give an App.
type Options struct {
	Logger *slog.Logger
	Now    func() time.Time // nil: the system's clock
	Beat   time.Duration    // how often this replica says that it is alive; 0: masterkey.DefaultBeat
}

// SystemClock is the time in UTC, as exact as both databases keep it.
func SystemClock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// New opens and migrates the database, proves the master key and wires everything. Close what it
// returns.
func New(ctx context.Context, c *config.Config, o Options) (*App, error) {
	if o.Now == nil {
		o.Now = SystemClock
	}
	a := &App{
		Config: c, logger: o.Logger, now: o.Now, registry: prometheus.NewRegistry(),
		replica: uuid.NewString(), beat: cmp.Or(o.Beat, masterkey.DefaultBeat), failed: make(chan error, 1),
	}
	if err := a.open(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *App) open(ctx context.Context) (err error) {
	a.DB, err = OpenDatabase(ctx, a.Config, a.logger)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.DB.Close())
		}
	}()
	if a.box, err = openBox(ctx, a.DB, a.Config, a.now, a.logger); err != nil {
		return err
	}
	a.buildServices()
	if err := a.buildQueue(); err != nil {
		return err
	}
	if err := a.Clients.EnsureSigningKey(ctx); err != nil {
		return err
	}
	return a.buildServer() //nolint:contextcheck // what counts keys for Prometheus runs long after this call
}

// OpenDatabase opens the configured database and brings its schema up to date.
func OpenDatabase(ctx context.Context, c *config.Config, logger *slog.Logger) (*db.DB, error) {
	if err := ensureDataDir(c); err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, c.DatabaseURL.Reveal(), logger)
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// remembered is how many verified bearers, and how many tokens, a process keeps at hand.
const remembered = 10_000

// leaveFor is how long taking leave of the other replicas may take.
const leaveFor = 5 * time.Second

func (a *App) buildServices() {
	c, box := a.Config, a.box
	httpClient := entra.NewHTTPClient(c.MicrosoftTimeout)
	microsoft := &entra.Client{HTTP: httpClient, Now: a.now, Logger: a.logger}
	a.watch = &epoch.Watch{DB: a.DB, Logger: a.logger}
	graphClient := &graph.Client{HTTP: httpClient, Now: a.now, Logger: a.logger}
	a.Audit = &audit.Service{DB: a.DB, Retention: c.AuditRetention.Duration(), Now: a.now}
	a.Users = NewUsers(a.DB, c, a.now, a.logger)
	a.Clients = &apiclient.Service{
		DB: a.DB, Box: box, Now: a.now, Logger: a.logger, Issuer: c.PublicURL, Audience: c.PublicURL + httpapi.BasePath,
		TokenLifetime: c.APITokenLifetime, KeyRotation: c.SigningKeyRotation, RateLimit: int64(c.APIClientRateLimit),
		Remembered: epoch.NewMemory[apiclient.TokenHash, apiclient.Verified](a.watch, remembered),
	}
	a.Targets = &graphtarget.Service{DB: a.DB, Now: a.now}
	a.Keys = &accountkey.Service{
		DB: a.DB, Box: box, Clients: a.Clients, Dependents: []accountkey.Dependent{a.Targets}, Clouds: c.Clouds, DefaultCloud: c.DefaultCloud, Now: a.now,
	}
	a.Broker = &token.Broker{
		DB: a.DB, Keys: a.Keys, Programs: a.Clients, Targets: a.Targets, Entra: microsoft, Box: box, Replica: a.replica,
		Remembered: epoch.NewMemory[string, token.Ready](a.watch, remembered), Now: a.now, Logger: a.logger,
		Policy: token.Policy{
			Margin: c.RefreshMargin, BackgroundInterval: c.RefreshBackgroundInterval,
			CallTimeout: c.MicrosoftTimeout, BackoffMax: c.RefreshBackoffMax,
		},
	}
	a.slots = &mailbox.Slots{DB: a.DB, Replica: a.replica, Now: a.now, Logger: a.logger}
	a.calls = &graphtarget.Caller{
		Targets: a.Targets, Broker: a.Broker, Slots: a.slots, Box: box, Transport: graphtarget.NewTransport(), PublicURL: c.PublicURL,
		Remembered: epoch.NewMemory[string, graphtarget.Ready](a.watch, remembered), Now: a.now,
	}
	a.Flow = &authflow.Service{
		DB: a.DB, Keys: a.Keys, Broker: a.Broker, Entra: microsoft, Graph: graphClient, Box: box,
		PublicURL: c.PublicURL, RedirectURI: a.redirectURI(), Expiry: c.AuthorizationExpiry,
		LinkExpiry: c.AuthorizationLinkExpiry, ConsentExpiry: c.AdminConsentLinkExpiry, CallTimeout: c.MicrosoftTimeout, Now: a.now, Logger: a.logger,
	}
	a.Doctor = &doctor.Service{
		Keys: a.Keys, Broker: a.Broker, Entra: microsoft, Graph: graphClient, RedirectURI: a.redirectURI(),
		CallTimeout: c.MicrosoftTimeout, Now: a.now, Logger: a.logger,
	}
}

// NewUsers returns the people of a database, set up as configured.
func NewUsers(d *db.DB, c *config.Config, now func() time.Time, logger *slog.Logger) *user.Service {
	return &user.Service{
		DB: d, Now: now, Logger: logger, PublicURL: c.PublicURL, IdleTimeout: c.SessionIdleTimeout, MaxAge: c.SessionMaxAge,
		InvitationExpiry: c.InvitationExpiry, ResetExpiry: c.PasswordResetExpiry, DeviceLifetime: c.DeviceLifetime,
		Limits: user.Limits{Window: c.SignInWindow, PerAccount: c.SignInAttempts, PerNetwork: c.SignInAttemptsPerNetwork},
	}
}

func (a *App) redirectURI() string { return a.Config.PublicURL + authflow.CallbackPath }

func (a *App) buildQueue() (err error) {
	registry := &job.Registry{}
	a.Keys.Register(registry)
	a.Broker.Register(registry, a.Config.RefreshSweepInterval)
	a.Flow.Register(registry)
	a.Users.Register(registry)
	a.Clients.Register(registry)
	registry.Every("audit.trim", time.Hour, time.Minute, a.Audit.SweepOnce)
	a.Queue, err = job.New(job.Config{DB: a.DB, Registry: registry, Logger: a.logger, Now: a.now})
	a.Keys.Queue, a.Broker.Queue = a.Queue, a.Queue
	return err
}

func (a *App) buildServer() error {
	a.Server = &httpapi.Server{
		Logger: a.logger, Now: a.now, Public: a.Config.Public, ProxyNets: a.Config.ProxyNets,
		People: a.Users, Clients: a.Clients, Rate: &httpapi.RateLimiter{Now: a.now},
		BodyTimeout: a.Config.HTTPBodyTimeout, AnswerTimeout: a.Config.HTTPAnswerTimeout,
	}
	metrics, err := a.metrics()
	if err != nil {
		return err
	}
	a.Server.Middleware = append(a.Server.Middleware, metrics)
	if err := a.Server.Start(); err != nil {
		return err
	}
	secure := a.Config.Public.Scheme == "https"
	api, root := a.Server.API(), a.Server.Root()
	(&endpoints{app: a}).Mount(api, root)
	(&user.API{
		Service: a.Users, SessionCookie: a.Server.SessionCookieName(), DeviceCookie: a.Server.DeviceCookieName(), Secure: secure,
	}).Mount(api)
	(&apiclient.API{Service: a.Clients, Rate: a.Server.Rate}).Mount(api, root)
	(&accountkey.API{Service: a.Keys, Confirmations: a.Flow, RedirectURI: a.redirectURI()}).Mount(api)
	(&token.API{Broker: a.Broker}).Mount(api)
	(&identity.API{Service: &identity.Service{Clients: a.Clients, Keys: a.Keys, Broker: a.Broker}, Rate: a.Server.Rate}).Mount(root)
	(&authflow.API{Service: a.Flow, Secure: secure}).Mount(api, root)
	(&doctor.API{Service: a.Doctor}).Mount(api)
	(&graphtarget.API{Service: a.Targets, Caller: a.calls, PublicURL: a.Config.PublicURL}).Mount(api)
	(&audit.API{Service: a.Audit}).Mount(api)
	pages, err := spa.Handler(a.Config.Public)
	if err != nil {
		return err
	}
	a.Server.Fallback(pages)
	return nil
}

// Handler serves everything.
func (a *App) Handler() http.Handler { return a.Server.Handler() }

// Start makes this replica known, starts the workers, and prints a set-up code to out while nobody has an
// account here.
func (a *App) Start(ctx context.Context, out io.Writer) error {
	alive, err := a.register(ctx)
	if err != nil {
		return err
	}
	if err := a.Queue.Start(ctx); err != nil {
		return fmt.Errorf("start workers: %w", err)
	}
	a.loops.start(ctx, a.watch.Run, a.Broker.Run, a.slots.Run, alive)
	needed, err := a.Users.SetupRequired(ctx)
	if err != nil || !needed {
		return err
	}
	code, err := a.Users.NewSetupCode(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nLatchkey has no administrator yet. Make the first one at %s/setup\nSet-up code: %s\n\n",
		a.Config.PublicURL, code.Reveal())
	return err
}

// Close drains the workers until ctx ends, then takes leave and closes the database.
func (a *App) Close(ctx context.Context) error { return a.close(ctx, ctx) }

// close waits for jobs until working ends, then for refreshes until draining does.
func (a *App) close(working, draining context.Context) error {
	err := a.Queue.Stop(working)
	a.loops.stop()
	err = errors.Join(err, a.Broker.Drain(draining))
	// However long that took: a replica that hasn't taken leave stands in the way of a new master key.
	leaving, cancel := context.WithTimeout(context.WithoutCancel(draining), leaveFor)
	defer cancel()
	return errors.Join(err, a.box.Leave(leaving, a.replica), a.DB.Close())
}
