//! The settings form of a channel, and how settings are checked against it.

use crate::secret::Settings;
use serde::{Deserialize, Serialize};

/// The settings form of a channel: the console draws it, the API checks by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub fields: Vec<Field>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    pub label: String,
    /// One sentence: where to find the value.
    pub hint: String,
    pub kind: FieldKind,
    pub required: bool,
    /// Sealed at rest, never returned.
    pub secret: bool,
    pub default: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum FieldKind {
    Text,
    Url,
    /// Several texts.
    List,
    Choice {
        options: Vec<String>,
    },
    /// A whole number within these bounds, written as a number or as digits.
    Number {
        least: u32,
        most: u32,
    },
}

/// The setting that says how fast an inbox may send.
pub const SENDS_PER_SECOND: &str = "sends_per_second";

impl Field {
    #[must_use]
    pub fn required(name: &str, label: &str, hint: &str) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            hint: hint.into(),
            kind: FieldKind::Text,
            required: true,
            secret: false,
            default: None,
        }
    }

    #[must_use]
    pub fn optional(name: &str, label: &str, hint: &str) -> Self {
        Self { required: false, ..Self::required(name, label, hint) }
    }

    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    #[must_use]
    pub fn of_kind(mut self, kind: FieldKind) -> Self {
        self.kind = kind;
        self
    }

    #[must_use]
    pub fn default(mut self, value: &str) -> Self {
        self.default = Some(value.into());
        self
    }

    /// How many messages the inbox sends in a second at the most, all customers together. Platforms
    /// let some accounts send more than others, so their published limit is a default.
    #[must_use]
    pub fn sends_per_second(published: u32) -> Self {
        let hint = "The platform's limit for your account; raise it only where the platform has done so";
        Self::optional(SENDS_PER_SECOND, "Messages a second", hint)
            .of_kind(FieldKind::Number { least: 1, most: 100_000 })
            .default(&published.to_string())
    }
}

impl Form {
    /// Check settings against the form: unknown names, missing or mistyped values,
    /// `http(s)` URLs, known choices. Connectors check what only they know in `open`.
    pub fn check(&self, settings: &Settings) -> Result<(), SettingsError> {
        for name in settings.0.keys() {
            if !self.fields.iter().any(|field| field.name == *name) {
                let known: Vec<_> = self.fields.iter().map(|field| field.name.as_str()).collect();
                return Err(SettingsError::new(name, format!("is not a setting of this channel; it has {}", known.join(", "))));
            }
        }
        self.fields.iter().try_for_each(|field| field.check(settings))
    }

    /// The number set here or, where none is, the form's own; `None` where the channel has no such field.
    #[must_use]
    pub fn number(&self, name: &str, settings: &Settings) -> Option<u32> {
        let default = || self.fields.iter().find(|field| field.name == name)?.default.as_deref()?.parse().ok();
        settings.number(name).or_else(default)
    }
}

impl Field {
    fn check(&self, settings: &Settings) -> Result<(), SettingsError> {
        let wrong = |why: String| Err(SettingsError::new(&self.name, why));
        let Some(value) = settings.0.get(&self.name).filter(|value| !value.is_null()) else {
            return if self.required { wrong("is missing".into()) } else { Ok(()) };
        };
        if self.kind == FieldKind::List {
            return match settings.list(&self.name).is_empty() && self.required {
                true => wrong("must name at least one".into()),
                false => Ok(()),
            };
        }
        if let FieldKind::Number { least, most } = self.kind {
            let empty = value.as_str().is_some_and(|text| text.trim().is_empty());
            return match settings.number(&self.name) {
                Some(number) if (least..=most).contains(&number) => Ok(()),
                None if empty && !self.required => Ok(()),
                _ => wrong(format!("must be a whole number from {least} to {most}")),
            };
        }
        let Some(text) = value.as_str() else {
            return wrong("must be a text".into());
        };
        if text.trim().is_empty() {
            return if self.required { wrong("is empty".into()) } else { Ok(()) };
        }
        match &self.kind {
            FieldKind::Url => match url::Url::parse(text.trim()) {
                Ok(url) if !matches!(url.scheme(), "https" | "http") => {
                    wrong("must be a URL that starts with https:// (or http:// on your own network)".into())
                }
                Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                    wrong("must hold no user name or password: it is shown in the console".into())
                }
                Ok(_) => Ok(()),
                Err(error) => wrong(format!("is not a URL such as https://example.com: {error}")),
            },
            FieldKind::Choice { options } if !options.iter().any(|option| option == text) => {
                wrong(format!("must be one of {}", options.join(", ")))
            }
            _ => Ok(()),
        }
    }
}

/// Which setting is wrong, and why. Reads as "`token` must look like 123:ABC".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {why}")]
pub struct SettingsError {
    pub field: String,
    pub why: String,
}

impl SettingsError {
    #[must_use]
    pub fn new(field: &str, why: impl Into<String>) -> Self {
        Self { field: field.to_owned(), why: why.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_is_whole_and_within_its_bounds() {
        let form = Form { fields: vec![Field::sends_per_second(30)] };
        let settings = |value| Settings([(SENDS_PER_SECOND.to_owned(), value)].into());
        for good in [json!(1), json!("50"), json!(" 7 "), json!(""), json!(null)] {
            assert_eq!(form.check(&settings(good.clone())), Ok(()), "{good}");
        }
        for bad in [json!(0), json!(-3), json!(1.5), json!("fast"), json!(1_000_000), json!([30])] {
            assert_eq!(form.check(&settings(bad.clone())).expect_err("refused").field, SENDS_PER_SECOND, "{bad}");
        }
        assert_eq!(form.number(SENDS_PER_SECOND, &settings(json!("50"))), Some(50));
        assert_eq!(form.number(SENDS_PER_SECOND, &settings(json!(""))), Some(30));
        assert_eq!(Form { fields: vec![] }.number(SENDS_PER_SECOND, &Settings::default()), None);
    }

    #[test]
    fn a_url_is_parsed_and_not_only_its_beginning() {
        let form = Form { fields: vec![Field::optional("api_url", "API", "").of_kind(FieldKind::Url)] };
        let check = |url: &str| form.check(&Settings([("api_url".to_owned(), json!(url))].into()));
        for good in ["https://api.example.com", "http://127.0.0.1:8081/bot", " https://example.com/ ", ""] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in
            ["http://", "https://", "https:// example.com", "http://[::1", "ftp://example.com", "example.com", "https://a:b@c.vn"]
        {
            let wrong = check(bad).expect_err(bad);
            assert_eq!(wrong.field, "api_url");
        }
    }
}
