-- How long an inbox is usually silent between two calls, in milliseconds: a running average, null until two came.
ALTER TABLE inboxes ADD COLUMN usual_gap BIGINT;

-- When the order source was last asked for it; null: the shop wrote it itself, and keeps it up to date.
ALTER TABLE orders ADD COLUMN fetched_at BIGINT;

-- Wrong tails for an order code, whoever guessed and whether or not there is such an order.
CREATE TABLE wrong_tails (
    code TEXT PRIMARY KEY,
    tries BIGINT NOT NULL,
    first_at BIGINT NOT NULL
);
CREATE INDEX wrong_tails_by_age ON wrong_tails (first_at);

-- What a platform said is left of an account's messages beyond the free ones.
CREATE TABLE quotas (
    inbox_id TEXT PRIMARY KEY REFERENCES inboxes (id),
    remaining BIGINT NOT NULL,
    total BIGINT,
    noted_at BIGINT NOT NULL
);
