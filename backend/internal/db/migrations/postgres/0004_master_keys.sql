-- +goose Up
-- The master keys that this database was ever sealed under, by their ids. Something may still be sealed under
-- each that is not retired. The primary one is that of instance.canary.
CREATE TABLE master_keys (
  id TEXT COLLATE "C" PRIMARY KEY,
  first_used_at TIMESTAMPTZ NOT NULL,
  retired_at TIMESTAMPTZ
);
INSERT INTO master_keys (id, first_used_at)
SELECT DISTINCT encode(substring(sealed FROM 2 FOR 4), 'hex'), (SELECT created_at FROM instance)
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
  id TEXT COLLATE "C" PRIMARY KEY,
  host TEXT NOT NULL,
  master_key_ids TEXT COLLATE "C" NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  seen_at TIMESTAMPTZ NOT NULL
);
