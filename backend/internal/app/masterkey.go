package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/config"
	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// openBox finds the master keys and proves them on the database, or makes one on the first start.
func openBox(ctx context.Context, d *db.DB, c *config.Config, now func() time.Time, logger *slog.Logger) (*masterkey.Box, error) {
	needed, err := masterkey.Needed(ctx, d)
	if err != nil {
		return nil, err
	}
	raw := c.MasterKeys
	if len(raw) == 0 {
		if raw, err = keyFile(filepath.Join(c.DataDir, "master.key"), needed, logger); err != nil {
			return nil, err
		}
	}
	keys, err := secret.NewBox(raw...)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	box := &masterkey.Box{DB: d, Keys: keys, Now: now}
	return box, box.Prove(ctx)
}

// keyFile reads the generated key, or generates it for a database that holds nothing yet.
func keyFile(path string, needed []secret.KeyID, logger *slog.Logger) ([][]byte, error) {
	text, err := os.ReadFile(path) //nolint:gosec // a fixed name in the operator's data folder
	if errors.Is(err, os.ErrNotExist) {
		if len(needed) > 0 {
			return nil, fmt.Errorf("this database is encrypted, and its master key %s is not here: set LATCHKEY_MASTER_KEY or "+
				"LATCHKEY_MASTER_KEY_FILE to the key it was made with, or put the file %s back", masterkey.Join(needed), path)
		}
		return makeKeyFile(path, logger)
	}
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	keys, err := secret.ParseMasterKeys(secret.New(string(text)))
	if err != nil {
		return nil, fmt.Errorf("master key file %s: %w", path, err)
	}
	return keys, nil
}

func makeKeyFile(path string, logger *slog.Logger) ([][]byte, error) {
	key := secret.GenerateMasterKey()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // as above
	if err != nil {
		return nil, fmt.Errorf("make a master key: %w", err)
	}
	_, err = f.WriteString(key.Reveal() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("write the master key: %w", err)
	}
	logger.Warn("a master key was generated; move it away from the data it protects and name it by LATCHKEY_MASTER_KEY_FILE",
		"path", path)
	return secret.ParseMasterKeys(key)
}

// register makes this replica known, and returns the loop that keeps saying that it is alive. Without a key
// that the database needs it must not serve on.
func (a *App) register(ctx context.Context) (alive func(context.Context), err error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown" // it is for people alone
	}
	if err := a.box.Register(ctx, a.replica, host); err != nil {
		return nil, err
	}
	a.logger.InfoContext(ctx, "replica registered", "replica", a.replica, "host", host, "master_keys", masterkey.Join(a.box.Keys.KeyIDs()))
	return func(ctx context.Context) {
		if err := a.box.Watch(ctx, a.replica, host, a.beat, a.logger); err != nil {
			a.failed <- err
		}
	}, nil
}

// RotateKey moves everything in the database to the newest master key, and tells out what it did and
// which keys can be removed. The replicas of forget are taken for dead.
func RotateKey(ctx context.Context, c *config.Config, o Options, forget []string, out io.Writer) (err error) {
	if o.Now == nil {
		o.Now = SystemClock
	}
	d, err := OpenDatabase(ctx, c, o.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	needed, err := masterkey.Needed(ctx, d)
	if err != nil {
		return err
	}
	if len(needed) == 0 {
		fmt.Fprintln(out, "This database holds nothing yet: the first start encrypts it under the first key that is listed.")
		return nil
	}
	box, err := openBox(ctx, d, c, o.Now, o.Logger)
	if err != nil {
		return err
	}
	ctx = auth.WithPrincipal(ctx, auth.System("latchkey rotate-key"))
	for _, id := range forget {
		if err := box.Forget(ctx, id); err != nil {
			return err
		}
	}
	from, to, err := box.Promote(ctx)
	if err != nil {
		return err
	}
	if from != to {
		fmt.Fprintf(out, "The primary master key is now %s; it was %s.\n", to, from)
	}
	done := map[masterkey.Column]int{}
	err = box.Reencrypt(ctx, func(c masterkey.Column, n int) {
		done[c] += n
		fmt.Fprintf(out, "%s: %d encrypted anew\n", c, done[c])
	})
	if err != nil {
		return err
	}
	return conclude(ctx, box, to, out)
}

// conclude says which keys can go.
func conclude(ctx context.Context, box *masterkey.Box, to secret.KeyID, out io.Writer) error {
	retired, unused, err := box.Retired(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Everything in the database is encrypted under the master key %s, the first in the list.\n", to)
	if len(retired) > 0 {
		fmt.Fprintf(out, "No longer needed: %s. Remove it from the list of every replica and restart them; keep a copy of it for as long "+
			"as you keep backups of the database from before now.\n", masterkey.Join(retired))
	}
	if len(unused) > 0 {
		fmt.Fprintf(out, "Listed, but never used: %s. To move to it, put it first.\n", masterkey.Join(unused))
	}
	return nil
}
