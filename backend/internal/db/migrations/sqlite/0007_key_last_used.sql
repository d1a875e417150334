-- +goose Up
-- When a key was last authorized and last used outlives the grant, which goes with a revocation.
ALTER TABLE account_keys ADD COLUMN authorized_at DATETIME;
ALTER TABLE account_keys ADD COLUMN last_used_at DATETIME;
UPDATE account_keys SET
  authorized_at = (SELECT authorized_at FROM grants WHERE grants.account_key_id = account_keys.id),
  last_used_at = (SELECT last_used_at FROM tokens WHERE tokens.account_key_id = account_keys.id);
