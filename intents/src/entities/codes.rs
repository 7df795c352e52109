//! Order codes as customers type them: `DH1024`, `#100020`, `dh 1024`, `đơn hàng số 1001`.
//! A number is a code only where something says so: a `#`, letters a shop uses, the word *đơn*
//! before it, or the bot's own question.

use super::lexicon::Lexicon;
use super::{Claims, stands_alone};
use crate::pack::PackError;
use crate::reading::{Asked, EntityValue};
use crate::token::Token;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// How codes look in a shop that has not said.
const USUAL: [&str; 2] = [r"[A-Z]{1,5}\d{3,9}", r"\d{3,9}"];

/// Words that stand before a number without making it a code.
const NO_PREFIX: [&str; 34] = [
    "size", "sz", "sai", "gia", "khoang", "tam", "co", "hon", "duoi", "tren", "tu", "den", "toi", "nam", "ngay", "thang", "so",
    "la", "cuoi", "sdt", "dt", "tel", "phone", "call", "rtx", "gtx", "ram", "and", "the", "for", "over", "under", "about", "usd",
];

/// Words after which a bare number is an order code.
const CUES: [&str; 12] = ["don", "dh", "ma", "order", "orders", "code", "bill", "hoadon", "donhang", "madon", "hd", "mvd"];

/// Words that may stand between the cue and the number.
const FILLERS: [&str; 16] =
    ["hang", "so", "ma", "la", "van", "number", "no", "is", "code", "id", "cua", "em", "minh", "don", "toi", "chi"];

static PIECES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)(?:#\s?)?(?:\b[a-zđ]{1,5}[ \-_.]?)?\d{3,9}").expect("the pattern is constant"));

/// What a code of this shop looks like.
#[derive(Debug, Clone)]
pub(crate) struct CodePatterns {
    patterns: Vec<Regex>,
    /// The shop has not said; letters apart from their number are then doubted.
    usual: bool,
}

impl CodePatterns {
    pub(crate) fn usual() -> Self {
        let patterns = USUAL.iter().map(|pattern| anchored(pattern).expect("the usual patterns are constant")).collect();
        Self { patterns, usual: true }
    }

    pub(crate) fn compile(patterns: &[String]) -> Result<Self, PackError> {
        let compile = |pattern: &String| {
            anchored(&of_example(pattern))
                .map_err(|source| PackError::Pattern { pattern: pattern.clone(), source: Box::new(source) })
        };
        Ok(Self { patterns: patterns.iter().map(compile).collect::<Result<_, _>>()?, usual: false })
    }

    fn fits(&self, folded: &str, written: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_match(folded) || pattern.is_match(written))
    }
}

fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$")).case_insensitive(true).size_limit(1 << 20).build()
}

/// `DH1024` says how codes begin, `DH\d{4}` says it all.
fn of_example(pattern: &str) -> String {
    let example = pattern.trim_start_matches('#');
    let letters = example.chars().take_while(char::is_ascii_alphabetic).count();
    let (head, digits) = example.split_at(letters);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!(r"{head}\d{{3,9}}");
    }
    pattern.to_owned()
}

/// Codes that show themselves: by `#` or by letters.
pub(super) fn find_marked(text: &str, tokens: &[Token], codes: &CodePatterns, claims: &mut Claims) {
    for found in PIECES.find_iter(text) {
        let written = found.as_str();
        let folded = fold(written);
        let letters = folded.bytes().take_while(u8::is_ascii_alphabetic).count();
        let hash = written.starts_with('#');
        if letters == 0 && !hash {
            continue;
        }
        let span = found.range();
        let glued = !written.trim_start_matches('#').contains([' ', '-', '_', '.']);
        let prefix = folded[..letters].to_lowercase();
        let believed =
            hash || !codes.usual || (glued && !NO_PREFIX.contains(&prefix.as_str())) || is_prefix(&prefix, &span, tokens);
        if believed && stands_alone(text, &span) && codes.fits(&folded, &written.to_uppercase()) {
            claims.claim(span, EntityValue::OrderCode(folded));
        }
    }
}

/// Letters apart from their number: a code if they are no word (`dh`, `hđ`) or follow *đơn*.
fn is_prefix(prefix: &str, span: &Range<usize>, tokens: &[Token]) -> bool {
    let spoken = prefix.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    !NO_PREFIX.contains(&prefix)
        && !CUES[..1].contains(&prefix)
        && (!spoken || follows_cue(span.start, tokens))
        && !FILLERS.contains(&prefix)
}

