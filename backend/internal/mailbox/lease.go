package mailbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"
)

const (
	tick      = 250 * time.Millisecond
	leaseFor  = 6 * time.Second
	renewWith = 4 * time.Second // left
	spare     = time.Second     // of a lease is not used: clocks differ
	idleFor   = 2 * time.Second // until places are given up
	wantFor   = 3 * time.Second // others are told that this replica waits
	sweepIn   = time.Minute
	askFor    = 5 * time.Second // the database, at most
)

// Run takes, renews and gives up places until ctx ends, then gives up all of them.
func (s *Slots) Run(ctx context.Context) {
	if !s.DB.Shared() {
		return
	}
	beat := time.NewTicker(tick)
	defer beat.Stop()
	for {
		err := s.RunOnce(ctx)
		if ctx.Err() == nil && (err != nil) != s.failing {
			s.failing = err != nil
			if err != nil {
				s.Logger.WarnContext(ctx, "places of mailboxes not kept", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			s.leave(context.WithoutCancel(ctx))
			return
		case <-beat.C:
		case <-s.waking():
		}
	}
}

// leave gives up everything. What it cannot give up comes free by itself.
func (s *Slots) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return errors.Join(tx.Where("replica = ?", s.Replica).Delete(&slotRow{}).Error, tx.Where("replica = ?", s.Replica).Delete(&waitRow{}).Error)
	})
	if err != nil {
		s.Logger.WarnContext(ctx, "places of mailboxes not given up", "error", err)
	}
}

// RunOnce does what is due, and asks the database for nothing while no mailbox is in use.
func (s *Slots) RunOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	if err := s.sweep(ctx); err != nil {
		return err
	}
	ids := s.inUse()
	if len(ids) == 0 {
		return nil
	}
	around, err := s.lookAround(ctx, ids)
	if err != nil {
		return err
	}
	s.yield(around)
	if err := s.giveUp(ctx); err != nil {
		return err
	}
	if err := s.renew(ctx); err != nil {
		return err
	}
	return s.takeMore(ctx, around)
}

// inUse lists the mailboxes that anything is to be done about, and forgets those that have been idle.
func (s *Slots) inUse() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	for id, b := range s.boxes {
		if len(b.queue) > 0 || now.Sub(b.used) < idleFor {
			continue
		}
		for _, p := range b.held {
			p.giving = p.giving || !p.busy
		}
		if len(b.held) == 0 && b.waiting.IsZero() && !now.Before(b.alone) {
			delete(s.boxes, id)
		}
	}
	return slices.Sorted(maps.Keys(s.boxes))
}

// yield marks what is to be given up because others have less than their share and want it: what is idle at
// once, the rest when its calls end.
func (s *Slots) yield(around map[string]others) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, b := range s.boxes {
		share, missing := around[id].share()
		keeping := 0
		for _, p := range b.held {
			if !p.giving {
				keeping++
			}
		}
		owed := keeping - max(share, keeping-missing)
		for number := range atOnce {
			if p := b.held[number]; p != nil && !p.busy && !p.giving && owed > 0 {
				p.giving = true
				owed--
			}
		}
		b.owed = max(owed, 0)
	}
}

func (s *Slots) giveUp(ctx context.Context) error {
	type given struct {
		box    *box
		number int
	}
	var all []given
	var unwanted []*box
	s.mu.Lock()
	for _, b := range s.boxes {
		for number, p := range b.held {
			if p.giving {
				all = append(all, given{b, number})
			}
		}
		if len(b.queue) == 0 && !b.waiting.IsZero() {
			unwanted = append(unwanted, b)
		}
	}
	s.mu.Unlock()
	if len(all) == 0 && len(unwanted) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b given) int { return cmp.Or(cmp.Compare(a.box.id, b.box.id), a.number-b.number) })
	slices.SortFunc(unwanted, func(a, b *box) int { return cmp.Compare(a.id, b.id) })
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		for _, g := range all {
			if err := tx.Where("mailbox = ? AND slot = ? AND replica = ?", g.box.id, g.number, s.Replica).Delete(&slotRow{}).Error; err != nil {
				return fmt.Errorf("give up a place of a mailbox: %w", err)
			}
		}
		for _, b := range unwanted {
			if err := tx.Where("mailbox = ? AND replica = ?", b.id, s.Replica).Delete(&waitRow{}).Error; err != nil {
				return fmt.Errorf("wait for a mailbox no longer: %w", err)
			}
		}
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		for _, g := range all {
			delete(g.box.held, g.number)
		}
		for _, b := range unwanted {
			b.waiting = time.Time{}
		}
	}
	return err
}

