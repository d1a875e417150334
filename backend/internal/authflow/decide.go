package authflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/job"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// State is an attempt with what views tell of it.
type State struct {
	Attempt Attempt
	Key     accountkey.Key
	Status  Status
	Failure Failure
}

// MissingScopes are those that the key asks for and the attempt was not granted.
func (s State) MissingScopes() []string {
	if s.Status != StatusSucceeded && s.Status != StatusNeedsConfirmation {
		return nil
	}
	return entra.MissingScopes(s.Key.Scopes, s.Attempt.GrantedScopes)
}

// Get returns an attempt of a key that the caller may use.
func (s *Service) Get(ctx context.Context, keyID, id string) (State, error) {
	if _, err := s.Keys.Get(ctx, keyID); err != nil {
		return State{}, err
	}
	return s.state(s.DB.Read(ctx), id, keyID)
}

// Result returns an attempt to the browser that made it, signed in or not.
func (s *Service) Result(ctx context.Context, id string, browser secret.String) (State, error) {
	st, err := s.state(s.DB.Read(ctx), id, "")
	if err != nil {
		return State{}, err
	}
	if st.Attempt.BrowserHash == nil || !secret.MatchesHash(browser, *st.Attempt.BrowserHash) {
		return State{}, ErrNotFound
	}
	return st, nil
}

func (s *Service) state(q *gorm.DB, id, keyID string) (State, error) {
	a, err := take(q.Where("id = ?", id), ErrNotFound)
	if err != nil {
		return State{}, err
	}
	if keyID != "" && a.AccountKeyID != keyID {
		return State{}, ErrNotFound
	}
	key, err := accountkey.Load(q, a.AccountKeyID)
	if err != nil {
		return State{}, err
	}
	now := s.Now()
	if a.isLink() {
		if a, err = latestOf(q, a, key, now); err != nil {
			return State{}, err
		}
	}
	status, failure := seen(a, key, now)
	return State{Attempt: a, Key: key, Status: status, Failure: failure}, nil
}

// latestOf lets whoever made a link follow what became of it: the attempt that went furthest. While the
// link is open, an attempt that led nowhere says nothing of it: the next one may. An attempt that waits for a
// decision keeps its own id, so that what is decided about is what was seen; any other is told under the link's.
func latestOf(q *gorm.DB, link Attempt, key accountkey.Key, now time.Time) (Attempt, error) {
	alive := q.Where("status = ? OR (status IN ? AND expires_at > ?)",
		StatusSucceeded, []Status{StatusNeedsConfirmation, statusRedeeming}, now)
	child, found, err := furthest(q.Where(alive), link)
	if open, _ := seen(link, key, now); !found && err == nil && open != StatusPending {
		child, found, err = furthest(q, link)
	}
	if err != nil || !found {
		return link, err
	}
	if child.Status != StatusNeedsConfirmation {
		child.ID, child.ParentID, child.CreatedAt = link.ID, nil, link.CreatedAt
	}
	return child, nil
}

func furthest(q *gorm.DB, link Attempt) (Attempt, bool, error) {
	var children []Attempt
	err := q.Where("account_key_id = ? AND parent_id = ? AND status <> ?", link.AccountKeyID, link.ID, StatusPending).
		Order("CASE status WHEN 'succeeded' THEN 0 WHEN 'needs_confirmation' THEN 1 WHEN 'redeeming' THEN 2 ELSE 3 END, id DESC").
		Limit(1).Find(&children).Error
	if err != nil {
		return Attempt{}, false, fmt.Errorf("read attempts of link %s: %w", link.ID, err)
	}
	if len(children) == 0 {
		return Attempt{}, false, nil
	}
	return children[0], true, nil
}

// seen is the status as callers see it: what ended by time or by a change of the key has no row that
// says so.
func seen(a Attempt, key accountkey.Key, now time.Time) (Status, Failure) {
	switch a.Status {
	case StatusPending, statusRedeeming, StatusNeedsConfirmation:
		if a.AttemptEpoch != key.AttemptEpoch {
			return StatusFailed, superseded()
		}
		if !now.Before(a.ExpiresAt) {
			return StatusExpired, Failure{}
		}
		if a.Status == statusRedeeming {
			return StatusPending, Failure{}
		}
		return a.Status, Failure{}
	case statusRejected:
		return StatusFailed, rejected()
	default:
		return a.Status, a.Failure
	}
}

// Waiting returns the newest sign-in by another account that a person has yet to decide about.
func (s *Service) Waiting(ctx context.Context, key accountkey.Key) (*accountkey.PendingConfirmation, error) {
	a, found, err := newestWaiting(s.DB.Read(ctx), key, s.Now())
	if err != nil || !found {
		return nil, err
	}
	return &accountkey.PendingConfirmation{AuthorizationID: a.ID, Account: a.account(), ExpiresAt: a.ExpiresAt}, nil
}

