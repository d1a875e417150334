// Package config turns the environment into one validated struct. It is read once, by main;
// packages receive the values they need, never the whole Config.
package config

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

const (
	prefix                = "LATCHKEY_"
	minSigningKeyRotation = time.Hour
	maxRetention          = 36500 // days
	maxRate               = 1_000_000
)

// Kubernetes tells each container about the Services beside it by variables of these names: a Service that
// is called latchkey, or latchkey-postgres, has the prefix of our settings.
var (
	servicePart = regexp.MustCompile(`^LATCHKEY(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)
	servicePort = regexp.MustCompile(`^LATCHKEY(_[A-Z0-9_]+)?_PORT=(tcp|udp|sctp)://`)
)

// Days is a length of time that is counted in days; unlike an amount, it may be 0.
type Days int

// Duration returns the days as hours.
func (d Days) Duration() time.Duration { return time.Duration(d) * 24 * time.Hour }

// Rate is a number of requests a minute; 0 is any number.
type Rate int64

// Config is everything an operator can set. Every variable begins with LATCHKEY_.
type Config struct {
	PublicURL  string `env:"PUBLIC_URL" envDefault:"http://localhost:8080"`
	ListenAddr string `env:"LISTEN_ADDR"`
	DataDir    string `env:"DATA_DIR" envDefault:"./data"`

	DatabaseURL  secret.String `env:"DATABASE_URL"`
	MasterKey    secret.String `env:"MASTER_KEY"`
	MetricsToken secret.String `env:"METRICS_TOKEN"`

	CloudsExtra  string `env:"CLOUDS_EXTRA"`
	DefaultCloud string `env:"DEFAULT_CLOUD" envDefault:"global"`

	TLSCertFile    string   `env:"TLS_CERT_FILE"`
	TLSKeyFile     string   `env:"TLS_KEY_FILE"`
	TrustedProxies []string `env:"TRUSTED_PROXIES"`

	HTTPHeaderTimeout time.Duration `env:"HTTP_HEADER_TIMEOUT" envDefault:"10s"`
	HTTPBodyTimeout   time.Duration `env:"HTTP_BODY_TIMEOUT" envDefault:"30s"`
	HTTPAnswerTimeout time.Duration `env:"HTTP_ANSWER_TIMEOUT" envDefault:"30s"`
	HTTPIdleTimeout   time.Duration `env:"HTTP_IDLE_TIMEOUT" envDefault:"2m"`

	LogLevel  slog.Level `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat string     `env:"LOG_FORMAT" envDefault:"text"`

	SessionIdleTimeout        time.Duration `env:"SESSION_IDLE_TIMEOUT" envDefault:"12h"`
	SessionMaxAge             time.Duration `env:"SESSION_MAX_AGE" envDefault:"168h"`
	InvitationExpiry          time.Duration `env:"INVITATION_EXPIRY" envDefault:"72h"`
	PasswordResetExpiry       time.Duration `env:"PASSWORD_RESET_EXPIRY" envDefault:"24h"`
	DeviceLifetime            time.Duration `env:"DEVICE_LIFETIME" envDefault:"2160h"`
	SignInWindow              time.Duration `env:"SIGN_IN_WINDOW" envDefault:"15m"`
	SignInAttempts            int           `env:"SIGN_IN_ATTEMPTS" envDefault:"10"`
	SignInAttemptsPerNetwork  int           `env:"SIGN_IN_ATTEMPTS_PER_NETWORK" envDefault:"50"`
	APITokenLifetime          time.Duration `env:"API_TOKEN_LIFETIME" envDefault:"1h"`
	APIClientRateLimit        Rate          `env:"API_CLIENT_RATE_LIMIT" envDefault:"6000"`
	SigningKeyRotation        time.Duration `env:"SIGNING_KEY_ROTATION" envDefault:"720h"`
	AuthorizationExpiry       time.Duration `env:"AUTHORIZATION_EXPIRY" envDefault:"10m"`
	AuthorizationLinkExpiry   time.Duration `env:"AUTHORIZATION_LINK_EXPIRY" envDefault:"24h"`
	AdminConsentLinkExpiry    time.Duration `env:"ADMIN_CONSENT_LINK_EXPIRY" envDefault:"168h"`
	RefreshMargin             time.Duration `env:"REFRESH_MARGIN" envDefault:"10m"`
	RefreshBackgroundInterval time.Duration `env:"REFRESH_BACKGROUND_INTERVAL" envDefault:"24h"`
	RefreshSweepInterval      time.Duration `env:"REFRESH_SWEEP_INTERVAL" envDefault:"15s"`
	RefreshBackoffMax         time.Duration `env:"REFRESH_BACKOFF_MAX" envDefault:"5m"`
	MicrosoftTimeout          time.Duration `env:"MICROSOFT_TIMEOUT" envDefault:"20s"`
	ShutdownTimeout           time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"25s"`

	AuditRetention Days `env:"AUDIT_RETENTION" envDefault:"0"` // 0: for ever

	// Worked out from the above.
	Public     *url.URL       `env:"-"`
	Clouds     []entra.Cloud  `env:"-"`
	ProxyNets  []netip.Prefix `env:"-"`
	MasterKeys [][]byte       `env:"-"` // newest first; empty: main keeps one in a file
}

// secrets are the variables that can also be read from the file that VARIABLE_FILE names.
func secrets() []string { return []string{"DATABASE_URL", "MASTER_KEY", "METRICS_TOKEN"} }

// Names lists every variable there is.
func Names() []string {
	var names []string
	for f := range fields() {
		names = append(names, prefix+f)
	}
	for _, s := range secrets() {
		names = append(names, prefix+s+"_FILE")
	}
	slices.Sort(names)
	return names
}

func fields() map[string]bool {
	out := map[string]bool{}
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("env"); tag != "-" {
			out[tag] = true
		}
	}
	return out
}

