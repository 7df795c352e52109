//! Questions that the shop has answered: tell the answer, ask which of two is
//! meant, or say that there is none. Which one fits is the matcher's to say;
//! how sure is sure enough is decided here.

use super::context::{Offer, Purpose};
use super::decide::{Talk, is_small_talk};
use super::hear::{Said, likely};
use onethread_core::thread::HandoffReason;
use onethread_intents::{Asked, Intent, Language};

/// How probable an answer must be.
struct Bar {
    /// To be given without asking back.
    sure: f32,
    /// To be offered at all.
    possible: f32,
}

const ALONE: Bar = Bar { sure: 0.55, possible: 0.3 };
/// Where the intent is clear, an answer that stands out among the others is probably meant.
const WITH_INTENT: Bar = Bar { sure: 0.4, possible: 0.2 };
/// Where people could act at once, rules are told only if they are surely what was asked for.
const FOR_REQUEST: Bar = Bar { sure: 0.75, possible: 0.5 };
/// Where the message rather looks like nobody's.
const OUT_OF_PLACE: Bar = Bar { sure: 0.85, possible: 0.5 };
/// So probable is a clear intent.
const CLEAR: f32 = 0.6;
/// An answer at least this near to the best (as a share of it) is possible too.
const NEAR: f32 = 0.7;
/// More would be a quiz.
const CHOICES: usize = 3;

pub(super) enum Found {
    Sure(String),
    /// Two or three.
    Between(Vec<String>),
    Perhaps(String),
    Nothing,
}

impl Talk<'_> {
    pub(super) fn find_answer(&self) -> Found {
        let reading = self.turn.heard.reading;
        let clear = likely(reading, CLEAR).is_some_and(|(intent, _)| !is_small_talk(intent));
        self.find_answer_at(match clear {
            true => WITH_INTENT,
            false if reading.not_mine >= CLEAR => OUT_OF_PLACE,
            false => ALONE,
        })
    }

    /// "My package arrived broken" may look like asking where it is; what is told in answer is likelier meant.
    pub(super) fn asked_rather_than_status(&self, status: f32) -> Option<String> {
        match self.find_answer_at(FOR_REQUEST) {
            Found::Sure(id) if status < FOR_REQUEST.sure => Some(id),
            _ => None,
        }
    }

    fn find_answer_at(&self, bar: Bar) -> Found {
        let told = |id: &str| self.title(id).is_some() && self.text(id).is_some();
        let known = self.turn.heard.reading.answers.iter().filter(|answer| told(&answer.value));
        let possible: Vec<_> = known.filter(|answer| answer.probability >= bar.possible).collect();
        let Some(best) = possible.first() else { return Found::Nothing };
        let sure = best.probability >= bar.sure;
        let least = if sure { best.probability * NEAR } else { bar.possible };
        let near: Vec<String> =
            possible.iter().filter(|a| a.probability >= least).take(CHOICES).map(|a| a.value.clone()).collect();
        match near.as_slice() {
            [_, _, ..] => Found::Between(near),
            _ if sure => Found::Sure(best.value.clone()),
            _ => Found::Perhaps(best.value.clone()),
        }
    }

    /// A question of the kind that the shop's answers are for.
    pub(super) fn question(&mut self) {
        match self.find_answer() {
            Found::Sure(id) => self.tell_answer(&id),
            Found::Between(ids) => self.ask_which(&ids),
            Found::Perhaps(id) => self.ask_whether(&id),
            Found::Nothing if self.understood.is_some_and(|(intent, _)| intent == Intent::OrderPlace) => {
                self.miss(self.words.offer_to_order());
            }
            Found::Nothing => self.miss(self.words.no_answer()),
        }
    }

    /// No intent is likely: perhaps an answer is, perhaps the question was left open.
    pub(super) fn guess(&mut self) {
        match self.find_answer() {
            Found::Sure(id) => self.tell_answer(&id),
            Found::Between(ids) => self.ask_which(&ids),
            Found::Perhaps(id) => self.ask_whether(&id),
            Found::Nothing if self.said.words.trim().is_empty() => self.signs_only(),
            Found::Nothing if matches!(self.before.asked, Some(Asked::OrderCode | Asked::PhoneTail)) => self.ask_again(),
            Found::Nothing => self.miss(self.words.unclear(self.next.replies)),
        }
    }

    /// Something only people do. The shop's rules first, where the question is about them.
    pub(super) fn request(&mut self, purpose: Purpose) {
        match self.find_answer_at(FOR_REQUEST) {
            Found::Sure(id) => {
                self.tell_answer(&id);
                self.next.purpose = Some(purpose);
                self.next.asked = Some(Asked::OrderCode);
                self.say_with(self.words.send_code_to_request(purpose), &[self.person()]);
            }
            Found::Between(ids) => self.ask_which(&ids),
            Found::Perhaps(_) | Found::Nothing => self.order(purpose),
        }
    }

    pub(super) fn tell_answer(&mut self, id: &str) {
        match self.text(id) {
            Some(text) => {
                self.told = Some(id.to_owned());
                self.say_with(text, &[]);
            }
            None => self.miss(self.words.no_answer()),
        }
    }

    fn ask_which(&mut self, ids: &[String]) {
        let offers: Vec<Offer> = ids.iter().filter_map(|id| Some(Offer::new(self.title(id)?, format!("answer:{id}")))).collect();
        let titles: Vec<&str> = offers.iter().map(|offer| offer.label.as_str()).collect();
        let question = self.words.which_one(&titles);
        self.ask_to_choose(question, offers);
    }

    fn ask_whether(&mut self, id: &str) {
        let Some(title) = self.title(id) else { return self.miss(self.words.no_answer()) };
        let yes = Offer::new(self.words.label_yes(), format!("answer:{id}"));
        let question = self.words.is_it(&title);
        self.next.asked = Some(Asked::Confirm);
        self.next.offered = vec![yes.clone()];
        self.say_with(question, &[yes, self.person()]);
    }

    /// "No" to what was offered.
    pub(super) fn declined(&mut self) {
        let offered_person = self.before.offered.iter().all(|offer| offer.payload == super::offer::PERSON);
        if offered_person {
            return self.never_mind();
        }
        if self.misses_too_often() {
            return self.hand_over(HandoffReason::NotUnderstood);
        }
        self.say_with(self.words.say_it_otherwise(), &[self.person()]);
    }

    fn title(&self, id: &str) -> Option<String> {
        let title = self.in_languages(|language| self.turn.answers.title(id, language))?;
        Some(title.trim_end_matches(['?', '？', ' ']).to_owned()).filter(|title| !title.is_empty())
    }

    fn text(&self, id: &str) -> Option<String> {
        self.in_languages(|language| self.turn.answers.text(id, language))
    }

    /// In the customer's language, else in the other one: better than nothing.
    fn in_languages(&self, read: impl Fn(Language) -> Option<String>) -> Option<String> {
        let Said { language, .. } = self.said;
        let other = if language == Language::Vi { Language::En } else { Language::Vi };
        [language, other].into_iter().filter_map(read).find(|text| !text.trim().is_empty())
    }
}
