//! Discord's gateway as far as a bot needs it: greeting, identify or resume,
//! heartbeats, and messages with growing sequence numbers. The gateway under
//! load connects to it; what the bot answers goes to the sink.

use super::crowd::Crowd;
use super::speech::Speech;
use crate::clock;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_async};

/// Dispatches that a session can be given again.
const REPLAY: usize = 20_000;

pub struct Socket {
    listener: TcpListener,
}

/// The one session, over many connections.
#[derive(Default)]
struct Session {
    /// Empty before the first identify.
    id: String,
    seq: u64,
    replay: VecDeque<(u64, String)>,
}

impl Session {
    fn remember(&mut self, frame: &str) {
        self.replay.push_back((self.seq, frame.to_owned()));
        if self.replay.len() > REPLAY {
            self.replay.pop_front();
        }
    }
}

type Line = WebSocketStream<TcpStream>;

impl Socket {
    pub async fn open() -> anyhow::Result<Self> {
        Ok(Self { listener: TcpListener::bind("127.0.0.1:0").await? })
    }

    pub fn address(&self) -> anyhow::Result<String> {
        Ok(format!("ws://{}", self.listener.local_addr()?))
    }

    /// One client at a time; the next one when it has gone.
    pub async fn serve(self, crowd: Rc<Crowd>, speech: Rc<Speech>) -> Result<(), Error> {
        let (address, session) = (self.address().unwrap_or_default(), RefCell::new(Session::default()));
        loop {
            let (stream, _) = self.listener.accept().await?;
            stream.set_nodelay(true)?;
            let mut line = accept_async(stream).await?;
            // A broken line is no news: the gateway drops it when it stops, and else it resumes, and
            // what would be missing then is counted as lost.
            let _ = hold(&mut line, &address, &session, &crowd, &speech).await;
        }
    }
}

async fn hold(line: &mut Line, address: &str, session: &RefCell<Session>, crowd: &Crowd, speech: &Speech) -> Result<(), Error> {
    line.send(Message::text(json!({ "op": 10, "d": { "heartbeat_interval": 41_250 } }).to_string())).await?;
    let mut began = false;
    loop {
        tokio::select! {
            said = line.next() => match said {
                Some(Ok(Message::Text(text))) => began |= hear(line, &text, address, session).await?,
                Some(Ok(Message::Close(_))) | None => return Ok(()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
            },
            job = crowd.next_for_socket(), if began => {
                // Whatever else waits goes out in the same write.
                let mut next = Some(job);
                while let Some(job) = next {
                    let frame = { let mut session = session.borrow_mut(); session.seq += 1; speech.dispatch(job, session.seq) };
                    session.borrow_mut().remember(&frame);
                    crowd.sending(job);
                    line.feed(Message::text(frame)).await?;
                    next = crowd.more_for_socket();
                }
                line.flush().await?;
            }
        }
    }
}

/// What the client says; true when its session began or goes on.
async fn hear(line: &mut Line, text: &str, address: &str, session: &RefCell<Session>) -> Result<bool, Error> {
    let frame: Value = serde_json::from_str(text).unwrap_or_default();
    match frame["op"].as_u64() {
        Some(1) => line.send(Message::text(json!({ "op": 11 }).to_string())).await.map(|()| false),
        Some(2) => {
            let id = format!("{:x}", clock::now());
            *session.borrow_mut() = Session { id: id.clone(), seq: 1, ..Session::default() };
            let ready = json!({ "t": "READY", "s": 1, "op": 0, "d": { "v": 10, "session_id": id, "guilds": [],
                "resume_gateway_url": address, "user": { "id": "1", "username": "bench", "bot": true } } });
            line.send(Message::text(ready.to_string())).await.map(|()| true)
        }
        // A session of an earlier run is not ours to go on with.
        Some(6) if frame["d"]["session_id"] != session.borrow().id.as_str() => {
            line.send(Message::text(json!({ "op": 9, "d": false }).to_string())).await.map(|()| false)
        }
        Some(6) => {
            let after = frame["d"]["seq"].as_u64().unwrap_or(0);
            let missed: Vec<_> =
                session.borrow().replay.iter().filter(|(seq, _)| *seq > after).map(|(_, frame)| frame.clone()).collect();
            for frame in missed {
                line.feed(Message::text(frame)).await?;
            }
            let seq = {
                let mut session = session.borrow_mut();
                session.seq += 1;
                session.seq
            };
            line.send(Message::text(json!({ "t": "RESUMED", "s": seq, "op": 0, "d": {} }).to_string())).await.map(|()| true)
        }
        _ => Ok(false),
    }
}