// Load reads and checks the environment, given as os.Environ gives it. Every mistake is reported
// at once, each naming its variable and never the value of a secret.
func Load(environ []string) (*Config, error) {
	vars := map[string]string{}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(name, prefix) {
			vars[name] = value
		}
	}
	var problems problems
	problems.unknown(vars)
	problems.readFiles(vars)
	var c Config
	err := env.ParseWithOptions(&c, env.Options{Environment: vars, Prefix: prefix})
	problems.parse(err)
	if err == nil {
		problems.validate(&c)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return &c, nil
}

type problems []error

func (p *problems) add(name, format string, args ...any) {
	*p = append(*p, fmt.Errorf("%s%s %s", prefix, name, fmt.Sprintf(format, args...)))
}

// unknown refuses misspelt variables, which would otherwise be ignored in silence. Variables of the
// test suite, and of Kubernetes, are nobody's setting.
func (p *problems) unknown(vars map[string]string) {
	names := Names()
	for name, value := range vars {
		switch {
		case slices.Contains(names, name), strings.HasPrefix(name, prefix+"TEST_"):
		case servicePart.MatchString(name), servicePort.MatchString(name + "=" + value):
		default:
			p.add(strings.TrimPrefix(name, prefix), "is not a setting; scripts/example.env lists all of them")
		}
	}
}

// readFiles replaces VARIABLE_FILE by VARIABLE with the file's content.
func (p *problems) readFiles(vars map[string]string) {
	for _, name := range secrets() {
		path := vars[prefix+name+"_FILE"]
		delete(vars, prefix+name+"_FILE")
		if path == "" {
			continue
		}
		if vars[prefix+name] != "" {
			p.add(name, "and %s%s_FILE are both set; keep one", prefix, name)
			continue
		}
		content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			p.add(name+"_FILE", "cannot be read: %v", err)
			continue
		}
		value := strings.TrimSpace(string(content))
		if value == "" {
			p.add(name+"_FILE", "names an empty file")
			continue
		}
		vars[prefix+name] = value
	}
}

func (p *problems) parse(err error) {
	var all env.AggregateError
	if !errors.As(err, &all) {
		if err != nil {
			*p = append(*p, err)
		}
		return
	}
	t := reflect.TypeFor[Config]()
	for _, e := range all.Errors {
		var bad env.ParseError
		if !errors.As(e, &bad) {
			*p = append(*p, e)
			continue
		}
		name := bad.Name
		if f, ok := t.FieldByName(bad.Name); ok {
			name = f.Tag.Get("env")
		}
		switch {
		case bad.Type == reflect.TypeFor[slog.Level]():
			p.add(name, "is debug, info, warn or error")
		case bad.Type.Kind() == reflect.Int, bad.Type.Kind() == reflect.Int64 && bad.Type != reflect.TypeFor[time.Duration]():
			p.add(name, "is not a whole number")
		default:
			p.add(name, "is not a valid %s (durations are written 90s, 15m, 24h)", bad.Type)
		}
	}
}

