//! One shop with web chat and one visitor, called as a browser calls.

use crate::kit::{House, channel, settings};
use async_trait::async_trait;
use futures::StreamExt;
use onethread_core::channel::{
    Admission, AnswerBody, ByteStream, Channel, Connector, DeliveryError, FetchError, FileRef, Health, HookAnswer, Inbound,
    Parcel, ParcelContent, RawCall, Receipt, Refusal, TranscriptEntry, Unreadable, Visit, Voice,
};
use onethread_core::contract::{Bench, Fate};
use onethread_core::ids::{ParcelId, PlatformUserId};
use onethread_core::secret::Settings;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

pub const SHOP: &str = "https://shop.example.vn";

pub struct Shop {
    pub house: Arc<House>,
    pub inbox: Arc<dyn Connector>,
    pub token: String,
    pub visitor: PlatformUserId,
    seq: Arc<AtomicI64>,
    ids: AtomicU32,
    settings: Settings,
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(json!({ "allowed_origins": [SHOP], "greeting": "Xin chào!" })).await
    }

    pub async fn with(wanted: Value) -> Self {
        let settings = settings(&wanted);
        let house = Arc::new(House::new("https://chat.example/hooks/inb_test", settings.clone()));
        let inbox = house.open(channel("webchat").as_ref());
        let mut shop = Self {
            house,
            inbox,
            token: String::new(),
            visitor: "".into(),
            seq: Arc::default(),
            ids: AtomicU32::new(1),
            settings,
        };
        let session = shop.session(None).await;
        shop.token = session["token"].as_str().expect("a token").to_owned();
        shop.visitor = session["visitor"].as_str().expect("a visitor").into();
        shop
    }

    pub async fn host(&self, call: RawCall) -> Option<HookAnswer> {
        self.inbox.host(&Visit { call, remote: "203.0.113.7".into() }).await
    }

    pub async fn call_from(&self, origin: Option<&str>, method: &str, path: &str) -> Option<HookAnswer> {
        let mut call = browser("", method, path);
        call.headers = origin.map(|origin| ("origin".to_owned(), origin.to_owned())).into_iter().collect();
        self.host(call).await
    }

    pub async fn get_bare(&self, path: &str, headers: &[(&str, &str)]) -> HookAnswer {
        let mut call = browser("", "GET", path);
        call.headers = owned(headers);
        self.host(call).await.expect("hosted")
    }

    pub async fn get_as(&self, token: &str, path: &str, headers: &[(&str, &str)]) -> HookAnswer {
        let mut call = browser(token, "GET", path);
        call.headers.extend(owned(headers));
        self.host(call).await.expect("hosted")
    }

    pub async fn session(&self, token: Option<&str>) -> Value {
        let mut call = browser("", "POST", "session");
        call.body = json!({ "token": token }).to_string().into();
        let answer = self.host(call).await.expect("hosted");
        assert_eq!(answer.status, 200);
        serde_json::from_slice(&body_of(answer)).expect("a session is JSON")
    }

    pub async fn upload(&self, query: &str, mime: &str, bytes: Vec<u8>) -> HookAnswer {
        let mut call = browser(&self.token, "POST", &format!("files?{query}"));
        call.headers.push(("content-type".into(), mime.into()));
        call.body = bytes.into();
        self.host(call).await.expect("hosted")
    }

    pub async fn fetched(&self, file: &FileRef) -> Option<Vec<u8>> {
        let mut stream = self.inbox.fetch(file).await.ok()?;
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await {
            bytes.extend(chunk.expect("a readable file"));
        }
        Some(bytes)
    }

    pub fn posted(&self, body: Vec<u8>) -> RawCall {
        let mut call = browser(&self.token, "POST", "messages");
        call.headers.push(("x-onethread-visitor".into(), self.visitor.to_string()));
        call.body = body.into();
        call
    }

    pub fn said(&self, text: &str) -> RawCall {
        let number = self.ids.fetch_add(1, Ordering::SeqCst);
        let id = format!("00000000-0000-4000-8000-{number:012}");
        self.posted(json!({ "id": id, "text": text }).to_string().into_bytes())
    }

    pub fn entry(&self, seq: i64, from: &str, text: &str) {
        self.seq.fetch_max(seq, Ordering::SeqCst);
        note(&self.house, &self.visitor, seq, from, text);
    }

    /// The gateway's road: first the transcript, then the connector.
    pub async fn answers(&self, text: &str) -> Receipt {
        self.connector().deliver(&self.parcel(text)).await.expect("nothing can refuse")
    }

    /// A delivery whose message is not in the transcript yet.
    pub async fn nudge(&self) {
        self.inbox.deliver(&self.parcel("…")).await.expect("nothing can refuse");
    }

    fn parcel(&self, text: &str) -> Parcel {
        let content = ParcelContent::Text { text: text.into(), buttons: Vec::new(), ask_phone: None };
        let key = ParcelId::fresh(1_790_000_000_000);
        Parcel { key, to: self.visitor.clone(), content, reply_to: None, voice: Voice::Bot, last_interaction: None }
    }

    pub async fn stream(&self, headers: &[(&str, &str)]) -> ByteStream {
        let answer = self.get_as(&self.token, "stream", headers).await;
        assert_eq!(answer.status, 200);
        assert!(answer.headers.contains(&("x-accel-buffering".into(), "no".into())));
        match answer.body {
            AnswerBody::Stream(stream) => stream,
            AnswerBody::Bytes(_) => panic!("a stream"),
        }
    }
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn browser(token: &str, method: &str, target: &str) -> RawCall {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = owned(&[("origin", SHOP), ("authorization", &format!("Bearer {token}"))]);
    RawCall { method: method.into(), path: path.into(), query: query.into(), headers, ..RawCall::default() }
}

