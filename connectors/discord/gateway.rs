//! The gateway loop: hold a session, store each event before the next, resume
//! after every break, and fetch by REST what no resume can bring back.

use super::bookmark::{Bookmark, GatewaySession, Heard};
use super::rest::{Rest, is_id};
use super::session::{Dispatch, Ending, Session};
use super::{Bot, backfill, read};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use onethread_core::channel::{self, ConnectError, Intake, IntakeError, RawCall};
use serde_json::{Value, json};
use serenity::model::gateway::GatewayIntents;
use std::time::{Duration, Instant};

/// What happens in direct messages. None of it is privileged: message content comes
/// with direct messages without asking.
const INTENTS: GatewayIntents =
    GatewayIntents::DIRECT_MESSAGES.union(GatewayIntents::DIRECT_MESSAGE_REACTIONS).union(GatewayIntents::DIRECT_MESSAGE_TYPING);

/// Events stored at once, when many are waiting.
const BATCH: usize = 100;
/// The bookmark is written so often and no more: after a stop a little is replayed, and the
/// keys of the events make nothing of it twice.
const SAVE: Duration = Duration::from_secs(2);
/// How long a press waits for its acknowledgement.
const PRESS_LIFE: Duration = Duration::from_secs(3);
/// Channels fetched side by side: the platform allows 50 calls a second.
const ABREAST: usize = 8;
/// Short connections in a row, before the centre is told and waits longer.
const TRIES: u32 = 5;
/// A connection that held so long was a good one. Shorter ones must not become a storm of
/// new sessions: beyond 1000 in a day the platform resets the token.
const GOOD: Duration = Duration::from_secs(30);

/// Kinds of events that never carry a customer's words, by their beginnings.
const NOT_OURS: [&str; 19] = [
    "APPLICATION_",
    "AUTO_MODERATION_",
    "CHANNEL_",
    "ENTITLEMENT_",
    "GUILD_",
    "INTEGRATION_",
    "INVITE_",
    "MESSAGE_POLL_VOTE_",
    "MESSAGE_REACTION_REMOVE_",
    "PRESENCE",
    "RATE_LIMITED",
    "SESSIONS_",
    "SOUNDBOARD_",
    "STAGE_",
    "SUBSCRIPTION_",
    "THREAD_",
    "USER_UPDATE",
    "VOICE_",
    "WEBHOOKS_",
];

pub async fn listen(bot: &Bot, bookmark: Option<Value>, intake: &dyn Intake) -> Result<(), ConnectError> {
    let mut line = Line { bot, intake, mark: Bookmark::read(bookmark), heard: Heard::default(), saved: None, urgent: false };
    let mut short = 0;
    loop {
        let began = Instant::now();
        let (fresh, why) = match line.hold().await {
            Ending::Refused(why) => return Err(ConnectError::Refused(why)),
            Ending::Lost(why) => return Err(ConnectError::Lost(why)),
            Ending::Resume(why) => (false, why),
            Ending::Fresh(why) => (true, why),
        };
        tracing::info!(inbox = %bot.kit.inbox, why, "the gateway session is interrupted");
        short = if began.elapsed() < GOOD { short + 1 } else { 1 };
        if fresh {
            line.mark.session = None;
        }
        if short > TRIES {
            return Err(ConnectError::Lost(why));
        }
        tokio::time::sleep(pause(fresh, short)).await;
    }
}

/// Before a new session the platform asks for a random pause of 1 to 5 s.
fn pause(fresh: bool, short: u32) -> Duration {
    let random = if fresh { 1000 + u64::from(rand::random::<u16>() % 4000) } else { 0 };
    Duration::from_millis(random) + Duration::from_millis(250) * (short - 1)
}

/// Our end of the gateway, over many connections.
struct Line<'a> {
    bot: &'a Bot,
    intake: &'a dyn Intake,
    mark: Bookmark,
    heard: Heard,
    saved: Option<Instant>,
    /// Something of the bookmark cannot wait.
    urgent: bool,
}

type Acknowledgements<'a> = FuturesUnordered<BoxFuture<'a, ()>>;

impl<'a> Line<'a> {
    /// One connection, from greeting to end.
    async fn hold(&mut self) -> Ending {
        let mut session = match self.connect().await {
            Ok(session) => session,
            Err(ending) => return ending,
        };
        let mut acknowledgements = Acknowledgements::new();
        let Err(ending) = self.follow(&mut session, &mut acknowledgements).await;
        // Stored presses are acknowledged even when the connection is over.
        let _ = tokio::time::timeout(PRESS_LIFE, acknowledgements.for_each(async |()| ())).await;
        ending
    }

