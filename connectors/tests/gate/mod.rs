//! A hook that answers as the gateway does: the connector decides what is
//! admitted, and what is admitted is kept. Test equipment only.

#![allow(dead_code, reason = "each test file uses its own part of the gate")]
#![allow(clippy::disallowed_methods, reason = "tests start their own tasks")]

use crate::kit::{House, Ledger};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use onethread_core::channel::{
    Admission, AnswerBody, ByteStream, Channel, Connector, FetchError, HookAnswer, Inbound, Intake, Parcel, ParcelContent,
    RawCall, Receipt, Refusal, Voice, What,
};
use onethread_core::clock::Millis;
use onethread_core::contract::Fate;
use onethread_core::ids::{ParcelId, PlatformUserId};
use onethread_core::message::Button;
use onethread_simulator::{Bubble, BubbleFrom, Fault, Platform, World};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Everything in one place: a world, an inbox on one of its platforms, and the gate between them.
pub struct Stage {
    pub world: World,
    pub house: House,
    pub gate: Gate,
    pub channel: Arc<dyn Channel>,
    pub connector: Arc<dyn Connector>,
    pub platform: Arc<dyn Platform>,
    pub customer: PlatformUserId,
}

impl Stage {
    pub async fn set(kind: &str) -> Self {
        let channel = crate::kit::channel(kind);
        let world = World::start(([127, 0, 0, 1], 0).into()).await.expect("a world starts");
        let platform = world.platforms().into_iter().find(|platform| platform.kind() == kind).expect("the platform is there");
        let gate = Gate::start().await;
        let settings = crate::kit::settings(&platform.settings(&world.base(platform.as_ref())));
        let house = House::new(&gate.url, settings);
        house.clock.0.store(now(), Ordering::SeqCst);
        let connector = house.open(channel.as_ref());
        gate.guard_with(connector.clone());
        connector.connect().await.expect("the platform lets us connect");
        platform.point_at(&gate.url);
        let customer = platform.introduce("Nguyễn Lan").into();
        Self { world, house, gate, channel, connector, platform, customer }
    }

    pub async fn act(&self, act: onethread_simulator::Act) -> Option<String> {
        self.platform.act(self.customer.as_str(), act).await.expect("the platform does it and the gate takes it")
    }

    /// The customer says it; the call as it came.
    pub async fn hear(&self, text: &str) -> RawCall {
        let said = onethread_simulator::Act::Says { text: text.to_owned(), reply_to: None };
        let id = self.act(said).await.expect("a message has an id");
        self.gate.find(&id).await
    }

    /// What the calls say that mention `mark`, from the next one on.
    pub async fn read(&self, mark: &str) -> Vec<Inbound> {
        self.connector.read(&self.gate.find(mark).await).expect("the call can be read")
    }

    pub async fn next_what(&self, mark: &str) -> What {
        let [event] = <[Inbound; 1]>::try_from(self.read(mark).await).expect("one event");
        assert_eq!(event.from.user, self.customer);
        event.what
    }

    pub fn parcel(&self, content: ParcelContent) -> Parcel {
        let now = self.house.kit().clock.now();
        let to = self.customer.clone();
        Parcel { key: ParcelId::fresh(now), to, content, reply_to: None, voice: Voice::Bot, last_interaction: Some(now) }
    }

    pub async fn deliver(&self, content: ParcelContent) -> Receipt {
        self.connector.deliver(&self.parcel(content)).await.expect("it is delivered")
    }

    /// The last bubble of the business.
    pub fn bubble(&self) -> Bubble {
        let mut bubbles = self.platform.phones().of(self.customer.as_str()).bubbles;
        bubbles.retain(|bubble| bubble.from == BubbleFrom::Business);
        bubbles.pop().expect("the business said something")
    }

    pub fn fail(&self, fate: Fate) {
        self.platform.faults().next(match fate {
            Fate::Blocked => Fault::Blocked,
            Fate::WindowClosed => Fault::WindowClosed,
            Fate::BadContent => Fault::BadContent,
            Fate::Throttled => Fault::Throttled { retry_after: 3000 },
            Fate::Unreachable => Fault::ServerError,
            Fate::AnswerLost => Fault::AnswerLost,
            Fate::TokenRevoked => Fault::TokenRevoked,
        });
    }
}

