package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/latchkey/latchkey/backend/internal/config"
)

const maxHeader = 64 << 10 // Microsoft's codes make URLs of several kB

// HTTPServer is the server that Run runs. How long bodies and answers may take is httpapi's to say, route
// by route: a stream takes as long as it takes.
func (a *App) HTTPServer() *http.Server {
	server := &http.Server{
		Handler: a.Handler(), MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: a.Config.HTTPHeaderTimeout, IdleTimeout: a.Config.HTTPIdleTimeout,
	}
	if a.Config.TLSCertFile != "" {
		c := &certificate{files: [2]string{a.Config.TLSCertFile, a.Config.TLSKeyFile}, logger: a.logger}
		server.TLSConfig = &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12}
	}
	return server
}

// Run serves until ctx ends, then stops accepting, finishes what is under way and closes everything.
func (a *App) Run(ctx context.Context, out io.Writer) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.Config.ListenAddr)
	if err != nil {
		return errors.Join(fmt.Errorf("listen on %s (LATCHKEY_LISTEN_ADDR names another address): %w", a.Config.ListenAddr, err), a.DB.Close())
	}
	server := a.HTTPServer()
	if err := a.Start(context.WithoutCancel(ctx), out); err != nil {
		return errors.Join(err, listener.Close(), a.Close(context.WithoutCancel(ctx)))
	}
	a.logger.InfoContext(ctx, "serving", "url", a.Config.PublicURL, "address", listener.Addr().String(), "version", Version)
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := serve(server, listener)
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	})
	group.Go(func() error {
		select {
		case err := <-a.failed:
			return err
		case <-groupCtx.Done():
			return nil
		}
	})
	group.Go(func() error {
		<-groupCtx.Done()
		return a.stop(context.WithoutCancel(ctx), server)
	})
	return group.Wait()
}

// stop ends everything within the shutdown time-out. Each part has a deadline of its own, so that a
// client which never finishes its request takes nothing from the jobs, and no job anything from the
// refreshes that must be stored.
func (a *App) stop(ctx context.Context, server *http.Server) error {
	all := a.Config.ShutdownTimeout
	serving, cancel := context.WithTimeout(ctx, all/2)
	defer cancel()
	working, cancel := context.WithTimeout(ctx, all/4*3)
	defer cancel()
	draining, cancel := context.WithTimeout(ctx, all)
	defer cancel()
	a.logger.InfoContext(ctx, "stopping")
	err := server.Shutdown(serving)
	if errors.Is(err, context.DeadlineExceeded) {
		a.logger.WarnContext(ctx, "closing connections whose requests did not end in time")
		err = server.Close()
	}
	return errors.Join(err, a.close(working, draining))
}

func serve(server *http.Server, listener net.Listener) error {
	if server.TLSConfig != nil {
		return server.ServeTLS(listener, "", "")
	}
	return server.Serve(listener)
}

// ensureDataDir makes the folder for SQLite and the generated key, readable by this user alone.
func ensureDataDir(c *config.Config) error {
	if !strings.HasPrefix(c.DatabaseURL.Reveal(), "file:") && len(c.MasterKeys) > 0 {
		return nil
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	return nil
}

// CheckHealth asks the server that listens by these settings whether it is ready.
func CheckHealth(ctx context.Context, c *config.Config) error {
	host, port, err := net.SplitHostPort(c.ListenAddr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	scheme := "http"
	transport := &http.Transport{}
	if c.TLSCertFile != "" {
		scheme = "https"
		// The certificate is for the public name; this asks our own process on this machine.
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // see above
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return fmt.Errorf("the server doesn't answer: %w", err)
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: status %d", response.StatusCode)
	}
	return nil
}