/// The token with its last digit changed.
pub fn forge(token: &str) -> String {
    let (rest, last) = token.split_at(token.len() - 1);
    format!("{rest}{}", if last == "0" { '1' } else { '0' })
}

pub fn body_of(answer: HookAnswer) -> Vec<u8> {
    match answer.body {
        AnswerBody::Bytes(bytes) => bytes.to_vec(),
        AnswerBody::Stream(_) => panic!("a body, not a stream"),
    }
}

/// The next thing on the stream that is no mere sign of life.
pub async fn next_event(stream: &mut ByteStream) -> String {
    loop {
        let chunk = tokio::time::timeout(crate::kit::PATIENCE, stream.next()).await.expect("something is heard in time");
        let text = String::from_utf8(chunk.expect("the stream is open").expect("readable").to_vec()).expect("text");
        if !text.starts_with(':') {
            return text;
        }
    }
}

fn note(house: &House, visitor: &PlatformUserId, seq: i64, from: &str, text: &str) {
    let entry = TranscriptEntry {
        seq,
        id: format!("msg_{seq}"),
        from: from.into(),
        text: text.into(),
        attachments: Vec::new(),
        buttons: Vec::new(),
        ask_phone: None,
        at: 1_790_000_000_000 + seq,
        platform_id: None,
    };
    house.transcript.add(visitor, entry);
}

/// The connector behind the gateway, which writes the transcript before it delivers.
struct Behind {
    inbox: Arc<dyn Connector>,
    house: Arc<House>,
    seq: Arc<AtomicI64>,
}

#[async_trait]
impl Connector for Behind {
    fn admit(&self, call: &RawCall) -> Result<Admission, Refusal> {
        self.inbox.admit(call)
    }
    fn read(&self, call: &RawCall) -> Result<Vec<Inbound>, Unreadable> {
        self.inbox.read(call)
    }
    async fn deliver(&self, parcel: &Parcel) -> Result<Receipt, DeliveryError> {
        if let ParcelContent::Text { text, .. } = &parcel.content {
            let seq = self.seq.fetch_add(1, Ordering::SeqCst) + 1;
            note(&self.house, &parcel.to, seq, "bot", text);
        }
        self.inbox.deliver(parcel).await
    }
    async fn fetch(&self, file: &FileRef) -> Result<ByteStream, FetchError> {
        self.inbox.fetch(file).await
    }
    async fn probe(&self) -> Health {
        self.inbox.probe().await
    }
}

#[async_trait]
impl Bench for Shop {
    fn channel(&self) -> Arc<dyn Channel> {
        channel("webchat")
    }
    fn settings(&self) -> Settings {
        self.settings.clone()
    }
    fn connector(&self) -> Arc<dyn Connector> {
        Arc::new(Behind { inbox: self.inbox.clone(), house: self.house.clone(), seq: self.seq.clone() })
    }
    fn customer(&self) -> PlatformUserId {
        self.visitor.clone()
    }
    async fn says(&self, text: &str) -> RawCall {
        self.said(text)
    }
    async fn redelivered(&self, call: &RawCall) -> RawCall {
        call.clone()
    }
    async fn forged(&self) -> Option<RawCall> {
        let mut call = self.said("giả mạo");
        let bearer = call.headers.iter_mut().find(|(name, _)| name == "authorization").expect("a token");
        bearer.1 = forge(&bearer.1);
        Some(call)
    }
    async fn novelty(&self) -> RawCall {
        self.posted(include_bytes!("../../samples/webchat/newer.json").to_vec())
    }
    async fn nonsense(&self) -> RawCall {
        self.posted(b"{\"id\": [[[".to_vec())
    }
    /// What the widget draws after a reload.
    async fn phone(&self) -> Vec<String> {
        let answer = self.get_as(&self.token, "history", &[]).await;
        let value: Value = serde_json::from_slice(&body_of(answer)).expect("json");
        let entries = value["entries"].as_array().expect("entries").iter();
        entries
            .filter(|entry| entry["from"] != "customer")
            .map(|entry| entry["text"].as_str().expect("text").to_owned())
            .collect()
    }
    async fn fate(&self, fate: Fate) {
        panic!("there is no other side that could deal {fate:?}");
    }
    fn fates(&self) -> Vec<Fate> {
        Vec::new()
    }
}
