// Package epoch lets this process remember who may do what without outliving a change: whatever takes
// effect on one replica does so on every other within a second.
//
// Each change to access bumps one row in its transaction (db.BumpEpoch). A Watch reads that row a few
// times a second; a Memory holds values that were read within one epoch and forgets them with it. A
// replica that cannot read the row trusts nothing that it remembers. Changes made by this process
// count at once.
package epoch

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/latchkey/latchkey/backend/internal/db"
)

// How often the row is read, and how long a reading is trusted. Together with the time that one
// reading may take they stay below the second that is promised.
const (
	Interval = 250 * time.Millisecond
	trust    = 750 * time.Millisecond
)

// Watch knows the epoch. Before Run has read it once, nothing is remembered.
type Watch struct {
	DB     *db.DB
	Logger *slog.Logger

	last    atomic.Pointer[reading]
	failing atomic.Bool
}

type reading struct {
	value int64
	begun time.Time
}

// Run reads the epoch every Interval until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	tick := time.NewTicker(Interval)
	defer tick.Stop()
	for {
		w.RunOnce(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// RunOnce reads the epoch. A failure is logged once until it is over: what is remembered is not
// trusted meanwhile, so the database is asked for everything.
func (w *Watch) RunOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, trust)
	defer cancel()
	begun := monotonic()
	value, err := w.DB.Epoch(ctx)
	if err != nil {
		if !w.failing.Swap(true) {
			w.Logger.WarnContext(ctx, "epoch not read", "error", err)
		}
		return
	}
	w.failing.Store(false)
	w.last.Store(&reading{value: value, begun: begun})
}

// monotonic is for measuring how long ago something was: a clock that is set back must not make what
// is remembered last longer.
func monotonic() time.Time { return time.Now() } //nolint:forbidigo // see above

// Mark is a moment in the history of access.
type Mark struct{ shared, local int64 }

// Mark returns the present moment, and false when this process cannot be sure of it.
func (w *Watch) Mark() (Mark, bool) {
	last := w.last.Load()
	if last == nil || monotonic().Sub(last.begun) > trust {
		return Mark{}, false
	}
	return Mark{shared: last.value, local: w.DB.LocalEpoch()}, true
}
