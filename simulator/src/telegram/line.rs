//! How updates reach the bot: webhook calls in order for each chat, with retries,
//! or a queue that `getUpdates` reads.

use super::now;
use crate::fault::{Stumble, lock};
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore, oneshot};

/// The real server waits 2, 4, 8… s up to about 90; here time runs ten times faster.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(9);
/// After so many failures the person who acted is told; the update is still tried.
const WORD_AFTER: u32 = 3;
/// A press that nobody took for so long is given up; messages last a day.
const PRESS_LIFE: Duration = Duration::from_secs(150);
/// Parallel webhook calls, the platform's default.
const CONNECTIONS: usize = 40;

pub struct Webhook {
    pub url: String,
    pub secret: Option<String>,
}

/// One kind of thing that happened.
struct Update {
    id: i64,
    kind: &'static str,
    what: Value,
    made: Instant,
    stumble: Option<Stumble>,
    told: Option<oneshot::Sender<Result<(), u16>>>,
}

/// What may not overtake one another: one chat's messages and their edits. Everything else
/// of the chat travels beside them, each kind for itself.
type Lane = (i64, &'static str);

fn lane(chat: i64, kind: &'static str) -> Lane {
    (chat, if kind == "edited_message" { "message" } else { kind })
}

pub struct Line {
    http: OnceLock<reqwest::Client>,
    webhook: Mutex<Option<Arc<Webhook>>>,
    allowed: Mutex<Option<Vec<String>>>,
    pending: Mutex<BTreeMap<i64, Value>>,
    queues: DashMap<Lane, VecDeque<Update>>,
    queued: AtomicUsize,
    connections: Semaphore,
    next_update: AtomicI64,
    poll: AtomicU64,
    news: Notify,
    trouble: Mutex<Option<(i64, String)>>,
    last_set: Mutex<Option<Instant>>,
}

impl Line {
    pub fn new(now: i64) -> Self {
        Self {
            http: OnceLock::new(),
            webhook: Mutex::default(),
            allowed: Mutex::default(),
            pending: Mutex::default(),
            queues: DashMap::new(),
            queued: AtomicUsize::new(0),
            connections: Semaphore::new(CONNECTIONS),
            // Grows over restarts, and fits the 32 bits that typed clients give it.
            next_update: AtomicI64::new((now - 1_735_689_600).max(1) * 8),
            poll: AtomicU64::new(0),
            news: Notify::new(),
            trouble: Mutex::default(),
            last_set: Mutex::default(),
        }
    }

    pub fn webhook(&self) -> Option<Arc<Webhook>> {
        lock(&self.webhook).clone()
    }

    /// Whether a webhook other than the present one comes too soon after the last.
    pub fn is_hasty(&self, webhook: &Webhook) -> bool {
        let present = self.webhook();
        if present.is_some_and(|present| present.url == webhook.url && present.secret == webhook.secret) {
            return false;
        }
        let last = lock(&self.last_set).replace(Instant::now());
        last.is_some_and(|last| last.elapsed() < Duration::from_secs(1))
    }

    /// Set or remove the webhook. What waited for a poller goes to the new webhook.
    pub fn point(self: &Arc<Self>, webhook: Option<Webhook>, allowed: Option<Vec<String>>, drop_pending: bool) {
        if allowed.is_some() {
            self.allow(allowed);
        }
        let has_one = webhook.is_some();
        *lock(&self.webhook) = webhook.map(Arc::new);
        *lock(&self.trouble) = None;
        if drop_pending {
            lock(&self.pending).clear();
        }
        if has_one {
            for (id, update) in std::mem::take(&mut *lock(&self.pending)) {
                self.queue(update["chat"].as_i64().unwrap_or(0), Update::parked(id, update));
            }
        }
        self.news.notify_waiters();
    }

    /// An empty list means the default, as the platform has it.
    pub fn allow(&self, allowed: Option<Vec<String>>) {
        *lock(&self.allowed) = allowed.filter(|list| !list.is_empty());
    }

    fn wants(&self, kind: &str) -> bool {
        let by_default = !matches!(kind, "chat_member" | "message_reaction" | "message_reaction_count");
        lock(&self.allowed).as_ref().map_or(by_default, |list| list.iter().any(|name| name == kind))
    }

    /// Deliver one update. Returns when it is taken, when it waits for a poller, or with the
    /// status of the third failure; it is tried on even then.
    pub async fn send(self: &Arc<Self>, chat: i64, kind: &'static str, what: Value, stumble: Option<Stumble>) -> Result<(), u16> {
        if !self.wants(kind) {
            return Ok(());
        }
        let id = self.next_update.fetch_add(1, Ordering::Relaxed);
        if self.webhook().is_none() {
            self.park(chat, id, kind, what);
            return Ok(());
        }
        let (told, word) = oneshot::channel();
        self.queue(chat, Update { id, kind, what, made: Instant::now(), stumble, told: Some(told) });
        word.await.unwrap_or(Err(0))
    }

    fn park(&self, chat: i64, id: i64, kind: &'static str, what: Value) {
        lock(&self.pending).insert(id, json!({"chat": chat, "kind": kind, "what": what}));
        self.news.notify_waiters();
    }

    // ------------------------------------------------------------- webhook

    #[expect(clippy::disallowed_methods, reason = "a simulator starts its own tasks")]
    fn queue(self: &Arc<Self>, chat: i64, update: Update) {
        self.queued.fetch_add(1, Ordering::Relaxed);
        let lane = lane(chat, update.kind);
        match self.queues.entry(lane) {
            // Whoever made the queue is draining it.
            Entry::Occupied(mut queue) => queue.get_mut().push_back(update),
            Entry::Vacant(slot) => {
                slot.insert(VecDeque::from([update]));
                tokio::spawn(self.clone().drain(lane));
            }
        }
    }

    async fn drain(self: Arc<Self>, lane: Lane) {
        loop {
            let next = self.queues.get_mut(&lane).and_then(|mut queue| queue.pop_front());
            if let Some(update) = next {
                self.deliver(lane.0, update).await;
                self.queued.fetch_sub(1, Ordering::Relaxed);
            } else if self.queues.remove_if(&lane, |_, queue| queue.is_empty()).is_some() {
                return;
            }
        }
    }

    /// Until it is taken: nothing of its lane may overtake it.
    async fn deliver(&self, chat: i64, mut update: Update) {
        let body = update.body();
        let mut failures = 0;
        if let Some(Stumble::Late { by }) = update.stumble {
            tokio::time::sleep(Duration::from_millis(by)).await;
        }
        loop {
            let Some(webhook) = self.webhook() else {
                update.tell(Ok(()));
                return self.park(chat, update.id, update.kind, update.what);
            };
            let (status, pause) = self.call(&webhook, body.clone()).await;
            let taken = (200..300).contains(&status);
            if taken && update.stumble.take() != Some(Stumble::Twice) {
                return update.tell(Ok(()));
            }
            if taken {
                continue;
            }
            if update.kind == "callback_query" && update.made.elapsed() > PRESS_LIFE {
                return update.tell(Err(status));
            }
            failures += 1;
            *lock(&self.trouble) = Some((now(), describe(status)));
            if failures >= WORD_AFTER {
                update.tell(Err(status));
            }
            tokio::time::sleep(pause.unwrap_or_else(|| wait(failures))).await;
        }
    }

    /// The status, 0 for no answer, and the pause that the answer asks for.
    async fn call(&self, webhook: &Webhook, body: String) -> (u16, Option<Duration>) {
        let Ok(_slot) = self.connections.acquire().await else { return (0, None) };
        let mut request = self.http().post(&webhook.url).header("content-type", "application/json").body(body);
        if let Some(secret) = &webhook.secret {
            request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
        }
        let Ok(response) = request.send().await else { return (0, None) };
        let pause = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let status = response.status().as_u16();
        // Read it, so that the connection can be used again.
        let _ = response.bytes().await;
        (status, pause.map(|seconds: u64| Duration::from_secs(seconds.min(3600))))
    }

    fn http(&self) -> &reqwest::Client {
        self.http.get_or_init(|| {
            let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).no_proxy().build();
            client.expect("TLS is installed before a platform calls out")
        })
    }

    /// Updates that nobody has taken yet.
    pub fn waiting_updates(&self) -> usize {
        lock(&self.pending).len() + self.queued.load(Ordering::Relaxed)
    }

    pub fn webhook_info(&self) -> Value {
        let waiting = self.waiting_updates();
        let url = self.webhook().map(|webhook| webhook.url.clone()).unwrap_or_default();
        let mut info = json!({"url": url, "has_custom_certificate": false, "pending_update_count": waiting});
        if let Some((at, message)) = &*lock(&self.trouble) {
            info["last_error_date"] = json!(at);
            info["last_error_message"] = json!(message);
        }
        info
    }

    // ------------------------------------------------------------- polling

    /// `getUpdates`; `None` when another poller takes over.
    pub async fn poll(&self, offset: Option<i64>, limit: usize, patience: Duration) -> Option<Vec<Value>> {
        let turn = self.poll.fetch_add(1, Ordering::SeqCst) + 1;
        self.news.notify_waiters();
        let deadline = tokio::time::Instant::now() + patience;
        if let Some(offset) = offset {
            self.confirm(offset);
        }
        loop {
            let news = self.news.notified();
            if self.poll.load(Ordering::SeqCst) != turn {
                return None;
            }
            let updates = self.waiting(limit);
            if !updates.is_empty() || tokio::time::timeout_at(deadline, news).await.is_err() {
                return Some(updates);
            }
        }
    }

    fn confirm(&self, offset: i64) {
        let mut pending = lock(&self.pending);
        let from = match usize::try_from(-offset) {
            // Negative: only the last so many are kept.
            Ok(last) if last > 0 => pending.keys().rev().nth(last - 1).copied().unwrap_or(i64::MIN),
            _ => offset,
        };
        *pending = pending.split_off(&from);
    }

    fn waiting(&self, limit: usize) -> Vec<Value> {
        let pending = lock(&self.pending);
        let update = |(id, parked): (&i64, &Value)| {
            let mut update = json!({"update_id": id});
            update[parked["kind"].as_str().unwrap_or_default()] = parked["what"].clone();
            update
        };
        pending.iter().take(limit).map(update).collect()
    }
}

