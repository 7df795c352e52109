//! The gateway: sessions with sequence numbers, a replay buffer for resuming,
//! heartbeats and close codes.

use super::chats::bot;
use super::{BOT_ID, State, TOKEN};
use crate::Fault;
use crate::fault::lock;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Events that a session can be given again.
const REPLAY: usize = 20_000;
/// A session that nobody resumes is forgotten after this.
const SESSION_LIFE: Duration = Duration::from_secs(300);
/// Intents that need a permission this bot has not: members, presences, message content.
const PRIVILEGED: u64 = 1 << 1 | 1 << 8 | 1 << 15;
const ALL_INTENTS: u64 = (1 << 26) - 1;
const DIRECT_MESSAGES: u64 = 1 << 12;
const DIRECT_REACTIONS: u64 = 1 << 13;
const DIRECT_TYPING: u64 = 1 << 14;

pub struct Gateway {
    sessions: Mutex<HashMap<String, Session>>,
    beat: AtomicU64,
    silent: AtomicBool,
    identifies_left: AtomicI64,
    identified: AtomicUsize,
    resumed: AtomicUsize,
    begun: Notify,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            sessions: Mutex::default(),
            beat: AtomicU64::new(41_250),
            silent: AtomicBool::new(false),
            identifies_left: AtomicI64::new(1000),
            identified: AtomicUsize::new(0),
            resumed: AtomicUsize::new(0),
            begun: Notify::new(),
        }
    }
}

/// Frames to one client; `None` breaks the connection.
type Line = UnboundedSender<Option<Message>>;

struct Session {
    intents: u64,
    seq: u64,
    replay: VecDeque<(u64, Utf8Bytes)>,
    line: Option<Line>,
    left: Option<Instant>,
}

