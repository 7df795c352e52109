-- How far each inbox's connector has heard. It is noted with what was heard, while others may hold the inbox's own row
-- for as long as a batch of messages takes.
CREATE TABLE bookmarks (
    inbox_id TEXT PRIMARY KEY REFERENCES inboxes (id),
    mark JSONB NOT NULL
);
-- inboxes.bookmark is read no more; it stays for a process of the version before, which may still run. What that one
-- notes there from now on is fetched again, and recognised.
INSERT INTO bookmarks (inbox_id, mark) SELECT id, bookmark FROM inboxes WHERE bookmark IS NOT NULL;