func (p *problems) validate(c *Config) {
	p.publicURL(c)
	p.clouds(c)
	p.database(c)
	p.amounts(c)
	p.certificate(c)
	if !c.MasterKey.IsZero() {
		keys, err := secret.ParseMasterKeys(c.MasterKey)
		if err != nil {
			p.add("MASTER_KEY", "%v", err)
		}
		c.MasterKeys = keys
	}
	if c.SigningKeyRotation > 0 && c.SigningKeyRotation < minSigningKeyRotation {
		p.add("SIGNING_KEY_ROTATION", "must be an hour at least, so that the next key is known everywhere before it signs")
	}
	if c.AuditRetention < 0 || c.AuditRetention > maxRetention {
		p.add("AUDIT_RETENTION", "is a number of days from 1 to %d, or 0 to keep entries for ever", maxRetention)
	}
	if c.APIClientRateLimit < 0 || c.APIClientRateLimit > maxRate {
		p.add("API_CLIENT_RATE_LIMIT", "is a number of requests a minute from 1 to %d, or 0 for any number", maxRate)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		p.add("LOG_FORMAT", "is text or json")
	}
	for _, s := range c.TrustedProxies {
		network, err := netip.ParsePrefix(strings.TrimSpace(s))
		if addr, aerr := netip.ParseAddr(strings.TrimSpace(s)); aerr == nil {
			network, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			p.add("TRUSTED_PROXIES", "lists IP addresses or networks such as 10.0.0.0/8, separated by commas")
			continue
		}
		c.ProxyNets = append(c.ProxyNets, network)
	}
}

func (p *problems) publicURL(c *Config) {
	u, err := url.Parse(strings.TrimRight(c.PublicURL, "/"))
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https"):
		p.add("PUBLIC_URL", "is not a URL such as https://latchkey.example.com")
		return
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		p.add("PUBLIC_URL", "is scheme and host alone, without a path: Latchkey is served from the root")
		return
	}
	if u.Port() == "" || u.Port() == standardPort(u) {
		u.Host = strings.TrimSuffix(u.Host, ":"+u.Port()) // browsers leave it out
	}
	c.Public, c.PublicURL = u, u.String()
	if c.ListenAddr == "" {
		c.ListenAddr = defaultListenAddr(u, c.TLSCertFile != "")
	}
	if _, _, err := net.SplitHostPort(c.ListenAddr); err != nil {
		p.add("LISTEN_ADDR", "is not host:port, such as :8080 or 127.0.0.1:8080")
	}
}

// defaultListenAddr is where the public URL leads when nothing stands between: to its own port, on the loopback
// interface under a loopback name. Any other name without TLS files, and https without them, is a proxy's or a port
// mapping's, which forwards to 8080.
func defaultListenAddr(u *url.URL, ownTLS bool) string {
	host, port := "", "8080"
	if isLoopback(u.Hostname()) {
		host = u.Hostname()
	}
	if ownTLS || (host != "" && u.Scheme == "http") {
		port = cmp.Or(u.Port(), standardPort(u))
	}
	return net.JoinHostPort(host, port)
}

func standardPort(u *url.URL) string {
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func (p *problems) clouds(c *Config) {
	c.Clouds = entra.BuiltinClouds()
	extra, err := entra.ParseClouds(c.CloudsExtra)
	if err != nil {
		p.add("CLOUDS_EXTRA", "%v", err)
		return
	}
	c.Clouds = append(c.Clouds, extra...)
	if !slices.ContainsFunc(c.Clouds, func(k entra.Cloud) bool { return k.ID == c.DefaultCloud }) {
		p.add("DEFAULT_CLOUD", "is not the id of a cloud")
	}
}

func (p *problems) database(c *Config) {
	if c.DatabaseURL.IsZero() {
		path, err := filepath.Abs(filepath.Join(c.DataDir, "latchkey.db"))
		if err != nil {
			p.add("DATA_DIR", "is not usable: %v", err)
			return
		}
		c.DatabaseURL = secret.New("file:" + path)
		return
	}
	u, err := url.Parse(c.DatabaseURL.Reveal())
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		p.add("DATABASE_URL", "is not of the form postgres://user:password@host:5432/name; leave it empty for SQLite")
	}
}

// certificate reads the pair once, so that nothing starts which could not serve; the server reads it again.
func (p *problems) certificate(c *Config) {
	if c.TLSCertFile == "" && c.TLSKeyFile == "" {
		return
	}
	if c.TLSCertFile == "" || c.TLSKeyFile == "" {
		p.add("TLS_CERT_FILE", "and %sTLS_KEY_FILE go together", prefix)
		return
	}
	chain, certErr := os.ReadFile(c.TLSCertFile)
	if certErr != nil {
		p.add("TLS_CERT_FILE", "cannot be read: %v", certErr)
	}
	key, keyErr := os.ReadFile(c.TLSKeyFile)
	if keyErr != nil {
		p.add("TLS_KEY_FILE", "cannot be read: %v", keyErr)
	}
	if certErr != nil || keyErr != nil {
		return
	}
	if _, err := tls.X509KeyPair(chain, key); err != nil {
		p.add("TLS_CERT_FILE", "and %sTLS_KEY_FILE are no certificate and its key: %v", prefix, err)
	}
}

func (p *problems) amounts(c *Config) {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("env")
		switch amount := v.Field(i).Interface().(type) {
		case time.Duration:
			if amount <= 0 {
				p.add(name, "must be longer than nothing")
			}
		case int:
			if amount < 1 {
				p.add(name, "must be at least 1")
			}
		}
	}
}
