package user

import (
	"sync"
	"time"
)

const (
	attemptsAtOnce  = 10
	attemptEvery    = 30 * time.Second
	maxLimiterRooms = 10_000
)

// limiter slows down guessing: one bucket of attempts for each address that somebody calls from
// together with each email address they try. A stranger elsewhere therefore can't lock anybody out.
// The zero value is ready.
type limiter struct {
	mu      sync.Mutex
	buckets map[string]bucket
}

// bucket is full at the time fullAt; each attempt moves that time away by attemptEvery.
type bucket struct{ fullAt time.Time }

// take spends one attempt, or says how long to wait for the next one.
func (l *limiter) take(key string, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buckets == nil {
		l.buckets = map[string]bucket{}
	}
	if len(l.buckets) >= maxLimiterRooms {
		l.makeRoom(now)
	}
	b := l.buckets[key]
	if b.fullAt.Before(now) {
		b.fullAt = now
	}
	next := b.fullAt.Add(attemptEvery)
	if over := next.Sub(now) - attemptsAtOnce*attemptEvery; over > 0 {
		return over
	}
	l.buckets[key] = bucket{fullAt: next}
	return 0
}

// forget gives every attempt back after one that succeeded.
func (l *limiter) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.buckets, key)
}

// makeRoom drops the buckets that are full, and then any, to bound the memory.
func (l *limiter) makeRoom(now time.Time) {
	for key, b := range l.buckets {
		if !b.fullAt.After(now) {
			delete(l.buckets, key)
		}
	}
	for key := range l.buckets {
		if len(l.buckets) < maxLimiterRooms {
			return
		}
		delete(l.buckets, key)
	}
}
