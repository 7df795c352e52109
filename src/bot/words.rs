//! Everything the bot says, one file a language. Rules choose what to say;
//! only here is it worded. Nothing is promised that cannot be known.

mod en;
mod vi;

use super::context::Purpose;
use super::dates::Day;
use onethread_core::Millis;
use onethread_core::clock::{DAY, HOUR, MINUTE};
use onethread_core::order::{Journey, Order};
use onethread_core::thread::HandoffReason;
use onethread_intents::Language;

pub(super) fn of(language: Language) -> &'static dyn Words {
    match language {
        Language::Vi => &vi::Vietnamese,
        Language::En => &en::English,
    }
}

/// What the customer may expect after a hand-over.
pub(super) enum Next {
    SoonHere,
    Closed {
        hours: String,
        /// The day in words, and the time.
        opens: Option<(String, String)>,
    },
}

/// The bot in one language. `turn` picks between ways to say the same.
pub(super) trait Words: Sync {
    // Meeting and parting
    fn hello(&self, shop: &str) -> String;
    fn introduction(&self, shop: &str) -> String;
    fn listening(&self, turn: u32) -> String;
    fn welcome(&self, turn: u32) -> String;
    fn goodbye(&self, shop: &str) -> String;
    fn at_your_service(&self) -> String;
    fn never_mind(&self) -> String;
    fn take_your_time(&self) -> String;
    fn file_received(&self) -> String;

    // Questions and answers
    fn unclear(&self, turn: u32) -> String;
    fn no_answer(&self) -> String;
    fn offer_to_order(&self) -> String;
    fn say_it_otherwise(&self) -> String;
    fn which_one(&self, titles: &[&str]) -> String;
    fn is_it(&self, title: &str) -> String;
    fn answer_by_number(&self, choices: usize) -> String;

    // Asking about orders
    fn ask_code(&self, example: &str, turn: u32) -> String;
    fn ask_code_again(&self, example: &str) -> String;
    fn code_besides_phone(&self, example: &str) -> String;
    fn no_order_on_phone(&self, example: &str) -> String;
    fn code_for(&self, purpose: Purpose) -> String;
    fn send_code_to_request(&self, purpose: Purpose) -> String;
    fn or_share_phone(&self) -> String;
    fn where_code_is(&self) -> String;
    fn ask_tail(&self, code: &str, turn: u32) -> String;
    fn ask_tail_again(&self) -> String;
    fn where_tail_is(&self) -> String;
    fn no_match(&self) -> String;
    fn locked(&self) -> String;
    fn code_locked(&self) -> String;
    /// The shop's order source does not answer.
    fn source_away(&self) -> String;
    fn which_order(&self, count: usize) -> String;
    fn phone_noted(&self) -> String;

    // Telling about orders
    fn journey(&self, code: &str, state: Journey) -> String;
    fn state_in_short(&self, state: Journey) -> &'static str;
    fn carrier(&self, name: &str) -> String;
    fn tracking_code(&self, code: &str) -> String;
    fn tracking_link(&self, url: &str) -> String;
    fn expected(&self, day: Day, today: Day) -> String;
    /// The day has passed.
    fn expected_before(&self, day: Day, today: Day) -> String;
    /// How long ago the order's state was learnt.
    fn updated(&self, age: Millis) -> String;
    /// Items, total and address, a line each; only for the verified.
    fn contents(&self, order: &Order) -> Vec<String>;
    fn day(&self, day: Day, today: Day) -> String;

    // Handing over
    /// The bot is switched off.
    fn received(&self) -> String;
    fn handed(&self, reason: HandoffReason) -> String;
    fn handed_request(&self, purpose: Purpose, code: Option<&str>) -> String;
    fn what_happens_next(&self, next: &Next) -> String;

    // Buttons: at most 20 characters
    fn label_person(&self) -> &'static str;
    fn label_track(&self) -> &'static str;
    fn label_parcel(&self) -> &'static str;
    fn label_yes(&self) -> &'static str;
    fn label_share_phone(&self) -> &'static str;
}

/// One of several ways to say the same.
fn vary(turn: u32, ways: &[&'static str]) -> &'static str {
    let at = usize::try_from(turn).unwrap_or_default() % ways.len().max(1);
    ways.get(at).copied().unwrap_or_default()
}

/// A span in the largest unit that fits.
enum Ago {
    Now,
    Minutes(i64),
    Hours(i64),
    Days(i64),
}

fn ago(age: Millis) -> Ago {
    match age {
        ..120_000 => Ago::Now,
        120_000..HOUR => Ago::Minutes(age / MINUTE),
        HOUR..DAY => Ago::Hours(age / HOUR),
        _ => Ago::Days(age / DAY),
    }
}

/// Digits in groups of three.
fn grouped(amount: i64, separator: char) -> String {
    let digits = amount.unsigned_abs().to_string();
    let mut text = if amount < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// Currencies whose smallest unit is the whole one.
fn has_no_cents(currency: &str) -> bool {
    ["VND", "JPY", "KRW"].contains(&currency.to_ascii_uppercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_in_threes() {
        for (amount, written) in
            [(0, "0"), (999, "999"), (1_000, "1.000"), (-12_345_678, "-12.345.678"), (i64::MIN, "-9.223.372.036.854.775.808")]
        {
            assert_eq!(grouped(amount, '.'), written);
        }
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let vi = of(Language::Vi);
        for (age, words) in [(-5, "vừa"), (10 * MINUTE, "10 phút trước"), (3 * HOUR, "3 giờ trước"), (49 * HOUR, "2 ngày trước")]
        {
            assert!(vi.updated(age).contains(words), "{}", vi.updated(age));
        }
        assert!(of(Language::En).updated(HOUR).contains("1 hour ago"));
    }

    #[test]
    fn every_label_fits_a_button() {
        for words in Language::ALL.map(of) {
            for label in
                [words.label_person(), words.label_track(), words.label_parcel(), words.label_yes(), words.label_share_phone()]
            {
                assert!((1..=20).contains(&label.chars().count()), "{label}");
            }
        }
    }
}
