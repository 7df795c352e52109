//! merges.
