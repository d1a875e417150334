// Command emulator runs the stand-in for Microsoft Entra and Graph on loopback, for trying Latchkey out
// and for the tests of integrations. Everything it holds is in memory and gone when it stops.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/latchkey/latchkey/backend/internal/emulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "emulator:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has just been called.
	}
}

// flags are the command line, parsed.
type flags struct {
	addr, httpsAddr, caFile, seed string
	publicURL                     string
	redirects                     []string
	lifetime                      time.Duration
	quiet                         bool
}

func parse(args []string, errOut io.Writer) (flags, error) {
	var f flags
	set := flag.NewFlagSet("emulator", flag.ContinueOnError)
	set.SetOutput(errOut)
	set.StringVar(&f.addr, "addr", "127.0.0.1:8090", "loopback `address` for plain http; empty for none")
	set.StringVar(&f.publicURL, "public-url", "", "loopback `URL` that browsers know -addr by; allows -addr to be any address, for containers")
	set.StringVar(&f.httpsAddr, "https-addr", "", "loopback `address` for https with a certificate authority of its own")
	set.StringVar(&f.caFile, "ca-file", "", "`file` to write that authority's certificate to")
	set.DurationVar(&f.lifetime, "token-lifetime", 0, "lifetime of access tokens, 5s to 24h; 0 is random between 60m and 90m")
	set.StringVar(&f.seed, "seed", "", "`text` that other ids, secrets and tokens are derived from")
	set.BoolVar(&f.quiet, "quiet", false, "do not print the values to paste")
	set.Func("redirect-uri", "registered redirect `URI`, repeatable (default "+emulator.DefaultRedirectURI+")", func(s string) error {
		f.redirects = append(f.redirects, s)
		return nil
	})
	if err := set.Parse(args); err != nil {
		return f, err
	}
	if set.NArg() > 0 {
		return f, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	return f, f.check()
}

func (f flags) check() error {
	if f.addr == "" && f.httpsAddr == "" {
		return errors.New("nothing to listen on: give -addr or -https-addr")
	}
	if f.publicURL != "" {
		if u, err := url.Parse(f.publicURL); err != nil || u.Scheme != "http" || loopback(u.Host) != nil {
			return fmt.Errorf("-public-url %q is not of the form http://127.0.0.1:8090", f.publicURL)
		}
	}
	for _, addr := range []string{f.addr, f.httpsAddr} {
		// Inside a container loopback is nobody's; what is published of it is the operator's choice.
		if addr == "" || (addr == f.addr && f.publicURL != "") {
			continue
		}
		if err := loopback(addr); err != nil {
			return err
		}
	}
	if f.httpsAddr != "" && f.caFile == "" {
		return errors.New("-https-addr needs -ca-file, or no client could trust it")
	}
	if f.lifetime != 0 && (f.lifetime < 5*time.Second || f.lifetime > 24*time.Hour) {
		return fmt.Errorf("-token-lifetime %s is not between 5s and 24h", f.lifetime)
	}
	for _, uri := range f.redirects {
		if err := emulator.CheckRedirectURI(uri); err != nil {
			return fmt.Errorf("-redirect-uri %s: %w", uri, err)
		}
	}
	return nil
}

// loopback refuses every address that another machine could reach: the emulator hands out passwords.
func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("address %q is not loopback; the emulator listens nowhere else", addr)
	}
	return nil
}

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	f, err := parse(args, errOut)
	if err != nil {
		return err
	}
	em := emulator.New(emulator.Options{
		Seed: f.seed, RedirectURIs: f.redirects, TokenLifetime: f.lifetime,
		Logger: slog.New(slog.NewTextHandler(errOut, nil)),
	})
	servers := []*listening{}
	if f.addr != "" {
		s, err := listen(ctx, f.addr, em)
		if err != nil {
			return err
		}
		s.publicURL = f.publicURL
		servers = append(servers, s)
	}
	if f.httpsAddr != "" {
		authority, err := emulator.NewAuthority(em.Now())
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.caFile, authority.PEM, 0o600); err != nil {
			return fmt.Errorf("write certificate authority: %w", err)
		}
		s, err := listen(ctx, f.httpsAddr, em)
		if err != nil {
			return err
		}
		s.server.TLSConfig = authority.Server
		servers = append(servers, s)
	}
	if !f.quiet {
		banner(out, em, servers, f)
	}
	return serve(ctx, servers)
}

// listening is a server with the socket that it will serve.
type listening struct {
	server    *http.Server
	socket    net.Listener
	publicURL string // empty: the socket's own address
}

func (l *listening) url() string {
	if l.publicURL != "" {
		return l.publicURL
	}
	if l.server.TLSConfig != nil {
		return "https://" + l.socket.Addr().String()
	}
	return "http://" + l.socket.Addr().String()
}

func listen(ctx context.Context, addr string, h http.Handler) (*listening, error) {
	var config net.ListenConfig
	socket, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return &listening{server: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}, socket: socket}, nil
}

// serve runs until the context ends, then lets requests at work finish for a few seconds.
func serve(ctx context.Context, servers []*listening) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, l := range servers {
		group.Go(func() error {
			serve := l.server.Serve
			if l.server.TLSConfig != nil {
				serve = func(s net.Listener) error { return l.server.ServeTLS(s, "", "") }
			}
			if err := serve(l.socket); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve: %w", err)
			}
			return nil
		})
		group.Go(func() error {
			<-ctx.Done()
			stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
			defer cancel()
			if err := l.server.Shutdown(stopping); err != nil {
				return l.server.Close()
			}
			return nil
		})
	}
	return group.Wait()
}

// banner prints what to paste into Latchkey's wizard.
func banner(out io.Writer, em *emulator.Emulator, servers []*listening, f flags) {
	seed := em.Seed()
	urls := make([]string, 0, len(servers))
	for _, s := range servers {
		urls = append(urls, s.url())
	}
	line := func(format string, a ...any) { fmt.Fprintf(out, format+"\n", a...) }
	line("")
	line("  Emulator of Microsoft Entra and Graph (not Microsoft). In memory, loopback only.")
	line("")
	for _, u := range urls {
		line("  %-26s%s", "Authority and Graph URL", u)
	}
	line("  %-26s%s", "Control page", urls[0]+"/emulator")
	line("  %-26s%s", "Cloud", `LATCHKEY_CLOUDS_EXTRA=[{"id":"emulator","name":"Emulator","authorityUrl":"`+urls[0]+`","graphUrl":"`+urls[0]+`"}]`)
	line("")
	line("  %-26s%s", "Directory (tenant) ID", seed.TenantID)
	line("  %-26s%s", "Application (client) ID", seed.ClientID)
	line("  %-26s%s", "Secret Key", seed.Secret)
	for _, uri := range seed.Redirects {
		line("  %-26s%s", "Redirect URI", uri)
	}
	if f.httpsAddr != "" {
		line("  %-26s%s", "Certificate authority", f.caFile)
	}
	line("")
	people := em.Users()
	slices.SortStableFunc(people, func(a, b emulator.User) int {
		if a.Admin == b.Admin {
			return 0
		}
		if a.Admin {
			return 1
		}
		return -1
	})
	for _, u := range people {
		note := ""
		if u.Admin {
			note = "  administrator"
		}
		if u.MFA {
			note += ", second factor " + emulator.SecondFactor
		}
		line("  %-26s%-28s%s%s", "Sign in as", u.UserPrincipalName, u.Password, note)
	}
	line("")
}
