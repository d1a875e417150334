package emulator

import "time"

// mailbox is a person's folders and messages.
type mailbox struct {
	owner    string
	folders  []*folder
	messages []*message
}

type folder struct {
	id, wellKnown, name, parent string
	hidden                      bool
}

type message struct{ id string }

func (e *Emulator) openMailbox(*user)              {}
func (e *Emulator) plantMail(time.Time)            {}
func (e *Emulator) mailRoute(*graphCall) *graphErr { return errNotFound() }
