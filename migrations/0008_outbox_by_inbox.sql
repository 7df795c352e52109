-- Parcels are claimed inbox by inbox, so that one that is stuck never takes the place of the others.
CREATE INDEX outbox_queued ON outbox (inbox_id, position) WHERE state = 'queued';
-- Whoever claims is told what it claimed.
DROP INDEX outbox_claimed;
