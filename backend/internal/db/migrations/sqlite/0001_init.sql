-- +goose Up
CREATE TABLE instance (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  canary BLOB NOT NULL,
  setup_code_hash TEXT,
  created_at DATETIME NOT NULL
);

CREATE TABLE epochs (
  name TEXT PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO epochs (name, value) VALUES ('access', 1);

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('admin', 'operator', 'viewer')),
  password_hash TEXT NOT NULL,
  disabled BOOLEAN NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  last_sign_in_at DATETIME
);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  token_hash TEXT NOT NULL UNIQUE,
  created_at DATETIME NOT NULL,
  seen_at DATETIME NOT NULL,
  idle_expires_at DATETIME NOT NULL,
  expires_at DATETIME NOT NULL,
  ip TEXT NOT NULL DEFAULT '',
  user_agent TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE account_keys (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  display_name TEXT NOT NULL,
  display_name_key TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  search_text TEXT NOT NULL DEFAULT '',
  cloud TEXT NOT NULL,
  tenant_id TEXT NOT NULL DEFAULT '',
  client_id TEXT NOT NULL DEFAULT '',
  login_hint TEXT NOT NULL DEFAULT '',
  client_secret BLOB CHECK (client_secret IS NULL OR substr(client_secret, 1, 1) = x'01'),
  client_secret_hint TEXT NOT NULL DEFAULT '',
  client_secret_expires_on TEXT,
  client_secret_looks_like_id BOOLEAN NOT NULL DEFAULT 0,
  scopes TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL CHECK (status IN ('draft', 'authorized', 'reauthorization_required', 'misconfigured', 'revoked')),
  suspended_at DATETIME,
  status_reason TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  credential_version BIGINT NOT NULL DEFAULT 1,
  attempt_epoch BIGINT NOT NULL DEFAULT 1,
  account_object_id TEXT NOT NULL DEFAULT '',
  account_tenant_id TEXT NOT NULL DEFAULT '',
  account_upn TEXT NOT NULL DEFAULT '',
  account_name TEXT NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  created_by_type TEXT NOT NULL,
  created_by_id TEXT NOT NULL,
  created_by_name TEXT NOT NULL
);
CREATE INDEX account_keys_status ON account_keys (status, id);

-- One authorization of one account key that is in force. Ending it is deleting its row: the tokens
-- go with it, and a refresh still under way finds nothing to write to.
CREATE TABLE grants (
  id TEXT PRIMARY KEY,
  account_key_id TEXT NOT NULL UNIQUE REFERENCES account_keys (id) ON DELETE CASCADE,
  scopes TEXT NOT NULL,
  authorized_at DATETIME NOT NULL
);

CREATE TABLE tokens (
  grant_id TEXT PRIMARY KEY REFERENCES grants (id) ON DELETE CASCADE,
  account_key_id TEXT NOT NULL UNIQUE REFERENCES account_keys (id) ON DELETE CASCADE,
  access_token BLOB CHECK (access_token IS NULL OR substr(access_token, 1, 1) = x'01'),
  refresh_token BLOB NOT NULL CHECK (substr(refresh_token, 1, 1) = x'01'),
  scopes TEXT NOT NULL,
  expires_at DATETIME NOT NULL,
  lifetime_seconds BIGINT NOT NULL,
  refreshed_at DATETIME NOT NULL,
  refresh_due_at DATETIME NOT NULL,
  lease_holder TEXT NOT NULL DEFAULT '',
  lease_until DATETIME,
  failures BIGINT NOT NULL DEFAULT 0,
  retry_after DATETIME,
  last_used_at DATETIME,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX tokens_refresh_due_at ON tokens (refresh_due_at);

-- One attempt to authorize an account key. A link (mode 'link', parent_id empty) is a page of ours; each
-- press of its Continue button is an attempt of its own with the link as its parent.
CREATE TABLE authorizations (
  id TEXT PRIMARY KEY,
  account_key_id TEXT NOT NULL REFERENCES account_keys (id) ON DELETE CASCADE,
  parent_id TEXT REFERENCES authorizations (id) ON DELETE CASCADE,
  mode TEXT NOT NULL CHECK (mode IN ('popup', 'link')),
  status TEXT NOT NULL CHECK (status IN ('pending', 'redeeming', 'succeeded', 'failed', 'needs_confirmation', 'rejected')),
  attempt_epoch BIGINT NOT NULL,
  link_token_hash TEXT UNIQUE,
  state_hash TEXT UNIQUE,
  browser_hash TEXT,
  code_verifier BLOB CHECK (code_verifier IS NULL OR substr(code_verifier, 1, 1) = x'01'),
  login_hint TEXT NOT NULL DEFAULT '',
  cloud TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  sealed_tokens BLOB CHECK (sealed_tokens IS NULL OR substr(sealed_tokens, 1, 1) = x'01'),
  granted_scopes TEXT NOT NULL DEFAULT '',
  account_object_id TEXT NOT NULL DEFAULT '',
  account_tenant_id TEXT NOT NULL DEFAULT '',
  account_upn TEXT NOT NULL DEFAULT '',
  account_name TEXT NOT NULL DEFAULT '',
  failure TEXT NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL,
  expires_at DATETIME NOT NULL,
  finished_at DATETIME,
  started_by_type TEXT NOT NULL,
  started_by_id TEXT NOT NULL,
  started_by_name TEXT NOT NULL
);
CREATE INDEX authorizations_account_key_id ON authorizations (account_key_id, id);
CREATE INDEX authorizations_expires_at ON authorizations (expires_at);

CREATE TABLE api_clients (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  permissions TEXT NOT NULL,
  all_account_keys BOOLEAN NOT NULL DEFAULT 0,
  disabled BOOLEAN NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  created_by_type TEXT NOT NULL,
  created_by_id TEXT NOT NULL,
  created_by_name TEXT NOT NULL,
  last_used_at DATETIME
);

CREATE TABLE api_client_secrets (
  id TEXT PRIMARY KEY,
  api_client_id TEXT NOT NULL REFERENCES api_clients (id) ON DELETE CASCADE,
  secret_hash TEXT NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  expires_at DATETIME,
  last_used_at DATETIME
);
CREATE INDEX api_client_secrets_api_client_id ON api_client_secrets (api_client_id);

CREATE TABLE api_client_account_keys (
  api_client_id TEXT NOT NULL REFERENCES api_clients (id) ON DELETE CASCADE,
  account_key_id TEXT NOT NULL REFERENCES account_keys (id) ON DELETE CASCADE,
  PRIMARY KEY (api_client_id, account_key_id)
);
CREATE INDEX api_client_account_keys_account_key_id ON api_client_account_keys (account_key_id);

CREATE TABLE signing_keys (
  id TEXT PRIMARY KEY,
  private_key BLOB NOT NULL CHECK (substr(private_key, 1, 1) = x'01'),
  public_key TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  active_from DATETIME NOT NULL,
  retired_at DATETIME
);

CREATE TABLE audit_entries (
  id TEXT PRIMARY KEY,
  at DATETIME NOT NULL,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('success', 'failure')),
  actor_type TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  object_type TEXT NOT NULL,
  object_id TEXT NOT NULL,
  object_name TEXT NOT NULL,
  request_id TEXT NOT NULL,
  ip TEXT NOT NULL,
  message TEXT NOT NULL,
  changes TEXT NOT NULL DEFAULT ''
);
CREATE INDEX audit_entries_object ON audit_entries (object_type, object_id, id);
CREATE INDEX audit_entries_actor ON audit_entries (actor_id, id);
CREATE INDEX audit_entries_at ON audit_entries (at);
