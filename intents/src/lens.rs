//! From a text to what the models see of it: words, values, features. The same for phrases that
//! are learnt and messages that are read.

use crate::entities::{self, CodePatterns};
use crate::features::{self, Hashes};
use crate::pack::Pack;
use crate::reading::{Asked, Entity};
use crate::senses::Senses;
use crate::text::{self, Teencode, Token};

#[derive(Debug, Clone)]
pub(crate) struct Lens {
    teencode: Teencode,
    senses: Senses,
    codes: CodePatterns,
}

pub(crate) struct Seen {
    pub tokens: Vec<Token>,
    pub entities: Vec<Entity>,
    pub features: Hashes,
}

impl Lens {
    pub(crate) fn of(pack: &Pack) -> Self {
        Self { teencode: pack.teencode.clone(), senses: pack.senses.clone(), codes: pack.codes.clone() }
    }

    pub(crate) fn look(&self, text: &str, asked: Option<Asked>) -> Seen {
        let tokens = text::words(text, &self.teencode);
        let entities = entities::find(text, &tokens, &self.codes, asked);
        let features = features::extract(&tokens, &entities, &self.senses);
        Seen { tokens, entities, features }
    }

    /// The same text as somebody types it who leaves the marks out; `None` if nothing changes.
    pub(crate) fn without_marks(&self, seen: &Seen) -> Option<Hashes> {
        if seen.tokens.iter().all(|token| token.marked == token.folded) {
            return None;
        }
        let bare: Vec<Token> = seen.tokens.iter().map(|token| Token { marked: token.folded.clone(), ..token.clone() }).collect();
        Some(features::extract(&bare, &seen.entities, &self.senses))
    }
}
