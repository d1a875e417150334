package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/app"
	"github.com/latchkey/latchkey/backend/internal/apptest"
	"github.com/latchkey/latchkey/backend/internal/config"
	"github.com/latchkey/latchkey/backend/internal/emulator"
	"github.com/latchkey/latchkey/backend/internal/masterkey"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// rotateInChild makes this test binary a process that rotates the master key and stays where it is, half-way,
// until it is killed.
const rotateInChild = "LATCHKEY_TEST_ROTATE"

func TestMain(m *testing.M) {
	if os.Getenv(rotateInChild) == "" { //nolint:forbidigo // how tests run is no configuration of the product
		os.Exit(m.Run())
	}
	c, err := config.Load(os.Environ()) //nolint:forbidigo // as main does
	if err == nil {
		o := app.Options{Logger: slog.New(slog.DiscardHandler)}
		err = app.RotateKey(context.Background(), c, o, nil, stuck{os.Stdout})
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// stuck writes until the first column is done, and then never comes back.
type stuck struct{ to io.Writer }

func (s stuck) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	if bytes.Contains(p, []byte("encrypted anew")) {
		select {}
	}
	return n, err
}

// masterKeys are the texts of two keys and what settings with them look like.
type masterKeys struct{ older, newer string }

func newMasterKeys() masterKeys {
	return masterKeys{older: secret.GenerateMasterKey().Reveal(), newer: secret.GenerateMasterKey().Reveal()}
}

func list(keys ...string) string { return "LATCHKEY_MASTER_KEY=" + strings.Join(keys, ",") }

func raw(t *testing.T, keys ...string) [][]byte {
	t.Helper()
	parsed, err := secret.ParseMasterKeys(secret.New(strings.Join(keys, "\n")))
	require.NoError(t, err)
	return parsed
}

func idOf(t *testing.T, key string) secret.KeyID {
	t.Helper()
	box, err := secret.NewBox(raw(t, key)...)
	require.NoError(t, err)
	return box.KeyIDs()[0]
}

// rotate is latchkey rotate-key, run with the given list.
func rotate(t *testing.T, a *apptest.App, forget []string, keys ...string) (string, error) {
	t.Helper()
	c := *a.Config
	c.MasterKeys = raw(t, keys...)
	var out bytes.Buffer
	err := app.RotateKey(t.Context(), &c, app.Options{Logger: slog.New(slog.DiscardHandler), Now: a.Emulator.Now}, forget, &out)
	return out.String(), err
}

// killHalfWay rotates in a process of its own, which is killed when it is through with the first column.
func killHalfWay(t *testing.T, a *apptest.App, keys ...string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), self)
	command.Env = []string{rotateInChild + "=1", "LATCHKEY_DATA_DIR=" + a.DataDir, list(keys...)}
	if a.OnPostgres() {
		command.Env = append(command.Env, "LATCHKEY_DATABASE_URL="+a.Config.DatabaseURL.Reveal())
	}
	failure := &apptest.Output{}
	command.Stderr = failure
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "encrypted anew") {
	}
	require.Contains(t, lines.Text(), "encrypted anew", failure.String())
	require.NoError(t, command.Process.Kill())
	var exit *exec.ExitError
	require.ErrorAs(t, command.Wait(), &exit)
	status, ok := exit.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	require.Equal(t, syscall.SIGKILL, status.Signal())
}

// sealedUnder counts the secrets in the database by the key that they are under.
func sealedUnder(t *testing.T, a *apptest.App) map[secret.KeyID]int {
	t.Helper()
	counts := map[secret.KeyID]int{}
	for _, c := range append(masterkey.Columns(), masterkey.Column{Table: "instance", Name: "canary"}) {
		var values []secret.Sealed
		require.NoError(t, a.DB.Read(t.Context()).Table(c.Table).Where(c.Name+" IS NOT NULL").Pluck(c.Name, &values).Error)
		for _, v := range values {
			id, ok := v.KeyID()
			require.True(t, ok)
			counts[id]++
		}
	}
	return counts
}

// fleet is the replicas that serve: two where they can share the database, else the one there can be.
type fleet struct {
	mu     sync.RWMutex // held for reading by each call, so that a replica is stopped between calls
	serves []*apptest.App
}

// with calls whichever replica serves.
func (f *fleet) with(n int, do func(*apptest.App)) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	do(f.serves[n%len(f.serves)])
}

