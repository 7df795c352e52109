//! Choices under a reply: buttons where the channel has room for all of them,
//! a numbered list where it has not. Keeps the limits of [`Button`].

use super::context::Offer;
use super::decide::Talk;
use onethread_core::message::{Button, Content};
use onethread_core::text::excerpt;
use onethread_intents::Asked;

/// See [`Button`]: what every channel can show and carry.
const LABEL_LIMIT: usize = 20;
const PAYLOAD_LIMIT: usize = 64;

pub(super) const PERSON: &str = "human";
pub(super) const TRACK: &str = "track";

impl Offer {
    pub(super) fn new(label: impl Into<String>, payload: impl Into<String>) -> Self {
        Self { label: label.into(), payload: payload.into() }
    }

    fn button(&self) -> Button {
        Button::payload(excerpt(&self.label, LABEL_LIMIT), &self.payload)
    }
}

impl Talk<'_> {
    /// Ask to choose. The choices can also be named by their number or their words.
    pub(super) fn ask_to_choose(&mut self, question: String, offers: Vec<Offer>) {
        let room = self.turn.heard.identity.channel_buttons;
        let fit = offers.len() <= room && offers.iter().all(|offer| offer.payload.len() <= PAYLOAD_LIMIT);
        let content = if fit {
            let mut shown = offers.clone();
            shown.push(self.person());
            Content::text(question).with_buttons(shown.iter().take(room).map(Offer::button).collect())
        } else {
            let lines: Vec<String> =
                offers.iter().enumerate().map(|(at, offer)| format!("{}. {}", at + 1, offer.label)).collect();
            Content::text(format!("{question}\n{}\n{}", lines.join("\n"), self.words.answer_by_number(offers.len())))
        };
        self.next.asked = Some(Asked::Choice);
        self.next.offered = offers;
        self.say(content);
    }

    /// Say something with what may follow; without buttons the words must do.
    pub(super) fn say_with(&mut self, text: impl Into<String>, offers: &[Offer]) {
        let room = self.turn.heard.identity.channel_buttons;
        let fitting = offers.iter().filter(|offer| offer.payload.len() <= PAYLOAD_LIMIT);
        let content = Content::text(text).with_buttons(fitting.take(room).map(Offer::button).collect());
        self.say(content);
    }

    pub(super) fn person(&self) -> Offer {
        Offer::new(self.words.label_person(), PERSON)
    }

    pub(super) fn track(&self) -> Offer {
        Offer::new(self.words.label_track(), TRACK)
    }
}
