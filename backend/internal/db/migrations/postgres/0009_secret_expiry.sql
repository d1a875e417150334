-- +goose Up
-- How many days ahead the end of the client secret was last announced; NULL while there is nothing to announce.
ALTER TABLE account_keys ADD COLUMN secret_expiry_told BIGINT;
CREATE INDEX account_keys_secret_expires_on ON account_keys (client_secret_expires_on);