// restart runs one replica after the other with another setting, while the others serve. between is called
// when the first is back.
func (f *fleet) restart(setting string, between func()) {
	for i := range f.serves {
		f.mu.Lock()
		old, others := f.serves[i], slices.Delete(slices.Clone(f.serves), i, i+1)
		if len(others) > 0 {
			f.serves = others
			f.mu.Unlock()
		}
		again := old.Restart(setting)
		if len(others) > 0 {
			f.mu.Lock()
		}
		f.serves = slices.Insert(others, i, again)
		f.mu.Unlock()
		if i == 0 {
			between()
		}
	}
}

// load does what integrations and people do, over and over: it fails the test when anything fails.
type load struct {
	mu   sync.Mutex
	done map[string]int
}

func (l *load) count(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done[what]++
}

// phase requires that all that the load does was done at least once more from now on, and that Microsoft was
// asked for new tokens.
func (l *load) phase(t *testing.T, microsoft *emulator.Emulator) {
	t.Helper()
	seen := func() map[string]int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return maps.Clone(l.done)
	}
	before, asked := seen(), microsoft.Count("token.refresh_token.200")
	require.Eventually(t, func() bool {
		if t.Failed() {
			return true
		}
		for what, n := range seen() {
			if n <= before[what] {
				return false
			}
		}
		return microsoft.Count("token.refresh_token.200") > asked
	}, time.Minute, 10*time.Millisecond, "the load stands still")
	require.False(t, t.Failed(), "the load met a failure")
}

