package httpapi

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/latchkey/latchkey/backend/internal/fault"
)

// Limits bound what one request may cost. Zero is no limit.
type Limits struct {
	Body       int64         // bytes
	BodyTime   time.Duration // from the end of the headers to the end of the body
	AnswerTime time.Duration // from the first byte of the answer to the last
	Streams    bool          // body and answer may be of any size, and take any time as long as some of them comes and goes
}

type routeKey struct{ method, path string }

const (
	// maxBody bounds every JSON and form body.
	maxBody = 1 << 20
	// filesTakeLonger is how many times longer than an answer a file of the web page may take.
	filesTakeLonger = 10
)

var errTooSlow = fault.New(fault.TimedOut, "request_timeout", "The body took too long to arrive.").
	WithFix("Send the request again, all of it at once.")

// smallLimits are those of every route that did not ask for others.
func (s *Server) smallLimits() Limits {
	return Limits{Body: maxBody, BodyTime: s.BodyTimeout, AnswerTime: s.AnswerTimeout}
}

// limit keeps a caller who sends or fetches slowly from holding a connection for ever. net/http takes the
// deadlines away: that of the body when all of it has arrived, that of the answer when it has left.
func (s *Server) limit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		limits, ok := s.limits[routeKey{c.Request().Method, c.Path()}]
		if !ok {
			limits = s.smallLimits()
		}
		if limits.Streams {
			return s.stream(c, next)
		}
		w := c.Response().Writer // net/http's own: MaxBytesReader tells it to close the connection
		connection := http.NewResponseController(w)
		if r := c.Request(); r.Body != nil && r.Body != http.NoBody {
			setDeadline(connection.SetReadDeadline, limits.BodyTime)
			if limits.Body > 0 {
				r.Body = http.MaxBytesReader(w, r.Body, limits.Body)
			}
			closeAfterChunks(c)
		}
		more := func() { setDeadline(connection.SetWriteDeadline, limits.AnswerTime) }
		c.Response().Before(more)
		c.Set(moreTimeKey, more)
		return next(c)
	}
}

// closeAfterChunks ends the connection after a body in chunks. RFC 9112 §6.3: with a length beside the chunks, which
// net/http doesn't tell, somebody in between may have counted otherwise, and what follows may not be theirs.
func closeAfterChunks(c echo.Context) {
	if r := c.Request(); r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
		c.Response().Header().Set(echo.HeaderConnection, "close")
	}
}

const moreTimeKey = "more time"

// moreTime lets an answer that comes in parts take the time of an answer for each of them: whoever
// fetches it may take as long as that needs, and whoever has stopped is not waited for.
func moreTime(c echo.Context) {
	if more, ok := c.Get(moreTimeKey).(func()); ok {
		more()
	}
}

func setDeadline(set func(time.Time) error, limit time.Duration) {
	if limit > 0 {
		at := time.Now().Add(limit) //nolint:forbidigo // the clock that sockets go by
		// A test's recorder has no deadlines, and on a connection that is gone nothing is waited for.
		_ = set(at)
	}
}

// BodyFault tells why a body could not be read: it was too large, or took too long. Nil means that the
// reason is in what was sent.
func BodyFault(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge.Because(err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errTooSlow.Because(err)
	default:
		return nil
	}
}

func readAll(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		return body, nil
	}
	if f := BodyFault(err); f != nil {
		return nil, f
	}
	return nil, errMalformed.WithMessage("The body broke off.").Because(err)
}
