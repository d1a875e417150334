-- +goose Up
CREATE TABLE instance (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  canary BYTEA NOT NULL,
  setup_code_hash TEXT COLLATE "C",
  created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE epochs (
  name TEXT COLLATE "C" PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO epochs (name, value) VALUES ('access', 1);

CREATE TABLE users (
  id TEXT COLLATE "C" PRIMARY KEY,
  email TEXT NOT NULL,
  email_key TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT COLLATE "C" NOT NULL CHECK (role IN ('admin', 'operator', 'viewer')),
  password_hash TEXT NOT NULL,
  disabled BOOLEAN NOT NULL DEFAULT FALSE,
  version BIGINT NOT NULL DEFAULT 1,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  last_sign_in_at TIMESTAMPTZ
);

CREATE TABLE sessions (
  id TEXT COLLATE "C" PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  token_hash TEXT COLLATE "C" NOT NULL UNIQUE,
  created_at TIMESTAMPTZ NOT NULL,
  seen_at TIMESTAMPTZ NOT NULL,
  idle_expires_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  ip TEXT NOT NULL DEFAULT '',
  user_agent TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE account_keys (
  id TEXT COLLATE "C" PRIMARY KEY,
  type TEXT COLLATE "C" NOT NULL,
  display_name TEXT NOT NULL,
  display_name_key TEXT COLLATE "C" NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  search_text TEXT COLLATE "C" NOT NULL DEFAULT '',
  cloud TEXT COLLATE "C" NOT NULL,
  tenant_id TEXT NOT NULL DEFAULT '',
  client_id TEXT NOT NULL DEFAULT '',
  login_hint TEXT NOT NULL DEFAULT '',
  client_secret BYTEA CHECK (client_secret IS NULL OR substring(client_secret FROM 1 FOR 1) = '\x01'::bytea),
  client_secret_hint TEXT NOT NULL DEFAULT '',
  client_secret_expires_on TEXT,
  client_secret_looks_like_id BOOLEAN NOT NULL DEFAULT FALSE,
  scopes TEXT NOT NULL DEFAULT '',
  status TEXT COLLATE "C" NOT NULL CHECK (status IN ('draft', 'authorized', 'reauthorization_required', 'misconfigured', 'revoked')),
  suspended_at TIMESTAMPTZ,
  status_reason TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  credential_version BIGINT NOT NULL DEFAULT 1,
  attempt_epoch BIGINT NOT NULL DEFAULT 1,
  account_object_id TEXT NOT NULL DEFAULT '',
  account_tenant_id TEXT NOT NULL DEFAULT '',
  account_upn TEXT NOT NULL DEFAULT '',
  account_name TEXT NOT NULL DEFAULT '',
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  created_by_type TEXT COLLATE "C" NOT NULL,
  created_by_id TEXT COLLATE "C" NOT NULL,
  created_by_name TEXT NOT NULL
);
CREATE INDEX account_keys_status ON account_keys (status, id);

-- One authorization of one account key that is in force. Ending it is deleting its row: the tokens
-- go with it, and a refresh still under way finds nothing to write to.
CREATE TABLE grants (
  id TEXT COLLATE "C" PRIMARY KEY,
  account_key_id TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES account_keys (id) ON DELETE CASCADE,
  scopes TEXT NOT NULL,
  authorized_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE tokens (
  grant_id TEXT COLLATE "C" PRIMARY KEY REFERENCES grants (id) ON DELETE CASCADE,
  account_key_id TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES account_keys (id) ON DELETE CASCADE,
  access_token BYTEA CHECK (access_token IS NULL OR substring(access_token FROM 1 FOR 1) = '\x01'::bytea),
  refresh_token BYTEA NOT NULL CHECK (substring(refresh_token FROM 1 FOR 1) = '\x01'::bytea),
  scopes TEXT NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  lifetime_seconds BIGINT NOT NULL,
  refreshed_at TIMESTAMPTZ NOT NULL,
  refresh_due_at TIMESTAMPTZ NOT NULL,
  lease_holder TEXT COLLATE "C" NOT NULL DEFAULT '',
  lease_until TIMESTAMPTZ,
  failures BIGINT NOT NULL DEFAULT 0,
  retry_after TIMESTAMPTZ,
  last_used_at TIMESTAMPTZ,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX tokens_refresh_due_at ON tokens (refresh_due_at);

-- One attempt to authorize an account key. A link (mode 'link', parent_id empty) is a page of ours; each
-- press of its Continue button is an attempt of its own with the link as its parent.
CREATE TABLE authorizations (
  id TEXT COLLATE "C" PRIMARY KEY,
  account_key_id TEXT COLLATE "C" NOT NULL REFERENCES account_keys (id) ON DELETE CASCADE,
  parent_id TEXT COLLATE "C" REFERENCES authorizations (id) ON DELETE CASCADE,
  mode TEXT COLLATE "C" NOT NULL CHECK (mode IN ('popup', 'link')),
  status TEXT COLLATE "C" NOT NULL CHECK (status IN ('pending', 'redeeming', 'succeeded', 'failed', 'needs_confirmation', 'rejected')),
  attempt_epoch BIGINT NOT NULL,
  link_token_hash TEXT COLLATE "C" UNIQUE,
  state_hash TEXT COLLATE "C" UNIQUE,
  browser_hash TEXT COLLATE "C",
  code_verifier BYTEA CHECK (code_verifier IS NULL OR substring(code_verifier FROM 1 FOR 1) = '\x01'::bytea),
  login_hint TEXT NOT NULL DEFAULT '',
  cloud TEXT COLLATE "C" NOT NULL,
  tenant_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  sealed_tokens BYTEA CHECK (sealed_tokens IS NULL OR substring(sealed_tokens FROM 1 FOR 1) = '\x01'::bytea),
  granted_scopes TEXT NOT NULL DEFAULT '',
  account_object_id TEXT NOT NULL DEFAULT '',
  account_tenant_id TEXT NOT NULL DEFAULT '',
  account_upn TEXT NOT NULL DEFAULT '',
  account_name TEXT NOT NULL DEFAULT '',
  failure TEXT NOT NULL DEFAULT '',
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  finished_at TIMESTAMPTZ,
  started_by_type TEXT COLLATE "C" NOT NULL,
  started_by_id TEXT COLLATE "C" NOT NULL,
  started_by_name TEXT NOT NULL
);
CREATE INDEX authorizations_account_key_id ON authorizations (account_key_id, id);
CREATE INDEX authorizations_expires_at ON authorizations (expires_at);

CREATE TABLE api_clients (
  id TEXT COLLATE "C" PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT COLLATE "C" NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  permissions TEXT NOT NULL,
  all_account_keys BOOLEAN NOT NULL DEFAULT FALSE,
  disabled BOOLEAN NOT NULL DEFAULT FALSE,
  version BIGINT NOT NULL DEFAULT 1,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  created_by_type TEXT COLLATE "C" NOT NULL,
  created_by_id TEXT COLLATE "C" NOT NULL,
  created_by_name TEXT NOT NULL,
  last_used_at TIMESTAMPTZ
);

CREATE TABLE api_client_secrets (
  id TEXT COLLATE "C" PRIMARY KEY,
  api_client_id TEXT COLLATE "C" NOT NULL REFERENCES api_clients (id) ON DELETE CASCADE,
  secret_hash TEXT COLLATE "C" NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ,
  last_used_at TIMESTAMPTZ
);
CREATE INDEX api_client_secrets_api_client_id ON api_client_secrets (api_client_id);

CREATE TABLE api_client_account_keys (
  api_client_id TEXT COLLATE "C" NOT NULL REFERENCES api_clients (id) ON DELETE CASCADE,
  account_key_id TEXT COLLATE "C" NOT NULL REFERENCES account_keys (id) ON DELETE CASCADE,
  PRIMARY KEY (api_client_id, account_key_id)
);
CREATE INDEX api_client_account_keys_account_key_id ON api_client_account_keys (account_key_id);

CREATE TABLE signing_keys (
  id TEXT COLLATE "C" PRIMARY KEY,
  private_key BYTEA NOT NULL CHECK (substring(private_key FROM 1 FOR 1) = '\x01'::bytea),
  public_key TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  active_from TIMESTAMPTZ NOT NULL,
  retired_at TIMESTAMPTZ
);

CREATE TABLE audit_entries (
  id TEXT COLLATE "C" PRIMARY KEY,
  at TIMESTAMPTZ NOT NULL,
  action TEXT COLLATE "C" NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('success', 'failure')),
  actor_type TEXT COLLATE "C" NOT NULL,
  actor_id TEXT COLLATE "C" NOT NULL,
  actor_name TEXT NOT NULL,
  object_type TEXT COLLATE "C" NOT NULL,
  object_id TEXT COLLATE "C" NOT NULL,
  object_name TEXT NOT NULL,
  request_id TEXT NOT NULL,
  ip TEXT NOT NULL,
  message TEXT NOT NULL,
  changes TEXT NOT NULL DEFAULT ''
);
CREATE INDEX audit_entries_object ON audit_entries (object_type, object_id, id);
CREATE INDEX audit_entries_actor ON audit_entries (actor_id, id);
CREATE INDEX audit_entries_at ON audit_entries (at);
