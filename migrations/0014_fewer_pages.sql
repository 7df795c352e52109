-- A page of the database that a message touches costs more than what is written there. What an identity said and was
-- told is found in its customer's thread. A process of the version before that still runs reads all messages for a
-- visitor's history, and for a receipt of all until an instant.
DROP INDEX messages_by_identity;

-- All that one commit told, in order: kind, subject, thread. The row itself is the last of it, and its id that one's;
-- the others have the numbers before. Null: the row is all, as always where several processes share the database.
ALTER TABLE live_events ADD COLUMN told JSONB;
