package upstream

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// MaxRetryAfter bounds what the service that we called can make us wait.
	MaxRetryAfter = time.Hour
	// MaxForeignRetryAfter bounds it when the answer may be that of something on the way: a proxy knows
	// nothing of when the service behind it is well again.
	MaxForeignRetryAfter = 10 * time.Minute
)

// RetryAfter reads a Retry-After header, seconds or an HTTP date (RFC 9110 §10.2.3). It is zero when the
// header is absent, in the past or unreadable. Own says that the answer is one that the service itself
// writes, so that it is believed up to MaxRetryAfter, others up to MaxForeignRetryAfter.
func RetryAfter(header http.Header, now time.Time, own bool) time.Duration {
	limit := MaxForeignRetryAfter
	if own {
		limit = MaxRetryAfter
	}
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if isDigits(value) {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(limit/time.Second) {
			return limit // More digits than fit is still a wish to wait long.
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil || !at.After(now) {
		return 0
	}
	return min(at.Sub(now), limit)
}

func isDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}
