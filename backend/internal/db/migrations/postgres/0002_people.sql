-- +goose Up
-- The one-time link by which a person chooses a password: nothing but its hash, and only while it is open.
ALTER TABLE users ADD COLUMN link_hash TEXT COLLATE "C";
ALTER TABLE users ADD COLUMN link_expires_at TIMESTAMPTZ;
ALTER TABLE users ADD COLUMN link_by TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX users_link_hash ON users (link_hash);

-- One browser in which a person has signed in before. A browser that several people use has a row for each.
CREATE TABLE user_devices (
  id TEXT COLLATE "C" PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  token_hash TEXT COLLATE "C" NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  used_at TIMESTAMPTZ NOT NULL,
  UNIQUE (token_hash, user_id)
);
CREATE INDEX user_devices_user_id ON user_devices (user_id, used_at);
CREATE INDEX user_devices_used_at ON user_devices (used_at);

-- How many attempts of one kind have failed in the window that ends at resets_at.
CREATE TABLE sign_in_attempts (
  bucket TEXT COLLATE "C" PRIMARY KEY,
  failures BIGINT NOT NULL,
  resets_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX sign_in_attempts_resets_at ON sign_in_attempts (resets_at);
