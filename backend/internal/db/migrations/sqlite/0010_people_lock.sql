-- +goose Up
-- What changes of people take turns by. It was the row of the instance, which whatever seals a secret reads
-- under a lock: the two could wait for each other.
INSERT INTO epochs (name, value) VALUES ('people', 1);
