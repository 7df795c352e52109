-- The file with the person's picture, as their platform gave it.
ALTER TABLE identities ADD COLUMN avatar TEXT;
