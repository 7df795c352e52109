//! Over to a person: why, and what happens next. The notice is the last thing
//! the bot says.

use super::context::Purpose;
use super::dates::{Day, clock_time};
use super::decide::Talk;
use super::turn::{Effect, ShopView};
use super::words::{self, Next};
use onethread_core::Millis;
use onethread_core::message::Content;
use onethread_core::thread::HandoffReason;
use onethread_intents::Language;

/// What a customer is told while the bot is switched off: that people answer, and when.
#[must_use]
pub fn notice(language: Language, shop: &ShopView, now: Millis) -> Content {
    let words = words::of(language);
    Content::text(format!("{} {}", words.received(), words.what_happens_next(&next(language, shop, now))))
}

fn next(language: Language, shop: &ShopView, now: Millis) -> Next {
    if shop.open_now {
        return Next::SoonHere;
    }
    let hours = match language {
        Language::Vi => &shop.opening_hours_vi,
        Language::En => &shop.opening_hours_en,
    };
    let opens = shop.opens_next.and_then(|at| Some((Day::at(at)?, clock_time(at)?))).zip(Day::at(now));
    Next::Closed {
        hours: hours.trim().to_owned(),
        opens: opens.map(|((day, time), today)| (words::of(language).day(day, today), time)),
    }
}

impl Talk<'_> {
    pub(super) fn hand_over(&mut self, reason: HandoffReason) {
        let why = self.why(reason);
        let next = self.words.what_happens_next(&next(self.said.language, self.turn.shop, self.turn.now));
        self.next.drop_slots();
        self.next.asked = None;
        self.next.offered.clear();
        self.next.misses = 0;
        self.say(Content::text(format!("{why} {next}")));
        self.effects.push(Effect::HandOff(reason));
    }

    fn why(&self, reason: HandoffReason) -> String {
        let wanted = self.next.purpose.filter(|purpose| *purpose != Purpose::Status);
        match (reason, wanted) {
            (HandoffReason::NeedsPerson, Some(purpose)) => self.words.handed_request(purpose, self.next.code.as_deref()),
            _ => self.words.handed(reason),
        }
    }
}
