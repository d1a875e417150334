-- +goose Up
-- Which version of the key's client secret the tokens were last refreshed with; 0 before the first time.
ALTER TABLE tokens ADD COLUMN credential_version BIGINT NOT NULL DEFAULT 0;