impl Update {
    fn parked(id: i64, mut parked: Value) -> Self {
        let kind = match parked["kind"].as_str() {
            Some("edited_message") => "edited_message",
            Some("callback_query") => "callback_query",
            Some("message_reaction") => "message_reaction",
            Some("my_chat_member") => "my_chat_member",
            _ => "message",
        };
        Self { id, kind, what: parked["what"].take(), made: Instant::now(), stumble: None, told: None }
    }

    fn tell(&mut self, word: Result<(), u16>) {
        if let Some(told) = self.told.take() {
            let _ = told.send(word);
        }
    }

    /// As the server writes it: a line break after the id, and nothing beyond ASCII.
    fn body(&self) -> String {
        escape(&format!("{{\"update_id\":{},\n\"{}\":{}}}", self.id, self.kind, self.what))
    }
}

fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + json.len() / 2);
    for c in json.chars() {
        if c.is_ascii() {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    escaped
}

/// The first retry comes at once.
fn wait(failures: u32) -> Duration {
    if failures <= 1 { Duration::ZERO } else { (FIRST_WAIT * 2u32.pow((failures - 2).min(10))).min(LONGEST_WAIT) }
}

fn describe(status: u16) -> String {
    match axum::http::StatusCode::from_u16(status) {
        Ok(status) => format!("Wrong response from the webhook: {status}"),
        Err(_) => "Connection refused".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_ascii_and_says_the_same() {
        let update =
            Update {
                id: 7, kind: "message", what: json!({"text": "đơn 😀"}), made: Instant::now(), stumble: None, told: None
            };
        let body = update.body();
        assert_eq!(body, "{\"update_id\":7,\n\"message\":{\"text\":\"\\u0111\\u01a1n \\ud83d\\ude00\"}}");
        let read: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(read["message"]["text"], "đơn 😀");
    }

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<_> = (1..=4).map(|failures| wait(failures).as_millis()).collect();
        assert_eq!(waits, [0, 200, 400, 800]);
        assert_eq!(wait(40), LONGEST_WAIT);
    }
}
