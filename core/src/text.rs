//! Text as people search it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case, without marks, `đ` as `d`, blanks single: how names and codes are compared and searched.
#[must_use]
pub fn fold(text: &str) -> String {
    let bare = text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let plain: String = bare.map(|c| if c == 'đ' { 'd' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `most` characters, with an ellipsis where more was there; lines become one.
#[must_use]
pub fn excerpt(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
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
