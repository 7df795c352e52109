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
}

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
