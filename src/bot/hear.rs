//! What one message says, before anybody decides what it means: the button
//! pressed or the choice named, the code and the digits, who is wanted. Plain
//! words that must never be missed ("gặp nhân viên") are heard here even where
//! the matcher is unsure.

use super::context::{BotContext, Purpose};
use super::phrases::{
    ANOTHER, FORGOTTEN, GIVEN_UP, GIVEN_UP_ALONE, NO, NO_PERSON, NUMBERING, PERSON, PERSON_ALONE, POLITE, WAIT, YES,
};
use super::turn::{Heard, OrdersWanted};
use onethread_core::order::fold_code;
use onethread_core::phone;
use onethread_core::text::fold_words;
use onethread_intents::{Asked, EntityValue, Intent, Language, Reading};
use std::collections::BTreeSet;

/// Longer ones are no codes but pasted text; they are neither looked up nor repeated.
const LONGEST_CODE: usize = 24;

/// What a button of ours sends back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Press {
    Order(String),
    Answer(String),
    Track,
    Person,
    Menu,
}

impl Press {
    pub(super) fn read(payload: &str) -> Option<Self> {
        match payload.trim() {
            "track" => Some(Self::Track),
            "human" => Some(Self::Person),
            "menu" | "start" | "/start" => Some(Self::Menu),
            other => match other.split_once(':')? {
                ("order", code) => clean_code(code).map(Self::Order),
                ("answer", id) if !id.is_empty() => Some(Self::Answer(id.to_owned())),
                _ => None,
            },
        }
    }
}

pub(super) struct Said {
    pub press: Option<Press>,
    /// Lower case, no marks, words parted by one blank, with a blank at both ends.
    pub words: String,
    pub code: Option<String>,
    /// Four digits or a whole phone.
    pub tail: Option<String>,
    /// Nothing but codes, digits and polite words.
    pub bare: bool,
    pub language: Language,
}

impl Said {
    pub(super) fn of(context: &BotContext, heard: &Heard<'_>) -> Self {
        let words = wordlike(heard.text);
        let valued = !heard.reading.entities.is_empty();
        let rest = if valued { wordlike(&without_entities(heard.text, heard.reading)) } else { words.clone() };
        let press = heard.payload.and_then(Press::read).or_else(|| Press::read(heard.text)).or_else(|| picked(context, &words));
        let code = code_in(context, heard, &words);
        let tail = tail_in(context, heard, &words, code.as_deref());
        let bare = rest.split_whitespace().all(|word| POLITE.contains(&word) || word.chars().all(|c| c.is_ascii_digit()));
        let language = language_of(context, heard, &rest);
        Self { press, words, code, tail, bare, language }
    }

    pub(super) fn has_any(&self, phrases: &[&str]) -> bool {
        // Of most phrases the first letter already says no: for each message there are hundreds of these looks.
        let is_it = |rest: &str, phrase: &str| {
            let first = rest.as_bytes().first() == phrase.as_bytes().first();
            first && rest.strip_prefix(phrase).is_some_and(|behind| behind.starts_with(' '))
        };
        let begins = |rest: &str| phrases.iter().any(|phrase| is_it(rest, phrase));
        self.words.match_indices(' ').any(|(at, _)| begins(&self.words[at + 1..]))
    }

    fn count(&self) -> usize {
        self.words.split_whitespace().count()
    }

    /// A person is asked for in plain words.
    pub(super) fn asks_for_person(&self) -> bool {
        !self.declines_person() && (self.has_any(PERSON) || self.count() <= 3 && self.has_any(PERSON_ALONE))
    }

    pub(super) fn declines_person(&self) -> bool {
        self.has_any(NO_PERSON)
    }

    pub(super) fn has_forgotten(&self) -> bool {
        self.has_any(FORGOTTEN)
    }

    pub(super) fn gives_up(&self) -> bool {
        self.count() <= 6 && self.has_any(GIVEN_UP) || self.is_only(GIVEN_UP_ALONE)
    }

    pub(super) fn asks_to_wait(&self) -> bool {
        self.count() <= 8 && self.has_any(WAIT)
    }

    pub(super) fn means_another(&self) -> bool {
        self.has_any(ANOTHER)
    }

    pub(super) fn is_yes(&self) -> bool {
        self.is_only(YES)
    }

    pub(super) fn is_no(&self) -> bool {
        self.is_only(NO)
    }

    fn is_only(&self, words: &[&str]) -> bool {
        let mut said = self.words.split_whitespace().filter(|word| !POLITE.contains(word)).peekable();
        match said.peek() {
            Some(_) => said.all(|word| words.contains(&word)),
            None => words.contains(&self.words.trim()),
        }
    }
}

/// Which orders to load before deciding about this message.
#[must_use]
pub fn wants(context: &BotContext, heard: &Heard<'_>) -> OrdersWanted {
    let said = Said::of(context, heard);
    let pressed = match said.press {
        Some(Press::Order(code)) => Some(code),
        _ => None,
    };
    let codes: BTreeSet<String> = known_codes(context).chain(&pressed).chain(&said.code).cloned().collect();
    OrdersWanted { codes: codes.into_iter().collect(), phone: heard.verified_phone() }
}

/// Codes that [`wants`] will most probably name. A guess, for many messages at once: what is missing is loaded later.
#[must_use]
pub fn may_want(context: &BotContext, reading: &Reading) -> Vec<String> {
    let about_orders = context.asked.is_some()
        || reading.digits4().is_some()
        || reading.phone().is_some()
        || codes_named(reading).next().is_some()
        || likely(reading, 0.0).is_some_and(|(intent, _)| Purpose::of(intent).is_some());
    if !about_orders {
        return Vec::new();
    }
    known_codes(context).cloned().chain(codes_named(reading)).collect()
}

