//! One gateway connection: frames in, heartbeats out, and why it ended.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use url::Url;

const PATIENCE: Duration = Duration::from_secs(20);

/// Why a connection is over, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Connect again and resume the session.
    Resume(String),
    /// The session is gone: identify anew.
    Fresh(String),
    /// Nothing can be done from here for now; the centre tries again later.
    Lost(String),
    /// The owner must change something.
    Refused(String),
}

/// One dispatch, and its text as it came.
#[derive(Debug, Clone)]
pub struct Dispatch {
    pub kind: String,
    pub seq: Option<u64>,
    pub data: Value,
    pub text: String,
}

pub struct Session {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    beat: Interval,
    unanswered: bool,
    seq: Option<u64>,
}

impl Session {
    /// Connect and wait for the greeting.
    pub async fn open(address: &str, encrypted: bool, seq: Option<u64>) -> Result<Self, Ending> {
        let url = gateway_url(address, encrypted)?;
        let connected = timeout(PATIENCE, connect_async(url.as_str())).await;
        let (mut socket, _) = match connected {
            Ok(Ok(connected)) => connected,
            Ok(Err(error)) => return Err(Ending::Lost(format!("the gateway could not be reached: {error}"))),
            Err(_) => return Err(Ending::Lost("the gateway does not answer".into())),
        };
        let hello = match timeout(PATIENCE, socket.next()).await {
            Ok(frame) => text(frame)?,
            Err(_) => return Err(Ending::Lost("the gateway does not greet".into())),
        };
        let hello: Value = serde_json::from_str(&hello).unwrap_or_default();
        let millis = hello["d"]["heartbeat_interval"].as_u64().filter(|_| hello["op"] == 10);
        let millis = millis.ok_or_else(|| Ending::Lost("the gateway's greeting could not be read".into()))?;
        Ok(Self { socket, beat: heartbeat(Duration::from_millis(millis.max(10))), unanswered: false, seq })
    }

    pub async fn identify(&mut self, token: &str, intents: u64) -> Result<(), Ending> {
        let properties = json!({"os": std::env::consts::OS, "browser": "onethread", "device": "onethread"});
        self.send(&json!({"op": 2, "d": {"token": token, "intents": intents, "properties": properties}})).await
    }

    pub async fn resume(&mut self, token: &str, session: &str, seq: u64) -> Result<(), Ending> {
        self.send(&json!({"op": 6, "d": {"token": token, "session_id": session, "seq": seq}})).await
    }

    async fn send(&mut self, frame: &Value) -> Result<(), Ending> {
        self.socket.send(Message::text(frame.to_string())).await.map_err(|error| lost(&error))
    }

    /// The next dispatch. Keeps the heart beating while it waits; may be dropped at any time.
    pub async fn next(&mut self) -> Result<Dispatch, Ending> {
        loop {
            tokio::select! {
                frame = self.socket.next() => {
                    let text = text(frame)?;
                    if let Some(dispatch) = self.take(text).await? {
                        return Ok(dispatch);
                    }
                }
                _ = self.beat.tick() => self.pulse().await?,
            }
        }
    }

    /// Wait for `work` with a beating heart, reading nothing, so that what happens
    /// meanwhile comes after it.
    pub async fn wait_for<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Ending> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                _ = self.beat.tick() => {
                    self.unanswered = false;
                    self.pulse().await?;
                }
            }
        }
    }

    async fn pulse(&mut self) -> Result<(), Ending> {
        if self.unanswered {
            return Err(Ending::Resume("the gateway left a heartbeat unanswered".into()));
        }
        self.unanswered = true;
        self.send(&json!({"op": 1, "d": self.seq})).await
    }

    /// One frame: a dispatch, or something between us and the gateway.
    async fn take(&mut self, text: String) -> Result<Option<Dispatch>, Ending> {
        if text.is_empty() {
            return Ok(None);
        }
        let Ok(mut frame) = serde_json::from_str::<Value>(&text) else {
            return Err(Ending::Resume("the gateway sent a frame that is not JSON".into()));
        };
        match frame["op"].as_u64() {
            Some(0) => {
                let seq = frame["s"].as_u64();
                self.seq = seq.or(self.seq);
                let kind = frame["t"].as_str().unwrap_or_default().to_owned();
                return Ok(Some(Dispatch { kind, seq, data: frame["d"].take(), text }));
            }
            Some(1) => {
                self.unanswered = false;
                self.pulse().await?;
            }
            Some(7) => return Err(Ending::Resume("the gateway asks to reconnect".into())),
            Some(9) if frame["d"] == true => return Err(Ending::Resume("the session was interrupted".into())),
            Some(9) => return Err(Ending::Fresh("the session is no longer valid".into())),
            Some(11) => self.unanswered = false,
            _ => {}
        }
        Ok(None)
    }
}

