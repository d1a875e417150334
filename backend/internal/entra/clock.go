package entra

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// ClockOffset is how far this server's clock is ahead of the authority's; negative when it is behind. It
// goes by the Date header of an answer (RFC 9110 §6.6.1), whatever the answer says, and is zero when the
// difference can be explained by whole seconds and the time that the call took.
func (c *Client) ClockOffset(ctx context.Context, cloud Cloud) (time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, trimURL(cloud.AuthorityURL)+"/", http.NoBody)
	if err != nil {
		return 0, &Error{Op: OpClock, reason: reasonDiscoveryInvalid}
	}
	sent := c.Now()
	got, failure := c.send(request)
	received := c.Now()
	if failure != nil {
		return 0, c.failed(ctx, OpClock, got, failure)
	}
	written, err := http.ParseTime(got.header.Get("Date"))
	if err != nil {
		return 0, &Error{Op: OpClock, Status: got.status, CorrelationID: got.requestID, reason: reasonUnexpected}
	}
	// A cache on the way tells how old its answer is (RFC 9111 §5.1).
	if age, err := strconv.ParseUint(got.header.Get("Age"), 10, 31); err == nil {
		written = written.Add(time.Duration(age) * time.Second)
	}
	switch earliest, latest := written, written.Add(time.Second); {
	case received.Before(earliest):
		return received.Sub(earliest), nil
	case sent.After(latest):
		return sent.Sub(latest), nil
	default:
		return 0, nil
	}
}
