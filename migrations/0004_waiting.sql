-- An edit, a reaction or a receipt that came before the message it is about. When the message
-- comes, the call that brought it is read once more.
CREATE TABLE waiting_events (
    -- Inbox, address and the platform's id of the message, which is empty for a receipt of all
    -- until an instant: one column, for lists are looked up in one column only.
    awaited TEXT NOT NULL,
    -- Where the event lies, and what it is known by.
    position BIGINT NOT NULL,
    inbox_id TEXT NOT NULL,
    key TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (awaited, key)
);
CREATE INDEX waiting_events_by_age ON waiting_events (at);

-- Few at any time: for echoes that tell which of them went after all.
CREATE INDEX outbox_uncertain ON outbox (identity_id) WHERE state = 'uncertain';
