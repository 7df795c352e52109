//! What the owner decided: where the chat may appear, and how it looks.

use onethread_core::channel::{RawCall, SettingsError};
use onethread_core::secret::Settings;
use serde_json::{Value, json};
use url::{Origin, Url};

const TITLE_LIMIT: usize = 60;
const GREETING_LIMIT: usize = 500;

pub struct Setup {
    origins: Origins,
    title: Option<String>,
    greeting: Option<String>,
    colour: String,
}

enum Origins {
    Any,
    These(Vec<String>),
}

impl Setup {
    pub fn read(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self {
            origins: origins(&settings.list("allowed_origins"))?,
            title: short(settings, "title", TITLE_LIMIT)?,
            greeting: short(settings, "greeting", GREETING_LIMIT)?,
            colour: colour(settings.text("colour").unwrap_or(super::DEFAULT_COLOUR))?,
        })
    }

    /// The origin of the page that calls, where the owner allows it. Sandboxed pages (`null`) have none.
    pub fn allowed_origin<'a>(&self, call: &'a RawCall) -> Option<&'a str> {
        let origin = call.header("origin")?;
        let allowed = match &self.origins {
            Origins::Any => origin_of(origin).is_some_and(|exact| exact == origin),
            Origins::These(origins) => origins.iter().any(|allowed| allowed == origin),
        };
        allowed.then_some(origin)
    }

    /// How the widget looks: public, part of the script.
    pub fn look(&self) -> Value {
        json!({ "title": self.title, "greeting": self.greeting, "colour": self.colour })
    }

    pub fn account_name(&self) -> Option<String> {
        match &self.origins {
            Origins::Any => Some("any website".into()),
            Origins::These(origins) => Some(origins.join(", ")),
        }
    }
}

fn origins(typed: &[String]) -> Result<Origins, SettingsError> {
    if typed.iter().any(|origin| origin == "*") {
        return Ok(Origins::Any);
    }
    let read = |origin: &String| {
        origin_of(origin).ok_or_else(|| {
            let why = format!("has `{origin}`: write where your pages live, like https://shop.example.vn, without a path");
            SettingsError::new("allowed_origins", why)
        })
    };
    let origins = typed.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if origins.is_empty() {
        return Err(SettingsError::new("allowed_origins", "must name at least one address, like https://shop.example.vn"));
    }
    Ok(Origins::These(origins))
}

/// The origin as browsers spell it; `None` for what is more or less than an origin.
fn origin_of(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let web = matches!(url.scheme(), "http" | "https") && url.password().is_none();
    match url.origin() {
        origin @ Origin::Tuple(..) if bare && web => Some(origin.ascii_serialization()),
        _ => None,
    }
}

fn short(settings: &Settings, name: &str, limit: usize) -> Result<Option<String>, SettingsError> {
    match settings.text(name) {
        Some(text) if text.chars().count() > limit => Err(SettingsError::new(name, format!("is longer than {limit} characters"))),
        text => Ok(text.map(str::to_owned)),
    }
}

fn colour(text: &str) -> Result<String, SettingsError> {
    let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.chars().all(|c| c.is_ascii_hexdigit()));
    match hex {
        Some(hex) => Ok(format!("#{}", hex.to_ascii_lowercase())),
        None => Err(SettingsError::new("colour", format!("must look like {}: a # and six digits", super::DEFAULT_COLOUR))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: impl Into<Value>) -> Result<Setup, SettingsError> {
        let mut settings = Settings::default();
        settings.set("allowed_origins", json!(["https://shop.vn"]));
        settings.set(name, value);
        Setup::read(&settings)
    }

    fn from(origin: &str) -> RawCall {
        RawCall { headers: vec![("origin".into(), origin.into())], ..RawCall::default() }
    }

    #[test]
    fn what_is_no_origin_is_refused_with_the_field_named() {
        let wrong =
            ["shop.vn", "https://shop.vn/chat", "https://shop.vn?x", "ftp://shop.vn", "https://a:b@shop.vn", "null", "https://"];
        for origin in wrong {
            let error = read("allowed_origins", json!([origin])).err().expect(origin);
            assert_eq!(error.field, "allowed_origins");
            assert!(error.why.contains(origin), "{error}");
        }
        assert_eq!(read("allowed_origins", json!([])).err().map(|error| error.field).as_deref(), Some("allowed_origins"));
        assert_eq!(read("colour", "teal").err().map(|error| error.field).as_deref(), Some("colour"));
        assert_eq!(read("title", "x".repeat(61)).err().map(|error| error.field).as_deref(), Some("title"));
        assert_eq!(read("greeting", "x".repeat(501)).err().map(|error| error.field).as_deref(), Some("greeting"));
    }

    #[test]
    fn an_origin_is_allowed_whole_or_not_at_all() {
        let setup = read("allowed_origins", "HTTPS://Shop.VN/, http://localhost:3000").expect("two origins");
        for allowed in ["https://shop.vn", "http://localhost:3000"] {
            assert_eq!(setup.allowed_origin(&from(allowed)), Some(allowed));
        }
        let strangers =
            ["http://shop.vn", "https://shop.vn.evil.com", "https://evil.com", "https://shop.vn:444", "null", "http://localhost"];
        for stranger in strangers {
            assert_eq!(setup.allowed_origin(&from(stranger)), None, "{stranger}");
        }
        assert_eq!(setup.allowed_origin(&RawCall::default()), None);
    }

    #[test]
    fn a_star_allows_every_page_but_a_nameless_one() {
        let setup = read("allowed_origins", json!(["*"])).expect("a star");
        assert_eq!(setup.allowed_origin(&from("https://anything.example")), Some("https://anything.example"));
        for nameless in ["null", "", "javascript:1", "https://a\r\nset-cookie: x"] {
            assert_eq!(setup.allowed_origin(&from(nameless)), None, "{nameless}");
        }
    }
}
