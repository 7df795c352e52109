//! Questions that the shop has answered: tell the answer, ask which of two is
//! meant, or say that there is none. Which one fits is the matcher's to say;
//! how sure is sure enough is decided here.

use super::context::{Offer, Purpose};
use super::decide::Talk;
use super::hear::Said;
use onethread_core::thread::HandoffReason;
use onethread_intents::{Asked, Language};

/// At this probability an answer is given without asking back.
const SURE: f32 = 0.5;
/// Nearer than this, two answers are both possible.
const MARGIN: f32 = 0.15;
/// Below this, an answer is not even offered.
const POSSIBLE: f32 = 0.25;
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
        let told = |id: &str| self.title(id).is_some() && self.text(id).is_some();
        let known = self.turn.heard.reading.answers.iter().filter(|answer| told(&answer.value));
        let possible: Vec<_> = known.filter(|answer| answer.probability >= POSSIBLE).collect();
        let Some(best) = possible.first() else { return Found::Nothing };
        let least = if best.probability >= SURE { best.probability - MARGIN } else { POSSIBLE };
        let close: Vec<String> =
            possible.iter().filter(|a| a.probability > least).take(CHOICES).map(|a| a.value.clone()).collect();
        match close.len() {
            0 | 1 if best.probability >= SURE => Found::Sure(best.value.clone()),
            0 | 1 => Found::Perhaps(best.value.clone()),
            _ => Found::Between(close),
        }
    }

    /// A question of the kind that the shop's answers are for.
    pub(super) fn question(&mut self) {
        match self.find_answer() {
            Found::Sure(id) => self.tell_answer(&id),
            Found::Between(ids) => self.ask_which(&ids),
            Found::Perhaps(id) => self.ask_whether(&id),
            Found::Nothing => self.miss(self.words.no_answer()),
        }
    }

    /// No intent is likely: perhaps an answer is, perhaps the question was left open.
    pub(super) fn guess(&mut self) {
        match self.find_answer() {
            Found::Sure(id) => self.tell_answer(&id),
            Found::Between(ids) => self.ask_which(&ids),
            Found::Perhaps(id) => self.ask_whether(&id),
            Found::Nothing if matches!(self.before.asked, Some(Asked::OrderCode | Asked::PhoneTail)) => self.ask_again(),
            Found::Nothing => self.miss(self.words.unclear(self.next.replies)),
        }
    }

    /// Something only people do. The shop's rules first, where the question is about them.
    pub(super) fn request(&mut self, purpose: Purpose) {
        match self.find_answer() {
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
            Some(text) => self.say_with(text, &[]),
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
        self.next.misses = self.before.misses.saturating_add(1);
        if self.next.misses >= 2 {
            return self.hand_over(HandoffReason::NotUnderstood);
        }
        self.say_with(self.words.say_it_otherwise(), &[self.person()]);
    }

    fn title(&self, id: &str) -> Option<String> {
        self.in_languages(|language| self.turn.answers.title(id, language))
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
