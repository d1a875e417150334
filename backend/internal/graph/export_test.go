package graph

import (
	"net/http"
	"time"

	"github.com/latchkey/latchkey/backend/internal/secret"
)

// ParseErrorForTest is parseError without the HTTP call around it, for fuzzing.
func ParseErrorForTest(status int, challenge string, body []byte) *Error {
	return parseError(status, http.Header{"Www-Authenticate": {challenge}}, body, "sent", secret.New("sent-token"), time.Unix(0, 0))
}
