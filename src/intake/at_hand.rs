//! What this process stored a moment ago, kept in memory for the reader: most
//! of the time it need not ask the database for what has just been written there.

use onethread_store::ledger::Entry;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Beyond it the reader asks the database.
const ENTRIES_MOST: usize = 2048;
const BYTES_MOST: usize = 8 * 1024 * 1024;

/// Stored and, as far as this process knows, not understood yet.
#[derive(Default)]
pub struct AtHand(Mutex<Kept>);

/// In the order of their positions.
#[derive(Default)]
struct Kept {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Some that were stored are not here.
    gap: bool,
}

impl AtHand {
    /// Keep what was stored, behind what was stored before.
    pub fn keep(&self, entries: impl Iterator<Item = Entry>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            kept.gap |= kept.entries.len() == ENTRIES_MOST || kept.bytes > BYTES_MOST;
            if kept.gap {
                return;
            }
            kept.bytes += entry.call.body.len();
            kept.entries.push_back(entry);
        }
    }

    /// The oldest behind `position`, at most `limit`. `None`: some of what was stored is only in the database.
    pub fn take(&self, position: i64, limit: usize) -> Option<Vec<Entry>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.gap {
            *kept = Kept::default();
            return None;
        }
        let known = kept.entries.partition_point(|entry| entry.position <= position);
        kept.entries.drain(..known).for_each(drop);
        let count = whole(kept.entries.len().min(limit));
        let taken = kept.entries.drain(..count).collect();
        kept.bytes = kept.entries.iter().map(|entry| entry.call.body.len()).sum();
        Some(taken)
    }
}

/// Where many wait, so many that their rows fill one statement.
fn whole(count: usize) -> usize {
    if count < 16 { count } else { 1 << count.ilog2() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onethread_core::channel::RawCall;

    fn stored(positions: std::ops::RangeInclusive<i64>, bytes: usize) -> impl Iterator<Item = Entry> {
        positions.map(move |position| {
            let call = RawCall::fetched(vec![b'x'; bytes]);
            Entry { position, inbox_id: "inb_1".into(), received_at: 0, call, attempts: 0, error: None }
        })
    }

    fn positions(taken: Option<Vec<Entry>>) -> Option<Vec<i64>> {
        taken.map(|entries| entries.iter().map(|entry| entry.position).collect())
    }

    #[test]
    fn what_was_stored_is_taken_once_in_order() {
        let at_hand = AtHand::default();
        at_hand.keep(stored(1..=3, 1));
        at_hand.keep(stored(4..=5, 1));
        assert_eq!(positions(at_hand.take(0, 2)), Some(vec![1, 2]));
        assert_eq!(positions(at_hand.take(0, 9)), Some(vec![3, 4, 5]));
        assert_eq!(positions(at_hand.take(0, 9)), Some(vec![]));
    }

    #[test]
    fn what_was_read_from_the_database_is_not_taken_again() {
        let at_hand = AtHand::default();
        at_hand.keep(stored(1..=5, 1));
        assert_eq!(positions(at_hand.take(3, 9)), Some(vec![4, 5]));
    }

    #[test]
    fn many_are_taken_as_many_as_fill_a_statement() {
        let at_hand = AtHand::default();
        at_hand.keep(stored(1..=100, 1));
        let counts: Vec<usize> = (0..4).map(|_| at_hand.take(0, 256).expect("no gap").len()).collect();
        assert_eq!(counts, [64, 32, 4, 0]);
    }

    #[test]
    fn what_does_not_fit_is_left_to_the_database_and_nothing_behind_it_is_taken_before() {
        for (fitting, bytes) in [(ENTRIES_MOST as i64, 1), (9, 1024 * 1024)] {
            let at_hand = AtHand::default();
            at_hand.keep(stored(1..=fitting, bytes));
            at_hand.keep(stored(fitting + 1..=fitting + 1, bytes));
            at_hand.keep(stored(fitting + 2..=fitting + 2, 0));
            assert_eq!(positions(at_hand.take(0, 9)), None, "{bytes}");
            // The database was read meanwhile; what comes now is at hand again.
            at_hand.keep(stored(fitting + 3..=fitting + 3, bytes));
            assert_eq!(positions(at_hand.take(fitting + 2, 9)), Some(vec![fitting + 3]));
        }
    }
}
