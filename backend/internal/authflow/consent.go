package authflow

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/latchkey/latchkey/backend/internal/accountkey"
	"github.com/latchkey/latchkey/backend/internal/audit"
	"github.com/latchkey/latchkey/backend/internal/auth"
	"github.com/latchkey/latchkey/backend/internal/entra"
	"github.com/latchkey/latchkey/backend/internal/fault"
	"github.com/latchkey/latchkey/backend/internal/secret"
)

// ConsentStatus is where an administrator's consent stands, as callers see it.
type ConsentStatus string // @name AdminConsentStatus

// The statuses of a consent.
const (
	ConsentGranted ConsentStatus = "granted" // Microsoft's page was left by Accept, as far as can be told
	ConsentFailed  ConsentStatus = "failed"  // The failure says why
)

// consentPending is that of a row while nobody came back; callers never see it.
const consentPending = "pending"

// Consent is one link by which a tenant's administrator can allow a key's permissions for everybody.
//
// Why no browser is bound to it: the link is made here and opened by somebody else, who need have no account
// here. So whoever holds the link can come back with whatever they like, and a consent changes nothing but its
// own row and the timeline; the next sign-in shows what is really granted.
type Consent struct {
	ID              string
	AccountKeyID    string
	Status          ConsentStatus
	StateHash       *string
	ReaderHash      *string // of the cookie that lets the browser that came back read the outcome
	Cloud           string
	TenantID        string
	ClientID        string
	Failure         Failure
	CreatedAt       time.Time
	ExpiresAt       time.Time
	FinishedAt      *time.Time
	RequestedByType auth.PrincipalType
	RequestedByID   string
	RequestedByName string
}

// TableName names the table.
func (Consent) TableName() string { return "admin_consents" }

// ErrConsentUnknown is reported for a consent that is not there for this browser.
var ErrConsentUnknown = fault.New(fault.NotFound, "not_found", "There is no consent with this id in this browser.")

// RequestConsent makes a link to Microsoft's page for an administrator's consent. Nobody is asked: consent can
// be given while the secret is still missing.
func (s *Service) RequestConsent(ctx context.Context, keyID string) (Consent, secret.String, error) {
	if _, err := s.Keys.Get(ctx, keyID); err != nil {
		return Consent{}, secret.String{}, err
	}
	now, state := s.Now(), secret.Random()
	hash := secret.Hash(state)
	actor, _ := auth.From(ctx)
	var c Consent
	var link secret.String
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		key, err := accountkey.Lock(tx, keyID)
		if err != nil {
			return err
		}
		cloud, err := s.consentCloud(key)
		if err != nil {
			return err
		}
		link = secret.New(entra.AdminConsentURL(cloud, entra.AdminConsentRequest{
			TenantID: key.TenantID, ClientID: key.ClientID, RedirectURI: s.RedirectURI, Scopes: key.Scopes, State: state,
		}))
		c = Consent{
			ID: uuid.Must(uuid.NewV7()).String(), AccountKeyID: key.ID, Status: consentPending, StateHash: &hash,
			Cloud: key.Cloud, TenantID: key.TenantID, ClientID: key.ClientID, CreatedAt: now, ExpiresAt: now.Add(s.ConsentExpiry),
			RequestedByType: actor.Type, RequestedByID: actor.ID, RequestedByName: actor.Name,
		}
		if err := tx.Create(&c).Error; err != nil {
			return fmt.Errorf("insert admin consent: %w", err)
		}
		return audit.Record(tx, now, audit.Event{
			Action: audit.AdminConsentRequested, Object: object(key), Message: "Made a link for an administrator's consent.",
		})
	})
	return c, link, err
}

// consentCloud names the fields that the link needs and the key lacks.
func (s *Service) consentCloud(key accountkey.Key) (entra.Cloud, error) {
	if err := require(missingIDs(key)); err != nil {
		return entra.Cloud{}, err
	}
	cloud, ok := s.Keys.Cloud(key.Cloud)
	if !ok {
		return entra.Cloud{}, errCloudGone
	}
	return cloud, nil
}

