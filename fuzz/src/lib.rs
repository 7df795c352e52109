//! One connector, fed with bytes: as a body that is read, and as the body,
//! headers and query of a stranger's call, which must never be let in.
//!
//! A seed is a sample as the platform sends it. What comes out of it may not be
//! much more than went in; libFuzzer itself watches time and memory.

use async_trait::async_trait;
use bytes::Bytes;
use onethread_core::channel::{
    Connector, Errands, FetchError, Files, HeldVault, KeptFile, Kit, RawCall, Transcript, TranscriptEntry, Vault, VaultError,
};
use onethread_core::clock::SystemClock;
use onethread_core::ids::{FileId, InboxId, PlatformUserId};
use onethread_core::secret::Settings;
use serde_json::json;
use std::sync::{Arc, OnceLock};

/// The headers that connectors look at.
const HEADERS: [&str; 7] = [
    "x-hub-signature-256",
    "x-zevent-signature",
    "x-zevent-timestamp",
    "x-telegram-bot-api-secret-token",
    "authorization",
    "x-onethread-visitor",
    "origin",
];
/// Of the input, so much is also tried as a header.
const HEADER: usize = 200;

/// Feed one input to the connector of this kind.
pub fn feed(kind: &str, data: &[u8]) {
    static OPEN: OnceLock<Arc<dyn Connector>> = OnceLock::new();
    let connector = OPEN.get_or_init(|| open(kind));
    let word = String::from_utf8_lossy(&data[..data.len().min(HEADER)]).into_owned();
    read(connector.as_ref(), data, &word);
    knock(connector.as_ref(), data, &word);
}

fn read(connector: &dyn Connector, data: &[u8], word: &str) {
    let mut call = RawCall::fetched(data.to_vec());
    call.headers = connector.kept_headers().iter().map(|name| ((*name).to_owned(), word.to_owned())).collect();
    if let Ok(events) = connector.read(&call) {
        let weight: usize = events.iter().map(|event| format!("{event:?}").len()).sum();
        assert!(weight <= 64 * data.len() + 65_536, "{weight} bytes came out of {}", data.len());
    }
}

fn knock(connector: &dyn Connector, data: &[u8], word: &str) {
    for (method, path) in [("POST", ""), ("POST", "messages"), ("GET", ""), ("FETCHED", "")] {
        let headers = HEADERS.iter().map(|name| ((*name).to_owned(), word.to_owned())).collect();
        let (path, query, body) = (path.to_owned(), word.to_owned(), data.to_vec().into());
        let let_in = connector.admit(&RawCall { method: method.into(), path, query, headers, body });
        // One body is a question that anybody may ask: whether this address answers.
        assert!(let_in.is_err() || data.trim_ascii() == b"{}", "a stranger was let in");
    }
}

fn open(kind: &str) -> Arc<dyn Connector> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = onethread_connectors::http::client().expect("a client");
    let channel = onethread_connectors::registry(&http).into_iter().find(|channel| channel.kind() == kind).expect("a channel");
    let settings: Settings = serde_json::from_value(settings(kind)).expect("settings are an object");
    let nothing = Arc::new(Nothing(settings.clone()));
    let kit = Kit {
        inbox: InboxId::from("inb_fuzz"),
        hook_url: "https://gateway.example/hooks/inb_fuzz".into(),
        clock: Arc::new(SystemClock),
        vault: nothing.clone(),
        transcript: nothing.clone(),
        files: nothing.clone(),
        errands: nothing,
    };
    channel.open(&settings, kit).expect("the settings open an inbox")
}

fn settings(kind: &str) -> serde_json::Value {
    match kind {
        "telegram" => json!({ "token": "7200000001:AAGs1mulat3dB0tT0kenF0rTestsOnly000", "webhook_secret": "hush-hush-hush" }),
        "discord" => json!({ "token": "MTI5MDAwMDAwMDAwMDAwMDAwMQ.GsImUl.ated-bot-token" }),
        "facebook" => json!({ "page_id": "1", "page_token": "t", "app_secret": "s", "verify_token": "vvvvvvvvvvvvvvvvvvvv" }),
        "zalo" => json!({ "oa_id": "1", "app_id": "2", "app_secret": "s", "oa_secret_key": "k", "access_token": "a",
            "refresh_token": "r" }),
        _ => json!({ "allowed_origins": ["https://shop.example.vn"], "visitor_key": "0123456789abcdef0123456789abcdef" }),
    }
}

/// A house that lends nothing but its settings.
struct Nothing(Settings);

#[async_trait]
impl Vault for Nothing {
    async fn lock(&self) -> Result<Box<dyn HeldVault>, VaultError> {
        Err(VaultError("there is no vault here".into()))
    }

    async fn settings(&self) -> Result<Settings, VaultError> {
        Ok(self.0.clone())
    }
}

#[async_trait]
impl Transcript for Nothing {
    async fn since(&self, _: &PlatformUserId, _: i64, _: usize) -> Result<Vec<TranscriptEntry>, VaultError> {
        Ok(Vec::new())
    }
}

impl Errands for Nothing {
    fn run(&self, _: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>) {}
}

#[async_trait]
impl Files for Nothing {
    async fn open(&self, _: &FileId) -> Result<Bytes, FetchError> {
        Err(FetchError::Gone)
    }

    async fn keep(&self, _: Option<&str>, _: Bytes) -> Result<KeptFile, FetchError> {
        Err(FetchError::Gone)
    }

    fn link(&self, _: &FileId) -> String {
        String::new()
    }
}
