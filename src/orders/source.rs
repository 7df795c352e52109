//! The shop's own web service as an order source: one GET an order, read by JSON
//! pointers. Its address is typed by an admin; a customer's text only ever fills in the code.

use super::written::{WrittenItem, WrittenOrder};
use crate::gateway::Gateway;
use crate::shop::Source;
use onethread_core::order::{Order, fold_code};
use reqwest::StatusCode;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use url::Url;

const PATIENCE: Duration = Duration::from_secs(8);
const MOST_BYTES: usize = 256 * 1024;
const PLACE: &str = "{code}";
const FIELDS: [&str; 12] = [
    "code",
    "status",
    "phone",
    "customer_name",
    "carrier",
    "tracking_code",
    "tracking_url",
    "expected_at",
    "currency",
    "total",
    "address",
    "updated_at",
];

/// Why the source gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("the order source's secret cannot be unsealed; enter it again")]
    Sealed(#[from] crate::seal::SealError),
    #[error("the order source's settings are not right: {0}")]
    Settings(String),
    #[error("the order source could not be reached: {0}")]
    Unreachable(String),
    #[error("the order source answered {0}")]
    Status(u16),
    #[error("the order source's answer is larger than 256 KiB")]
    TooLarge,
    #[error("the order source's answer cannot be read: {0}")]
    Unreadable(String),
}

impl SourceError {
    /// Another try may go better, without anybody changing anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Status(429 | 500..))
    }
}

/// The order of this code, from the source. `None`: it knows no such order, or there is no source.
pub async fn fetch(gateway: &Arc<Gateway>, code: &str) -> Result<Option<Order>, SourceError> {
    let Some(source) = gateway.brain.mind().shop.order_source.clone() else { return Ok(None) };
    let secret = source.secret(&gateway.seal)?;
    ask(&source, secret.as_deref(), code, gateway.clock.now()).await
}

/// The same of a given source.
pub async fn ask(source: &Source, secret: Option<&str>, code: &str, now: i64) -> Result<Option<Order>, SourceError> {
    let url = url_for(source, code).map_err(SourceError::Settings)?;
    let mut request = client()?.get(url).header(reqwest::header::ACCEPT, "application/json");
    if let (Some(name), Some(secret)) = (&source.header_name, secret) {
        let mut value =
            HeaderValue::from_str(secret).map_err(|_| SourceError::Settings("the secret is no header value".into()))?;
        value.set_sensitive(true);
        request = request.header(name.as_str(), value);
    }
    let unreachable = |error: reqwest::Error| SourceError::Unreachable(error.without_url().to_string());
    let mut response = request.send().await.map_err(unreachable)?;
    match response.status() {
        StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
        status if !status.is_success() => return Err(SourceError::Status(status.as_u16())),
        _ => {}
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST_BYTES {
            return Err(SourceError::TooLarge);
        }
    }
    let answer = serde_json::from_slice(&bytes).map_err(|error| SourceError::Unreadable(error.to_string()))?;
    read(source, &answer, code, now)
}

/// No redirects: the secret goes where the admin said and nowhere else.
fn client() -> Result<&'static reqwest::Client, SourceError> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client);
    }
    let built = reqwest::Client::builder()
        .user_agent(concat!("onethread/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(3))
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| SourceError::Unreachable(error.to_string()))?;
    Ok(CLIENT.get_or_init(|| built))
}

/// The code as one piece of the path or query: it cannot climb out.
fn url_for(source: &Source, code: &str) -> Result<Url, String> {
    let code = fold_code(code);
    if code.is_empty() || code.chars().count() > 40 {
        return Err("the code is not an order code".to_owned());
    }
    let encoded: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
    Url::parse(&source.url_template.replace(PLACE, &encoded)).map_err(|_| "the URL is not valid".to_owned())
}

fn read(source: &Source, answer: &Value, code: &str, now: i64) -> Result<Option<Order>, SourceError> {
    let text = |field: &str| {
        let found = answer.pointer(source.pointers.get(field)?)?;
        match found {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    };
    let number = |field: &str| text(field).and_then(|text| text.parse::<f64>().ok()).map(whole);
    let instant = |field: &str| text(field).and_then(|text| instant(&text));
    let items = source.pointers.get("items").and_then(|pointer| answer.pointer(pointer)).and_then(Value::as_array);
    let Some(status) = text("status") else { return Ok(None) };
    let written = WrittenOrder {
        code: text("code"),
        status,
        phone: text("phone"),
        customer_name: text("customer_name"),
        carrier: text("carrier"),
        tracking_code: text("tracking_code"),
        tracking_url: text("tracking_url"),
        expected_at: instant("expected_at"),
        currency: text("currency"),
        total: number("total"),
        items: items.map(|items| items.iter().filter_map(item).collect()).unwrap_or_default(),
        address: text("address"),
        updated_at: instant("updated_at"),
    };
    let wrong = |wrong: Vec<super::Wrong>| {
        let said: Vec<String> = wrong.iter().map(|wrong| format!("`{}` {}", wrong.field, wrong.detail)).collect();
        SourceError::Unreadable(said.join("; "))
    };
    written.check(Some(code), now).map(Some).map_err(wrong)
}

#[expect(clippy::cast_possible_truncation, reason = "sums beyond 2^53 are refused by the check that follows")]
fn whole(number: f64) -> i64 {
    number.round() as i64
}

fn item(value: &Value) -> Option<WrittenItem> {
    let name = value.get("name")?.as_str()?.to_owned();
    let number = |field: &str| value.get(field).and_then(Value::as_f64).map(whole);
    Some(WrittenItem { name, quantity: number("quantity").unwrap_or(1), price: number("price").unwrap_or(0) })
}

/// Unix milliseconds, unix seconds, RFC 3339 or a day.
fn instant(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(if number < 100_000_000_000 { number * 1000 } else { number });
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.as_millisecond());
    }
    let day = text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(day.timestamp().as_millisecond())
}

