package dbtest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed supervise.sh
var superviseScript string

const (
	serverUser = "postgres" // PostgreSQL refuses to run as root
	linger     = "5"        // seconds
)

// stateFolder is where the test binaries of one person tell each other of the server.
func stateFolder() string {
	return filepath.Join("/tmp", "latchkey-dbtest-"+strconv.Itoa(os.Getuid()))
}

// sharedServer returns the URL of the server that another test binary started, or of one it starts,
// and the share that keeps the server running.
func sharedServer(state string) (address string, share *os.File, err error) {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return "", nil, fmt.Errorf("make a folder for the test server: %w", err)
	}
	starting, err := os.OpenFile(filepath.Join(state, "start.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", nil, fmt.Errorf("open the start lock: %w", err)
	}
	defer func() { _ = starting.Close() }() // frees the lock
	if err := flock(starting, syscall.LOCK_EX); err != nil {
		return "", nil, fmt.Errorf("take the start lock: %w", err)
	}

	current := filepath.Join(state, "current")
	if folder, err := os.ReadFile(current); err == nil {
		if address, share, err := use(string(folder)); err == nil {
			return address, share, nil
		}
	}
	folder, share, err := startServer()
	if err != nil {
		return "", nil, err
	}
	if err := os.WriteFile(current, []byte(folder), 0o600); err != nil {
		return "", nil, fmt.Errorf("tell where the test server is: %w", err)
	}
	address, err = waitForServer(folder)
	return address, share, err
}

// use takes a share of a server that was started before; it fails when the server has ended, however it
// ended, or is about to.
func use(folder string) (address string, share *os.File, err error) {
	if share, err = hold(folder); err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), setUpFor)
	defer cancel()
	address = addressOf(folder)
	// Whoever started it waited until it took connections: one that refuses was killed.
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return "", nil, errors.Join(err, share.Close(), os.RemoveAll(folder))
	}
	return address, share, conn.Close(ctx)
}

// hold takes the lock that keeps a server running.
func hold(folder string) (*os.File, error) {
	held, err := os.Open(filepath.Join(folder, "users.lock"))
	if err != nil {
		return nil, err
	}
	if err := flock(held, syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return held, nil
}

func startServer() (folder string, share *os.File, err error) {
	binaries, err := findBinaries()
	if err != nil {
		return "", nil, err
	}
	if folder, err = os.MkdirTemp(fastFolder(), "lkpg"); err != nil {
		return "", nil, fmt.Errorf("make a folder for the test server: %w", err)
	}
	lock := filepath.Join(folder, "users.lock")
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		return "", nil, fmt.Errorf("make the users lock: %w", err)
	}
	// Before the supervisor starts, or it would find the server unused.
	if share, err = hold(folder); err != nil {
		return "", nil, fmt.Errorf("take the users lock: %w", err)
	}

	command := []string{"sh", "-c", superviseScript, "supervise", binaries, folder, linger}
	if os.Getuid() == 0 {
		if err := giveTo(serverUser, folder, lock); err != nil {
			return "", nil, err
		}
		command = append([]string{"setpriv", "--reuid", serverUser, "--regid", serverUser, "--init-groups"}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...) // it ends by itself, after the tests
	cmd.Dir = folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // an interrupt at the terminal is for the tests
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start the test server (needs flock and setpriv of util-linux): %w", err)
	}
	go func() { _ = cmd.Wait() }() // it ends after this process, as a rule; if before, leave no zombie
	return folder, share, nil
}

// fastFolder prefers memory, where copying the template's hundreds of small files takes a tenth of the
// time. Both names are short, as those of sockets must be.
func fastFolder() string {
	const memory, enough = "/dev/shm", 2 << 30
	var space syscall.Statfs_t
	if err := syscall.Statfs(memory, &space); err != nil || space.Bavail*uint64(space.Bsize) < enough {
		return "/tmp"
	}
	return memory
}

func giveTo(name string, paths ...string) error {
	account, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("running as root needs the account %q for the test server: %w", name, err)
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return fmt.Errorf("read the number of %q: %w", name, err)
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return fmt.Errorf("read the group of %q: %w", name, err)
	}
	for _, path := range paths {
		if err := os.Chown(path, uid, gid); err != nil {
			return fmt.Errorf("hand %s to %q: %w", path, name, err)
		}
	}
	return nil
}

// waitForServer waits until the server in folder takes connections.
func waitForServer(folder string) (string, error) {
	address := addressOf(folder)
	ctx, cancel := context.WithTimeout(context.Background(), setUpFor)
	defer cancel()
	probe := time.NewTicker(20 * time.Millisecond)
	defer probe.Stop()
	for {
		conn, err := pgx.Connect(ctx, address)
		if err == nil {
			return address, conn.Close(ctx)
		}
		if _, failed := os.Stat(filepath.Join(folder, "failed")); failed == nil || ctx.Err() != nil {
			log, _ := os.ReadFile(filepath.Join(folder, "log")) // the error below is what matters
			return "", fmt.Errorf("start the test server: %w\n%s", err, log)
		}
		<-probe.C
	}
}

func addressOf(folder string) string {
	address := url.URL{
		Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {folder}, "sslmode": {"disable"}}.Encode(),
	}
	return address.String()
}

// findBinaries returns the folder of PostgreSQL's programs, the newest version's on Debian.
func findBinaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", fmt.Errorf("look for PostgreSQL: %w", err)
	}
	if len(found) > 0 {
		version := func(path string) int {
			number, _ := strconv.Atoi(strings.Split(path, "/")[4]) // 0, the oldest, when it is no number
			return number
		}
		newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
		return filepath.Dir(newest), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("no PostgreSQL found: install Debian's postgresql package, " +
			"or set LATCHKEY_TEST_POSTGRES_URL to a server on which databases may be created")
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", fmt.Errorf("look for PostgreSQL: %w", err)
	}
	return filepath.Dir(path), nil
}

func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
