-- Each entry of an index is paid for with each message, and most threads are the bot's and nobody's.
DROP INDEX threads_by_assignee;
CREATE INDEX threads_by_assignee ON threads (assignee_id, last_activity_at, id) WHERE assignee_id IS NOT NULL;
