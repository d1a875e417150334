package bench_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"
)

// The ceiling is what the same stack can do at best: Echo, a check of an HS256 signature, and two
// kilobytes that are ready.

const ceilingVariable = "LATCHKEY_TEST_BENCH_CEILING" // the address it serves, in a process of its own

var ceilingKey = []byte("a key that protects nothing at all")

func TestMain(m *testing.M) {
	if address := os.Getenv(ceilingVariable); address != "" {
		if err := serveCeiling(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serveCeiling(address string) error {
	e := echo.New()
	body := []byte(`{"accessToken":"` + strings.Repeat("x", 2000) + `"}`)
	e.GET("/readyz", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	e.POST("/token", func(c echo.Context) error {
		bearer := strings.TrimPrefix(c.Request().Header.Get(echo.HeaderAuthorization), "Bearer ")
		_, err := jwt.ParseWithClaims(bearer, &jwt.RegisteredClaims{}, func(*jwt.Token) (any, error) { return ceilingKey, nil },
			jwt.WithValidMethods([]string{"HS256"}))
		if err != nil {
			return echo.ErrUnauthorized
		}
		return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, body)
	})
	server := &http.Server{Addr: address, Handler: e, ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Close() // the process ends
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func startCeiling(t *testing.T) (*process, []byte) {
	t.Helper()
	address := freeAddress(t)
	command := exec.Command(os.Args[0]) // stopped by its clean-up
	command.Env = append(os.Environ(), ceilingVariable+"="+address)
	bearer, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: "http://localhost:8080", Subject: "0198d1b2-7c3e-7a4f-8b5c-6d7e8f901234", Audience: jwt.ClaimStrings{"http://localhost:8080/api/v1"},
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)), IssuedAt: jwt.NewNumericDate(time.Now()),
	}).SignedString(ceilingKey)
	require.NoError(t, err)
	return run(t, address, "/readyz", command), rawRequest(http.MethodPost, address, "/token", "Authorization", "Bearer "+bearer)
}
