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

// Watch knows the epoch. Before Run has read it once, nothing is remembered. Clock measures how old a reading is,
// and must never be set back; nil is this machine's.
type Watch struct {
	DB     *db.DB
	Logger *slog.Logger
	Clock  func() time.Time

	last    atomic.Pointer[reading]
	failing atomic.Bool
}

type reading struct {
	value   int64
	changes int64 // how often the value was found to be another
	begun   time.Time
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
	begun := w.now()
	value, err := w.DB.Epoch(ctx)
	if err != nil {
		if !w.failing.Swap(true) {
			w.Logger.WarnContext(ctx, "epoch not read", "error", err)
		}
		return
	}
	w.failing.Store(false)
	next := &reading{value: value, begun: begun}
	if last := w.last.Load(); last != nil {
		next.changes = last.changes
		if last.value != value {
			next.changes++
		}
	}
	w.last.Store(next)
}

func (w *Watch) now() time.Time {
	if w.Clock != nil {
		return w.Clock()
	}
	return time.Now() //nolint:forbidigo // it is monotonic: a clock that is set back must not make anything last longer
}

// Mark is a moment in the history of access. It counts changes rather than naming the epoch: a database that is
// failed over may lose the last ones, and come to the same number again by others.
type Mark struct{ shared, local int64 }

// Mark returns the present moment, and false when this process cannot be sure of it.
func (w *Watch) Mark() (Mark, bool) {
	last := w.last.Load()
	if last == nil || w.now().Sub(last.begun) > trust {
		return Mark{}, false
	}
	return Mark{shared: last.changes, local: w.DB.LocalEpoch()}, true
}
