// Package mailbox keeps what is called at the same time within what Microsoft takes: four calls of one app for
// one mailbox, whichever account keys, targets and replicas they come by. Who gets no place waits for one,
// in turn and not for ever; a mailbox that Microsoft wants left alone is left alone.
//
// Invariants: a place is a row that one replica holds for a few seconds at a time; no call is made without
// one, and none asks the database for it: places are taken for whoever waits, kept while they are in use, and
// given up when they have been idle, or when another replica waits and has less than its share. What a dead
// replica held comes free when its time is over. A replica that cannot reach the database makes no new calls
// once its places have run out. What is under way then goes on.
//
// Where a database is not shared there is one process, which has all places without asking.
package mailbox

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/latchkey/latchkey/backend/internal/db"
	"github.com/latchkey/latchkey/backend/internal/fault"
)

const (
	// atOnce is how many calls Microsoft takes at the same time, of one app for one mailbox.
	atOnce = 4
	// maxWaiting and waitFor bound who waits in one process, for one mailbox.
	maxWaiting = 64
	waitFor    = 30 * time.Second
	// shortWait is how long callers wait while Microsoft wants a mailbox left alone. They are told of more.
	shortWait = 3 * time.Second
	// longAgo is when what was known of a caller may not be true any more.
	longAgo = 250 * time.Millisecond
)

// Failures that callers may see.
var (
	ErrBusy = fault.New(fault.Unavailable, "mailbox_busy", "Too much is being asked of this mailbox at the same time: Microsoft takes four calls at once.").
		WithFix("Try again after the time that Retry-After tells, with fewer calls at once.")
	ErrThrottled = fault.New(fault.RateLimited, "mailbox_throttled", "Microsoft wants this mailbox left alone for a while.").
			WithFix("Try again after the time that Retry-After tells.")
)

// Slots are the places of all mailboxes, as this process knows them. Replica is unique to it.
type Slots struct {
	DB      *db.DB
	Replica string
	Now     func() time.Time
	Logger  *slog.Logger

	mu      sync.Mutex
	boxes   map[string]*box
	once    sync.Once
	wake    chan struct{}
	failing bool
	swept   time.Time
}

// box is one mailbox.
type box struct {
	id      string
	held    map[int]*place
	queue   []*waiter
	owed    int       // places to give up when their calls end
	alone   time.Time // Microsoft wants it left alone until then
	used    time.Time
	waiting time.Time // until when others are told that this replica waits; zero: they are not
}

// place is one that this replica holds.
type place struct {
	until  time.Time
	busy   bool
	giving bool // up
}

type waiter struct {
	granted chan struct{} // closed under the lock, with the number set
	number  int
}

// ID names a mailbox as one app sees it.
func ID(clientID, accountObjectID string) string {
	return strings.ToLower(clientID) + " " + strings.ToLower(accountObjectID)
}

// Slot is leave to make one call. Waited tells that it took so long to get that access may have changed.
type Slot struct {
	Waited bool

	slots   *Slots
	box     *box
	number  int
	release sync.Once
}

// Take returns leave to make a call for a mailbox; whoever gets it releases it when the call is over. It waits
// while there is none, or while Microsoft wants the mailbox left alone for a moment.
func (s *Slots) Take(ctx context.Context, id string) (*Slot, error) {
	began := s.Now()
	s.mu.Lock()
	b := s.box(id)
	b.used = began
	pause := b.alone.Sub(began)
	if pause > shortWait {
		s.mu.Unlock()
		return nil, ErrThrottled.After(pause)
	}
	if len(b.queue) == 0 && pause <= 0 {
		if number, ok := b.idle(began); ok {
			b.held[number].busy = true
			s.mu.Unlock()
			return &Slot{slots: s, box: b, number: number}, nil
		}
	}
	if len(b.queue) >= maxWaiting {
		s.mu.Unlock()
		return nil, ErrBusy.After(time.Second)
	}
	w := &waiter{granted: make(chan struct{})}
	b.queue = append(b.queue, w)
	if len(b.held) < atOnce {
		s.stir()
	}
	s.mu.Unlock()
	if err := s.await(ctx, b, w, pause); err != nil {
		return nil, err
	}
	return &Slot{Waited: s.Now().Sub(began) > longAgo, slots: s, box: b, number: w.number}, nil
}

// await waits in the queue.
func (s *Slots) await(ctx context.Context, b *box, w *waiter, pause time.Duration) error {
	enough := time.NewTimer(waitFor)
	defer enough.Stop()
	over := time.NewTimer(max(pause, 0))
	defer over.Stop()
	for {
		select {
		case <-w.granted:
			return nil
		case <-over.C: // Microsoft takes calls again
			s.mu.Lock()
			s.serve(b)
			s.stir()
			if left := b.alone.Sub(s.Now()); left > 0 { // it has asked for more
				over.Reset(left)
			}
			s.mu.Unlock()
			continue
		case <-enough.C:
		case <-ctx.Done():
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if i := slices.Index(b.queue, w); i >= 0 {
			b.queue = slices.Delete(b.queue, i, i+1)
		} else { // it was granted at the same moment
			s.free(b, w.number)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return ErrBusy.After(5 * time.Second)
	}
}

// Release gives the place to whoever waits for it.
func (p *Slot) Release() {
	p.release.Do(func() {
		p.slots.mu.Lock()
		defer p.slots.mu.Unlock()
		p.slots.free(p.box, p.number)
	})
}

// LeaveAlone keeps calls off a mailbox for a while. Only this process knows: each finds out for itself.
func (s *Slots) LeaveAlone(id string, d time.Duration) {
	if d <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, until := s.box(id), s.Now().Add(d); until.After(b.alone) {
		b.alone = until
	}
}

// box returns a mailbox, known or new.
func (s *Slots) box(id string) *box {
	b := s.boxes[id]
	if b != nil {
		return b
	}
	if s.boxes == nil {
		s.boxes = map[string]*box{}
	}
	b = &box{id: id, held: map[int]*place{}}
	if !s.DB.Shared() {
		for number := range atOnce {
			b.held[number] = &place{until: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
		}
	}
	s.boxes[id] = b
	return b
}

// idle finds a place that is held and free.
func (b *box) idle(now time.Time) (int, bool) {
	for number := range atOnce {
		if p := b.held[number]; p != nil && !p.busy && !p.giving && now.Before(p.until) {
			return number, true
		}
	}
	return 0, false
}

// free ends the use of a place. s.mu is held, as for serve.
func (s *Slots) free(b *box, number int) {
	now := s.Now()
	b.used = now
	p := b.held[number]
	if p == nil {
		return // it was lost meanwhile
	}
	p.busy = false
	if b.owed > 0 {
		b.owed--
		p.giving = true
		s.stir()
		return
	}
	s.serve(b)
}

// serve grants places to whoever waits, in turn.
func (s *Slots) serve(b *box) {
	now := s.Now()
	for len(b.queue) > 0 && !now.Before(b.alone) {
		number, ok := b.idle(now)
		if !ok {
			return
		}
		w := b.queue[0]
		b.queue = b.queue[1:]
		b.held[number].busy = true
		w.number = number
		close(w.granted)
	}
}

// stir has Run look at what is wanted, at once.
func (s *Slots) stir() {
	select {
	case s.waking() <- struct{}{}:
	default: // it is about to
	}
}

func (s *Slots) waking() chan struct{} {
	s.once.Do(func() { s.wake = make(chan struct{}, 1) })
	return s.wake
}
