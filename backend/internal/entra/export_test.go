package entra

import (
	"net/http"
	"time"

	"github.com/latchkey/latchkey/backend/internal/secret"
)

// ParseAnswerForTest is parseAnswer without the HTTP call around it, for fuzzing.
func ParseAnswerForTest(status int, contentType string, body []byte, secrets ...secret.String) *Error {
	return parseAnswer(OpRefresh, answer{
		status: status, header: http.Header{"Content-Type": {contentType}}, body: body, requestID: "sent",
	}, time.Unix(0, 0), secrets...)
}

// ParseTokensForTest is parseTokens, for fuzzing.
func ParseTokensForTest(body []byte) (Tokens, error) { return parseTokens(body) }
