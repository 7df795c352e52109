//! Text as people search it.

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// Lower case, without marks, `đ` as `d`, blanks single: how names and codes are compared and searched.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut line = Line::default();
    each_folded(text, |c| line.push(c, c.is_whitespace()));
    line.text
}

/// The same with everything but letters and digits as blanks: how words are compared.
#[must_use]
pub fn fold_words(text: &str) -> String {
    let mut line = Line::default();
    each_folded(text, |c| line.push(c, !c.is_alphanumeric()));
    line.text
}

/// Marks are left out, so it does not matter in which order they stand: each character is taken apart alone.
fn each_folded(text: &str, mut each: impl FnMut(char)) {
    for c in text.chars() {
        if c.is_ascii() {
            each(c.to_ascii_lowercase());
            continue;
        }
        decompose_canonical(c, |part| {
            if !is_combining_mark(part) {
                part.to_lowercase().for_each(|c| each(if c == 'đ' { 'd' } else { c }));
            }
        });
    }
}

/// At most `most` characters, with an ellipsis where more was there; lines become one.
#[must_use]
pub fn excerpt(text: &str, most: usize) -> String {
    let mut line = Line::default();
    text.chars().for_each(|c| line.push(c, c.is_whitespace()));
    let mut line = line.text;
    // Each character takes a byte at least.
    if line.len() > most && line.chars().count() > most {
        let end = line.char_indices().nth(most.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
        line.truncate(line[..end].trim_end().len());
        line.push('…');
    }
    line
}

/// Words with one blank between two.
#[derive(Default)]
struct Line {
    text: String,
    parted: bool,
}

impl Line {
    /// `parts`: what it says is that a word is over.
    fn push(&mut self, c: char, parts: bool) {
        if parts {
            self.parted = true;
            return;
        }
        if std::mem::take(&mut self.parted) && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push(c);
    }
}

/// Take NUL characters out of every text and name in the value. Answers whether there were any.
pub fn strip_nul(value: &mut serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::String(text) if text.contains('\0') => {
            text.retain(|c| c != '\0');
            true
        }
        Value::Array(items) => items.iter_mut().fold(false, |any, item| strip_nul(item) | any),
        Value::Object(fields) => {
            let any = fields.values_mut().fold(false, |any, field| strip_nul(field) | any);
            let named: Vec<String> = fields.keys().filter(|name| name.contains('\0')).cloned().collect();
            for name in &named {
                if let Some(field) = fields.remove(name) {
                    fields.insert(name.replace('\0', ""), field);
                }
            }
            any || !named.is_empty()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_without_marks() {
        assert_eq!(fold("  Đặng  Thị Lan "), "dang thi lan");
        assert_eq!(fold("Ｌan"), "ｌan");
        assert_eq!(fold("E\u{323}\u{302}\u{a0}Ở\tO\u{31b}\u{309}"), "e o o", "however the marks are written");
    }

    #[test]
    fn words_are_compared_without_signs() {
        assert_eq!(fold_words("  Dạ, «Đơn»: DH-1024?! "), "da don dh 1024");
        assert_eq!(fold_words("…"), "");
    }

    #[test]
    fn no_text_keeps_a_nul() {
        let mut value = serde_json::json!({ "a\0": ["x\0y", { "b": "\0" }], "c": 1 });
        assert!(strip_nul(&mut value) && !strip_nul(&mut value));
        assert_eq!(value, serde_json::json!({ "a": ["xy", { "b": "" }], "c": 1 }));
    }

    #[test]
    fn an_excerpt_is_one_line() {
        assert_eq!(excerpt("một\nhai ba", 20), "một hai ba");
        assert_eq!(excerpt("một hai ba", 7), "một ha…");
    }
}