// Consented takes a redirect that belongs to no attempt of this browser: perhaps an administrator comes back.
// What the redirect says besides its state proves nothing, its tenant included, and is used for nothing but to
// tell a success from a failure; a code in it is never redeemed. It returns the consent's id and the secret by
// which this browser can read the outcome, or ErrStateUnknown.
func (s *Service) Consented(ctx context.Context, query url.Values) (string, secret.String, error) {
	state := query.Get("state")
	if state == "" {
		return "", secret.String{}, ErrStateUnknown
	}
	c, err := findConsent(s.DB.Read(ctx).Where("state_hash = ?", secret.Hash(secret.New(state))), ErrStateUnknown)
	if err != nil {
		return "", secret.String{}, err
	}
	reader := secret.Random()
	status, failure := consentOutcome(query)
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		now := s.Now()
		if err := finishConsent(tx, c.ID, now, map[string]any{
			"status": status, "failure": failure, "finished_at": now, "state_hash": nil, "reader_hash": secret.Hash(reader),
		}); err != nil {
			return err
		}
		key, err := accountkey.Load(tx, c.AccountKeyID)
		if err != nil {
			return err
		}
		somebody := auth.Anonymous() // who proved nothing but that the link was theirs
		event := audit.Event{
			Action: audit.AdminConsentGranted, Object: object(key), Actor: &somebody,
			Message: "Somebody came back from Microsoft's page with an administrator's consent.",
		}
		if status == ConsentFailed {
			event.Action, event.Outcome = audit.AdminConsentFailed, audit.Failure
			event.Message = "An administrator's consent did not come about. " + failure.Message
		}
		return audit.Record(tx, now, event)
	})
	return c.ID, reader, err
}

func consentOutcome(query url.Values) (ConsentStatus, Failure) {
	if e := entra.CallbackError(query); e != nil {
		failure := failureOf(e)
		if failure.Class == ClassDeclined {
			failure.Message = "The permissions were not accepted."
			failure.Fix = "Ask for a new link and choose Accept on Microsoft's page."
		}
		return ConsentFailed, failure
	}
	if entra.AdminConsented(query) {
		return ConsentGranted, Failure{}
	}
	return ConsentFailed, Failure{
		Code: "unexpected_answer", Class: ClassTransient, Message: "Microsoft's answer held neither a consent nor an error.",
		Fix: "Ask for a new link.",
	}
}

// ConsentResult returns a consent to the browser that came back with it, signed in or not.
func (s *Service) ConsentResult(ctx context.Context, id string, reader secret.String) (Consent, error) {
	c, err := findConsent(s.DB.Read(ctx).Where("id = ?", id), ErrConsentUnknown)
	if err != nil {
		return Consent{}, err
	}
	if c.ReaderHash == nil || !secret.MatchesHash(reader, *c.ReaderHash) {
		return Consent{}, ErrConsentUnknown
	}
	return c, nil
}

func findConsent(q *gorm.DB, missing error) (Consent, error) {
	var c Consent
	err := q.Take(&c).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Consent{}, missing
	}
	if err != nil {
		return Consent{}, fmt.Errorf("read admin consent: %w", err)
	}
	return c, nil
}

// finishConsent spends a consent's state and reports ErrStateUnknown when it was spent before, is too old, or
// is for another app or tenant than the key has now: the three are indistinguishable on purpose.
func finishConsent(tx *gorm.DB, id string, now time.Time, columns map[string]any) error {
	res := tx.Model(&Consent{}).Where("id = ? AND status = ? AND expires_at > ?", id, consentPending, now).
		Where("EXISTS (SELECT 1 FROM account_keys k WHERE k.id = admin_consents.account_key_id AND k.cloud = admin_consents.cloud" +
			" AND k.tenant_id = admin_consents.tenant_id AND k.client_id = admin_consents.client_id)").
		Updates(columns)
	if res.Error != nil {
		return fmt.Errorf("finish admin consent %s: %w", id, res.Error)
	}
	if res.RowsAffected != 1 {
		return ErrStateUnknown
	}
	return nil
}
