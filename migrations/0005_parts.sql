-- How far each part of a message of ours has come: `sent`, `delivered` or `read`.
ALTER TABLE platform_messages ADD COLUMN status TEXT NOT NULL DEFAULT 'sent';
-- Since when it can have been on the platform; null: as long as its message. For receipts of all until an instant.
ALTER TABLE platform_messages ADD COLUMN handed_at BIGINT;
