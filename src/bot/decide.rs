//! From one message to what is said and done: who is wanted first, then what was
//! pressed, then what was asked for, then what the matcher makes of the words.

use super::context::{BotContext, Purpose};
use super::faq::Found;
use super::hear::{Press, Said, likely, probability};
use super::turn::{Decision, Effect, Turn};
use super::words::{self, Words};
use onethread_core::message::Content;
use onethread_core::thread::HandoffReason;
use onethread_intents::{Asked, Intent};

/// People are called at a moderate suspicion: asking in vain for one is the worst a bot can do.
const PERSON_WANTED: f32 = 0.35;
const COMPLAINT: f32 = 0.5;
/// An intent below this is no better than a guess.
const LIKELY: f32 = 0.35;
/// With a code: more than its state is wanted.
const WISH: f32 = 0.5;
/// With a code that was asked for: something else than it was asked for is wanted.
const ANOTHER_WISH: f32 = 0.7;
/// So many messages in a row, and a person takes over.
const MISSES: u8 = 2;

/// Decide about one message. Replies are empty only with an effect that says why.
#[must_use]
pub fn decide(context: &BotContext, turn: &Turn<'_>) -> Decision {
    let mut talk = Talk::begin(context, *turn);
    talk.answer();
    talk.finish()
}

/// One decision in the making.
pub(super) struct Talk<'a> {
    pub turn: Turn<'a>,
    pub said: Said,
    pub words: &'static dyn Words,
    pub before: &'a BotContext,
    pub next: BotContext,
    replies: Vec<Content>,
    pub effects: Vec<Effect>,
    pub understood: Option<(Intent, f32)>,
    pub missed: bool,
    pub told: Option<String>,
}

impl<'a> Talk<'a> {
    fn begin(before: &'a BotContext, turn: Turn<'a>) -> Self {
        let said = Said::of(before, &turn.heard);
        let next = BotContext {
            language: Some(said.language),
            asked: None,
            offered: Vec::new(),
            misses: 0,
            closed: None,
            noted_file: false,
            returned: before.returned_before(),
            ..before.clone()
        };
        let words = words::of(said.language);
        Self {
            turn,
            said,
            words,
            before,
            next,
            replies: Vec::new(),
            effects: Vec::new(),
            understood: None,
            missed: false,
            told: None,
        }
    }

    fn answer(&mut self) {
        if self.wants_person() {
            return self.hand_over(HandoffReason::Asked);
        }
        if let Some(press) = self.said.press.clone() {
            return self.pressed(press);
        }
        if self.turn.heard.shared_phone.is_some() {
            return self.phone_shared();
        }
        if self.turn.heard.text.trim().is_empty() {
            return self.file_received();
        }
        if self.complains() {
            return self.hand_over(HandoffReason::Complaint);
        }
        if !self.waited_for() && !self.names_order() {
            self.by_intent();
        }
    }

    fn wants_person(&mut self) -> bool {
        let likely = probability(self.turn.heard.reading, Intent::Human);
        let pressed = self.said.press == Some(Press::Person);
        let free = self.said.press.is_none();
        let guessed = likely >= PERSON_WANTED && !self.said.bare && !self.said.declines_person();
        if pressed || free && self.said.asks_for_person() {
            self.understood = Some((Intent::Human, 1.0));
        } else if free && guessed {
            self.understood = Some((Intent::Human, likely));
        }
        self.understood.is_some()
    }

    fn complains(&mut self) -> bool {
        let complaint = probability(self.turn.heard.reading, Intent::Complaint);
        let heard = complaint >= COMPLAINT && !self.said.bare;
        if heard {
            self.understood = Some((Intent::Complaint, complaint));
        }
        heard
    }

    fn pressed(&mut self, press: Press) {
        match press {
            Press::Person => self.hand_over(HandoffReason::Asked),
            Press::Menu => self.menu(),
            Press::Track => {
                self.understood = Some((Intent::OrderStatus, 1.0));
                self.next.drop_slots();
                self.next.told = None;
                self.order(Purpose::Status);
            }
            Press::Order(code) => {
                self.said.code = Some(code);
                self.understood = Some((Intent::OrderStatus, 1.0));
                self.order(Purpose::Status);
            }
            Press::Answer(id) => self.tell_answer(&id),
        }
    }

    /// The message answers what was asked last.
    fn waited_for(&mut self) -> bool {
        match self.before.asked {
            Some(Asked::Confirm) if self.said.is_yes() || self.surely(Intent::Yes) => self.confirmed(),
            Some(Asked::Confirm | Asked::Choice) if self.said.is_no() || self.surely(Intent::No) => self.declined(),
            Some(Asked::OrderCode | Asked::PhoneTail) if self.said.code.is_none() && self.said.tail.is_none() => self.left_open(),
            _ => return false,
        }
        // `left_open` alone may find nothing to do.
        !self.replies.is_empty() || !self.effects.is_empty()
    }

    fn surely(&self, intent: Intent) -> bool {
        likely(self.turn.heard.reading, 0.6).is_some_and(|(top, _)| top == intent)
    }

