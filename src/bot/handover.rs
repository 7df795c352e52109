//! Over to a person: why, and what happens next. The notice is the last thing
//! the bot says.

use super::context::Purpose;
use super::dates::{Day, clock_time};
use super::decide::Talk;
use super::turn::Effect;
use super::words::Next;
use onethread_core::message::Content;
use onethread_core::thread::HandoffReason;
use onethread_intents::Language;

impl Talk<'_> {
    pub(super) fn hand_over(&mut self, reason: HandoffReason) {
        let why = self.why(reason);
        let next = self.words.what_happens_next(&self.what_happens_next());
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

    fn what_happens_next(&self) -> Next {
        let shop = self.turn.shop;
        if shop.open_now {
            return Next::SoonHere;
        }
        let hours = match self.said.language {
            Language::Vi => &shop.opening_hours_vi,
            Language::En => &shop.opening_hours_en,
        };
        let opens = shop.opens_next.and_then(|at| Some((Day::at(at)?, clock_time(at)?))).zip(Day::at(self.turn.now));
        Next::Closed {
            hours: hours.trim().to_owned(),
            opens: opens.map(|((day, time), today)| (self.words.day(day, today), time)),
        }
    }
}
