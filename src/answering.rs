//! The bot's turn: load what it needs, let it decide, and put its decision into
//! the same transaction as the message that it answers.

use crate::bot::{self, BotContext, Decision, Effect, Heard, IdentityView, OrdersView, Turn};
use crate::brain::Mind;
use crate::foresight::Ahead;
use crate::gateway::Gateway;
use crate::inboxes::Live;
use crate::intake::Event;
use crate::{jobs, threads};
use onethread_core::Millis;
use onethread_core::clock::{HOUR, MINUTE};
use onethread_core::ids::{IdentityId, InboxId, MessageId, ThreadId};
use onethread_core::message::{Author, Content, Status};
use onethread_core::thread::{HandoffReason, Move, ThreadStatus};
use onethread_intents::{Context, Language};
use onethread_store::customers::{IdentityRow, Recognised};
use onethread_store::live::Told;
use onethread_store::messages::NewMessage;
use onethread_store::threads::Unread;
use onethread_store::{Result, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// Wrong tails that lock an identity's lookups, and for how long.
const WRONG_TAILS_MOST: i64 = 5;
const LOCKED_FOR: Millis = 15 * MINUTE;
/// Wrong tails for one code, of all identities together, and within what time: with ten thousand
/// tails to try, a stranger with any number of visitors needs weeks for one order.
const CODE_TAILS_MOST: i64 = 10;
pub const CODE_TAILS_WITHIN: Millis = HOUR;
/// Orders of one phone that the bot looks at.
const ORDERS_MOST: i64 = 20;

/// What the customer did, beside the message that shows it.
#[derive(Clone, Copy, Default)]
pub struct Said<'a> {
    pub text: &'a str,
    pub payload: Option<&'a str>,
    /// A number, and whether the platform vouches for it.
    pub shared_phone: Option<(&'a str, bool)>,
    pub attachments: usize,
    /// Something that we cannot show: as good as a file.
    pub unsupported: bool,
    /// What the text means, where it was read already.
    pub ahead: Option<&'a Ahead>,
}

/// The same to be kept, while an order source is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pending {
    pub message: String,
    pub identity: String,
    pub lease_number: i64,
    pub code: String,
    pub text: String,
    pub payload: Option<String>,
    pub shared_phone: Option<(String, bool)>,
    pub attachments: usize,
}

/// Answer a customer's event, while the bot holds the thread.
pub async fn answer(event: &mut Event<'_>, who: &Recognised, message: &MessageId, said: Said<'_>) -> Result<()> {
    let identity: IdentityId = who.identity.id.as_str().into();
    let mut turn = TurnAt {
        gateway: event.gateway,
        tx: &mut *event.tx,
        live: event.live,
        thread: who.thread.id.as_str().into(),
        identity,
        message: message.clone(),
        now: event.received_at,
        looked_up: BTreeSet::new(),
        unanswered: BTreeSet::new(),
    };
    let followed = turn.take(said).await?;
    event.gateway.foresight.remember(&event.live.id, &event.inbound.from.user, followed.knows);
    event.after.jobs |= followed.jobs;
    Ok(())
}

/// Have the orders at hand that the bot will most probably ask for, when it answers these messages.
pub async fn foresee_orders(tx: &mut Tx, messages: impl Iterator<Item = (&InboxId, &str, &Ahead)>) -> Result<()> {
    let mut codes = BTreeSet::new();
    for (inbox, address, ahead) in messages {
        let thread = tx.thread_at_hand(inbox, address).filter(|thread| thread.status == ThreadStatus::Bot.as_str());
        if let Some(thread) = thread {
            codes.extend(bot::may_want(&BotContext::load(thread.bot_context.text()), ahead.reading()));
        }
    }
    if !codes.is_empty() {
        tx.hold_orders(&codes).await?;
    }
    Ok(())
}

/// What a turn left to be woken.
#[derive(Debug, Clone, Default)]
pub struct Followed {
    pub parcels: bool,
    pub jobs: bool,
    /// What the bot will know before it reads the next message; `None` where people will.
    pub knows: Option<Context>,
}

