//! Greetings, thanks, goodbyes, photos: answered briefly, and never twice in a
//! row, so that two polite sides cannot talk for ever.

use super::decide::Talk;
use onethread_intents::{Asked, Intent};

impl Talk<'_> {
    pub(super) fn small_talk(&mut self, intent: Intent) {
        match intent {
            Intent::Greeting => self.menu(),
            Intent::Goodbye if self.before.closed != Some(Intent::Goodbye) => {
                self.close(intent, self.words.goodbye(&self.turn.shop.name));
            }
            Intent::Thanks if !matches!(self.before.closed, Some(Intent::Thanks | Intent::Goodbye)) => {
                self.close(intent, self.words.welcome(self.next.replies));
            }
            Intent::Thanks | Intent::Goodbye => self.stay_closed(),
            _ if self.waits_for_digits() => self.wait(),
            _ => self.at_your_service(),
        }
    }

    /// Who is writing and what they can do for you; the second time only "yes?".
    pub(super) fn menu(&mut self) {
        let text = if self.before.greeted {
            self.words.listening(self.next.replies)
        } else {
            self.next.greeted = true;
            self.words.introduction(&self.turn.shop.name)
        };
        self.say_with(text, &[self.track(), self.person()]);
    }

    /// "OK", "vâng ạ" with nothing to confirm.
    pub(super) fn at_your_service(&mut self) {
        match self.before.closed {
            Some(_) => self.stay_closed(),
            None => self.close(Intent::Yes, self.words.at_your_service()),
        }
    }

    pub(super) fn never_mind(&mut self) {
        self.next.drop_slots();
        self.close(Intent::No, self.words.never_mind());
    }

    fn waits_for_digits(&self) -> bool {
        matches!(self.before.asked, Some(Asked::OrderCode | Asked::PhoneTail))
    }

    pub(super) fn close(&mut self, after: Intent, text: String) {
        self.next.closed = Some(after);
        self.say_with(text, &[]);
    }

    pub(super) fn stay_closed(&mut self) {
        self.next.closed = self.before.closed;
        self.effects.push(super::turn::Effect::KeepSilent);
    }

    /// "?", ":))": nothing is understood and nothing missed. What was asked stays asked.
    pub(super) fn signs_only(&mut self) {
        self.next.asked = self.before.asked;
        self.next.offered = self.before.offered.clone();
        self.next.misses = self.before.misses;
        match self.before.closed {
            Some(_) => self.stay_closed(),
            None if self.before.greeted => self.close(Intent::Yes, self.words.listening(self.next.replies)),
            None => self.menu(),
        }
    }

    /// A message without words. What was asked stays asked.
    pub(super) fn file_received(&mut self) {
        let heard = self.turn.heard;
        if heard.attachments == 0 && heard.payload.is_some() {
            return self.menu();
        }
        self.next.asked = self.before.asked;
        self.next.offered = self.before.offered.clone();
        self.next.misses = self.before.misses;
        self.next.noted_file = self.before.noted_file || heard.attachments > 0;
        if heard.attachments == 0 || self.before.noted_file {
            return self.effects.push(super::turn::Effect::KeepSilent);
        }
        self.say_with(self.words.file_received(), &[self.person()]);
    }
}
