-- +goose Up
-- The master keys that this database was ever sealed under, by their ids. Something may still be sealed under
-- each that is not retired. The primary one is that of instance.canary.
CREATE TABLE master_keys (
  id TEXT PRIMARY KEY,
  first_used_at DATETIME NOT NULL,
  retired_at DATETIME
);
INSERT INTO master_keys (id, first_used_at)
SELECT DISTINCT lower(hex(substr(sealed, 2, 4))), (SELECT created_at FROM instance)
FROM (
  SELECT canary AS sealed FROM instance
  UNION ALL SELECT client_secret FROM account_keys
  UNION ALL SELECT access_token FROM tokens
  UNION ALL SELECT refresh_token FROM tokens
  UNION ALL SELECT code_verifier FROM authorizations
  UNION ALL SELECT sealed_tokens FROM authorizations
  UNION ALL SELECT private_key FROM signing_keys
) everything
WHERE sealed IS NOT NULL;

-- The processes that serve from this database, with the ids of the master keys that each was given.
CREATE TABLE replicas (
  id TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  master_key_ids TEXT NOT NULL,
  started_at DATETIME NOT NULL,
  seen_at DATETIME NOT NULL
);
