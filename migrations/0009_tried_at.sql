-- When a parcel was handed over for the first time: an echo without a key that is older is not of this one.
ALTER TABLE outbox ADD COLUMN tried_at BIGINT;
