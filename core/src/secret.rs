//! Secrets, and the settings of an inbox. Neither prints what it holds.

use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;

pub use secrecy::{ExposeSecret, SecretString};

/// Text that must not be seen in logs, errors or answers.
#[derive(Clone, Default)]
pub struct Secret(SecretString);

impl Secret {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself, for the one line that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// The settings of one inbox, as the console's form or the API gave them.
/// Which of them are secret is said by the channel's [`Form`](crate::channel::Form).
#[derive(Clone, Default, Serialize, Deserialize, PartialEq)]
#[serde(transparent)]
pub struct Settings(pub BTreeMap<String, serde_json::Value>);

impl Settings {
    /// A text setting, trimmed; `None` when absent or empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    /// A list setting: a JSON array of texts, or one text parted by commas, spaces or lines.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(serde_json::Value::Array(items)) => items.iter().filter_map(|i| i.as_str()).map(str::to_owned).collect(),
            Some(serde_json::Value::String(text)) => {
                text.split(|c: char| c == ',' || c.is_whitespace()).filter(|t| !t.is_empty()).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A whole number, given as one or as digits; `None` when absent, empty or anything else.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u32> {
        match self.0.get(name)? {
            serde_json::Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
            serde_json::Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub fn set(&mut self, name: &str, value: impl Into<serde_json::Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_prints_what_it_holds() {
        let mut settings = Settings::default();
        settings.set("token", "123:hush");
        let shown = format!("{:?} {settings:?}", Secret::new("hush"));
        assert!(!shown.contains("hush") && shown.contains("token"));
    }

    #[test]
    fn a_list_may_be_typed_as_one_line() {
        let mut settings = Settings::default();
        settings.set("allowed_origins", "https://a.vn, https://b.vn\nhttps://c.vn");
        assert_eq!(settings.list("allowed_origins").len(), 3);
    }
}
