//! What stands in a message as a value: codes, phones, money. Each rule proposes; the first
//! rule that claims a stretch of text keeps it, so a phone is never an order code.

mod amounts;
mod codes;
mod dates;
mod lexicon;
mod money;
mod phones;

pub(crate) use codes::CodePatterns;
pub(crate) use lexicon::Lexicon;

use crate::reading::{Asked, Entity, EntityValue};
use crate::text::READ_AT_MOST;
use crate::token::Token;
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

/// What the rules need besides the text.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub codes: CodePatterns,
    pub lexicon: Lexicon,
}

/// Every value in the text, in its order, without overlaps.
pub(crate) fn find(text: &str, tokens: &[Token], rules: &Rules, asked: Option<Asked>) -> Vec<Entity> {
    let text = readable(text);
    let mut claims = Claims { entities: Vec::new() };
    if text.contains('@') {
        for found in EMAIL.find_iter(text) {
            claims.claim(found.range(), EntityValue::Email(found.as_str().to_lowercase()));
        }
    }
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    if digits {
        phones::find(text, &mut claims);
        codes::find_parted_tail(text, asked, &mut claims);
        dates::find_written(text, &mut claims);
        codes::find_marked(text, tokens, &rules.codes, &mut claims);
        money::find(text, &mut claims);
        amounts::find_sizes(text, &mut claims);
        codes::find_cued(text, tokens, &rules.codes, asked, &mut claims);
    } else if mentions_size(tokens) {
        amounts::find_sizes(text, &mut claims);
    }
    codes::find_read_out(tokens, &rules.codes, &rules.lexicon, &mut claims);
    money::find_spoken(tokens, &rules.lexicon, &mut claims);
    dates::find_spoken(tokens, &rules.lexicon, &mut claims);
    amounts::find_quantities(tokens, &rules.lexicon, &mut claims);
    find_places(tokens, &rules.lexicon, &mut claims);
    if digits {
        codes::find_tails(text, tokens, &mut claims);
    }
    let mut entities = claims.entities;
    entities.sort_by_key(|entity| entity.span.start);
    entities
}

fn mentions_size(tokens: &[Token]) -> bool {
    tokens
        .iter()
        .any(|token| matches!(token.folded.as_str(), "size" | "sz" | "sai" | "co" | "freesize") || token.folded.starts_with('x'))
}

fn find_places(tokens: &[Token], lexicon: &Lexicon, claims: &mut Claims) {
    let mut at = 0;
    while at < tokens.len() {
        let Some((place, length)) = lexicon.places.at(&tokens[at..]) else {
            at += 1;
            continue;
        };
        claims.claim(tokens[at].span.start..tokens[at + length - 1].span.end, EntityValue::Place(place));
        at += length;
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{self, Habits};

    fn found(text: &str, codes: &CodePatterns, asked: Option<Asked>) -> Vec<(String, EntityValue)> {
        let tokens = text::words(text, &Habits::default());
        let named = |entity: Entity| (text[entity.span].to_owned(), entity.value);
        let lexicon = Lexicon::shipped().expect("the shipped tables are well written");
        find(text, &tokens, &Rules { codes: codes.clone(), lexicon }, asked).into_iter().map(named).collect()
    }

    fn code(text: &str) -> Option<String> {
        found(text, &CodePatterns::usual(), None).into_iter().find_map(|(_, value)| match value {
            EntityValue::OrderCode(code) => Some(code),
            _ => None,
        })
    }

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        for (text, folded) in [
            ("đơn DH1024 tới đâu rồi", "DH1024"),
            ("dh1024", "DH1024"),
            ("đơn hàng dh 1024 của em", "DH1024"),
            ("check HD-0012 giúp em", "HD0012"),
            ("mã #100020 nha", "100020"),
            ("đơn số 1001 giao chưa", "1001"),
            ("where is order 1001?", "1001"),
            ("# 1001", "1001"),
        ] {
            assert_eq!(code(text).as_deref(), Some(folded), "{text}");
        }
    }

    #[test]
    fn a_phone_and_a_sum_are_no_codes() {
        for text in ["0912345678", "+84 912 345 678", "gọi em 0912.345.678", "giá 500k", "500000đ", "size 390", "khoảng 2000 cái"]
        {
            assert_eq!(code(text), None, "{text}");
        }
    }

    #[test]
    fn the_question_of_the_bot_decides_what_a_number_is() {
        let usual = CodePatterns::usual();
        assert_eq!(found("1024", &usual, None), [("1024".to_owned(), EntityValue::Digits4("1024".to_owned()))]);
        let asked = found("dạ 1024", &usual, Some(Asked::OrderCode));
        assert_eq!(asked, [("1024".to_owned(), EntityValue::OrderCode("1024".to_owned()))]);
        for (typed, span) in [("1024", "1024"), ("dạ 10 24 ạ", "10 24"), ("1.0.2.4", "1.0.2.4")] {
            let tail = found(typed, &usual, Some(Asked::PhoneTail));
            assert_eq!(tail, [(span.to_owned(), EntityValue::Digits4("1024".to_owned()))], "{typed}");
        }
    }

    #[test]
    fn a_shop_says_by_example_how_its_codes_look() {
        let own = CodePatterns::compile(&["DH1024".to_owned()]).expect("an example is a pattern");
        assert_eq!(found("dh 77001", &own, None), [("dh 77001".to_owned(), EntityValue::OrderCode("DH77001".to_owned()))]);
        assert_eq!(found("HD1024", &own, None), []);
        let strict = CodePatterns::compile(&[r"AB\d{6}".to_owned()]).expect("a pattern is a pattern");
        assert_eq!(found("ab-123456", &strict, None).len(), 1);
        assert_eq!(found("ab1234", &strict, None), []);
    }
}
