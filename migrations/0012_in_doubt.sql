-- An agent sent it again although an earlier try may have arrived: whatever becomes of this one, nobody can say that
-- the customer did not get it.
ALTER TABLE outbox ADD COLUMN in_doubt BOOLEAN NOT NULL DEFAULT FALSE;
