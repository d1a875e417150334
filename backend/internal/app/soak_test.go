package app_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// soak skips a long test unless `make soak` runs it; then it says with which seed, and whether there is
// time for more.
func soak(t *testing.T) (seed uint64, more func() bool) {
	t.Helper()
	//nolint:forbidigo // how tests run is no configuration of the product
	on, seedText, length := os.Getenv("LATCHKEY_TEST_SOAK"), os.Getenv("LATCHKEY_TEST_SOAK_SEED"), os.Getenv("LATCHKEY_TEST_SOAK_TIME")
	if on == "" {
		t.Skip("long: make soak runs it")
	}
	seed, err := strconv.ParseUint(seedText, 10, 64)
	require.NoError(t, err)
	limit, err := time.ParseDuration(length)
	require.NoError(t, err)
	end := time.Now().Add(limit)
	return seed, func() bool { return time.Now().Before(end) }
}
