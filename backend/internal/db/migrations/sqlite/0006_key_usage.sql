-- +goose Up
-- How often somebody got a token of an account key, by minute, and by day once that is long ago.
CREATE TABLE key_usage (
  account_key_id TEXT NOT NULL REFERENCES account_keys (id) ON DELETE CASCADE,
  actor_type TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  period TEXT NOT NULL CHECK (period IN ('minute', 'day')),
  period_start DATETIME NOT NULL,
  actor_name TEXT NOT NULL,
  uses BIGINT NOT NULL,
  PRIMARY KEY (account_key_id, actor_type, actor_id, period, period_start)
);
CREATE INDEX key_usage_period ON key_usage (period, period_start);
