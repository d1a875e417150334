package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/latchkey/latchkey/backend/internal/fault"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	t.Run("tells what to do and, unlike an answer, why the machine cannot", func(t *testing.T) {
		t.Parallel()
		busy := fault.New(fault.Unavailable, "busy", "The database is busy.").WithFix("Try again.").Because(errors.New("no connection for 10s"))
		require.Equal(t, "The database is busy.\nTry again.\nCause: no connection for 10s", explain(fmt.Errorf("open: %w", busy)))
	})
	t.Run("whatever else failed is told as it is", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "read the password: no such file", explain(errors.New("read the password: no such file")))
	})
}

func TestAdminCreate(t *testing.T) {
	t.Setenv("LATCHKEY_DATA_DIR", t.TempDir())
	file := filepath.Join(t.TempDir(), "password")
	create := func(email, password string) error {
		require.NoError(t, os.WriteFile(file, []byte(password+"\n"), 0o600))
		return adminCreateCmd{passwordFile: passwordFile{PasswordFile: file}, Email: email, Name: "Ada"}.Run(t.Context())
	}
	t.Run("what is wrong is told for each field", func(t *testing.T) {
		require.Equal(t, `Some fields need attention.
  email: Enter an email address such as mara@fabrikam.example.
  password: A password has at least 12 characters. A sentence is easy to remember.`, explain(create("ada", "short")))
	})
	t.Run("an address that is taken is told so", func(t *testing.T) {
		require.NoError(t, create("ada@fabrikam.example", "seven quiet herons 41"))
		require.Equal(t, "Somebody with this email address exists already.", explain(create("ADA@fabrikam.example", "seven quiet herons 41")))
	})
}