/// Where and when the bot speaks.
pub struct TurnAt<'a> {
    pub gateway: &'a Gateway,
    pub tx: &'a mut Tx,
    pub live: &'a Live,
    pub thread: ThreadId,
    pub identity: IdentityId,
    pub message: MessageId,
    pub now: Millis,
    /// Codes that the order source was already asked for.
    pub looked_up: BTreeSet<String>,
    /// Of those, the ones to which it had no answer.
    pub unanswered: BTreeSet<String>,
}

impl TurnAt<'_> {
    /// Decide and carry out. Silent while people hold the thread.
    pub async fn take(&mut self, said: Said<'_>) -> Result<Followed> {
        let row = self.tx.thread(&self.thread).await?;
        if row.lease()?.status() != ThreadStatus::Bot {
            return Ok(Followed::default());
        }
        let mind = self.gateway.brain.mind();
        let context = BotContext::load(row.bot_context.text());
        let known = context.for_reading();
        let read_now;
        let reading = match said.ahead.and_then(|ahead| ahead.holds(&mind, &known)) {
            Some(reading) => reading,
            None => {
                read_now = mind.read(said.text, &known);
                &read_now
            }
        };
        if !mind.shop.bot_enabled {
            let spoken = (!said.text.trim().is_empty()).then_some(reading.language).or(context.language);
            let notice = bot::notice(spoken.unwrap_or(Language::Vi), &mind.shop_at(self.now), self.now);
            return self.hand_off(HandoffReason::NeedsPerson, notice).await;
        }
        let identity = self.tx.identity(&self.identity).await?;
        let heard = Heard {
            text: said.text,
            payload: said.payload,
            shared_phone: said.shared_phone,
            attachments: said.attachments.max(usize::from(said.unsupported)),
            reading,
            identity: self.view(&identity),
        };
        let now = self.now;
        let decide = |orders: &OrdersView| {
            let shop = mind.shop_at(now);
            bot::decide(&context, &Turn { heard, orders, answers: &mind.answers, shop: &shop, now })
        };
        let unloaded = OrdersView::default();
        let mut decision = decide(&unloaded);
        if unloaded.was_asked.get() {
            let orders = self.orders(&mind, &context, &heard).await?;
            decision = decide(&orders);
        }
        self.carry_out(decision, said, row.lease_number, known).await
    }

    fn view<'i>(&self, identity: &'i IdentityRow) -> IdentityView<'i> {
        IdentityView {
            verified_phone: identity.verified_phone.as_deref(),
            lookups_locked: identity.lookups_locked_until > self.now,
            channel_buttons: self.live.capabilities.buttons,
            channel_asks_phone: self.live.capabilities.ask_phone,
        }
    }

    async fn orders(&mut self, mind: &Mind, context: &BotContext, heard: &Heard<'_>) -> Result<OrdersView> {
        let wanted = bot::wants(context, heard);
        let mut view = OrdersView {
            sourced_elsewhere: mind.shop.order_source.is_some(),
            looked_up: self.looked_up.clone(),
            unanswered: self.unanswered.clone(),
            ..OrdersView::default()
        };
        for code in wanted.codes {
            if self.tx.is_code_locked(&code, CODE_TAILS_MOST, self.now - CODE_TAILS_WITHIN).await? {
                view.locked.insert(code.clone());
            }
            if let Some(order) = self.tx.order(&code).await? {
                view.by_code.insert(code, order);
            }
        }
        if let Some(phone) = wanted.phone {
            view.by_phone = self.tx.orders_of_phone(&phone, ORDERS_MOST).await?;
        }
        if let Some(source) = &mind.shop.order_source {
            let known: Vec<String> =
                view.by_code.keys().cloned().chain(view.by_phone.iter().map(|order| order.code.clone())).collect();
            view.stale = self.tx.stale_orders(&known, source.stale_before(self.now)).await?.into_iter().collect();
        }
        Ok(view)
    }

    async fn carry_out(&mut self, decision: Decision, said: Said<'_>, lease_number: i64, known: Context) -> Result<Followed> {
        let fetch = decision.effects.iter().find_map(|effect| match effect {
            Effect::FetchOrder { code } => Some(code.clone()),
            _ => None,
        });
        if let Some(code) = fetch {
            self.ask_source(code, said, lease_number);
            return Ok(Followed { jobs: true, parcels: false, knows: Some(known) });
        }
        let knows = decision.context.for_reading();
        let context = Unread::new(&decision.context);
        let language = decision.context.language.map(|language| if language == Language::Vi { "vi" } else { "en" });
        self.tx.set_bot_context(&self.thread, context, language).await?;
        if let Some((intent, probability)) = decision.understood {
            let understood = json!({ "name": intent.as_str(), "probability": probability });
            self.tx.set_intent(&self.message, understood).await?;
        }
        if decision.missed {
            self.tx.note_miss(&self.message, self.now).await?;
        }
        let mut handed_off = None;
        for effect in decision.effects {
            match effect {
                Effect::HandOff(reason) => handed_off = Some(reason),
                Effect::WrongTail { code } => {
                    self.tx.count_wrong_tail(&self.identity, WRONG_TAILS_MOST, self.now + LOCKED_FOR).await?;
                    self.tx.count_wrong_tail_of(&code, self.now - CODE_TAILS_WITHIN, self.now).await?;
                }
                Effect::RightTail { .. } | Effect::KeepSilent | Effect::FetchOrder { .. } => {}
            }
        }
        // The notice is spoken under the lease that the queue now holds, so that it still goes out.
        let lease_number = match handed_off {
            Some(reason) => self.call_people(reason).await?,
            None => lease_number,
        };
        let parcels = !decision.replies.is_empty();
        for reply in decision.replies {
            self.say(reply, lease_number).await?;
        }
        if let Some(reason) = handed_off {
            self.note_handoff(reason).await?;
        }
        Ok(Followed { parcels, jobs: false, knows: handed_off.is_none().then_some(knows) })
    }

    /// Straight to people; once, since from then on they hold the thread.
    async fn hand_off(&mut self, reason: HandoffReason, notice: Content) -> Result<Followed> {
        let lease_number = self.call_people(reason).await?;
        self.say(notice, lease_number).await?;
        self.note_handoff(reason).await?;
        Ok(Followed { parcels: true, jobs: false, knows: None })
    }

    /// The queue takes the lease; answers its number.
    async fn call_people(&mut self, reason: HandoffReason) -> Result<i64> {
        let row = self.tx.thread(&self.thread).await?;
        threads::advance(self.tx, &row, &Move::HandOff(reason), self.now).await?;
        Ok(self.tx.thread(&self.thread).await?.lease_number)
    }

    async fn note_handoff(&mut self, reason: HandoffReason) -> Result<()> {
        let line = json!({ "type": "handoff_opened", "reason": reason.as_str() });
        threads::note_event(self.tx, &self.thread, Some(&self.identity), line, self.now).await?;
        Ok(())
    }

    fn ask_source(&mut self, code: String, said: Said<'_>, lease_number: i64) {
        let pending = Pending {
            message: self.message.0.clone(),
            identity: self.identity.0.clone(),
            lease_number,
            code,
            text: said.text.to_owned(),
            payload: said.payload.map(str::to_owned),
            shared_phone: said.shared_phone.map(|(phone, own)| (phone.to_owned(), own)),
            attachments: said.attachments,
        };
        jobs::queue_order_fetch(self.tx, &pending, self.now);
    }

    /// Append a reply of the bot and queue it under the lease of this number.
    async fn say(&mut self, content: Content, lease_number: i64) -> Result<()> {
        let message = NewMessage {
            identity: Some(self.identity.clone()),
            channel: Some(self.live.channel.kind().to_owned()),
            ..NewMessage::new(MessageId::fresh(self.now), Author::Bot, content, Status::Queued)
        };
        self.tx.append(&self.thread, &message, self.now).await?;
        let words_of = crate::outbox::WordsOf::bot(lease_number);
        let way = crate::outbox::Way { identity: &self.identity, live: self.live, words_of, reply_to: None };
        crate::outbox::queue(self.tx, &message, &way, self.now);
        self.tx.tell(Told::Message { thread: self.thread.0.clone(), message: message.id.0 });
        self.tx.tell(Told::Thread { thread: self.thread.0.clone() });
        Ok(())
    }
}