func TestRotateKey(t *testing.T) {
	t.Parallel()
	keys := newMasterKeys()
	older, newer := idOf(t, keys.older), idOf(t, keys.newer)
	first := apptest.New(t, list(keys.older))
	admin := first.Admin()
	serving := &fleet{serves: []*apptest.App{first}}
	if first.OnPostgres() {
		serving.serves = append(serving.serves, first.Replica(list(keys.older)))
	}
	var busy, idle []string
	for i := range 6 {
		id := admin.CreateKey(fmt.Sprintf("Mailbox %d", i))
		require.Equal(t, "succeeded", admin.Authorize(id, "mara", emulator.Accept).Text("status"))
		if i < 2 {
			busy = append(busy, id)
		} else {
			idle = append(idle, id)
		}
	}
	made := admin.Call(http.MethodPost, "/api/v1/api-clients", map[string]any{
		"name": "billing", "permissions": []string{"tokens:issue", "account-keys:read", "account-keys:write"}, "allAccountKeys": true,
	}).Status(http.StatusCreated)
	credentials := url.Values{"grant_type": {"client_credentials"}, "client_id": {made.Text("id")}, "client_secret": {made.Text("secret")}}
	bearer := func(a *apptest.App) []string {
		return []string{"Authorization", "Bearer " + a.Call(http.MethodPost, "/oauth/token", credentials).Status(http.StatusOK).Text("access_token")}
	}
	// One is under way from before the first step to after the last.
	started := admin.Call(http.MethodPost, keysPath+"/"+idle[0]+"/authorizations", map[string]any{"mode": "popup"}).Status(http.StatusCreated)

	work := &load{done: map[string]int{"token": 0, "refresh": 0, "edit": 0, "create": 0, "jwt": 0}}
	ctx, stop := context.WithCancel(t.Context())
	var workers sync.WaitGroup
	t.Cleanup(workers.Wait)
	t.Cleanup(stop)
	for w := range 3 {
		header := bearer(first)
		workers.Go(func() {
			for n := w; ctx.Err() == nil; n++ {
				path := keysPath + "/" + busy[n%len(busy)]
				serving.with(n, func(a *apptest.App) {
					a.Call(http.MethodPost, path+"/access-token", nil, header...).Status(http.StatusOK)
					work.count("token")
					switch n % 4 {
					case 0:
						a.Call(http.MethodPost, path+"/access-token", map[string]any{"forceRefresh": true}, header...).Status(http.StatusOK)
						work.count("refresh")
					case 1:
						a.Call(http.MethodPatch, path, map[string]any{"clientSecret": a.Emulator.Seed().Secret}, header...).Status(http.StatusOK)
						work.count("edit")
					case 2:
						a.Call(http.MethodPost, keysPath, draft(fmt.Sprintf("New %d %d", w, n), with("clientSecret", planted)), header...).
							Status(http.StatusCreated)
						work.count("create")
					case 3:
						header = bearer(a)
						work.count("jwt")
					}
				})
			}
		})
	}
	one := func() *apptest.App { return serving.serves[0] } // nobody else changes who serves
	refused := func() {
		t.Helper()
		_, err := rotate(t, one(), nil, keys.newer, keys.older)
		var behind *masterkey.LaggingError
		require.ErrorAs(t, err, &behind)
		require.Equal(t, []secret.KeyID{older}, slices.Collect(maps.Keys(sealedUnder(t, one()))))
	}
	work.phase(t, first.Emulator)

	// 1. The new key goes first in the list, and replicas are restarted one by one.
	refused()
	serving.restart(list(keys.newer, keys.older), func() {
		work.phase(t, first.Emulator)
		if first.OnPostgres() {
			refused()
		}
	})
	work.phase(t, first.Emulator)
	require.Equal(t, []secret.KeyID{older}, slices.Collect(maps.Keys(sealedUnder(t, one()))), "nothing is under the new key yet")

	// 2. latchkey rotate-key, which dies half-way and is run again.
	killHalfWay(t, one(), keys.newer, keys.older)
	work.phase(t, first.Emulator)
	half := sealedUnder(t, one())
	require.Positive(t, half[older])
	require.Positive(t, half[newer])
	for _, alone := range []string{keys.older, keys.newer} {
		refusesToStart(t, one(), alone)
	}
	out, err := rotate(t, one(), nil, keys.newer, keys.older)
	require.NoError(t, err)
	require.Contains(t, out, "No longer needed: "+older.String())
	require.Equal(t, []secret.KeyID{newer}, slices.Collect(maps.Keys(sealedUnder(t, one()))))
	work.phase(t, first.Emulator)

	// 3. The old key goes.
	serving.restart(list(keys.newer), func() { work.phase(t, first.Emulator) })
	work.phase(t, first.Emulator)
	stop()
	workers.Wait()

	require.Equal(t, []secret.KeyID{newer}, slices.Collect(maps.Keys(sealedUnder(t, one()))))
	admin = admin.At(one())
	for _, id := range slices.Concat(busy, idle) {
		one().Call(http.MethodPost, keysPath+"/"+id+"/access-token", map[string]any{"forceRefresh": true}, bearer(one())...).Status(http.StatusOK)
	}
	callback, err := one().Emulator.SignIn(started.Text("url"), "mara", emulator.Accept)
	require.NoError(t, err)
	admin.Call(http.MethodGet, callback, nil).Status(http.StatusSeeOther)
	require.Equal(t, "succeeded", admin.Call(http.MethodGet, keysPath+"/"+idle[0]+"/authorizations/"+started.Text("id"), nil).Text("status"))

	refusesToStart(t, one(), keys.older)
	again, err := rotate(t, one(), nil, keys.newer)
	require.NoError(t, err)
	require.Contains(t, again, "Everything in the database is encrypted under the master key "+newer.String())

	said := out + again + string(one().Call(http.MethodGet, "/readyz", nil).Status(http.StatusOK).Body) + one().Output.String() + first.Output.String()
	require.Contains(t, said, older.String(), "keys are named by their ids")
	for _, key := range []string{keys.older, keys.newer} {
		for _, spelling := range []string{key, strings.TrimRight(key, "="), hex.EncodeToString(raw(t, key)[0]), string(raw(t, key)[0])} {
			require.False(t, strings.Contains(said, spelling), "a master key is told") //nolint:testifylint // a failure must not repeat it
		}
	}
}

// refusesToStart requires that a process with this list doesn't start, and says which key it lacks.
func refusesToStart(t *testing.T, a *apptest.App, key string) {
	t.Helper()
	c := *a.Config
	c.MasterKeys = raw(t, key)
	_, err := app.New(t.Context(), &c, app.Options{Logger: slog.New(slog.DiscardHandler), Now: a.Emulator.Now})
	var missing *masterkey.MissingError
	require.ErrorAs(t, err, &missing)
	needed, err := masterkey.Needed(t.Context(), a.DB)
	require.NoError(t, err)
	lacks := slices.DeleteFunc(needed, func(id secret.KeyID) bool { return id == idOf(t, key) })
	require.NotEmpty(t, lacks)
	require.ElementsMatch(t, lacks, missing.Missing)
}
