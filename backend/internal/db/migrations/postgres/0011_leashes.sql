-- +goose Up
-- What bounds an API client at an account key, and, where that is null, at every key without a leash of its own.
-- Lists are JSON arrays; null is no bound. Microsoft knows no bounds of mail, so they exclude raw tokens.
CREATE TABLE api_client_leashes (
  id TEXT COLLATE "C" PRIMARY KEY,
  api_client_id TEXT COLLATE "C" NOT NULL REFERENCES api_clients (id) ON DELETE CASCADE,
  account_key_id TEXT COLLATE "C" REFERENCES account_keys (id) ON DELETE CASCADE,
  raw_tokens BOOLEAN NOT NULL,
  graph_methods TEXT,
  graph_paths TEXT,
  recipient_domains TEXT,
  sends_per_day BIGINT CHECK (sends_per_day >= 0),
  CHECK (NOT raw_tokens OR (recipient_domains IS NULL AND sends_per_day IS NULL))
);
CREATE UNIQUE INDEX api_client_leashes_account_key ON api_client_leashes (api_client_id, account_key_id);
CREATE UNIQUE INDEX api_client_leashes_every_other ON api_client_leashes (api_client_id) WHERE account_key_id IS NULL;
CREATE INDEX api_client_leashes_account_key_id ON api_client_leashes (account_key_id);
-- Null is what the server is configured for, 0 no limit.
ALTER TABLE api_clients ADD COLUMN rate_limit_per_minute BIGINT CHECK (rate_limit_per_minute >= 0);
