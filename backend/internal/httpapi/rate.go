package httpapi

import (
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/fault"
)

// ErrRateLimited is told to an API client that asks more often than it may.
var ErrRateLimited = fault.New(fault.RateLimited, "rate_limited", "This API client sends more requests than it may.").
	WithFix("Wait for the seconds that Retry-After tells, and spread requests: the RateLimit header tells how many are left.")

const (
	rateWindow = time.Minute
	// maxBuckets bounds the memory that strangers can take: some 150 bytes each.
	maxBuckets = 10_000
	// maxLooked is how many buckets are looked at for one that can go.
	maxLooked = 16
)

// RateLimiter counts requests in token buckets: of each, so many a minute may be taken, all at once or evenly.
// Every process counts by itself, so behind N replicas a caller may come to N times as many; what it is for is
// to keep one program that runs wild from taking a replica from everybody else. It is safe for concurrent use.
type RateLimiter struct {
	Now func() time.Time

	mu sync.Mutex
	// fullAt is when each bucket will be full again, which is all there is to know of it (the generic cell rate
	// algorithm); a full one and none are the same. In nanoseconds, which compare fast.
	fullAt map[string]int64
}

// quota is what is left of a bucket.
type quota struct {
	limit int64
	left  int64
	full  time.Duration // until all of it is there again
	wait  time.Duration // until one more request is allowed; 0: it was
}

// take counts one request against a key, unless it is over the limit. To look is to count none.
func (r *RateLimiter) take(key string, limit int64, look bool) quota {
	now := r.Now().UnixNano()
	each := int64(rateWindow) / limit
	r.mu.Lock()
	defer r.mu.Unlock()
	// A clock that was set back, or a limit that was another when the bucket was used, shuts nobody out for longer.
	stored := r.fullAt[key]
	full := min(max(stored, now), now+int64(rateWindow))
	if full < stored {
		r.fullAt[key] = full
	}
	q := quota{limit: limit, wait: time.Duration(max(full+each-now-int64(rateWindow), 0))}
	if q.wait == 0 && !look {
		full += each
		r.keep(key, full, now)
	}
	q.full = time.Duration(full - now)
	q.left = max(limit-(int64(q.full)+each-1)/each, 0)
	return q
}

// keep stores a bucket in the place of one that is full, or else of any: whoever shares the memory with more
// than ten thousand others at once is counted less strictly.
func (r *RateLimiter) keep(key string, full, now int64) {
	if r.fullAt == nil {
		r.fullAt = map[string]int64{}
	}
	if _, known := r.fullAt[key]; !known && len(r.fullAt) >= maxBuckets {
		r.makeRoom(now)
	}
	r.fullAt[key] = full
}

func (r *RateLimiter) makeRoom(now int64) {
	looked, last := 0, ""
	for key, full := range r.fullAt { // in no order
		if full <= now {
			delete(r.fullAt, key)
		}
		if looked, last = looked+1, key; looked >= maxLooked {
			break
		}
	}
	if len(r.fullAt) >= maxBuckets {
		delete(r.fullAt, last)
	}
}

// Client counts a request of an API client, which may make so many a minute (0: any number), and tells it in
// the answer's headers what is left.
func (r *RateLimiter) Client(c echo.Context, clientID string, perMinute int64) error {
	if perMinute <= 0 {
		return nil
	}
	q := r.take(clientID, perMinute, false)
	q.tell(c)
	return q.err()
}

// Stranger refuses, from a network that failed to prove who is calling so many times a minute, whatever comes.
func (r *RateLimiter) Stranger(c echo.Context, perMinute int64) error {
	if perMinute <= 0 {
		return nil
	}
	return r.take(networkOf(c), perMinute, true).err()
}

// Failed counts that somebody from this network failed to prove who is calling.
func (r *RateLimiter) Failed(c echo.Context, perMinute int64) {
	if perMinute > 0 {
		r.take(networkOf(c), perMinute, false)
	}
}

// networkOf is where a request came from, as far as one customer of a provider reaches.
func networkOf(c echo.Context) string {
	return "network " + auth.RequestFrom(c.Request().Context()).Network()
}

func (q quota) err() error {
	if q.wait == 0 {
		return nil
	}
	return ErrRateLimited.After(q.wait)
}

// tell writes the headers of draft-ietf-httpapi-ratelimit-headers, as structured fields.
func (q quota) tell(c echo.Context) {
	h := c.Response().Header()
	h.Set("RateLimit-Policy", `"default";q=`+strconv.FormatInt(q.limit, 10)+";w="+strconv.Itoa(int(rateWindow/time.Second)))
	h.Set("RateLimit", `"default";r=`+strconv.FormatInt(q.left, 10)+";t="+strconv.Itoa(int(math.Ceil(q.full.Seconds()))))
}
