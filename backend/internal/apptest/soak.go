package apptest

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// Soak drives a test that repeats itself with random moments: a few rounds in the usual run, and as long
// as asked for in `make soak`, where the seed can be given to repeat a run.
type Soak struct {
	Rand *rand.Rand

	rounds int
	until  time.Time
}

// NewSoak reads how long to go on; rounds is for the usual run. The seed is logged.
func NewSoak(t *testing.T, rounds int) *Soak {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("LATCHKEY_TEST_SOAK_SEED"), 10, 64) //nolint:forbidigo // how tests run is no setting of the product
	if err != nil {
		seed = 1
	}
	t.Logf("seed %d", seed)
	s := &Soak{Rand: rand.New(rand.NewPCG(seed, 0)), rounds: rounds}
	if os.Getenv("LATCHKEY_TEST_SOAK") != "" { //nolint:forbidigo // see above
		if long, err := time.ParseDuration(os.Getenv("LATCHKEY_TEST_SOAK_TIME")); err == nil { //nolint:forbidigo // see above
			s.until = time.Now().Add(long) //nolint:forbidigo // how long a test runs
		}
	}
	return s
}

// Next reports whether to go another round.
func (s *Soak) Next() bool {
	s.rounds--
	return s.rounds >= 0 || time.Now().Before(s.until) //nolint:forbidigo // how long a test runs
}
