-- A list of all threads is the lists of each status, put together: one entry less to move with each message.
DROP INDEX threads_by_activity;