    async fn connect(&mut self) -> Result<Session, Ending> {
        let rest = &self.bot.rest;
        let token = rest.token().reveal();
        let Some(known) = self.mark.session.clone() else {
            let address = gateway_for_identify(rest).await?;
            let mut session = Session::open(&address, rest.is_encrypted(), None).await?;
            session.identify(token, INTENTS.bits()).await?;
            return Ok(session);
        };
        let opened = match &known.resume_url {
            Some(address) => Session::open(address, rest.is_encrypted(), Some(known.seq)).await,
            None => Session::open(&gateway(rest).await?.0, rest.is_encrypted(), Some(known.seq)).await,
        };
        let mut session = match opened {
            // The address for resuming may be gone; the general one takes a resume as well.
            Err(Ending::Lost(why)) if known.resume_url.is_some() => {
                self.mark.session = Some(GatewaySession { resume_url: None, ..known });
                return Err(Ending::Resume(why));
            }
            opened => opened?,
        };
        session.resume(token, &known.id, known.seq).await?;
        Ok(session)
    }

    /// Store what comes, in order, until the connection ends.
    async fn follow(
        &mut self,
        session: &mut Session,
        acknowledgements: &mut Acknowledgements<'a>,
    ) -> Result<std::convert::Infallible, Ending> {
        // A stop in the middle of an earlier backfill left some; they are older than what comes now.
        self.fill_gaps(session).await?;
        loop {
            let first = tokio::select! {
                Some(()) = acknowledgements.next(), if !acknowledgements.is_empty() => continue,
                dispatch = session.next() => dispatch?,
            };
            let began = first.kind == "READY";
            let mut batch = vec![first];
            let mut ending = None;
            // What was missed comes before what is new, so a beginning is stored alone.
            while !began && batch.len() < BATCH && ending.is_none() {
                match session.next().now_or_never() {
                    Some(Ok(dispatch)) => batch.push(dispatch),
                    Some(Err(end)) => ending = Some(end),
                    None => break,
                }
            }
            let presses: Vec<String> = batch.iter().filter_map(press).collect();
            self.store(batch).await?;
            // Only now, so that an acknowledged press is a stored one; and at once.
            let bot = self.bot;
            acknowledgements.extend(presses.into_iter().map(|press| acknowledge(&bot.rest, press)));
            if let Some(ending) = ending {
                return Err(ending);
            }
            if began {
                self.fill_gaps(session).await?;
            }
        }
    }

    async fn store(&mut self, batch: Vec<Dispatch>) -> Result<(), Ending> {
        let began = batch.iter().any(|dispatch| dispatch.kind == "READY");
        if began || batch.iter().any(|dispatch| dispatch.kind == "RESUMED") {
            self.intake.line_stands().await;
        }
        let mut calls = Vec::with_capacity(batch.len());
        for dispatch in batch {
            self.mark.heard(dispatch.seq);
            calls.extend(self.take(dispatch).await?);
        }
        if calls.is_empty() && !began {
            return Ok(());
        }
        self.urgent |= began;
        self.accept(calls).await
    }

    /// Store events, with the bookmark where it is due.
    async fn accept(&mut self, calls: Vec<RawCall>) -> Result<(), Ending> {
        let due = self.urgent || self.saved.is_none_or(|saved| saved.elapsed() >= SAVE);
        let bookmark = due.then(|| channel::Bookmark { mark: self.mark.write(), places: self.heard.unsaved() });
        self.intake.accept(calls, bookmark).await.map_err(lost)?;
        if due {
            self.heard.saved();
            self.saved = Some(Instant::now());
            self.urgent = false;
        }
        Ok(())
    }

    /// What is kept of one dispatch.
    async fn take(&mut self, dispatch: Dispatch) -> Result<Option<RawCall>, Ending> {
        let data = &dispatch.data;
        match dispatch.kind.as_str() {
            "READY" => {
                self.begin(&dispatch);
                return Ok(None);
            }
            "RESUMED" => return Ok(None),
            kind if NOT_OURS.iter().any(|start| kind.starts_with(start)) => return Ok(None),
            _ if data["guild_id"].is_string() || self.is_a_bots(data) => return Ok(None),
            _ => {}
        }
        let channel = data["channel_id"].as_str().unwrap_or_default();
        let author = data["author"]["id"].as_str();
        if let (Some(author), Some(id)) = (author.filter(|_| dispatch.kind == "MESSAGE_CREATE"), data["id"].as_str()) {
            self.urgent |= self.heard.note(channel, author, id);
            if is_id(channel) {
                self.bot.channels.remember(&author.into(), channel);
            }
        }
        let person = match author {
            Some(author) => Some(author.to_owned()),
            None => self.person_of(channel).await?,
        };
        Ok(Some(self.call(dispatch.text, person, dispatch.seq)))
    }

    /// Who writes in this channel: a deletion does not say.
    async fn person_of(&mut self, channel: &str) -> Result<Option<String>, Ending> {
        if let Some(person) = self.heard.person(channel) {
            return Ok(Some(person));
        }
        let Some(place) = self.intake.place(channel).await.map_err(lost)? else { return Ok(None) };
        let person = place.user.0.clone();
        self.heard.hold(place);
        Ok(Some(person))
    }