    fn confirmed(&mut self) {
        self.understood = Some((Intent::Yes, 1.0));
        match self.before.offered.first().and_then(|offer| Press::read(&offer.payload)) {
            Some(press) => self.pressed(press),
            None => self.at_your_service(),
        }
    }

    /// A code, or digits that were waited for, whatever else the message says.
    fn names_order(&mut self) -> bool {
        let found = likely(self.turn.heard.reading, LIKELY).filter(|_| !self.said.bare);
        let pending = self.before.purpose;
        let least = if pending.is_some() { ANOTHER_WISH } else { WISH };
        let asked_for = found.filter(|(_, probability)| *probability >= least).and_then(|(intent, _)| Purpose::of(intent));
        let named = self.said.code.is_some();
        let digits = self.said.tail.is_some() && (self.said.bare || self.before.asked == Some(Asked::PhoneTail));
        if !named && !digits {
            return false;
        }
        if named && asked_for.is_none() && pending.is_none() {
            self.also_asked(found);
        }
        let purpose = asked_for.or(pending).unwrap_or(Purpose::Status);
        self.understood = found.filter(|_| asked_for.is_some()).or(Some((purpose.intent(), 1.0)));
        self.order(purpose);
        true
    }

    /// "Phí ship bao nhiêu, với cả đơn DH1024 tới đâu rồi": the question first.
    fn also_asked(&mut self, found: Option<(Intent, f32)>) {
        let question = found.is_some_and(|(intent, _)| !is_small_talk(intent));
        if question && let Found::Sure(id) = self.find_answer() {
            self.tell_answer(&id);
        }
    }

    fn by_intent(&mut self) {
        let Some((intent, probability)) = likely(self.turn.heard.reading, LIKELY) else { return self.guess() };
        self.understood = Some((intent, probability));
        match Purpose::of(intent) {
            Some(Purpose::Status) => {
                return match self.asked_rather_than_status(probability) {
                    Some(id) => self.tell_answer(&id),
                    None => self.order(Purpose::Status),
                };
            }
            Some(purpose) => return self.request(purpose),
            None => {}
        }
        if !is_small_talk(intent) {
            return self.question();
        }
        match self.find_answer() {
            Found::Sure(id) if self.turn.heard.reading.answers.first().is_some_and(|best| best.probability > probability) => {
                self.tell_answer(&id);
            }
            _ => self.small_talk(intent),
        }
    }

    /// The bot did not understand. Once it says so; the next time in a row a person takes over.
    pub(super) fn miss(&mut self, text: String) {
        self.missed = true;
        if self.misses_too_often() {
            return self.hand_over(HandoffReason::NotUnderstood);
        }
        self.understood = None;
        let offers = [self.person(), self.track()];
        self.next.asked = Some(Asked::Confirm);
        self.next.offered = vec![self.person()];
        self.say_with(text, &offers);
    }

    /// Count a miss. One is enough where people had the thread a moment ago.
    pub(super) fn misses_too_often(&mut self) -> bool {
        self.next.misses = self.before.misses.saturating_add(1);
        self.next.misses >= MISSES || self.before.returned.is_some()
    }

    pub(super) fn say(&mut self, content: Content) {
        self.replies.push(content);
    }

    fn finish(mut self) -> Decision {
        let hands_over = self.effects.iter().any(|effect| matches!(effect, Effect::HandOff(_)));
        let fetches = self.effects.iter().any(|effect| matches!(effect, Effect::FetchOrder { .. }));
        if fetches {
            return Decision {
                context: self.before.clone(),
                replies: Vec::new(),
                effects: self.effects,
                understood: self.understood,
                missed: false,
                told: None,
            };
        }
        let spoken_before_notice = self.replies.len() > usize::from(hands_over);
        let may_greet = spoken_before_notice && !self.next.greeted && self.next.closed.is_none();
        if let Some(first) = self.replies.first_mut().filter(|_| may_greet) {
            first.text = format!("{}\n{}", self.words.hello(&self.turn.shop.name), first.text);
            self.next.greeted = true;
        }
        if self.replies.is_empty() && self.effects.is_empty() {
            self.effects.push(Effect::KeepSilent);
        }
        self.next.replies = self.next.replies.wrapping_add(1);
        Decision {
            context: self.next,
            replies: self.replies,
            effects: self.effects,
            understood: self.understood,
            missed: self.missed,
            told: self.told,
        }
    }
}

pub(super) fn is_small_talk(intent: Intent) -> bool {
    matches!(intent, Intent::Greeting | Intent::Thanks | Intent::Goodbye | Intent::Yes | Intent::No)
}

impl Purpose {
    pub(super) fn of(intent: Intent) -> Option<Self> {
        match intent {
            Intent::OrderStatus => Some(Self::Status),
            Intent::OrderCancel => Some(Self::Cancel),
            Intent::OrderModify => Some(Self::Modify),
            Intent::ReturnExchange => Some(Self::Return),
            Intent::Refund => Some(Self::Refund),
            _ => None,
        }
    }

    pub(super) fn intent(self) -> Intent {
        match self {
            Self::Status => Intent::OrderStatus,
            Self::Cancel => Intent::OrderCancel,
            Self::Modify => Intent::OrderModify,
            Self::Return => Intent::ReturnExchange,
            Self::Refund => Intent::Refund,
        }
    }
}