fn known_codes(context: &BotContext) -> impl Iterator<Item = &String> {
    context.proven.iter().map(|proof| &proof.code).chain(&context.code).chain(&context.told)
}

/// A likely intent: at least this probable, and likelier than none.
pub(super) fn likely(reading: &Reading, least: f32) -> Option<(Intent, f32)> {
    let top = reading.top()?;
    (top.probability >= least && top.probability > reading.not_mine).then_some((top.value, top.probability))
}

pub(super) fn probability(reading: &Reading, intent: Intent) -> f32 {
    reading.intents.iter().find(|scored| scored.value == intent).map_or(0.0, |scored| scored.probability)
}

pub(super) fn clean_code(typed: &str) -> Option<String> {
    let code = fold_code(typed);
    (!code.is_empty() && code.len() <= LONGEST_CODE).then_some(code)
}

fn wordlike(text: &str) -> String {
    format!(" {} ", fold_words(text))
}

fn without_entities(text: &str, reading: &Reading) -> String {
    let mut rest = String::new();
    let mut from = 0;
    for entity in &reading.entities {
        rest.push_str(text.get(from..entity.span.start).unwrap_or_default());
        rest.push(' ');
        from = from.max(entity.span.end);
    }
    rest.push_str(text.get(from..).unwrap_or_default());
    rest
}

fn digits_of(words: &str) -> String {
    words.chars().filter(char::is_ascii_digit).collect()
}

/// A word or less says nothing of its language: then the thread's counts, or the shop's country.
fn language_of(context: &BotContext, heard: &Heard<'_>, rest: &str) -> Language {
    let count = rest.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
    match context.language {
        Some(language) if count <= 1 || heard.payload.is_some() => language,
        None if count == 0 => Language::Vi,
        _ => heard.reading.language,
    }
}

fn codes_named(reading: &Reading) -> impl DoubleEndedIterator<Item = String> {
    reading.entities.iter().filter_map(|entity| match &entity.value {
        EntityValue::OrderCode(code) => clean_code(code),
        _ => None,
    })
}

pub(super) fn is_four_digits(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The last code named ("DH1024, à nhầm DH1025"); else, where a code was asked for, what looks like
/// one. Four digits are a code only where nothing else is.
fn code_in(context: &BotContext, heard: &Heard<'_>, words: &str) -> Option<String> {
    let named = codes_named(heard.reading).rev().find(|code| !is_four_digits(code));
    let asked = context.asked == Some(Asked::OrderCode) && heard.reading.phone().is_none();
    let digits = || codes_named(heard.reading).next_back().filter(|_| context.asked != Some(Asked::PhoneTail));
    named.or_else(digits).or_else(|| if asked { code_like(words) } else { None })
}

fn code_like(words: &str) -> Option<String> {
    let mut said = words.split_whitespace().filter(|word| !POLITE.contains(word));
    let (first, second) = (said.next()?, said.next());
    let has_digits = |word: &str| word.chars().filter(char::is_ascii_digit).count() >= 3;
    match second {
        None if has_digits(first) => clean_code(first),
        Some(second) if said.next().is_none() && first.len() <= 4 && has_digits(second) => {
            clean_code(&format!("{first}{second}"))
        }
        _ => None,
    }
    .filter(|code| phone::fold(code).is_none_or(|folded| folded != *code || folded.len() < 10))
}

/// A whole phone before four digits; where digits were asked for, also digits typed apart.
fn tail_in(context: &BotContext, heard: &Heard<'_>, words: &str, code: Option<&str>) -> Option<String> {
    let shared = heard.shared_phone.filter(|(_, own)| !*own).map(|(phone, _)| phone);
    if let Some(phone) = shared.or(heard.reading.phone()).and_then(phone::fold) {
        return Some(phone);
    }
    let alone = heard.reading.digits4().map(str::to_owned).into_iter().chain(codes_named(heard.reading));
    if let Some(digits) = alone.filter(|digits| is_four_digits(digits)).find(|digits| Some(digits.as_str()) != code) {
        return Some(digits);
    }
    let digits = digits_of(words);
    let typed_apart = context.asked == Some(Asked::PhoneTail) && code.is_none();
    (typed_apart && digits.len() == 4).then_some(digits)
}

/// A choice named by its number or its words.
fn picked(context: &BotContext, words: &str) -> Option<Press> {
    if !matches!(context.asked, Some(Asked::Choice | Asked::Confirm)) {
        return None;
    }
    let said = words.trim();
    let by_words = || context.offered.iter().find(|offer| !said.is_empty() && wordlike(&offer.label).trim() == said);
    let by_number = || context.offered.get(number_in(words)?.checked_sub(1)?).filter(|_| context.asked == Some(Asked::Choice));
    Press::read(&by_words().or_else(by_number)?.payload)
}

fn number_in(words: &str) -> Option<usize> {
    let said: Vec<&str> = words.split_whitespace().filter(|word| !NUMBERING.contains(word) && !POLITE.contains(word)).collect();
    let [number] = said.as_slice() else { return None };
    match *number {
        "mot" | "dau" | "nhat" | "first" | "one" => Some(1),
        "hai" | "nhi" | "second" | "two" => Some(2),
        "ba" | "third" | "three" => Some(3),
        digits => digits.parse().ok(),
    }
}
