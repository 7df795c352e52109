-- What the bot missed, what the shop taught it, and every version of that.

-- Messages of customers that the bot had no answer to, written in the same transaction as the bot's
-- turn. `message_id` names no other table: a message may be written after its miss.
CREATE TABLE misses (
    message_id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    -- When somebody filed or dismissed it.
    settled_at BIGINT
);
CREATE INDEX misses_open ON misses (at, message_id) WHERE settled_at IS NULL;

-- The draft: what the bot is to learn with the next version. One text means one thing, so `key` (the
-- text without marks and signs) is there once.
CREATE TABLE phrases (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    language TEXT NOT NULL,
    -- `intent`, `answer` or `not_mine`; `target` is the intent's name or the answer's id, else empty.
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    text TEXT NOT NULL,
    message_id TEXT,
    added_by TEXT NOT NULL,
    added_at BIGINT NOT NULL
);

-- What was published, each whole. The newest is live; going back publishes an older one again.
CREATE TABLE versions (
    number BIGINT PRIMARY KEY,
    phrases JSONB NOT NULL,
    size BIGINT NOT NULL,
    note TEXT NOT NULL,
    -- The version that this one brought back.
    restores BIGINT,
    -- What its rehearsal showed.
    figures JSONB,
    published_by TEXT NOT NULL,
    published_at BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('versions', 0);
