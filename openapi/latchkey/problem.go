package latchkey

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
)

// ProblemError is a refusal of Latchkey's. Code is stable, and what programs decide by; Detail and Fix are
// sentences for people.
type ProblemError struct {
	Problem
}

// Error says what went wrong, what to do, and by which id Latchkey's log knows it.
func (e *ProblemError) Error() string {
	text := fmt.Sprintf("latchkey: %s (%d): %s", e.Code, e.Status, e.Detail)
	if e.Fix != nil && *e.Fix != "" {
		text += " " + *e.Fix
	}
	if e.RequestID != "" {
		text += " Request " + e.RequestID + "."
	}
	return text
}

// Failure returns the error that an answer tells of, nil for a success: whatever is no problem document, such
// as a proxy's page, is told by its status alone.
//
//	answer, err := api.ListAccountKeysWithResponse(ctx, nil)
//	if err == nil {
//		err = latchkey.Failure(answer.HTTPResponse, answer.Body)
//	}
func Failure(response *http.Response, body []byte) error {
	if response.StatusCode < http.StatusMultipleChoices {
		return nil
	}
	problem := Problem{Status: response.StatusCode, Code: "unexpected_answer", Detail: "The answer was " + response.Status + "."}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind == "application/problem+json" {
		var told Problem
		if err := json.Unmarshal(body, &told); err == nil && told.Code != "" {
			problem = told
		}
	}
	return &ProblemError{Problem: problem}
}
