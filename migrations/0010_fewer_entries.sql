-- Each entry of an index is paid for with each message.
-- Old calls are found by their position, which is in the order of their arrival.
DROP INDEX ledger_done;
-- Most threads are the bot's and nobody's.
DROP INDEX threads_by_assignee;
CREATE INDEX threads_by_assignee ON threads (assignee_id, last_activity_at, id) WHERE assignee_id IS NOT NULL;