pub fn text(text: &str) -> ParcelContent {
    ParcelContent::Text { text: text.to_owned(), buttons: Vec::new(), ask_phone: None }
}

pub fn with_buttons(text: &str, buttons: Vec<Button>) -> ParcelContent {
    ParcelContent::Text { text: text.to_owned(), buttons, ask_phone: None }
}

/// The machine's clock, which the simulated platforms keep.
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Millis::try_from(since.as_millis()).expect("before the year 292 million")
}

pub async fn bytes_of(stream: Result<ByteStream, FetchError>) -> Vec<u8> {
    use futures::TryStreamExt;
    let pieces: Vec<bytes::Bytes> = stream.expect("the file is there").try_collect().await.expect("the file comes whole");
    pieces.concat()
}

/// The hook itself.
pub struct Gate {
    pub url: String,
    state: Arc<GateState>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct GateState {
    guard: RwLock<Option<Arc<dyn Connector>>>,
    kept: Ledger,
    refused: AtomicUsize,
    failures: AtomicUsize,
}

impl Gate {
    pub async fn start() -> Self {
        let state = Arc::new(GateState::default());
        let router = axum::Router::new().fallback(pass).with_state(state.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hooks/inb_test", listener.local_addr().expect("a bound port"));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("the gate serves") });
        Self { url, state, server }
    }

    pub fn guard_with(&self, connector: Arc<dyn Connector>) {
        *self.state.guard.write().expect("nobody panics here") = Some(connector);
    }

    /// The next call whose body has `mark`; others are passed over. Panics when none comes.
    pub async fn find(&self, mark: &str) -> RawCall {
        loop {
            let call = self.state.kept.next().await;
            if String::from_utf8_lossy(&call.body).contains(mark) {
                return call;
            }
        }
    }

    pub async fn next_within(&self, patience: Duration) -> Option<RawCall> {
        self.state.kept.next_within(patience).await
    }

    /// Everything that was kept so far.
    pub fn calls(&self) -> Vec<RawCall> {
        self.state.kept.calls()
    }

    /// How many calls were turned away.
    pub fn refused(&self) -> usize {
        self.state.refused.load(Ordering::SeqCst)
    }

    /// Answer the next `times` calls with 503 and keep nothing of them.
    pub fn stumble(&self, times: usize) {
        self.state.failures.store(times, Ordering::SeqCst);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(State(state): State<Arc<GateState>>, request: Request) -> Response {
    if state.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let call = raw_call(request).await;
    let guard = state.guard.read().expect("nobody panics here").clone();
    let admitted = guard.expect("the gate is guarded before anybody calls").admit(&call);
    match admitted {
        Ok(Admission::Answer(answer)) => respond(answer),
        Ok(Admission::Keep(answer)) => {
            state.kept.accept(vec![call], None).await.expect("the gate keeps everything");
            respond(answer)
        }
        Err(refusal) => {
            state.refused.fetch_add(1, Ordering::SeqCst);
            let status = match refusal {
                Refusal::Forged => StatusCode::UNAUTHORIZED,
                Refusal::Forbidden => StatusCode::FORBIDDEN,
                Refusal::Malformed => StatusCode::BAD_REQUEST,
                Refusal::TooMany => StatusCode::TOO_MANY_REQUESTS,
            };
            status.into_response()
        }
    }
}

fn respond(answer: HookAnswer) -> Response {
    let AnswerBody::Bytes(body) = answer.body else { panic!("a hook answers with bytes") };
    (StatusCode::from_u16(answer.status).expect("a status"), body).into_response()
}

async fn raw_call(request: Request) -> RawCall {
    let (parts, body) = request.into_parts();
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    RawCall {
        method: parts.method.to_string(),
        path: String::new(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: axum::body::to_bytes(body, 2 << 20).await.expect("a whole body"),
    }
}