fn heartbeat(every: Duration) -> Interval {
    // Spread, so that many clients that start together do not beat together.
    let mut beat = interval_at(Instant::now() + every.mul_f64(rand::random::<f64>()), every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat
}

fn gateway_url(address: &str, encrypted: bool) -> Result<Url, Ending> {
    let unusable = || Ending::Lost("the gateway's address is not a websocket URL".into());
    let mut url = Url::parse(address).map_err(|_| unusable())?;
    let usable = url.scheme() == "wss" || (url.scheme() == "ws" && !encrypted);
    url.set_query(Some("v=10&encoding=json"));
    usable.then_some(url).ok_or_else(unusable)
}

/// The text of a frame; empty for what carries none.
fn text(frame: Option<Result<Message, Error>>) -> Result<String, Ending> {
    match frame {
        Some(Ok(Message::Text(text))) => Ok(text.to_string()),
        Some(Ok(Message::Close(close))) => Err(closed(close.as_ref())),
        Some(Ok(_)) => Ok(String::new()),
        Some(Err(error)) => Err(lost(&error)),
        None => Err(Ending::Resume("the gateway hung up".into())),
    }
}

fn lost(error: &Error) -> Ending {
    Ending::Resume(format!("the gateway connection broke: {error}"))
}

fn closed(frame: Option<&CloseFrame>) -> Ending {
    let code = frame.map_or(1005, |frame| u16::from(frame.code));
    let refused = |advice: &str| Ending::Refused(format!("{advice} (close code {code})"));
    match code {
        4004 => {
            refused("Discord does not accept the bot token; reset it in the developer portal under Bot and save the new one here")
        }
        4010 | 4011 => refused("this bot is on too many servers for one connection; use a bot of its own for support"),
        4012 => refused("Discord no longer speaks this version of its gateway; update onethread"),
        4013 | 4014 => {
            refused("Discord does not allow this bot to read direct messages; check its intents in the developer portal")
        }
        4007 | 4009 => Ending::Fresh(format!("the session ended (close code {code})")),
        _ => Ending::Resume(format!("the gateway closed the connection (close code {code})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

    fn ending(code: u16) -> Ending {
        closed(Some(&CloseFrame { code: CloseCode::from(code), reason: "".into() }))
    }

    #[test]
    fn close_codes_say_what_to_do_next() {
        for fatal in [4004, 4010, 4011, 4012, 4013, 4014] {
            assert!(matches!(ending(fatal), Ending::Refused(_)), "{fatal}");
        }
        for gone in [4007, 4009] {
            assert!(matches!(ending(gone), Ending::Fresh(_)), "{gone}");
        }
        for passing in [1000, 1006, 4000, 4001, 4002, 4003, 4005, 4008, 4999] {
            assert!(matches!(ending(passing), Ending::Resume(_)), "{passing}");
        }
        assert!(matches!(closed(None), Ending::Resume(_)));
    }

    #[test]
    fn an_encrypted_api_has_an_encrypted_gateway() {
        assert!(gateway_url("ws://127.0.0.1:1", true).is_err());
        assert!(gateway_url("http://127.0.0.1:1", false).is_err());
        let url = gateway_url("wss://gateway.discord.gg", true).expect("a URL");
        assert_eq!(url.as_str(), "wss://gateway.discord.gg/?v=10&encoding=json");
    }
}
