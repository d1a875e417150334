-- +goose Up
-- Named, bounded pass-throughs to Microsoft Graph. Lists are JSON.
CREATE TABLE targets (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  search_text TEXT NOT NULL DEFAULT '',
  account_key_id TEXT NOT NULL REFERENCES account_keys (id) ON DELETE CASCADE,
  api_version TEXT NOT NULL CHECK (api_version IN ('v1.0', 'beta')),
  base_path TEXT NOT NULL DEFAULT '',
  allowed_methods TEXT NOT NULL,
  allowed_paths TEXT NOT NULL,
  fixed_headers TEXT NOT NULL,
  timeout_seconds INTEGER NOT NULL CHECK (timeout_seconds > 0),
  enabled BOOLEAN NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  created_by_type TEXT NOT NULL,
  created_by_id TEXT NOT NULL,
  created_by_name TEXT NOT NULL
);
CREATE INDEX targets_account_key_id ON targets (account_key_id);

-- Microsoft takes four calls at a time of one app for one mailbox: who has leave to make them, and who waits.
CREATE TABLE mailbox_slots (
  mailbox TEXT NOT NULL,
  slot INTEGER NOT NULL,
  replica TEXT NOT NULL,
  expires_at DATETIME NOT NULL,
  PRIMARY KEY (mailbox, slot)
);
CREATE INDEX mailbox_slots_replica ON mailbox_slots (replica);
CREATE TABLE mailbox_waits (
  mailbox TEXT NOT NULL,
  replica TEXT NOT NULL,
  expires_at DATETIME NOT NULL,
  PRIMARY KEY (mailbox, replica)
);
