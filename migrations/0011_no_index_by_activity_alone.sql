-- A list of all threads is merged from those of each status: one entry less to move with each message. A process of the
-- version before that still runs reads the whole table for that list.
DROP INDEX threads_by_activity;
