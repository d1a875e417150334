package accountkey

import "github.com/latchkey/latchkey/backend/internal/entra"

// ReasonOf says in a key's words what Microsoft answered; Since is left to whoever records it.
func ReasonOf(e *entra.Error) Reason {
	advice := e.Advice()
	return Reason{Code: advice.Code, Message: advice.Message, Fix: advice.Fix, Microsoft: MicrosoftErrorOf(e), Claims: e.Claims}
}

// MicrosoftErrorOf keeps what Microsoft's support asks for; nil when there was no answer of theirs.
func MicrosoftErrorOf(e *entra.Error) *MicrosoftError {
	if e.Code == "" && len(e.Numbers) == 0 && e.TraceID == "" {
		return nil
	}
	codes := e.Numbers
	if codes == nil {
		codes = []int{}
	}
	return &MicrosoftError{
		Error: e.Code, Codes: codes, TraceID: e.TraceID, CorrelationID: e.CorrelationID, Timestamp: e.Timestamp,
	}
}
