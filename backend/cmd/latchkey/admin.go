package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/latchkey/latchkey/backend/internal/app"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/secret"
	"github.com/latchkey/latchkey/backend/internal/user"
)

type adminCmd struct {
	Create        adminCreateCmd `cmd:"" help:"Create an administrator; works before the first start too."`
	ResetPassword adminResetCmd  `cmd:"" help:"Set a person's password anew and end all their sessions."`
	Link          adminLinkCmd   `cmd:"" help:"Print a one-time link by which a person chooses a password."`
}

// passwordFile is how commands take a password: arguments and variables show in process lists.
type passwordFile struct {
	PasswordFile string `required:"" help:"A file that holds the password; - is standard input." placeholder:"FILE"`
}

func (p passwordFile) read() (secret.String, error) {
	path := p.PasswordFile
	if path == "-" {
		path = "/dev/stdin"
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return secret.String{}, fmt.Errorf("read the password: %w", err)
	}
	return secret.New(strings.TrimRight(string(text), "\r\n")), nil
}

type adminCreateCmd struct {
	passwordFile
	Email string `required:"" help:"The address to sign in with."`
	Name  string `required:"" help:"The person's name."`
}

// Run creates the administrator.
func (cmd adminCreateCmd) Run(ctx context.Context) error {
	password, err := cmd.read()
	if err != nil {
		return err
	}
	return withUsers(ctx, func(ctx context.Context, users *user.Service) error {
		_, err := users.Create(ctx, user.Input{Email: cmd.Email, Name: cmd.Name, Role: auth.RoleAdmin, Password: &password})
		if err == nil {
			fmt.Println("Created the administrator " + cmd.Email + ".")
		}
		return err
	})
}

type adminResetCmd struct {
	passwordFile
	Email string `required:"" help:"The address that the person signs in with."`
}

// Run sets the password.
func (cmd adminResetCmd) Run(ctx context.Context) error {
	password, err := cmd.read()
	if err != nil {
		return err
	}
	return withUsers(ctx, func(ctx context.Context, users *user.Service) error {
		err := users.ResetPassword(ctx, cmd.Email, password)
		if err == nil {
			fmt.Println("Set the password of " + cmd.Email + " and ended all sessions.")
		}
		return err
	})
}

type adminLinkCmd struct {
	Email string `required:"" help:"The address that the person signs in with."`
}

// Run prints the link.
func (cmd adminLinkCmd) Run(ctx context.Context) error {
	return withUsers(ctx, func(ctx context.Context, users *user.Service) error {
		link, err := users.OfferPasswordResetTo(ctx, cmd.Email)
		if err == nil {
			fmt.Println(link.URL.Reveal())
		}
		return err
	})
}

// withUsers opens the database for one command, which acts as the product itself.
func withUsers(ctx context.Context, do func(context.Context, *user.Service) error) error {
	c, logger, err := load()
	if err != nil {
		return err
	}
	d, err := app.OpenDatabase(ctx, c, logger)
	if err != nil {
		return err
	}
	ctx = auth.WithPrincipal(ctx, auth.System("latchkey admin"))
	return errors.Join(do(ctx, app.NewUsers(d, c, app.SystemClock, logger)), d.Close())
}