/// What is wrong with the settings: field and reason.
#[must_use]
pub fn check(source: &Source, secret: Option<&str>) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let mut say = |field: &'static str, detail: &str| wrong.push((field, detail.to_owned()));
    let base = source.url_template.split(PLACE).next().unwrap_or_default();
    match Url::parse(&source.url_template.replace(PLACE, "DH1024")) {
        _ if !source.url_template.contains(PLACE) => say("url_template", "must hold {code} where the order code goes"),
        Ok(url) if !matches!(url.scheme(), "https" | "http") || url.host().is_none() => {
            say("url_template", "must start with https:// (or http:// on your own network)");
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            say("url_template", "must hold no password: put it in the header, where it is sealed");
        }
        Ok(_) if Url::parse(base).map_or(true, |url| url.path().len() < 2 && url.query().is_none() && !base.ends_with('/')) => {
            say("url_template", "must hold {code} in its path or query, not in its host");
        }
        Ok(_) => {}
        Err(_) => say("url_template", "must be a URL such as https://shop.example/orders/{code}"),
    }
    if source.header_name.as_ref().is_some_and(|name| HeaderName::from_bytes(name.as_bytes()).is_err()) {
        say("header_name", "must be a header's name, such as Authorization");
    }
    if secret.is_some_and(|secret| HeaderValue::from_str(secret).is_err()) {
        say("header_secret", "must be one line of plain text");
    }
    if source.header_name.is_none() && source.sealed.is_some() {
        say("header_name", "is missing: the secret needs a header to travel in");
    }
    if source.fresh_minutes > 24 * 60 {
        say("fresh_minutes", "may be at most 1440, a day");
    }
    if !source.pointers.contains_key("status") {
        say("pointers", "must say where `status` is, such as \"/status\"");
    }
    for (field, pointer) in &source.pointers {
        if field != "items" && !FIELDS.contains(&field.as_str()) {
            say("pointers", &format!("names `{field}`, which no order has; use {}, items", FIELDS.join(", ")));
        }
        if !pointer.starts_with('/') {
            say("pointers", &format!("`{field}` must be a JSON pointer, such as \"/data/{field}\""));
        }
    }
    wrong
}

/// Whether a secret given for one template may be sent to the other: the same scheme, host and port.
#[must_use]
pub fn same_place(one: &str, other: &str) -> bool {
    let origin = |template: &str| Url::parse(&template.replace(PLACE, "x")).ok().map(|url| url.origin());
    origin(one).is_some_and(|one| one.is_tuple() && Some(one) == origin(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(template: &str, pointers: &[(&str, &str)]) -> Source {
        let pointers = pointers.iter().map(|(field, pointer)| ((*field).to_owned(), (*pointer).to_owned()));
        Source {
            url_template: template.to_owned(),
            header_name: None,
            sealed: None,
            pointers: pointers.collect(),
            fresh_minutes: 5,
        }
    }

    #[test]
    fn a_code_cannot_climb_out_of_its_place() {
        let source = source("https://shop.vn/orders/{code}", &[]);
        let url = url_for(&source, "../../admin?x=1#y").unwrap();
        assert_eq!(url.as_str(), "https://shop.vn/orders/ADMINX1Y");
        assert!(url_for(&source, "../..").is_err());
    }

    #[test]
    fn the_place_must_not_be_in_the_host() {
        let fields = |template: &str| check(&source(template, &[("status", "/status")]), None).len();
        assert_eq!(fields("https://shop.vn/orders/{code}"), 0);
        assert_eq!(fields("http://10.0.0.5:9000/o?code={code}"), 0);
        assert_eq!(fields("https://{code}.evil.vn/x"), 1);
        assert_eq!(fields("file:///etc/{code}"), 1);
        assert_eq!(fields("https://shop.vn/orders"), 1);
        assert_eq!(fields("https://shop:hush@shop.vn/orders/{code}"), 1);
    }

    #[test]
    fn an_answer_is_read_by_pointers() {
        let pointers =
            [("status", "/data/state"), ("phone", "/data/buyer/phone"), ("total", "/data/sum"), ("items", "/data/lines")];
        let answer = serde_json::json!({ "data": {
            "state": "delivered", "buyer": { "phone": "84912345678" }, "sum": "350000.0", "lines": [{ "name": "Áo", "price": 350_000 }],
        }});
        let order = read(&source("https://shop.vn/{code}", &pointers), &answer, "dh9", 5).unwrap().unwrap();
        assert_eq!((order.code.as_str(), order.phone.as_deref(), order.total), ("DH9", Some("0912345678"), 350_000));
        assert_eq!(order.items[0].quantity, 1);
    }

    #[test]
    fn a_secret_follows_its_host_only() {
        assert!(same_place("https://shop.vn/a/{code}", "https://shop.vn/b/{code}"));
        assert!(!same_place("https://shop.vn/a/{code}", "https://evil.vn/a/{code}"));
    }
}
