//! What just happened, to every open console. One task tails the recorded
//! events, whichever process wrote them, renders each once, and fans it out.
//!
//! An event names what changed and is rendered as the thing stands now, so
//! telling twice is harmless; a stream never has a gap.

use crate::gateway::Gateway;
use crate::shapes::{Agent, Event, Inbox, Message, Thread};
use onethread_core::ids::{IdentityId, ThreadId};
use onethread_store::live::LiveEvent;
use onethread_store::{Conn, StoreError};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::broadcast::{self, error::RecvError};

/// Other processes on the same database do not ring our bell: look by ourselves this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A stream that has to catch up on more loads its lists again instead.
const LONGEST_CATCH_UP: i64 = 1000;
const AT_ONCE: i64 = 200;
/// A reader that falls further behind catches up from the database.
const BUFFER: usize = 1024;

/// One event, rendered. `id` is `None` for what is not recorded (typing).
#[derive(Debug, Clone)]
pub struct Shown {
    pub id: Option<i64>,
    pub data: Arc<str>,
}

/// Where streams are fed from.
pub struct Live {
    sender: broadcast::Sender<Shown>,
    /// Rung by whoever begins to watch.
    came: Notify,
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Live {
    #[must_use]
    pub fn new() -> Self {
        Self { sender: broadcast::channel(BUFFER).0, came: Notify::new() }
    }

    /// The customer is typing. Told to whoever is watching this process now.
    pub fn typing(&self, thread: &ThreadId, identity: Option<&IdentityId>) {
        let event = Event::Typing { thread_id: thread.0.clone(), identity_id: identity.map(|id| id.0.clone()) };
        self.fan_out(None, &event);
    }

    /// How many streams are open.
    #[must_use]
    pub fn watchers(&self) -> usize {
        self.sender.receiver_count()
    }

    fn fan_out(&self, id: Option<i64>, event: &Event) {
        // Nobody watching is no error.
        let _ = self.sender.send(shown(id, event));
    }
}

fn shown(id: Option<i64>, event: &Event) -> Shown {
    let data = serde_json::to_string(event).expect("an event is made of texts and numbers");
    Shown { id, data: data.into() }
}

/// Tell what is recorded from now on, until the gateway stops.
pub async fn tail(gateway: Arc<Gateway>) {
    let stop = gateway.tasks.token();
    let mut cursor = None;
    loop {
        // Asked for before reading, so that what is told meanwhile wakes us at once.
        let told = gateway.db.told();
        let looked = look(&gateway, cursor).await;
        match looked {
            Ok(next) => cursor = Some(next),
            Err(error) => tracing::warn!(?error, "the live events could not be read; trying again"),
        }
        tokio::select! {
            // While nobody watches, nobody is kept waiting by a slower look.
            () = told, if gateway.live.watchers() > 0 => {}
            () = gateway.live.came.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Fan out what came after the cursor; answers the new one.
async fn look(gateway: &Gateway, cursor: Option<i64>) -> Result<i64, StoreError> {
    let mut conn = gateway.db.read().await?;
    let Some(mut cursor) = cursor else { return Ok(conn.live_span().await?.1) };
    // Nobody watches: nothing to render. Asked after the look, since whoever comes later catches up
    // from the database with all that this look has seen.
    let newest = conn.live_span().await?.1;
    if gateway.live.watchers() == 0 {
        return Ok(newest);
    }
    loop {
        let events = conn.live_events_after(cursor, AT_ONCE).await?;
        let Some(last) = events.last().map(|event| event.id) else { return Ok(cursor) };
        // A cursor that a power cut takes back would be given out twice.
        gateway.db.all_kept().await?;
        for event in newest_of_each(events) {
            if let Some(rendered) = render(gateway, &mut conn, &event).await? {
                gateway.live.fan_out(Some(event.id), &rendered);
            }
        }
        cursor = last;
    }
}

/// Several words about one thing become the last of them: each is rendered as the thing stands.
fn newest_of_each(events: Vec<LiveEvent>) -> Vec<LiveEvent> {
    let mut newest = HashMap::new();
    for event in &events {
        newest.insert((event.kind.clone(), event.subject.clone()), event.id);
    }
    events.into_iter().filter(|event| newest.get(&(event.kind.clone(), event.subject.clone())) == Some(&event.id)).collect()
}

/// `None` for what is gone, or of a kind that a newer version records.
async fn render(gateway: &Gateway, conn: &mut Conn, event: &LiveEvent) -> Result<Option<Event>, StoreError> {
    let subject = event.subject.as_str();
    let rendered = match event.kind.as_str() {
        "message" => conn.message(&subject.into()).await.map(|row| {
            let message = Message::from(row);
            Event::Message { thread_id: message.thread_id.clone(), message: Box::new(message) }
        }),
        "thread" => conn.thread(&subject.into()).await.map(|row| match row.folded {
            true => Event::ThreadGone { thread_id: row.id },
            false => Event::Thread { thread: Box::new(Thread::from(row)) },
        }),
        "resequenced" => Ok(Event::Resequenced { thread_id: subject.to_owned() }),
        "thread_gone" => Ok(Event::ThreadGone { thread_id: subject.to_owned() }),
        "inbox" => conn.inbox(&subject.into()).await.map(|row| Event::Inbox { inbox: Box::new(inbox(gateway, row)) }),
        "agent" => conn.agent(&subject.into()).await.map(|row| Event::Agent { agent: Box::new(Agent::from(row)) }),
        _ => return Ok(None),
    };
    match rendered {
        Ok(event) => Ok(Some(event)),
        Err(StoreError::Missing(_)) => Ok(None),
        Err(error) if error.is_corrupt() => {
            tracing::error!(?error, kind = event.kind, subject, "what changed cannot be read back; consoles are not told");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// An inbox as the API shows it.
pub fn inbox(gateway: &Gateway, row: onethread_store::inboxes::InboxRow) -> Inbox {
    let secrets = crate::inboxes::secrets_of(gateway, &row).map(|secrets| secrets.0.into_keys().collect());
    let hook_url = format!("{}/hooks/{}", gateway.config.public_url, row.id);
    Inbox::of(row, hook_url, secrets.unwrap_or_default())
}

/// One console's stream: first `hello`, then what it missed, then what happens.
pub struct Watch {
    gateway: Arc<Gateway>,
    receiver: broadcast::Receiver<Shown>,
    last: i64,
    /// Read from the database and not yet given out.
    ahead: std::collections::VecDeque<Shown>,
    behind: bool,
}

/// Watch from after this cursor; without one, from now.
pub async fn watch(gateway: Arc<Gateway>, after: Option<i64>) -> Result<Watch, StoreError> {
    // Before the cursor is read, so that nothing falls between.
    let receiver = gateway.live.sender.subscribe();
    gateway.live.came.notify_one();
    let (oldest, newest) = gateway.db.read().await?.live_span().await?;
    gateway.db.all_kept().await?;
    let known = after.filter(|after| (oldest - 1..=newest).contains(after) && newest - after <= LONGEST_CATCH_UP);
    let last = known.unwrap_or(newest);
    let hello = shown(Some(last), &Event::Hello { cursor: last, fresh: known.is_none() });
    Ok(Watch { gateway, receiver, last, ahead: [hello].into(), behind: true })
}

impl Watch {
    /// The next event. `None`: the gateway stops or the database is gone; connect again.
    pub async fn next(&mut self) -> Option<Shown> {
        loop {
            if let Some(shown) = self.ahead.pop_front() {
                return Some(shown);
            }
            if self.behind {
                self.catch_up().await.ok()?;
                continue;
            }
            match self.receiver.recv().await {
                Ok(shown) => match shown.id {
                    None => return Some(shown),
                    Some(id) if id > self.last => {
                        self.last = id;
                        return Some(shown);
                    }
                    Some(_) => {}
                },
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let mut conn = self.gateway.db.read().await?;
        let events = conn.live_events_after(self.last, AT_ONCE).await?;
        let Some(last) = events.last().map(|event| event.id) else {
            self.behind = false;
            return Ok(());
        };
        self.gateway.db.all_kept().await?;
        let mut read = Vec::new();
        for event in newest_of_each(events) {
            if let Some(rendered) = render(&self.gateway, &mut conn, &event).await? {
                read.push(shown(Some(event.id), &rendered));
            }
        }
        // Both at once: a stream may stop listening at any await, and nothing is told twice.
        self.ahead.extend(read);
        self.last = last;
        Ok(())
    }
}
