//! Words by keys that several of them may share: a list sorted by key, and where in it each stretch of
//! keys begins.

/// Stretches of keys, a power of two.
const STRETCHES: usize = 1 << BITS;
const BITS: u32 = 12;

#[derive(Debug, Clone, Default)]
pub(crate) struct Near {
    /// A key and the number of a word.
    entries: Vec<(u32, u32)>,
    starts: Vec<u32>,
}

impl Near {
    pub(crate) fn of(mut entries: Vec<(u32, u32)>) -> Self {
        entries.sort_unstable();
        entries.dedup();
        let mut starts = vec![0; STRETCHES + 1];
        for (key, _) in &entries {
            starts[stretch(*key) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Self { entries, starts }
    }

    pub(crate) fn with(&self, key: u32) -> impl Iterator<Item = u32> {
        let at = stretch(key);
        let entries = self.starts.get(at..at + 2).map_or(&[][..], |ends| &self.entries[ends[0] as usize..ends[1] as usize]);
        entries.iter().skip_while(move |entry| entry.0 < key).take_while(move |entry| entry.0 == key).map(|entry| entry.1)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.entries.len() * 8 + self.starts.len() * 4
    }
}

fn stretch(key: u32) -> usize {
    (key >> (u32::BITS - BITS)) as usize
}
