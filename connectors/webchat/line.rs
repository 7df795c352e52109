//! The live line to a visitor's open pages: server-sent events.
//!
//! The transcript is the truth and a nudge only says "look now". A line also
//! looks by itself every few seconds, so that what another process delivered is
//! seen too; nothing is lost when a nudge is.

use bytes::Bytes;
use futures::StreamExt;
use onethread_core::channel::{ByteStream, Transcript, TranscriptEntry};
use onethread_core::ids::PlatformUserId;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::Instant;

/// Open pages of one visitor: more are tabs forgotten, or somebody playing.
const PAGES_AT_ONCE: usize = 8;
/// Entries that one look takes.
pub const LOOK: usize = 200;
/// A reply gets its place when it is written and shows when it is sent; what a customer says in
/// between stands after it. So a look goes back over the last few entries, too.
const OVERLAP: usize = 16;
/// Nothing new for so long, and looks go back no more.
const QUIET: Duration = Duration::from_secs(60);

/// How patient a line is.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub between_looks: Duration,
    pub keep_alive: Duration,
    /// Then the page comes back, with a fresh look at its token.
    pub life: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let keep_alive = Duration::from_secs(15);
        Self { between_looks: Duration::from_secs(2), keep_alive, life: Duration::from_secs(3600) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nudge {
    Message,
    Typing,
}

/// Everybody who is on a line now.
#[derive(Default)]
pub struct Lines {
    open: Mutex<HashMap<PlatformUserId, broadcast::Sender<Nudge>>>,
}

impl Lines {
    /// Nudge every page of this visitor; `false` when none is open here.
    pub fn wake(&self, visitor: &PlatformUserId, nudge: Nudge) -> bool {
        let open = self.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        open.get(visitor).is_some_and(|line| line.send(nudge).is_ok())
    }

    /// One more page; `None` when this visitor has too many.
    pub fn join(self: &Arc<Self>, visitor: &PlatformUserId) -> Option<Seat> {
        let mut open = self.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let line = open.entry(visitor.clone()).or_insert_with(|| broadcast::channel(16).0);
        let room = line.receiver_count() < PAGES_AT_ONCE;
        room.then(|| Seat { nudges: Some(line.subscribe()), visitor: visitor.clone(), lines: self.clone() })
    }
}

/// One page's place on the line; given up when its stream is dropped.
pub struct Seat {
    nudges: Option<broadcast::Receiver<Nudge>>,
    visitor: PlatformUserId,
    lines: Arc<Lines>,
}

impl Seat {
    async fn nudge(&mut self) -> Nudge {
        match &mut self.nudges {
            // Lagging behind is a reason to look, like any other; the line cannot close under a seat.
            Some(nudges) => nudges.recv().await.unwrap_or(Nudge::Message),
            None => std::future::pending().await,
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.nudges = None;
        let mut open = self.lines.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if open.get(&self.visitor).is_some_and(|line| line.receiver_count() == 0) {
            open.remove(&self.visitor);
        }
    }
}

/// Everything after `after`, then everything new, until the page goes away.
pub fn stream(seat: Seat, transcript: Arc<dyn Transcript>, after: i64, patience: Patience) -> ByteStream {
    let now = Instant::now();
    let watch = Watch {
        seat,
        transcript,
        after,
        shown: None,
        last_news: now,
        patience,
        hurry: 0,
        look_at: now,
        speak_by: now,
        ends: now + patience.life,
    };
    futures::stream::unfold(watch, |mut watch| async move { watch.next().await.map(|chunk| (Ok(chunk), watch)) }).boxed()
}

struct Watch {
    seat: Seat,
    transcript: Arc<dyn Transcript>,
    after: i64,
    /// Place and mark of the last entries sent, by place; `None` before the first look.
    shown: Option<Vec<(i64, u64)>>,
    last_news: Instant,
    patience: Patience,
    /// Quick looks left after a nudge: the reply that it announces may not be committed yet.
    hurry: u32,
    look_at: Instant,
    speak_by: Instant,
    ends: Instant,
}

impl Watch {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let now = Instant::now();
            if now >= self.ends {
                return None;
            }
            let said = if now >= self.look_at { self.look().await } else { None };
            if let Some(said) = said {
                return Some(self.speak(said));
            }
            if Instant::now() >= self.speak_by {
                return Some(self.speak(": here\n\n".into()));
            }
            tokio::select! {
                nudge = self.seat.nudge() => match nudge {
                    Nudge::Typing => return Some(self.speak("event: typing\ndata: {}\n\n".into())),
                    Nudge::Message => {
                        self.hurry = 6;
                        self.look_at = Instant::now();
                    }
                },
                () = tokio::time::sleep_until(self.look_at.min(self.speak_by)) => {}
            }
        }
    }

    fn speak(&mut self, words: String) -> Bytes {
        self.speak_by = Instant::now() + self.patience.keep_alive;
        words.into()
    }

    /// What is new, as events; also decides when to look again.
    async fn look(&mut self) -> Option<String> {
        let entries = match self.transcript.since(&self.seat.visitor, self.look_from(), LOOK).await {
            Ok(entries) => entries,
            Err(error) => {
                tracing::warn!(%error, "a visitor's transcript could not be read");
                Vec::new()
            }
        };
        let new = self.news(entries);
        self.plan_next_look(new.iter().any(|entry| entry.from != "customer"));
        let events: String = new.iter().map(|entry| self.event(entry)).collect();
        (!events.is_empty()).then_some(events)
    }

    fn look_from(&self) -> i64 {
        match self.shown.as_deref() {
            Some(_) if self.hurry == 0 && self.last_news.elapsed() >= QUIET => self.after,
            Some([(first, _), rest @ ..]) if rest.len() + 1 >= OVERLAP => first - 1,
            _ => 0,
        }
    }

    /// Of these entries those that the page has not: the first look also brings the few before
    /// `after`, as one of them may have come late while the page was away.
    fn news(&mut self, mut entries: Vec<TranscriptEntry>) -> Vec<TranscriptEntry> {
        if self.shown.is_none() {
            let known = entries.iter().take_while(|entry| entry.seq <= self.after).count();
            entries.drain(..known.saturating_sub(OVERLAP));
        }
        let shown = self.shown.get_or_insert_default();
        entries.retain(|entry| !shown.contains(&(entry.seq, mark(entry))));
        shown.extend(entries.iter().map(|entry| (entry.seq, mark(entry))));
        shown.sort_unstable();
        shown.drain(..shown.len().saturating_sub(OVERLAP));
        if !entries.is_empty() {
            self.last_news = Instant::now();
        }
        entries
    }

    /// What was announced is found when it is ours: the visitor's own words often come with it.
    fn plan_next_look(&mut self, found: bool) {
        self.hurry = if found { 0 } else { self.hurry.saturating_sub(1) };
        let pause = match self.hurry {
            0 => self.patience.between_looks,
            left => Duration::from_millis(640 >> left),
        };
        self.look_at = Instant::now() + pause;
    }

    fn event(&mut self, entry: &TranscriptEntry) -> String {
        self.after = self.after.max(entry.seq);
        let data = serde_json::to_string(entry).unwrap_or_default();
        format!("id: {}\nevent: entry\ndata: {data}\n\n", self.after)
    }
}

/// Tells an entry that changed (a picture that was fetched meanwhile) from one that did not.
/// Links are signed anew at each look, so only whether there is one counts.
fn mark(entry: &TranscriptEntry) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&entry.id, &entry.text).hash(&mut hasher);
    for file in &entry.attachments {
        (&file.id, file.url.is_empty(), &file.mime).hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_closed_when_its_last_page_goes() {
        let (lines, lan) = (Arc::new(Lines::default()), PlatformUserId::from("web_lan"));
        assert!(!lines.wake(&lan, Nudge::Message), "nobody is there");
        let seats: Vec<_> = (0..PAGES_AT_ONCE).map(|_| lines.join(&lan).expect("room")).collect();
        assert!(lines.join(&lan).is_none(), "too many pages");
        assert!(lines.wake(&lan, Nudge::Message));
        drop(seats);
        assert!(!lines.wake(&lan, Nudge::Message));
        assert!(lines.open.lock().expect("unpoisoned").is_empty(), "nothing is left of the line");
    }
}