/// Numbers that are codes because a word before them or the bot's question says so.
pub(super) fn find_cued(text: &str, tokens: &[Token], codes: &CodePatterns, asked: Option<Asked>, claims: &mut Claims) {
    for token in numbers(text, tokens) {
        let written = &text[token.span.clone()];
        let cued = follows_cue(token.span.start, tokens) && !after_tail_words(token.span.start, tokens);
        if (cued || asked == Some(Asked::OrderCode)) && (3..=12).contains(&written.len()) && codes.fits(written, written) {
            claims.claim(token.span.clone(), EntityValue::OrderCode(written.to_owned()));
        }
    }
}

/// The bot asked for four digits, and these four are all there are, however parted: `56 78`.
pub(super) fn find_parted_tail(text: &str, asked: Option<Asked>, claims: &mut Claims) {
    if asked != Some(Asked::PhoneTail) {
        return;
    }
    let digits: Vec<(usize, char)> = text.char_indices().filter(|(_, letter)| letter.is_ascii_digit()).collect();
    if let [(from, _), _, _, (last, _)] = digits.as_slice() {
        let value = digits.iter().map(|(_, digit)| *digit).collect();
        claims.claim(*from..last + 1, EntityValue::Digits4(value));
    }
}

/// Four digits that are nothing else.
pub(super) fn find_tails(text: &str, tokens: &[Token], claims: &mut Claims) {
    for token in numbers(text, tokens).filter(|token| token.span.len() == 4) {
        claims.claim(token.span.clone(), EntityValue::Digits4(text[token.span.clone()].to_owned()));
    }
}

/// Words that are digits only and not part of something longer (`12/1024`, `1.024`).
fn numbers<'a>(text: &'a str, tokens: &'a [Token]) -> impl Iterator<Item = &'a Token> {
    tokens.iter().filter(|token| {
        let span = &token.span;
        let digits = text[span.clone()].bytes().all(|byte| byte.is_ascii_digit());
        let glue = |letter: char| matches!(letter, '/' | '.' | ',' | '-');
        let mut after = text[span.end..].chars();
        let joined = after.next().is_some_and(glue) && after.next().is_some_and(|next| next.is_ascii_digit());
        let mut before = text[..span.start].chars().rev();
        let joins = before.next().is_some_and(glue) && before.next().is_some_and(|next| next.is_ascii_digit());
        digits && !joined && !joins && stands_alone(text, span)
    })
}

/// `đơn một không hai bốn`: three and more digits in words after a cue.
pub(super) fn find_read_out(tokens: &[Token], codes: &CodePatterns, lexicon: &Lexicon, claims: &mut Claims) {
    let digit = |token: &Token| match lexicon.numbers.at(std::slice::from_ref(token)) {
        Some((value @ 0..=9, 1)) => Some(value),
        None if token.marked == "không" => Some(0),
        _ => None,
    };
    let mut at = 0;
    while at < tokens.len() {
        let digits: String = tokens[at..].iter().map_while(digit).map(|value| value.to_string()).collect();
        let cued = digits.len() >= 3 && follows_cue(tokens[at].span.start, tokens);
        if cued && codes.fits(&digits, &digits) {
            claims.claim(tokens[at].span.start..tokens[at + digits.len() - 1].span.end, EntityValue::OrderCode(digits.clone()));
        }
        at += digits.len().max(1);
    }
}

fn before(at: usize, tokens: &[Token]) -> impl Iterator<Item = &str> {
    tokens.iter().rev().filter(move |token| token.span.end <= at).map(|token| token.folded.as_str())
}

fn follows_cue(at: usize, tokens: &[Token]) -> bool {
    for word in before(at, tokens).take(6) {
        if CUES.contains(&word) {
            return true;
        }
        if !FILLERS.contains(&word) {
            return false;
        }
    }
    false
}

/// `số cuối 1024`: the tail of a phone.
fn after_tail_words(at: usize, tokens: &[Token]) -> bool {
    before(at, tokens).take(3).any(|word| matches!(word, "cuoi" | "duoi" | "sdt" | "last" | "phone" | "tail"))
}

/// Upper case, letters and digits only.
fn fold(code: &str) -> String {
    let plain = code.chars().map(|letter| if matches!(letter, 'đ' | 'Đ') { 'D' } else { letter });
    plain.filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}
