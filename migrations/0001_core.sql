-- The common SQL tongue: TEXT ids of ours, BIGINT unix milliseconds, JSONB for
-- objects and arrays only, BYTEA for raw bytes. Both engines read this file.

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('ledger', 0), ('outbox', 0), ('live', 0);

-- Work that only one process may do at a time.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value JSONB NOT NULL
);

CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    language TEXT NOT NULL DEFAULT 'vi',
    availability TEXT NOT NULL DEFAULT 'online',
    disabled BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- `digest` is SHA-256 of what the browser or client holds; the secret itself is never stored.
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_agent ON sessions (agent_id);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);

CREATE TABLE setup_links (
    digest TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE TABLE inboxes (
    id TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    account TEXT,
    app TEXT,
    settings JSONB NOT NULL,
    sealed TEXT NOT NULL,
    state TEXT NOT NULL,
    pause_reason TEXT,
    health JSONB NOT NULL,
    bookmark JSONB,
    locked_until BIGINT NOT NULL DEFAULT 0,
    last_heard_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX inboxes_by_account ON inboxes (channel, account);

-- The durable, raw record of every call a platform made to us.
CREATE TABLE ledger (
    position BIGINT PRIMARY KEY,
    inbox_id TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    call JSONB NOT NULL,
    body BYTEA NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    error TEXT,
    settled_at BIGINT
);
CREATE INDEX ledger_open ON ledger (position) WHERE state = 'new';
CREATE INDEX ledger_done ON ledger (received_at) WHERE state = 'done';
CREATE INDEX ledger_dead ON ledger (position) WHERE state = 'dead';

-- What was already understood, so that a redelivery is no second message.
CREATE TABLE seen_events (
    inbox_id TEXT NOT NULL,
    key TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, key)
);
CREATE INDEX seen_events_by_age ON seen_events (at);

CREATE TABLE customers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    phone TEXT,
    email TEXT,
    note TEXT NOT NULL DEFAULT '',
    language TEXT,
    -- Folded name, phone and e-mail, for search.
    folded TEXT NOT NULL,
    merged_into TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX customers_by_phone ON customers (phone);

CREATE TABLE identities (
    id TEXT PRIMARY KEY,
    inbox_id TEXT NOT NULL REFERENCES inboxes (id),
    address TEXT NOT NULL,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    name TEXT,
    language TEXT,
    verified_phone TEXT,
    blocked_at BIGINT,
    last_interaction_at BIGINT,
    wrong_tails BIGINT NOT NULL DEFAULT 0,
    lookups_locked_until BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    UNIQUE (inbox_id, address)
);
CREATE INDEX identities_by_customer ON identities (customer_id);
CREATE INDEX identities_by_phone ON identities (verified_phone);

CREATE TABLE threads (
    id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL UNIQUE REFERENCES customers (id),
    status TEXT NOT NULL,
    assignee_id TEXT,
    lease_number BIGINT NOT NULL,
    waiting_since BIGINT,
    handoff_reason TEXT,
    bot_context JSONB NOT NULL,
    last_seq BIGINT NOT NULL DEFAULT 0,
    unread BIGINT NOT NULL DEFAULT 0,
    last_message JSONB,
    last_identity_id TEXT,
    -- Kinds of the customer's identities, kept for the list.
    channels JSONB NOT NULL,
    language TEXT,
    -- Folded into another thread by a merge; kept for the undo.
    folded BOOLEAN NOT NULL DEFAULT FALSE,
    last_activity_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX threads_waiting ON threads (waiting_since, id) WHERE status <> 'bot';
CREATE INDEX threads_by_status ON threads (status, last_activity_at, id);
CREATE INDEX threads_by_activity ON threads (last_activity_at, id);
CREATE INDEX threads_by_assignee ON threads (assignee_id, last_activity_at, id);

-- `seq` orders the thread as it stands. `home_thread_id` and `born_seq` never change: they are
-- where the message was written, and let a merge be undone exactly.
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    thread_id TEXT NOT NULL REFERENCES threads (id),
    seq BIGINT NOT NULL,
    home_thread_id TEXT NOT NULL,
    born_seq BIGINT NOT NULL,
    identity_id TEXT REFERENCES identities (id),
    author JSONB NOT NULL,
    note BOOLEAN NOT NULL,
    content JSONB NOT NULL,
    reply_to TEXT,
    unsupported TEXT,
    event JSONB,
    intent JSONB,
    client_id TEXT,
    status TEXT NOT NULL,
    error JSONB,
    reactions JSONB NOT NULL,
    edited_at BIGINT,
    deleted_at BIGINT,
    platform_at BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (thread_id, seq)
);
CREATE UNIQUE INDEX messages_by_client_id ON messages (home_thread_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX messages_by_identity ON messages (identity_id, created_at);

-- Which of our messages a platform's id means; a message of several parts has several.
CREATE TABLE platform_messages (
    identity_id TEXT NOT NULL REFERENCES identities (id),
    platform_id TEXT NOT NULL,
    message_id TEXT NOT NULL REFERENCES messages (id),
    PRIMARY KEY (identity_id, platform_id)
);
CREATE INDEX platform_messages_by_message ON platform_messages (message_id);

-- Messages on their way out, one row a parcel; the row is the truth about delivery.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    position BIGINT NOT NULL UNIQUE,
    message_id TEXT NOT NULL REFERENCES messages (id),
    identity_id TEXT NOT NULL REFERENCES identities (id),
    inbox_id TEXT NOT NULL,
    part JSONB NOT NULL,
    reply_to TEXT,
    voice TEXT NOT NULL,
    lease_number BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    not_before BIGINT NOT NULL,
    claim TEXT,
    claimed_until BIGINT NOT NULL DEFAULT 0,
    platform_id TEXT,
    error JSONB,
    created_at BIGINT NOT NULL,
    settled_at BIGINT
);
CREATE INDEX outbox_open ON outbox (identity_id, position) WHERE state IN ('queued', 'sending');
CREATE INDEX outbox_due ON outbox (not_before, position) WHERE state = 'queued';
CREATE INDEX outbox_claimed ON outbox (claim) WHERE state = 'sending';
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE state IN ('sent', 'withheld');
CREATE INDEX outbox_by_message ON outbox (message_id, position);

CREATE TABLE handoffs (
    id TEXT PRIMARY KEY,
    thread_id TEXT NOT NULL REFERENCES threads (id),
    home_thread_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    assigned_at BIGINT,
    agent_id TEXT,
    resolved_at BIGINT
);
CREATE INDEX handoffs_by_thread ON handoffs (thread_id, opened_at);

CREATE TABLE merges (
    id TEXT PRIMARY KEY,
    into_customer TEXT NOT NULL REFERENCES customers (id),
    from_customer TEXT NOT NULL REFERENCES customers (id),
    identities JSONB NOT NULL,
    threads JSONB NOT NULL,
    merged_at BIGINT NOT NULL,
    merged_by JSONB NOT NULL,
    undone_at BIGINT
);
CREATE INDEX merges_by_customer ON merges (into_customer, merged_at);

CREATE TABLE files (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT,
    mime TEXT,
    size BIGINT,
    state TEXT NOT NULL,
    inbox_id TEXT,
    source TEXT,
    message_id TEXT,
    created_at BIGINT NOT NULL
);

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    payload JSONB NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    claimed_until BIGINT NOT NULL DEFAULT 0,
    error TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (kind, key)
);
CREATE INDEX jobs_due ON jobs (run_at);

-- What just happened, in commit order: names what changed, the reader loads it as it stands.
CREATE TABLE live_events (
    id BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    thread_id TEXT,
    at BIGINT NOT NULL
);

CREATE TABLE orders (
    code TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    phone TEXT,
    customer_name TEXT,
    carrier TEXT,
    tracking_code TEXT,
    tracking_url TEXT,
    expected_at BIGINT,
    currency TEXT NOT NULL,
    total BIGINT NOT NULL,
    items JSONB NOT NULL,
    address TEXT,
    folded TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX orders_by_phone ON orders (phone);
CREATE INDEX orders_by_update ON orders (updated_at, code);

CREATE TABLE answers (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    vi JSONB NOT NULL,
    en JSONB NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE canned_replies (
    id TEXT PRIMARY KEY,
    shortcut TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
