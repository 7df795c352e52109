//! Any history of talk, notes, merges and undos: every thread stays whole and in order.

use crate::kit::{Engine, NOW, TestDb};
use crate::merges::{Shown, merge, note, shown, undo};
use crate::shop::{self, Person};
use onethread_core::ids::MergeId;
use proptest::prelude::*;
use std::collections::{BTreeSet, HashSet};

#[derive(Debug, Clone)]
enum Step {
    Says(usize),
    Note(usize),
    Merge(usize, usize),
    Undo(usize),
    /// Merge, and undo at once: nothing may have changed.
    ThereAndBack(usize, usize),
}

const PEOPLE: usize = 4;

fn steps() -> impl Strategy<Value = Vec<(Step, i64)>> {
    let who = || 0..PEOPLE;
    let step = prop_oneof![
        5 => who().prop_map(Step::Says),
        2 => who().prop_map(Step::Note),
        3 => (who(), who()).prop_map(|(a, b)| Step::Merge(a, b)),
        2 => who().prop_map(Step::Undo),
        2 => (who(), who()).prop_map(|(a, b)| Step::ThereAndBack(a, b)),
    ];
    // A clock that often stands still and sometimes runs back.
    proptest::collection::vec((step, -1_i64..3), 1..40)
}

/// What must be true, kept beside the database.
struct Model {
    people: Vec<Person>,
    /// Into whom each is folded, and by which merge.
    folded: Vec<Option<(usize, MergeId)>>,
    /// Whose each message is: its identity's, or the one in whose thread it was noted.
    owners: Vec<(String, usize)>,
    /// Every pair that was ever seen in one thread, in that order.
    seen: HashSet<(String, String)>,
}

impl Model {
    fn root(&self, of: usize) -> usize {
        self.folded[of].as_ref().map_or(of, |(into, _)| self.root(*into))
    }

    async fn step(&mut self, db: &TestDb, step: &Step, at: i64) {
        match *step {
            Step::Says(who) => {
                let id = self.people[who].says(db, "…", at).await;
                self.owners.push((id.0, who));
            }
            Step::Note(who) => {
                let root = self.root(who);
                let id = note(db, &self.people[root].thread, "…", at).await;
                self.owners.push((id.0, root));
            }
            Step::Merge(a, b) => {
                let (into, from) = (self.root(a), self.root(b));
                if into != from {
                    let id = merge(db, &self.people[into], &self.people[from], at).await.unwrap();
                    self.owners.push((onethread_store::merges::line_of(&id).0, into));
                    self.folded[from] = Some((into, id));
                }
            }
            Step::Undo(who) => self.undo(db, who, at).await,
            Step::ThereAndBack(a, b) => self.there_and_back(db, self.root(a), self.root(b), at).await,
        }
    }

    async fn undo(&mut self, db: &TestDb, who: usize, at: i64) {
        let Some((into, id)) = self.folded[who].clone() else { return };
        let undone = undo(db, &id, at).await;
        assert_eq!(undone.is_ok(), self.folded[into].is_none(), "only what was merged last can be undone first");
        if undone.is_ok() {
            self.folded[who] = None;
            let line = onethread_store::merges::line_of(&id).0;
            self.owners.retain(|(message, _)| *message != line);
        }
    }

    async fn there_and_back(&self, db: &TestDb, into: usize, from: usize, at: i64) {
        if into == from {
            return;
        }
        let both = async || [steady(shown(db, &self.people[into]).await), steady(shown(db, &self.people[from]).await)];
        let before = both().await;
        let id = merge(db, &self.people[into], &self.people[from], at).await.unwrap();
        undo(db, &id, at).await.unwrap();
        assert_eq!(both().await, before);
    }

    async fn check(&mut self, db: &TestDb) {
        for who in 0..PEOPLE {
            let rows = shop::messages(db, &self.people[who].thread).await;
            let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
            let expected: BTreeSet<&String> =
                self.owners.iter().filter(|(_, owner)| self.root(*owner) == who).map(|(message, _)| message).collect();
            assert_eq!(ids.iter().collect::<BTreeSet<_>>(), expected, "each message hangs where its owner is");
            let places: Vec<i64> = rows.iter().map(|row| row.seq).collect();
            assert_eq!(places, (1..).take(rows.len()).collect::<Vec<i64>>(), "numbers are dense");
            assert!(rows.is_sorted_by_key(|row| row.created_at), "and in order of time");
            for (n, later) in ids.iter().enumerate() {
                for earlier in &ids[..n] {
                    assert!(!self.seen.contains(&(later.clone(), earlier.clone())), "no two ever change places");
                    self.seen.insert((earlier.clone(), later.clone()));
                }
            }
        }
    }
}

/// Without where an answer would go: a thread that nobody wrote in is given its only identity.
fn steady(shown: Shown) -> Shown {
    let mut shown = shown;
    if shown.messages.iter().all(|message| message.author.kind() != "customer") {
        shown.thread.last_identity_id = None;
    }
    shown
}

async fn live(history: Vec<(Step, i64)>) {
    let db = TestDb::open(Engine::Sqlite).await;
    let inbox = shop::inbox(&db, "chat").await;
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        people.push(shop::person(&db, &inbox, &format!("Khách {n}")).await);
    }
    let mut model = Model { people, folded: vec![None; PEOPLE], owners: Vec::new(), seen: HashSet::new() };
    let mut at = NOW;
    for (step, later) in history {
        at += later;
        model.step(&db, &step, at).await;
        model.check(&db).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_merged_and_parted_every_message_stays_in_its_place(history in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a small runtime starts");
        runtime.block_on(live(history));
    }
}