    fn call(&self, frame: String, person: Option<String>, seq: Option<u64>) -> RawCall {
        let mut call = RawCall::fetched(frame);
        call.headers.extend(person.map(|person| (read::PERSON.to_owned(), person)));
        if let (Some(session), Some(seq)) = (&self.mark.session, seq) {
            call.headers.push((read::EVENT.to_owned(), format!("{}:{seq}", session.id)));
        }
        call
    }

    fn is_a_bots(&self, data: &Value) -> bool {
        let ours = |id: &Value| id.as_str().is_some_and(|id| self.mark.me.as_deref() == Some(id));
        data["author"]["bot"] == true || ours(&data["author"]["id"]) || ours(&data["user_id"])
    }

    fn begin(&mut self, ready: &Dispatch) {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let Some(id) = text(&ready.data["session_id"]) else { return };
        let resume_url = text(&ready.data["resume_gateway_url"]);
        let me = text(&ready.data["user"]["id"]);
        self.mark.begin(GatewaySession { id, seq: ready.seq.unwrap_or(0), resume_url }, me);
    }

    /// Fetch what was said while no session listened. The live events wait meanwhile, so that
    /// each person's messages keep their order. Who wrote last is served first.
    async fn fill_gaps(&mut self, session: &mut Session) -> Result<(), Ending> {
        while self.has_gaps().await? {
            let next = self.mark.gaps.clone();
            let pages = next.iter().map(|(channel, after)| backfill::page(&self.bot.rest, channel, after));
            let pages = session.wait_for(futures::future::join_all(pages)).await?;
            self.mark.gaps.clear();
            let mut calls = Vec::new();
            for ((channel, _), page) in next.iter().zip(pages) {
                let page = page.map_err(|failure| Ending::Lost(failure.to_string()))?;
                self.mark.gaps.extend(page.rest.map(|after| (channel.clone(), after)));
                calls.extend(page.messages.into_iter().filter_map(|message| self.take_missed(channel, &message)));
            }
            self.urgent = true;
            self.accept(calls).await?;
        }
        Ok(())
    }

    /// A handful at a time: however many channels there are, no more are held.
    async fn has_gaps(&mut self) -> Result<bool, Ending> {
        if self.mark.gaps.is_empty()
            && let Some(unread) = &self.mark.unread
        {
            let places = self.intake.places(unread.after.as_ref(), ABREAST).await.map_err(lost)?;
            self.mark.turn_page(&places);
            self.urgent = true;
        }
        Ok(!self.mark.gaps.is_empty())
    }

    /// What is kept of a message that was fetched: a frame as the gateway would have sent it.
    fn take_missed(&mut self, channel: &str, message: &Value) -> Option<RawCall> {
        let (author, id) = (message["author"]["id"].as_str()?, message["id"].as_str()?);
        if self.is_a_bots(message) {
            return None;
        }
        self.urgent |= self.heard.note(channel, author, id);
        let frame = json!({"op": 0, "t": "MESSAGE_CREATE", "s": null, "d": message}).to_string();
        Some(self.call(frame, Some(author.to_owned()), None))
    }
}

fn lost(error: IntakeError) -> Ending {
    Ending::Lost(error.to_string())
}

fn press(dispatch: &Dispatch) -> Option<String> {
    if dispatch.kind == "INTERACTION_CREATE" { read::press_token(&dispatch.data) } else { None }
}

fn acknowledge(rest: &Rest, press: String) -> BoxFuture<'_, ()> {
    async move {
        // Type 6: received, nothing changes on the screen.
        if let Err(failure) = rest.post(&format!("interactions/{press}/callback"), Some(&json!({"type": 6}))).await {
            tracing::debug!(%failure, "a button press could not be acknowledged");
        }
    }
    .boxed()
}

/// The gateway's address, and what is left of today's new sessions.
async fn gateway(rest: &Rest) -> Result<(String, Value), Ending> {
    let mut found = rest.get("gateway/bot").await.map_err(|failure| match failure.connecting() {
        ConnectError::Refused(why) => Ending::Refused(why),
        ConnectError::Lost(why) => Ending::Lost(why),
    })?;
    let address = found["url"].as_str().map(str::to_owned);
    let address = address.ok_or_else(|| Ending::Lost("Discord names no gateway".into()))?;
    Ok((address, found["session_start_limit"].take()))
}

/// Beyond the daily limit the platform resets the token, so the last session is never spent blindly.
async fn gateway_for_identify(rest: &Rest) -> Result<String, Ending> {
    let (address, limit) = gateway(rest).await?;
    if limit["remaining"].as_i64() == Some(0) {
        let minutes = limit["reset_after"].as_i64().unwrap_or(0) / 60_000;
        return Err(Ending::Lost(format!("today's new sessions are used up; Discord allows more in {minutes} minutes")));
    }
    Ok(address)
}
