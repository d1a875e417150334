package user

import (
	"context"
	"time"
)

// Occupy takes every slot that strangers can have to hash a password, and has those who come after
// wait for no more than a moment.
func (s *Service) Occupy(ctx context.Context) (release func(), err error) {
	var releases []func()
	for range hashesAtOnce {
		r, err := s.hasher.acquire(ctx, false)
		if err != nil {
			return nil, err
		}
		releases = append(releases, r)
	}
	s.hasher.wait = time.Millisecond
	return func() {
		for _, r := range releases {
			r()
		}
	}, nil
}

// NoteFailure is what SignIn does once a password was wrong.
func (s *Service) NoteFailure(ctx context.Context, email string, u User) {
	s.noteFailure(ctx, email, u)
}