// renew keeps what is held. What another replica has taken, because this one was late, is held no longer.
func (s *Slots) renew(ctx context.Context) error {
	now := s.Now()
	until := now.Add(leaseFor)
	due := false
	s.mu.Lock()
	for _, b := range s.boxes {
		for _, p := range b.held {
			due = due || p.until.Add(spare).Sub(now) < renewWith
		}
	}
	s.mu.Unlock()
	if !due {
		return nil
	}
	var kept []slotRow
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := tx.Model(&slotRow{}).Where("replica = ?", s.Replica).Update("expires_at", until).Error; err != nil {
			return fmt.Errorf("keep places of mailboxes: %w", err)
		}
		return tx.Where("replica = ?", s.Replica).Find(&kept).Error
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := map[string]map[int]bool{}
	for _, row := range kept {
		if mine[row.Mailbox] == nil {
			mine[row.Mailbox] = map[int]bool{}
		}
		mine[row.Mailbox][row.Slot] = true
	}
	for id, b := range s.boxes {
		for number, p := range b.held {
			if mine[id][number] {
				p.until = until.Add(-spare)
			} else {
				delete(b.held, number)
			}
		}
		s.serve(b)
	}
	return nil
}

// takeMore takes places for whoever waits, and tells the other replicas of those who get none.
func (s *Slots) takeMore(ctx context.Context, around map[string]others) error {
	now := s.Now()
	until := now.Add(leaseFor)
	wanted := s.wanted(around)
	if len(wanted) == 0 {
		return nil
	}
	taken := map[string][]int{}
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		for _, w := range wanted {
			for _, number := range w.numbers {
				if len(taken[w.id]) == w.n {
					break
				}
				won, err := take(tx, slotRow{Mailbox: w.id, Slot: number, Replica: s.Replica, ExpiresAt: until}, now)
				if err != nil {
					return err
				}
				if won {
					taken[w.id] = append(taken[w.id], number)
				}
			}
			if w.tell && (len(taken[w.id]) < w.n || w.more) {
				if err := tell(tx, waitRow{Mailbox: w.id, Replica: s.Replica, ExpiresAt: now.Add(wantFor)}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range wanted {
		b := s.box(w.id)
		for _, number := range taken[w.id] {
			b.held[number] = &place{until: until.Add(-spare)}
		}
		if w.tell && (len(taken[w.id]) < w.n || w.more) {
			b.waiting = now.Add(wantFor)
		}
		s.serve(b)
	}
	return nil
}

// want is what is to be taken of one mailbox.
type want struct {
	id      string
	n       int
	numbers []int // to try, in this order
	more    bool  // would be wanted, if others did not want them as well
	tell    bool  // the others do not know yet, or not for much longer
}

func (s *Slots) wanted(around map[string]others) []want {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []want
	for _, id := range slices.Sorted(maps.Keys(s.boxes)) {
		b := s.boxes[id]
		if len(b.queue) == 0 || s.Now().Before(b.alone) || len(b.held) == atOnce {
			continue
		}
		idle := 0
		w := want{id: id, tell: b.waiting.Sub(s.Now()) < wantFor/2}
		for number := range atOnce {
			if p := b.held[number]; p == nil {
				w.numbers = append(w.numbers, number)
			} else if !p.busy {
				idle++
			}
		}
		w.n = min(len(b.queue)-idle, atOnce-len(b.held))
		if share, missing := around[id].share(); missing > 0 {
			w.n, w.more = min(w.n, max(share, 1)-len(b.held)), true
		}
		if w.n = max(w.n, 0); w.n > 0 || w.more {
			all = append(all, w)
		}
	}
	return all
}

// sweep removes what dead replicas left behind.
func (s *Slots) sweep(ctx context.Context) error {
	now := s.Now()
	if now.Sub(s.swept) < sweepIn {
		return nil
	}
	s.swept = now
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		old := now.Add(-sweepIn)
		return errors.Join(
			tx.Where("expires_at < ? AND replica <> ?", old, s.Replica).Delete(&slotRow{}).Error,
			tx.Where("expires_at < ?", old).Delete(&waitRow{}).Error,
		)
	})
}
