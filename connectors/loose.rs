//! Reading what platforms send without trusting its exact shape: ids that are
//! texts here and numbers there, clocks that are off, fields that are missing.
//! Decides nothing about what an event means.

use onethread_core::channel::{DeliveryError, FileRef, InboundAttachment, RefusedBecause, Unreadable};
use onethread_core::clock::Millis;
use onethread_core::message::FileKind;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;

/// 2010 and 2100: an instant outside is a mistake of whoever wrote it.
const PLAUSIBLE: std::ops::Range<Millis> = 1_262_304_000_000..4_102_444_800_000;

/// The body of a call as JSON. Without NUL signs: no database keeps them, and nobody types them.
pub fn json(body: &[u8]) -> Result<Value, Unreadable> {
    let mut value: Value = serde_json::from_slice(body).map_err(|error| Unreadable(format!("the body is not JSON: {error}")))?;
    if body.windows(6).any(|window| window == br"\u0000") {
        drop_nul(&mut value);
    }
    Ok(value)
}

fn drop_nul(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|sign| sign != '\0'),
        Value::Array(items) => items.iter_mut().for_each(drop_nul),
        Value::Object(fields) => fields.values_mut().for_each(drop_nul),
        _ => {}
    }
}

/// An id, whether it came as a text or as a number.
pub fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A text field; `None` when it is missing, blank or something else.
pub fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str().filter(|text| !text.trim().is_empty())
}

/// A whole number, whether it came as a number or as a text.
pub fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A coordinate or the like, whether it came as a number or as a text.
pub fn decimal(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number: &f64| number.is_finite())
}

/// Milliseconds since the epoch, where they are plausible.
pub fn instant(value: &Value) -> Option<Millis> {
    integer(value).filter(|at| PLAUSIBLE.contains(at))
}

/// An id for what the platform gave none: the same for the same parts.
pub fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..12])
}

/// A web address that a person may be shown as a link.
pub fn web_address(text: &str) -> Option<&str> {
    let scheme = text.split(':').next().unwrap_or_default().to_ascii_lowercase();
    matches!(scheme.as_str(), "http" | "https").then_some(text)
}

/// A file behind a link of the platform.
pub fn file(kind: FileKind, url: &str, name: Option<&str>, mime: Option<&str>, size: Option<i64>) -> InboundAttachment {
    let source = FileRef(url.to_owned());
    InboundAttachment::File { kind, source, name: name.map(str::to_owned), mime: mime.map(str::to_owned), size }
}

/// At most `limit` characters, the last one an ellipsis where something had to go.
pub fn clip(text: &str, limit: usize) -> String {
    let whole: String = text.trim().nfc().collect();
    if whole.chars().count() <= limit {
        return whole;
    }
    let kept: String = whole.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A platform's words as we may keep them: no secret, no line break, not endless.
pub fn quote(words: &str, secrets: &[&str]) -> String {
    let mut words = words.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        words = words.replace(secret, "…");
    }
    clip(&words.replace(char::is_control, " "), 300)
}

/// One text that is refused before it leaves, in the platform's stead.
pub fn refuse<T>(code: RefusedBecause, detail: impl Into<String>) -> Result<T, DeliveryError> {
    Err(DeliveryError::refused(code, detail))
}

/// The parameters of a query string. The last of equal names counts.
pub fn query(query: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as value;

    #[test]
    fn a_nul_sign_does_not_get_in() {
        let value = json(br#"{"message":{"text":"a\u0000b","list":["\u0000"]}}"#).expect("JSON");
        assert_eq!(value, serde_json::json!({ "message": { "text": "ab", "list": [""] } }));
        assert!(json(b"no").is_err());
    }

    #[test]
    fn an_id_may_be_a_text_or_a_number() {
        assert_eq!(id(&value!("123")), id(&value!(123)));
        assert_eq!(id(&value!("")), None);
        assert_eq!(id(&value!({})), None);
    }

    #[test]
    fn a_clock_that_is_off_says_nothing() {
        assert_eq!(instant(&value!("1700000000123")), Some(1_700_000_000_123));
        assert_eq!(instant(&value!(1_700_000_000_123_i64)), Some(1_700_000_000_123));
        assert_eq!(instant(&value!("154390853474")), None);
        assert_eq!(instant(&value!("soon")), None);
    }

    #[test]
    fn parts_cannot_be_shifted_into_one_another() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_eq!(digest(&["ab", "c"]), digest(&["ab", "c"]));
    }

    #[test]
    fn quoted_words_hold_no_secret_and_no_line_break() {
        assert_eq!(quote("bad token EAAB123\nforged log line", &["EAAB123", ""]), "bad token … forged log line");
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert!(web_address("HTTPS://a.vn/x").is_some());
        assert!(web_address("javascript:alert(1)").is_none());
    }

    #[test]
    fn a_label_is_clipped_by_characters() {
        assert_eq!(clip("Đổi địa chỉ giao hàng mới", 20), "Đổi địa chỉ giao hà…");
        assert_eq!(clip("Đặt hàng", 20), "Đặt hàng");
    }
}
