-- +goose Up
-- One link by which a tenant's administrator can consent for everybody, and what came of it. Ids and cloud
-- are those that the link names: it counts while they still are the key's.
CREATE TABLE admin_consents (
  id TEXT COLLATE "C" PRIMARY KEY,
  account_key_id TEXT COLLATE "C" NOT NULL REFERENCES account_keys (id) ON DELETE CASCADE,
  status TEXT COLLATE "C" NOT NULL CHECK (status IN ('pending', 'granted', 'failed')),
  state_hash TEXT COLLATE "C" UNIQUE,
  reader_hash TEXT COLLATE "C",
  cloud TEXT COLLATE "C" NOT NULL,
  tenant_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  failure TEXT NOT NULL DEFAULT '',
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  finished_at TIMESTAMPTZ,
  requested_by_type TEXT COLLATE "C" NOT NULL,
  requested_by_id TEXT COLLATE "C" NOT NULL,
  requested_by_name TEXT NOT NULL
);
CREATE INDEX admin_consents_account_key_id ON admin_consents (account_key_id, id);
CREATE INDEX admin_consents_expires_at ON admin_consents (expires_at);
