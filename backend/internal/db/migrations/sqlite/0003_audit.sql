-- +goose Up

-- The account key that an entry hangs on, and what a search looks through.
ALTER TABLE audit_entries ADD COLUMN account_key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_entries ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
UPDATE audit_entries SET
  account_key_id = CASE WHEN object_type = 'account_key' THEN object_id ELSE '' END,
  search_text = lower(message || char(10) || object_name || char(10) || actor_name || char(10) || action || char(10)
    || ip || char(10) || request_id || char(10) || object_id || char(10) || actor_id || char(10) || changes);
UPDATE audit_entries SET actor_type = 'anonymous' WHERE actor_id = 'anonymous';

-- Entries are read newest first by their time, whatever they are narrowed to.
DROP INDEX audit_entries_object;
DROP INDEX audit_entries_actor;
DROP INDEX audit_entries_at;
CREATE INDEX audit_entries_at ON audit_entries (at, id);
CREATE INDEX audit_entries_action ON audit_entries (action, at, id);
CREATE INDEX audit_entries_actor ON audit_entries (actor_id, at, id);
CREATE INDEX audit_entries_object ON audit_entries (object_id, at, id);
CREATE INDEX audit_entries_account_key ON audit_entries (account_key_id, at, id);
CREATE INDEX audit_entries_deleted ON audit_entries (object_id) WHERE action LIKE '%.deleted';
