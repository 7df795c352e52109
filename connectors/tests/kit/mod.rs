//! What the house lends a connector, in memory, and a hook that platforms call.
//! Test equipment only: nothing here is durable and nothing is checked twice.

#![allow(dead_code, reason = "each test file uses its own part of the kit")]
#![allow(clippy::disallowed_methods, reason = "tests start their own tasks")]

use async_trait::async_trait;
use axum::extract::{Request, State};
use bytes::Bytes;
use onethread_core::channel::{
    Bookmark, Channel, Connector, Errands, FetchError, Files, HeldVault, Intake, IntakeError, KeptFile, Kit, Place, PlaceMark,
    RawCall, Transcript, TranscriptEntry, Vault, VaultError,
};
use onethread_core::clock::{Clock, Millis};
use onethread_core::ids::{FileId, InboxId, PlatformUserId};
use onethread_core::message::FileKind;
use onethread_core::secret::Settings;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once};
use std::time::Duration;
use tokio::sync::Notify;

/// How long a test waits for anything before it fails.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// TLS needs its cryptography once per process, even for loopback tests.
pub fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// The channel of this kind, as the registry has it.
pub fn channel(kind: &str) -> Arc<dyn Channel> {
    install_tls();
    let http = onethread_connectors::http::client().expect("the shared client is built");
    let mut channels = onethread_connectors::registry(&http).into_iter();
    channels.find(|channel| channel.kind() == kind).expect("the channel is registered")
}

/// Settings from a JSON object.
pub fn settings(value: &Value) -> Settings {
    serde_json::from_value(value.clone()).expect("settings are a JSON object")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panics while it holds the kit")
}

// ------------------------------------------------------------------ the house

/// Everything that [`Kit`] borrows from, kept where a test can look at it.
pub struct House {
    pub clock: Arc<TestClock>,
    pub vault: Arc<MemoryVault>,
    pub transcript: Arc<MemoryTranscript>,
    pub files: Arc<MemoryFiles>,
    pub inbox: InboxId,
    pub hook_url: String,
}

impl House {
    pub fn new(hook_url: &str, settings: Settings) -> Self {
        Self {
            clock: Arc::new(TestClock(AtomicI64::new(1_790_000_000_000))),
            vault: Arc::new(MemoryVault::new(settings)),
            transcript: Arc::default(),
            files: Arc::default(),
            inbox: InboxId::from("inb_test"),
            hook_url: hook_url.to_owned(),
        }
    }

    pub fn kit(&self) -> Kit {
        Kit {
            inbox: self.inbox.clone(),
            hook_url: self.hook_url.clone(),
            clock: self.clock.clone(),
            vault: self.vault.clone(),
            transcript: self.transcript.clone(),
            files: self.files.clone(),
            errands: Arc::new(Runtime),
        }
    }

    /// Open an inbox with the settings that the vault holds.
    pub fn open(&self, channel: &dyn Channel) -> Arc<dyn Connector> {
        let settings = self.vault.now();
        channel.open(&settings, self.kit()).expect("the settings open an inbox")
    }
}

/// A clock that a test moves.
pub struct TestClock(pub AtomicI64);

impl TestClock {
    pub fn advance(&self, by: Millis) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::SeqCst)
    }
}

/// The inbox's settings behind one refresh lock. `stores` counts how often they were changed.
pub struct MemoryVault {
    settings: Arc<Mutex<Settings>>,
    turn: Arc<tokio::sync::Mutex<()>>,
    pub stores: Arc<AtomicUsize>,
}

impl MemoryVault {
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(Mutex::new(settings)), turn: Arc::default(), stores: Arc::default() }
    }

    pub fn now(&self) -> Settings {
        lock(&self.settings).clone()
    }
}

#[async_trait]
impl Vault for MemoryVault {
    async fn lock(&self) -> Result<Box<dyn HeldVault>, VaultError> {
        let turn = self.turn.clone().lock_owned().await;
        Ok(Box::new(MemoryHold { settings: self.settings.clone(), stores: self.stores.clone(), _turn: turn }))
    }

    async fn settings(&self) -> Result<Settings, VaultError> {
        Ok(self.now())
    }
}

