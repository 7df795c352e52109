-- An edit, a reaction or a receipt that came before the message it is about. When the message
-- comes, the call that brought it is read once more.
CREATE TABLE waiting_events (
    inbox_id TEXT NOT NULL,
    address TEXT NOT NULL,
    -- The platform's id of the message; empty for a receipt of all until an instant.
    platform_id TEXT NOT NULL,
    -- Where the event lies, and what it is known by.
    position BIGINT NOT NULL,
    key TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, address, platform_id, key)
);
CREATE INDEX waiting_events_by_age ON waiting_events (at);

-- Few at any time: for echoes that tell which of them went after all.
CREATE INDEX outbox_uncertain ON outbox (identity_id) WHERE state = 'uncertain';
