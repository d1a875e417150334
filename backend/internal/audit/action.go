package audit

import "slices"

// Action is what was done: the kind of thing and what happened to it, in the past tense. Names are
// part of the contract. They are added to and never changed, since entries are kept.
type Action string // @name AuditAction

// All actions there are; an entry of any other is a mistake, which a test finds.
const (
	AccountKeyCreated                 Action = "account_key.created"                  // An account key was created
	AccountKeyUpdated                 Action = "account_key.updated"                  // Fields of an account key were changed, or its secret replaced
	AccountKeyAuthorized              Action = "account_key.authorized"               // An account key was authorized for an account
	AccountKeyReauthorizationRequired Action = "account_key.reauthorization_required" // Microsoft refuses the grant of an account key: a person must sign in again
	AccountKeyMisconfigured           Action = "account_key.misconfigured"            // Microsoft refuses the app of an account key
	AccountKeyRecovered               Action = "account_key.recovered"                // An account key that needed attention works again
	AccountKeySecretExpires           Action = "account_key.secret_expires"           // The client secret of an account key expires soon, or has expired
	AccountKeySuspended               Action = "account_key.suspended"                // An account key was switched off
	AccountKeyResumed                 Action = "account_key.resumed"                  // A suspended account key was switched on again
	AccountKeyRevoked                 Action = "account_key.revoked"                  // The tokens of an account key were destroyed
	AccountKeyDeleted                 Action = "account_key.deleted"                  // An account key was deleted

	AuthorizationStarted           Action = "authorization.started"            // An authorization was started, or a link for one made or followed
	AuthorizationFailed            Action = "authorization.failed"             // An authorization failed
	AuthorizationNeedsConfirmation Action = "authorization.needs_confirmation" // Another account than the key's signed in
	AuthorizationRejected          Action = "authorization.rejected"           // A person rejected the other account

	AdminConsentRequested Action = "admin_consent.requested" // A link for an administrator's consent was made
	AdminConsentGranted   Action = "admin_consent.granted"   // Somebody came back with an administrator's consent
	AdminConsentFailed    Action = "admin_consent.failed"    // An administrator's consent did not come about

	APIClientCreated       Action = "api_client.created"        // An API client was created
	APIClientUpdated       Action = "api_client.updated"        // An API client was changed, or may use an account key that it created
	APIClientSecretAdded   Action = "api_client.secret_added"   // An API client was given another secret
	APIClientSecretRemoved Action = "api_client.secret_removed" // A secret of an API client was removed
	APIClientSignedIn      Action = "api_client.signed_in"      // An API client exchanged its secret for a JWT; told once an hour for each address
	APIClientSignInFailed  Action = "api_client.sign_in_failed" // Somebody had the id of an API client but no good secret; told once an hour for each address
	APIClientDeleted       Action = "api_client.deleted"        // An API client was deleted

	TargetCreated Action = "target.created" // A target was created
	TargetUpdated Action = "target.updated" // A target was changed
	TargetDeleted Action = "target.deleted" // A target was deleted, by itself or with its account key

	SetupCompleted           Action = "setup.completed"             // The first administrator was made
	SessionCreated           Action = "session.created"             // A person signed in
	SessionFailed            Action = "session.failed"              // Somebody could not sign in
	SessionEnded             Action = "session.ended"               // A person signed out
	UserCreated              Action = "user.created"                // A person was added
	UserUpdated              Action = "user.updated"                // A person was changed, disabled or enabled
	UserInvited              Action = "user.invited"                // A person was given another invitation link
	UserInvitationAccepted   Action = "user.invitation_accepted"    // A person accepted the invitation and signed in
	UserPasswordResetOffered Action = "user.password_reset_offered" // A link to choose another password was made
	UserPasswordReset        Action = "user.password_reset"         // A person chose another password by a link and signed in
	UserPasswordChanged      Action = "user.password_changed"       // The password of a person was changed
	UserDeleted              Action = "user.deleted"                // A person was removed

	SigningKeyCreated Action = "signing_key.created" // A key that signs JWTs was made
	SigningKeyRetired Action = "signing_key.retired" // A key that signed JWTs was retired
	MasterKeyPromoted Action = "master_key.promoted" // A master key became the one that secrets are encrypted under
	MasterKeyRetired  Action = "master_key.retired"  // Nothing is encrypted under a master key any more
	LogExported       Action = "audit_log.exported"  // The audit log, or a part of it, was exported
	LogTrimmed        Action = "audit_log.trimmed"   // Entries older than the retention were removed
)

// Actions lists every action, in the order of the constants.
func Actions() []Action {
	return []Action{
		AccountKeyCreated, AccountKeyUpdated, AccountKeyAuthorized, AccountKeyReauthorizationRequired, AccountKeyMisconfigured,
		AccountKeyRecovered, AccountKeySecretExpires, AccountKeySuspended, AccountKeyResumed, AccountKeyRevoked, AccountKeyDeleted,
		AuthorizationStarted, AuthorizationFailed, AuthorizationNeedsConfirmation, AuthorizationRejected,
		AdminConsentRequested, AdminConsentGranted, AdminConsentFailed,
		APIClientCreated, APIClientUpdated, APIClientSecretAdded, APIClientSecretRemoved, APIClientSignedIn,
		APIClientSignInFailed, APIClientDeleted,
		TargetCreated, TargetUpdated, TargetDeleted,
		SetupCompleted, SessionCreated, SessionFailed, SessionEnded,
		UserCreated, UserUpdated, UserInvited, UserInvitationAccepted, UserPasswordResetOffered, UserPasswordReset,
		UserPasswordChanged, UserDeleted,
		SigningKeyCreated, SigningKeyRetired, MasterKeyPromoted, MasterKeyRetired, LogExported, LogTrimmed,
	}
}

// ObjectType is a kind of thing that is acted on.
type ObjectType string // @name AuditObjectType

// The kinds of things.
const (
	TypeAccountKey ObjectType = "account_key"
	TypeAPIClient  ObjectType = "api_client"
	TypeTarget     ObjectType = "target"
	TypeUser       ObjectType = "user"
	TypeSigningKey ObjectType = "signing_key"
	TypeMasterKey  ObjectType = "master_key"
	TypeLog        ObjectType = "audit_log"
)

// ObjectTypes lists every kind of thing.
func ObjectTypes() []ObjectType {
	return []ObjectType{TypeAccountKey, TypeAPIClient, TypeTarget, TypeUser, TypeSigningKey, TypeMasterKey, TypeLog}
}

// Valid reports whether t is a kind there is.
func (t ObjectType) Valid() bool { return slices.Contains(ObjectTypes(), t) }