struct MemoryHold {
    settings: Arc<Mutex<Settings>>,
    stores: Arc<AtomicUsize>,
    _turn: tokio::sync::OwnedMutexGuard<()>,
}

#[async_trait]
impl HeldVault for MemoryHold {
    async fn settings(&self) -> Result<Settings, VaultError> {
        Ok(lock(&self.settings).clone())
    }

    async fn store(&mut self, changed: Settings) -> Result<(), VaultError> {
        *lock(&self.settings) = changed;
        self.stores.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// What each person may see of their own thread.
#[derive(Default)]
pub struct MemoryTranscript(pub Mutex<HashMap<PlatformUserId, Vec<TranscriptEntry>>>);

impl MemoryTranscript {
    pub fn add(&self, user: &PlatformUserId, entry: TranscriptEntry) {
        lock(&self.0).entry(user.clone()).or_default().push(entry);
    }
}

#[async_trait]
impl Transcript for MemoryTranscript {
    async fn since(&self, user: &PlatformUserId, after: i64, limit: usize) -> Result<Vec<TranscriptEntry>, VaultError> {
        let entries = lock(&self.0).get(user).cloned().unwrap_or_default();
        let entries: Vec<_> = entries.into_iter().filter(|entry| entry.seq > after).collect();
        let surplus = entries.len().saturating_sub(limit);
        Ok(entries.into_iter().skip(surplus).collect())
    }
}

/// Errands are run beside the test.
struct Runtime;

impl Errands for Runtime {
    fn run(&self, errand: futures::future::BoxFuture<'static, ()>) {
        tokio::spawn(errand);
    }
}

/// Stored files by id. Links point nowhere.
#[derive(Default)]
pub struct MemoryFiles(pub Mutex<HashMap<FileId, Bytes>>);

impl MemoryFiles {
    /// Put bytes in, as a file to send.
    pub fn put(&self, bytes: impl Into<Bytes>) -> FileId {
        let id = FileId::fresh(1_790_000_000_000);
        lock(&self.0).insert(id.clone(), bytes.into());
        id
    }
}

#[async_trait]
impl Files for MemoryFiles {
    async fn open(&self, id: &FileId) -> Result<Bytes, FetchError> {
        lock(&self.0).get(id).cloned().ok_or(FetchError::Gone)
    }

    async fn keep(&self, name: Option<&str>, bytes: Bytes) -> Result<KeptFile, FetchError> {
        let mime = match name.and_then(|name| name.rsplit('.').next()) {
            Some("png") => "image/png",
            Some("jpg" | "jpeg") => "image/jpeg",
            _ => "application/octet-stream",
        };
        let size = i64::try_from(bytes.len()).expect("a test file is small");
        Ok(KeptFile { id: self.put(bytes), kind: FileKind::of_mime(mime), mime: mime.to_owned(), size })
    }

    fn link(&self, id: &FileId) -> String {
        format!("https://files.example/{id}")
    }
}

// ------------------------------------------------------------------ the ledger

/// Takes events like the gateway: in order, with the bookmark. Can be told to refuse.
#[derive(Default)]
pub struct Ledger {
    calls: Mutex<Vec<RawCall>>,
    taken: AtomicUsize,
    bookmark: Mutex<Option<Value>>,
    places: Mutex<HashMap<String, Place>>,
    /// Accepted before the refusals begin.
    before_refusing: AtomicUsize,
    refusals: AtomicUsize,
    news: Notify,
}

impl Ledger {
    /// Refuse the next `times` calls of `accept`.
    pub fn refuse(&self, times: usize) {
        self.refusals.store(times, Ordering::SeqCst);
    }

    /// Take `good` calls of `accept`, then refuse one.
    pub fn refuse_after(&self, good: usize) {
        self.before_refusing.store(good, Ordering::SeqCst);
        self.refuse(1);
    }

    fn refuses(&self) -> bool {
        let one_less =
            |counter: &AtomicUsize| counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        !one_less(&self.before_refusing) && one_less(&self.refusals)
    }

    pub fn calls(&self) -> Vec<RawCall> {
        lock(&self.calls).clone()
    }

    pub fn bookmark(&self) -> Option<Value> {
        lock(&self.bookmark).clone()
    }

    /// The next event that was not asked for yet. Panics when none comes.
    pub async fn next(&self) -> RawCall {
        self.next_within(PATIENCE).await.expect("an event arrives in time")
    }

    pub async fn next_within(&self, patience: Duration) -> Option<RawCall> {
        let wait = async {
            loop {
                let news = self.news.notified();
                if let Some(call) = self.untaken() {
                    return call;
                }
                news.await;
            }
        };
        tokio::time::timeout(patience, wait).await.ok()
    }

    fn untaken(&self) -> Option<RawCall> {
        let calls = lock(&self.calls);
        let call = calls.get(self.taken.load(Ordering::SeqCst)).cloned();
        if call.is_some() {
            self.taken.fetch_add(1, Ordering::SeqCst);
        }
        call
    }
}

#[async_trait]
impl Intake for Ledger {
    async fn accept(&self, calls: Vec<RawCall>, bookmark: Option<Bookmark>) -> Result<(), IntakeError> {
        if self.refuses() {
            return Err(IntakeError("the test refuses".into()));
        }
        lock(&self.calls).extend(calls);
        if let Some(bookmark) = bookmark {
            *lock(&self.bookmark) = Some(bookmark.mark);
            lock(&self.places).extend(bookmark.places.into_iter().map(|place| (place.id.clone(), place)));
        }
        self.news.notify_waiters();
        Ok(())
    }

    async fn place(&self, id: &str) -> Result<Option<Place>, IntakeError> {
        Ok(lock(&self.places).get(id).cloned())
    }

    async fn places(&self, from: Option<&PlaceMark>, limit: usize) -> Result<Vec<Place>, IntakeError> {
        let mut places: Vec<Place> = lock(&self.places).values().cloned().collect();
        places.sort_by(|one, two| (two.heard, &two.id).cmp(&(one.heard, &one.id)));
        let after = |place: &Place| from.is_none_or(|from| (place.heard, &place.id) < (from.heard, &from.id));
        Ok(places.into_iter().filter(after).take(limit).collect())
    }
}

// -------------------------------------------------------------------- the hook

/// An HTTP listener that stands where the gateway's hook would: it keeps every call it gets.
pub struct Hook {
    pub url: String,
    state: Arc<HookState>,
    server: tokio::task::JoinHandle<()>,
}

struct HookState {
    calls: Ledger,
    status: AtomicU16,
    failures: AtomicUsize,
}

impl Hook {
    /// Listens on a free port; the URL ends in `/hooks/inb_test`.
    pub async fn start() -> Self {
        let state = Arc::new(HookState { calls: Ledger::default(), status: AtomicU16::new(200), failures: AtomicUsize::new(0) });
        let router = axum::Router::new().fallback(take).with_state(state.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hooks/inb_test", listener.local_addr().expect("a bound port"));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("the hook serves") });
        Self { url, state, server }
    }

    /// The next call that was not asked for yet. Panics when none comes.
    pub async fn next(&self) -> RawCall {
        self.state.calls.next().await
    }

    pub async fn next_within(&self, patience: Duration) -> Option<RawCall> {
        self.state.calls.next_within(patience).await
    }

    /// Every call that was taken with 200, in order.
    pub fn calls(&self) -> Vec<RawCall> {
        self.state.calls.calls()
    }

    /// Answer the next `times` calls with `status`, and keep nothing of them.
    pub fn fail(&self, times: usize, status: u16) {
        self.state.status.store(status, Ordering::SeqCst);
        self.state.failures.store(times, Ordering::SeqCst);
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(State(state): State<Arc<HookState>>, request: Request) -> axum::http::StatusCode {
    let failing = state.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    if failing {
        let status = state.status.load(Ordering::SeqCst);
        return axum::http::StatusCode::from_u16(status).expect("a status");
    }
    let call = raw_call(request).await;
    state.calls.accept(vec![call], None).await.expect("the hook keeps everything");
    axum::http::StatusCode::OK
}

/// A request as the gateway would keep it.
async fn raw_call(request: Request) -> RawCall {
    let (parts, body) = request.into_parts();
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    RawCall {
        method: parts.method.to_string(),
        path: parts.uri.path().trim_start_matches("/hooks/inb_test").trim_start_matches('/').to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: axum::body::to_bytes(body, 2 << 20).await.expect("a whole body"),
    }
}
