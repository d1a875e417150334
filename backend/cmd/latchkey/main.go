// Command latchkey is the whole product: the server and the few commands to look after it.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/latchkey/latchkey/backend/internal/app"
	"github.com/latchkey/latchkey/backend/internal/config"
	"github.com/latchkey/latchkey/backend/internal/fault"
)

// cli is the command line; settings are environment variables only.
type cli struct {
	Serve       serveCmd       `cmd:"" default:"1" help:"Run the server (also the default)."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the database's schema up to date and stop."`
	RotateKey   rotateKeyCmd   `cmd:"" help:"Encrypt everything under the first master key that is listed, while replicas serve."`
	Admin       adminCmd       `cmd:"" help:"Look after administrators."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask a running server how it does; exit status 1 when it is not well."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	parser := kong.Parse(&c, kong.Name("latchkey"), kong.UsageOnError(),
		kong.Description("Holds account keys for Microsoft Graph. Settings are environment variables: see scripts/example.env."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err := parser.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "latchkey: "+explain(err))
		os.Exit(1)
	}
}

// explain tells an operator what failed: of what callers may see, all that they would see, and why the
// machine cannot do it, which is for the log otherwise.
func explain(err error) string {
	f, ok := fault.From(err)
	if !ok {
		return err.Error()
	}
	lines := []string{f.Message}
	for _, field := range f.Fields {
		lines = append(lines, "  "+field.Field+": "+field.Message)
	}
	if f.Fix != "" {
		lines = append(lines, f.Fix)
	}
	if cause := f.Unwrap(); cause != nil && f.Kind == fault.Unavailable {
		lines = append(lines, "Cause: "+cause.Error())
	}
	return strings.Join(lines, "\n")
}

// load reads the settings and makes the logger they ask for.
func load() (*config.Config, *slog.Logger, error) {
	c, err := config.Load(os.Environ())
	if err != nil {
		return nil, nil, fmt.Errorf("the settings need attention:\n%w", err)
	}
	return c, app.NewLogger(os.Stderr, c.LogFormat, c.LogLevel), nil
}

// gcPercent trades some of the memory that the small heap leaves free for a quarter of the processor
// time of a warm read. An operator's GOGC wins.
const gcPercent = 300

type serveCmd struct{}

// Run serves until it is told to stop.
func (serveCmd) Run(ctx context.Context) error {
	c, logger, err := load()
	if err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	a, err := app.New(ctx, c, app.Options{Logger: logger})
	if err != nil {
		return err
	}
	return a.Run(ctx, os.Stdout)
}

type migrateCmd struct{}

// Run migrates and stops.
func (migrateCmd) Run(ctx context.Context) error {
	c, logger, err := load()
	if err != nil {
		return err
	}
	d, err := app.OpenDatabase(ctx, c, logger)
	if err != nil {
		return err
	}
	fmt.Println("The database is up to date.")
	return d.Close()
}

type rotateKeyCmd struct {
	Forget []string `placeholder:"ID" help:"Leave a replica out that died without saying so; the refusal names its id."`
}

// Run moves the database to the newest master key.
func (cmd rotateKeyCmd) Run(ctx context.Context) error {
	c, logger, err := load()
	if err != nil {
		return err
	}
	return app.RotateKey(ctx, c, app.Options{Logger: logger}, cmd.Forget, os.Stdout)
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run() error {
	_, err := fmt.Println("latchkey " + app.Version)
	return err
}

type healthcheckCmd struct{}

// Run asks the server that these settings describe.
func (healthcheckCmd) Run(ctx context.Context) error {
	c, err := config.Load(os.Environ())
	if err != nil {
		return err
	}
	return app.CheckHealth(ctx, c)
}
