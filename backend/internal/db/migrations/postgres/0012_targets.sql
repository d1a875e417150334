-- +goose Up
-- Named, bounded pass-throughs to Microsoft Graph. Lists are JSON.
CREATE TABLE targets (
  id TEXT COLLATE "C" PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT COLLATE "C" NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  search_text TEXT COLLATE "C" NOT NULL DEFAULT '',
  account_key_id TEXT COLLATE "C" NOT NULL REFERENCES account_keys (id) ON DELETE CASCADE,
  api_version TEXT COLLATE "C" NOT NULL CHECK (api_version IN ('v1.0', 'beta')),
  base_path TEXT COLLATE "C" NOT NULL DEFAULT '',
  allowed_methods TEXT NOT NULL,
  allowed_paths TEXT NOT NULL,
  fixed_headers TEXT NOT NULL,
  timeout_seconds BIGINT NOT NULL CHECK (timeout_seconds > 0),
  enabled BOOLEAN NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  created_by_type TEXT COLLATE "C" NOT NULL,
  created_by_id TEXT COLLATE "C" NOT NULL,
  created_by_name TEXT NOT NULL
);
CREATE INDEX targets_account_key_id ON targets (account_key_id);

-- Microsoft takes four calls at a time of one app for one mailbox: who has leave to make them, and who waits.
CREATE TABLE mailbox_slots (
  mailbox TEXT COLLATE "C" NOT NULL,
  slot BIGINT NOT NULL,
  replica TEXT COLLATE "C" NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (mailbox, slot)
);
CREATE INDEX mailbox_slots_replica ON mailbox_slots (replica);
CREATE TABLE mailbox_waits (
  mailbox TEXT COLLATE "C" NOT NULL,
  replica TEXT COLLATE "C" NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (mailbox, replica)
);
