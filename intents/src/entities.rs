//! What stands in a message as a value: codes, phones, money. Each rule proposes; the first
//! rule that claims a stretch of text keeps it, so a phone is never an order code.

mod codes;
mod money;
mod phones;

pub(crate) use codes::CodePatterns;

use crate::reading::{Asked, Entity, EntityValue};
use crate::text::{READ_AT_MOST, Token};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[a-z0-9][a-z0-9._%+-]{0,63}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}").expect("the pattern is constant")
});

/// Stretches that are spoken for, in the order of the text.
pub(crate) struct Claims {
    entities: Vec<Entity>,
}

impl Claims {
    pub(crate) fn free(&self, span: &Range<usize>) -> bool {
        self.entities.iter().all(|other| span.end <= other.span.start || other.span.end <= span.start)
    }

    pub(crate) fn claim(&mut self, span: Range<usize>, value: EntityValue) {
        if self.free(&span) {
            self.entities.push(Entity { span, value });
        }
    }
}

/// Every value in the text, in its order, without overlaps.
pub(crate) fn find(text: &str, tokens: &[Token], codes: &CodePatterns, asked: Option<Asked>) -> Vec<Entity> {
    let text = readable(text);
    let mut claims = Claims { entities: Vec::new() };
    if text.contains('@') {
        for found in EMAIL.find_iter(text) {
            claims.claim(found.range(), EntityValue::Email(found.as_str().to_lowercase()));
        }
    }
    if text.bytes().any(|byte| byte.is_ascii_digit()) {
        phones::find(text, &mut claims);
        codes::find_marked(text, tokens, codes, &mut claims);
        money::find(text, &mut claims);
        codes::find_bare(text, tokens, codes, asked, &mut claims);
    }
    let mut entities = claims.entities;
    entities.sort_by_key(|entity| entity.span.start);
    entities
}

/// The part of the text that is read at all.
fn readable(text: &str) -> &str {
    &text[..text.floor_char_boundary(READ_AT_MOST)]
}

/// Is the stretch a whole word, with no letter or digit glued to it?
pub(crate) fn stands_alone(text: &str, span: &Range<usize>) -> bool {
    let before = text[..span.start].chars().next_back();
    let after = text[span.end..].chars().next();
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}