// Confirm puts the grant of another account in force.
func (s *Service) Confirm(ctx context.Context, keyID, id string) (State, error) {
	return s.decide(ctx, keyID, id, func(tx *gorm.DB, a Attempt, key accountkey.Key) error {
		plain, err := s.Box.Open(a.SealedTokens, "authorizations", "sealed_tokens", a.ID)
		if err != nil {
			return err
		}
		var got signedIn
		if err := json.Unmarshal([]byte(plain.Reveal()), &got); err != nil {
			return err
		}
		return s.grant(tx, a, key, got, StatusNeedsConfirmation)
	})
}

// Reject destroys the sealed tokens of another account; the key stays as it is.
func (s *Service) Reject(ctx context.Context, keyID, id string) (State, error) {
	return s.decide(ctx, keyID, id, func(tx *gorm.DB, a Attempt, key accountkey.Key) error {
		now := s.Now()
		columns := map[string]any{"status": statusRejected, "finished_at": now, "sealed_tokens": nil}
		if _, err := finish(tx, a.ID, StatusNeedsConfirmation, columns); err != nil {
			return err
		}
		return audit.Record(tx, now, audit.Event{
			Action: audit.AuthorizationRejected, Object: object(key), Message: "Rejected the account " + a.AccountUPN + ".",
		})
	})
}

func (s *Service) decide(ctx context.Context, keyID, id string, work func(*gorm.DB, Attempt, accountkey.Key) error) (State, error) {
	if _, err := s.Get(ctx, keyID, id); err != nil {
		return State{}, err
	}
	var decided string
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		key, err := accountkey.Lock(tx, keyID)
		if err != nil {
			return err
		}
		a, err := waiting(tx, id)
		if err != nil {
			return err
		}
		if status, _ := seen(a, key, s.Now()); status != StatusNeedsConfirmation {
			return ErrNothingToConfirm
		}
		decided = a.ID
		return work(tx, a, key)
	})
	if err != nil {
		return State{}, err
	}
	return s.Get(ctx, keyID, decided)
}

// waiting reads the attempt to decide about. A link's id stands for the attempt that was made with it, as long
// as nobody else ever signed in by the link: otherwise what waits now may not be what the person saw.
func waiting(tx *gorm.DB, id string) (Attempt, error) {
	a, err := take(tx.Where("id = ?", id), ErrNothingToConfirm)
	if err != nil {
		return Attempt{}, err
	}
	if a.isLink() {
		var signedIn []Attempt
		err := tx.Where("account_key_id = ? AND parent_id = ? AND account_object_id <> ''", a.AccountKeyID, id).Limit(2).Find(&signedIn).Error
		if err != nil {
			return Attempt{}, fmt.Errorf("read attempts of link %s: %w", id, err)
		}
		switch len(signedIn) {
		case 0:
			return Attempt{}, ErrNothingToConfirm
		case 1:
			a = signedIn[0]
		default:
			return Attempt{}, errSeveralSignedIn
		}
	}
	if a.Status != StatusNeedsConfirmation {
		return Attempt{}, ErrNothingToConfirm
	}
	return a, nil
}

// actAs names whoever started an attempt in the audit entries of a transaction that has no caller.
func actAs(tx *gorm.DB, a Attempt) *gorm.DB {
	ctx := tx.Statement.Context
	if _, ok := auth.From(ctx); ok {
		return tx
	}
	return tx.WithContext(auth.WithPrincipal(ctx, *a.startedBy()))
}

// keepFor is how long ended attempts can be looked at.
const keepFor = 30 * 24 * time.Hour

// Register adds the hourly clean-up.
func (s *Service) Register(r *job.Registry) {
	r.Every("authflow.clean_up", time.Hour, 10*time.Second, s.CleanUp)
}

// CleanUp destroys the secrets of attempts that are over, and removes those of long ago. It goes key by key:
// whoever deletes a key holds the key's row and wants those of its attempts, so they are taken in that order.
func (s *Service) CleanUp(ctx context.Context) error {
	now := s.Now()
	before := now.Add(-keepFor)
	keys, err := keysToClean(s.DB.Read(ctx), now, before)
	if err != nil {
		return err
	}
	for _, id := range keys {
		err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
			if _, err := accountkey.Lock(tx, id); err != nil {
				return err
			}
			if err := forgetSecrets(tx, id, now); err != nil {
				return err
			}
			return removeOld(tx, id, before)
		})
		if err != nil && !errors.Is(err, accountkey.ErrNotFound) {
			return err
		}
	}
	return nil
}
