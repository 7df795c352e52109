//! Visitors of the shop's page, speaking what the widget speaks: a session, an
//! open stream, and messages no faster than a visitor may send them. Each comes
//! from an address of its own, since addresses have a limit, too.

use super::Plan;
use super::crowd::Crowd;
use crate::channels::{Channel, ORIGIN};
use crate::wire::Wire;
use crate::{clock, shop};
use anyhow::{Context, bail};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::task::spawn_local;

/// The web chat takes one message a second of a visitor, after a burst.
const BREATH: Duration = Duration::from_millis(1050);
/// An entry of the transcript that the shop wrote; people's words cannot contain it.
const FROM_SHOP: &[u8] = br#""from":"bot""#;

struct Visitor {
    number: u32,
    gateway: SocketAddr,
    /// The path of the hook.
    hook: String,
    token: String,
    id: String,
}

/// Let everybody come in, and write whenever the crowd is open.
pub async fn arrive(plan: &Plan, crowd: &Rc<Crowd>) -> anyhow::Result<()> {
    let Some(hook) = plan.hooks.get(&Channel::Webchat) else { return Ok(()) };
    for seat in 0..plan.visitors {
        let visitor = Rc::new(Visitor::arrive(crowd.people().known + seat, plan.gateway.parse()?, hook).await?);
        let stream = visitor.open_stream().await?;
        spawn_local(listen(stream, visitor.number, crowd.clone()));
        spawn_local(write(visitor, crowd.clone(), seat));
    }
    Ok(())
}

impl Visitor {
    async fn arrive(number: u32, gateway: SocketAddr, hook: &str) -> anyhow::Result<Self> {
        let mut visitor = Self { number, gateway, hook: hook.to_owned(), token: String::new(), id: String::new() };
        let mut wire = visitor.connect().await?;
        wire.write(visitor.call("POST", "session", "{}").as_bytes()).await?;
        let answer = wire.answer().await?;
        let session: Value = serde_json::from_slice(&answer.body).context("a session is JSON")?;
        let text = |name: &str| session[name].as_str().map(str::to_owned).with_context(|| format!("no session: {session}"));
        (visitor.token, visitor.id) = (text("token")?, text("visitor")?);
        Ok(visitor)
    }

    async fn connect(&self) -> anyhow::Result<Wire> {
        let socket = TcpSocket::new_v4()?;
        let [.., high, low] = self.number.to_be_bytes();
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 1, high, low.max(1)), 0)))?;
        Ok(Wire::over(socket.connect(self.gateway).await?)?)
    }

    fn call(&self, method: &str, path: &str, body: &str) -> String {
        let Self { gateway, hook, token, id, .. } = self;
        format!(
            "{method} {hook}/{path} HTTP/1.1\r\nhost: {gateway}\r\norigin: {ORIGIN}\r\nauthorization: Bearer {token}\r\n\
             x-onethread-visitor: {id}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    async fn open_stream(&self) -> anyhow::Result<Wire> {
        let mut wire = self.connect().await?;
        wire.write(self.call("GET", "stream", "").as_bytes()).await?;
        match wire.streamed_answer().await? {
            200 => Ok(wire),
            status => bail!("a visitor's stream was answered {status}"),
        }
    }
}

/// Whatever the shop says counts at once; a chunk holds whole entries.
async fn listen(mut stream: Wire, number: u32, crowd: Rc<Crowd>) {
    while let Ok(Some(chunk)) = stream.chunk().await {
        let said = chunk.windows(FROM_SHOP.len()).filter(|part| *part == FROM_SHOP).count();
        (0..said).for_each(|_| crowd.replied(number, clock::now()));
    }
}

async fn write(visitor: Rc<Visitor>, crowd: Rc<Crowd>, seat: u32) -> anyhow::Result<()> {
    let mut wire = visitor.connect().await?;
    // Not all in the same moment.
    tokio::time::sleep(BREATH.mul_f64(f64::from(seat % 32) / 32.0)).await;
    loop {
        tokio::time::sleep(BREATH).await;
        if !crowd.open.get() || !crowd.is_quiet(visitor.number) {
            continue;
        }
        let job = crowd.speak(visitor.number, None);
        let text = shop::saying(visitor.number, job.turn);
        let body = format!(r#"{{"id":"{:08x}-0000-4000-8000-{:012x}","text":"{text}"}}"#, visitor.number, job.turn);
        let call = visitor.call("POST", "messages", &body);
        let since = crowd.sending(job);
        wire.write(call.as_bytes()).await?;
        let status = wire.answer().await?.status;
        crowd.hook_answered(job, since, status);
    }
}
