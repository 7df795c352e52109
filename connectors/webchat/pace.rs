//! How often one stranger may call: a bucket of tries that refills.
//!
//! In memory and per process: it keeps a script from flooding the shop, it is
//! no account of anything.

use onethread_core::clock::{Millis, SECOND};
use std::collections::HashMap;
use std::sync::Mutex;

/// More strangers than this at once, and the idle ones are forgotten.
const REMEMBERED: usize = 20_000;

pub struct Pace {
    burst: u32,
    /// Until one more try is there.
    refill: Millis,
    buckets: Mutex<HashMap<String, Bucket>>,
}

/// Full at `full_at`, and emptier by one try for each `refill` before that.
struct Bucket {
    full_at: Millis,
}

impl Pace {
    pub fn new(burst: u32, refill: Millis) -> Self {
        Self { burst, refill, buckets: Mutex::default() }
    }

    /// One try by `who`; `Err` says how long to wait.
    pub fn take(&self, who: &str, now: Millis) -> Result<(), Millis> {
        let mut buckets = self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if buckets.len() >= REMEMBERED && !buckets.contains_key(who) {
            buckets.retain(|_, bucket| bucket.full_at > now);
            if buckets.len() >= REMEMBERED {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(who.to_owned()).or_insert(Bucket { full_at: now });
        let full_at = bucket.full_at.max(now) + self.refill;
        let room = now + self.refill * Millis::from(self.burst);
        if full_at > room {
            return Err((full_at - room).min(60 * SECOND));
        }
        bucket.full_at = full_at;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_one_per_refill() {
        let pace = Pace::new(3, 100);
        for _ in 0..3 {
            assert_eq!(pace.take("a", 0), Ok(()));
        }
        assert_eq!(pace.take("a", 0), Err(100));
        assert_eq!(pace.take("b", 0), Ok(()), "each stranger has their own");
        assert_eq!(pace.take("a", 99), Err(1));
        assert_eq!(pace.take("a", 100), Ok(()));
        assert_eq!(pace.take("a", 100), Err(100));
    }

    #[test]
    fn a_crowd_does_not_fill_the_memory() {
        let pace = Pace::new(1, 10);
        for number in 0..(REMEMBERED * 3) {
            let _ = pace.take(&number.to_string(), 0);
        }
        assert!(pace.buckets.lock().expect("unpoisoned").len() <= REMEMBERED);
    }
}