impl Session {
    fn dispatch(&mut self, kind: &str, data: &str) {
        self.seq += 1;
        let frame = Utf8Bytes::from(format!(r#"{{"t":"{kind}","s":{},"op":0,"d":{data}}}"#, self.seq));
        self.replay.push_back((self.seq, frame.clone()));
        if self.replay.len() > REPLAY {
            self.replay.pop_front();
        }
        if let Some(line) = &self.line {
            let _ = line.send(Some(Message::Text(frame)));
        }
    }

    fn is_over(&self) -> bool {
        self.left.is_some_and(|left| left.elapsed() > SESSION_LIFE)
    }
}

impl Gateway {
    /// Something happened: every session that asked for it is told, now or when it resumes.
    pub fn dispatch(&self, kind: &str, data: &Value) {
        let needs = match kind {
            "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE" => DIRECT_REACTIONS,
            "TYPING_START" => DIRECT_TYPING,
            "INTERACTION_CREATE" => 0,
            _ => DIRECT_MESSAGES,
        };
        let data = data.to_string();
        for session in lock(&self.sessions).values_mut().filter(|session| session.intents & needs == needs) {
            session.dispatch(kind, &data);
        }
    }

    pub fn tell_all(&self, frame: Utf8Bytes) {
        for session in lock(&self.sessions).values() {
            if let Some(line) = &session.line {
                let _ = line.send(Some(Message::Text(frame.clone())));
            }
        }
    }

    /// Break every connection; perhaps forget the sessions as well.
    pub fn cut(&self, forget: bool) {
        let mut sessions = lock(&self.sessions);
        for session in sessions.values_mut() {
            if let Some(line) = session.line.take() {
                let _ = line.send(None);
            }
            session.left = Some(Instant::now());
        }
        if forget {
            sessions.clear();
        }
    }

    pub fn beat_every(&self, interval: Duration) {
        self.beat.store(u64::try_from(interval.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    pub fn go_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }

    pub fn leave_identifies(&self, left: i64) {
        self.identifies_left.store(left, Ordering::SeqCst);
    }

    pub fn counts(&self) -> (usize, usize) {
        (self.identified.load(Ordering::SeqCst), self.resumed.load(Ordering::SeqCst))
    }

    pub fn is_connected(&self) -> bool {
        lock(&self.sessions).values().any(|session| session.line.is_some())
    }

    /// Wait until a first session began.
    pub async fn first_session(&self, patience: Duration) {
        let begun = self.begun.notified();
        if self.counts().0 == 0 {
            let _ = tokio::time::timeout(patience, begun).await;
        }
    }

    pub fn start_limit(&self) -> Value {
        let left = self.identifies_left.load(Ordering::SeqCst);
        json!({"total": 1000, "remaining": left.max(0), "reset_after": 14_400_000, "max_concurrency": 1})
    }
}

// -------------------------------------------------------------- one connection

/// A close code, and words for it.
struct Closing(u16, &'static str);

/// One client's connection, from the greeting on.
pub async fn serve(state: Arc<State>, mut socket: WebSocket, resume_url: String) {
    let beat = state.gateway.beat.load(Ordering::SeqCst);
    let hello = json!({"t": null, "s": null, "op": 10, "d": {"heartbeat_interval": beat, "_trace": []}});
    if socket.send(Message::Text(hello.to_string().into())).await.is_err() {
        return;
    }
    let (line, frames) = unbounded_channel();
    let mut client = Client { state, line, session: None, resume_url, window: (Instant::now(), 0) };
    if let Some(Closing(code, reason)) = client.talk(&mut socket, frames, Duration::from_millis(beat)).await {
        let close = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        let _ = socket.send(Message::Close(Some(close))).await;
    }
    client.leave();
}

struct Client {
    state: Arc<State>,
    line: Line,
    session: Option<String>,
    resume_url: String,
    /// Frames sent since, for the limit of 120 in a minute.
    window: (Instant, u32),
}

impl Client {
    /// Until either side ends it; the answer is the code to close with.
    async fn talk(
        &mut self,
        socket: &mut WebSocket,
        mut frames: UnboundedReceiver<Option<Message>>,
        beat: Duration,
    ) -> Option<Closing> {
        let patience = beat.mul_f64(1.5) + Duration::from_secs(2);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                frame = frames.recv() => {
                    socket.send(frame.flatten()?).await.ok()?;
                }
                said = socket.recv() => match said?.ok()? {
                    Message::Text(text) => {
                        heard = Instant::now();
                        if let Err(closing) = self.hear(&text) {
                            return Some(closing);
                        }
                    }
                    Message::Close(_) => return None,
                    _ => {}
                },
                () = tokio::time::sleep_until((heard + patience).into()) => return Some(Closing(4009, "Session timed out.")),
            }
        }
    }

    fn leave(&self) {
        let mut sessions = lock(&self.state.gateway.sessions);
        if let Some(session) = self.session.as_ref().and_then(|id| sessions.get_mut(id))
            && session.line.as_ref().is_some_and(|line| line.same_channel(&self.line))
        {
            session.line = None;
            session.left = Some(Instant::now());
        }
    }

    fn hear(&mut self, text: &str) -> Result<(), Closing> {
        if self.window.0.elapsed() > Duration::from_secs(60) {
            self.window = (Instant::now(), 0);
        }
        self.window.1 += 1;
        if self.window.1 > 120 {
            return Err(Closing(4008, "Rate limited."));
        }
        if text.len() > 4096 {
            return Err(Closing(4002, "Error while decoding payload."));
        }
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            return Err(Closing(4002, "Error while decoding payload."));
        };
        let data = &frame["d"];
        match frame["op"].as_u64() {
            Some(1) => {
                if !self.state.gateway.silent.load(Ordering::SeqCst) {
                    self.say(&json!({"op": 11, "d": null, "s": null, "t": null}));
                }
                Ok(())
            }
            Some(2) if self.session.is_some() => Err(Closing(4005, "Already authenticated.")),
            Some(2) => self.identify(data),
            Some(6) => self.resume(data),
            Some(3 | 4 | 8 | 14 | 31) if self.session.is_none() => Err(Closing(4003, "Not authenticated.")),
            Some(3 | 4 | 8 | 14 | 31) => Ok(()),
            _ => Err(Closing(4001, "Unknown opcode.")),
        }
    }

    fn say(&self, frame: &Value) {
        let _ = self.line.send(Some(Message::Text(frame.to_string().into())));
    }

    fn check_token(&self, data: &Value) -> Result<(), Closing> {
        let revoked = self.state.faults.standing() == Some(Fault::TokenRevoked);
        if data["token"] == TOKEN && !revoked { Ok(()) } else { Err(Closing(4004, "Authentication failed.")) }
    }

    fn identify(&mut self, data: &Value) -> Result<(), Closing> {
        self.check_token(data)?;
        let intents = data["intents"].as_u64().filter(|intents| intents & !ALL_INTENTS == 0);
        let intents = intents.ok_or(Closing(4013, "Invalid intent(s)."))?;
        if !data["properties"].is_object() {
            return Err(Closing(4002, "Error while decoding payload."));
        }
        if intents & PRIVILEGED != 0 {
            return Err(Closing(4014, "Disallowed intent(s)."));
        }
        let gateway = &self.state.gateway;
        if gateway.identifies_left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(Closing(4004, "Authentication failed."));
        }
        let id = hex::encode(rand::random::<[u8; 16]>());
        let mut session = Session { intents, seq: 0, replay: VecDeque::new(), line: Some(self.line.clone()), left: None };
        let ready = json!({"v": 10, "user": bot(), "guilds": [], "session_id": id, "resume_gateway_url": self.resume_url,
            "session_type": "normal", "private_channels": [], "application": {"id": BOT_ID, "flags": 565_248}});
        session.dispatch("READY", &ready.to_string());
        let mut sessions = lock(&gateway.sessions);
        sessions.retain(|_, session| !session.is_over());
        sessions.insert(id.clone(), session);
        drop(sessions);
        gateway.identified.fetch_add(1, Ordering::SeqCst);
        gateway.begun.notify_waiters();
        self.session = Some(id);
        Ok(())
    }

    fn resume(&mut self, data: &Value) -> Result<(), Closing> {
        self.check_token(data)?;
        let (id, seq) = (data["session_id"].as_str().unwrap_or_default(), data["seq"].as_u64().unwrap_or(0));
        let mut sessions = lock(&self.state.gateway.sessions);
        let session = sessions.get_mut(id).filter(|session| !session.is_over());
        // The event right after `seq` must still be there.
        let complete = |session: &Session| session.replay.front().is_none_or(|(first, _)| *first <= seq + 1);
        let Some(session) = session.filter(|session| seq <= session.seq && complete(session)) else {
            drop(sessions);
            self.say(&json!({"op": 9, "d": false, "s": null, "t": null}));
            return Ok(());
        };
        for (_, frame) in session.replay.iter().filter(|(number, _)| *number > seq) {
            let _ = self.line.send(Some(Message::Text(frame.clone())));
        }
        session.line = Some(self.line.clone());
        session.left = None;
        session.dispatch("RESUMED", r#"{"_trace":[]}"#);
        drop(sessions);
        self.session = Some(id.to_owned());
        self.state.gateway.resumed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}
