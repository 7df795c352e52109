-- Where a connector that listens has heard people (their direct channels), and how far.
CREATE TABLE places (
    inbox_id TEXT NOT NULL REFERENCES inboxes (id),
    id TEXT NOT NULL,
    address TEXT NOT NULL,
    -- The platform's own growing number of what was heard there last.
    heard BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, id)
);
CREATE INDEX places_by_heard ON places (inbox_id, heard, id);
