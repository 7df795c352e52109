//! Calls to the Graph API, and what its complaints mean for a message. The
//! token travels in the query, so no URL ever reaches a log or an error.

use super::admit;
use crate::{http, loose};
use hmac::Mac;
use onethread_core::channel::{ConnectError, DeliveryError, RefusedBecause};
use onethread_core::clock::{MINUTE, Millis};
use onethread_core::secret::Secret;
use reqwest::multipart;
use serde_json::Value;

/// What the owner does about a dead token.
const NEW_TOKEN: &str =
    "the Page's token is no longer accepted; generate a new one in your app › Messenger › Settings and enter it";

pub struct Graph {
    http: reqwest::Client,
    /// With the version, without a slash at the end.
    root: String,
    token: Secret,
    /// Shows that whoever uses the token also knows the app's secret; some apps demand it.
    proof: Secret,
}

impl Graph {
    pub fn new(http: reqwest::Client, home: &str, version: &str, token: &str, app_secret: &str) -> Self {
        let proof = hex::encode(admit::sign(app_secret, token.as_bytes()).finalize().into_bytes());
        Self { http, root: format!("{home}/{version}"), token: Secret::new(token), proof: Secret::new(proof) }
    }

    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Trouble> {
        self.call(self.http.get(self.url(path)?).query(query)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        self.call(self.http.post(self.url(path)?).json(body)).await
    }

    /// With everything in the query, as the documentation subscribes Pages.
    pub async fn ask_for(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Trouble> {
        self.call(self.http.post(self.url(path)?).query(query)).await
    }

    pub async fn upload(&self, path: &str, form: multipart::Form) -> Result<Value, Trouble> {
        self.call(self.http.post(self.url(path)?).multipart(form)).await
    }

    /// Ids become path segments: one that could be more than that is refused.
    fn url(&self, path: &str) -> Result<String, Trouble> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
        match path.bytes().all(plain) {
            true => Ok(format!("{}/{path}", self.root)),
            false => {
                Err(Trouble::Line(DeliveryError::refused(RefusedBecause::UnknownRecipient, "the id holds signs that no id has")))
            }
        }
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> Result<Value, Trouble> {
        let secrets = [("access_token", self.token.reveal()), ("appsecret_proof", self.proof.reveal())];
        let answer = request.query(&secrets).send().await.map_err(|error| Trouble::Line(http::fate_of(error)))?;
        let status = answer.status();
        let wait = regain_after(answer.headers());
        let body = answer.bytes().await.map_err(|error| Trouble::Line(http::fate_of(error)))?;
        let value: Option<Value> = serde_json::from_slice(&body).ok();
        match value {
            Some(value) if status.is_success() && value.get("error").is_none() => Ok(value),
            Some(value) if value.get("error").is_some() => {
                Err(Trouble::Complaint(self.complaint(status.as_u16(), &value["error"], wait)))
            }
            _ => Err(Trouble::Line(fate_of_status(status.as_u16()))),
        }
    }

    fn complaint(&self, status: u16, error: &Value, wait: Option<Millis>) -> Complaint {
        let number = |name: &str| error.get(name).and_then(loose::integer);
        let words = loose::text(error, "message").unwrap_or("no words");
        Complaint {
            status,
            code: number("code").unwrap_or_default(),
            subcode: number("error_subcode"),
            transient: error["is_transient"] == true,
            // "Malformed access token EAAB…" quotes the token.
            words: loose::quote(words, &[self.token.reveal(), self.proof.reveal()]),
            wait,
        }
    }
}

/// How long until the Page may call again, where the usage header tells: minutes, the longest of all.
fn regain_after(headers: &reqwest::header::HeaderMap) -> Option<Millis> {
    let usage: Value = serde_json::from_str(headers.get("x-business-use-case-usage")?.to_str().ok()?).ok()?;
    let entries = usage.as_object()?.values().filter_map(Value::as_array).flatten();
    let minutes = entries.filter_map(|entry| loose::integer(entry.get("estimated_time_to_regain_access")?)).max()?;
    (minutes > 0).then_some(minutes.min(24 * 60) * MINUTE)
}

fn fate_of_status(status: u16) -> DeliveryError {
    match status {
        401 => DeliveryError::Unauthorized(format!("{NEW_TOKEN} (401)")),
        429 => DeliveryError::AllThrottled(MINUTE),
        // A gateway that stopped waiting: the message may have gone through behind it.
        504 => DeliveryError::Uncertain("the platform answered 504".into()),
        500.. => DeliveryError::Unreachable(format!("the platform answered {status}")),
        200..300 => DeliveryError::Uncertain(format!("the platform answered {status} and no JSON")),
        _ => DeliveryError::refused(RefusedBecause::Other, format!("the platform answered {status}")),
    }
}

/// Why a call did not work.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("{0}")]
    Line(DeliveryError),
    #[error("{0}")]
    Complaint(Complaint),
}

impl Trouble {
    pub fn fate(self) -> DeliveryError {
        match self {
            Self::Line(fate) => fate,
            Self::Complaint(complaint) => complaint.fate(),
        }
    }

    /// Whether the platform refused the file itself: certainly not sent, and another way may work.
    pub fn is_about_the_file(&self) -> bool {
        matches!(self, Self::Complaint(complaint) if complaint.meaning() == Meaning::Refused(RefusedBecause::BadFile))
    }

    pub fn is_about_the_token(&self) -> bool {
        match self {
            Self::Line(fate) => matches!(fate, DeliveryError::Unauthorized(_)),
            Self::Complaint(complaint) => complaint.meaning() == Meaning::TokenDead,
        }
    }

    pub fn into_connect_error(self) -> ConnectError {
        match self {
            Self::Complaint(complaint) if !complaint.passes() => ConnectError::Refused(Self::Complaint(complaint).advice()),
            trouble => ConnectError::Lost(trouble.to_string()),
        }
    }

    /// For the owner: what is wrong and what to do.
    pub fn advice(self) -> String {
        let shown = self.to_string();
        match self.fate() {
            DeliveryError::Unauthorized(advice) => advice,
            DeliveryError::Refused(reason) if reason.code == RefusedBecause::NotPermitted => {
                format!("the token lacks pages_messaging or pages_manage_metadata, or the app is not live ({shown})")
            }
            _ => shown,
        }
    }
}

/// The API's own error object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    status: u16,
    code: i64,
    subcode: Option<i64>,
    transient: bool,
    words: String,
    wait: Option<Millis>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    TokenDead,
    Throttled,
    /// Nothing was sent; later it may work.
    Passing,
    Refused(RefusedBecause),
}

impl Complaint {
    /// What the code and its subcode mean. Source: Common Error Codes, state of 25 June 2026.
    fn meaning(&self) -> Meaning {
        use RefusedBecause::{BadContent, BadFile, Blocked, NotPermitted, Other, UnknownRecipient, WindowClosed};
        match (self.code, self.subcode.unwrap_or_default()) {
            (10, 2_018_278 | 2_534_022 | 2_018_065) => Meaning::Refused(WindowClosed),
            (551, _) | (200, 1_545_041) | (10, 2_018_108) => Meaning::Refused(Blocked),
            (100, 2_018_001) => Meaning::Refused(UnknownRecipient),
            (190, _) => Meaning::TokenDead,
            (4 | 32 | 613 | 80_006, _) | (9, 2_018_352) | (2_018_321, _) | (_, 2_018_321) => Meaning::Throttled,
            (2_018_300, _) | (_, 2_018_300 | 1_893_063) => Meaning::Refused(NotPermitted),
            (100, 2_018_008 | 2_018_047 | 2_018_109 | 2_018_294 | 2_018_074) => Meaning::Refused(BadFile),
            (10 | 200 | 2_018_027 | 2_018_028, _) | (1, 99) | (_, 2_018_027 | 2_018_028) => Meaning::Refused(NotPermitted),
            (1 | 2, 0) => Meaning::Passing,
            _ if self.status == 429 => Meaning::Throttled,
            _ if self.transient || self.status >= 500 => Meaning::Passing,
            (100 | 9_000_001, _) => Meaning::Refused(BadContent),
            _ => Meaning::Refused(Other),
        }
    }

    /// Whether the same call may work later.
    pub fn passes(&self) -> bool {
        matches!(self.meaning(), Meaning::Throttled | Meaning::Passing)
    }

    fn fate(self) -> DeliveryError {
        match self.meaning() {
            Meaning::TokenDead => DeliveryError::Unauthorized(format!("{NEW_TOKEN} ({self})")),
            Meaning::Throttled => DeliveryError::AllThrottled(self.wait.unwrap_or(MINUTE)),
            Meaning::Passing => DeliveryError::Unreachable(self.to_string()),
            Meaning::Refused(code) => DeliveryError::refused(code, self.to_string()),
        }
    }
}

impl std::fmt::Display for Complaint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.subcode {
            Some(subcode) => write!(f, "error {}/{subcode}: {}", self.code, self.words),
            None => write!(f, "error {}: {}", self.code, self.words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn graph() -> Graph {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Graph::new(http::client().expect("a client"), "https://graph.example", "v25.0", "EAABsecret", "app secret")
    }

    fn fate(status: u16, error: &Value) -> DeliveryError {
        graph().complaint(status, error, None).fate()
    }

    fn refused(code: i64, subcode: Option<i64>) -> Option<RefusedBecause> {
        match fate(400, &json!({ "code": code, "error_subcode": subcode, "message": "no" })) {
            DeliveryError::Refused(reason) => Some(reason.code),
            _ => None,
        }
    }

    #[test]
    fn every_code_of_the_platform_has_its_fate() {
        use RefusedBecause::{BadContent, BadFile, Blocked, NotPermitted, UnknownRecipient, WindowClosed};
        for subcode in [2_018_278, 2_534_022, 2_018_065] {
            assert_eq!(refused(10, Some(subcode)), Some(WindowClosed));
        }
        for (code, subcode) in [(551, None), (551, Some(1_545_041)), (200, Some(1_545_041)), (10, Some(2_018_108))] {
            assert_eq!(refused(code, subcode), Some(Blocked), "{code}/{subcode:?}");
        }
        assert_eq!(refused(100, Some(2_018_001)), Some(UnknownRecipient));
        assert_eq!(refused(100, Some(2_018_047)), Some(BadFile));
        assert_eq!(refused(100, None), Some(BadContent));
        for (code, subcode) in [(200, None), (10, None), (1, Some(99)), (2_018_300, None), (10, Some(1_893_063))] {
            assert_eq!(refused(code, subcode), Some(NotPermitted), "{code}/{subcode:?}");
        }
        for code in [4, 32, 613, 80_006, 2_018_321] {
            assert!(matches!(fate(400, &json!({ "code": code })), DeliveryError::AllThrottled(MINUTE)), "{code}");
        }
        for error in [json!({"code": 1}), json!({"code": 2}), json!({"code": 7, "is_transient": true})] {
            assert!(matches!(fate(400, &error), DeliveryError::Unreachable(_)), "{error}");
        }
        assert!(matches!(fate(400, &json!({"code": 190, "error_subcode": 463})), DeliveryError::Unauthorized(_)));
        assert!(matches!(fate(503, &json!({"code": 12_345})), DeliveryError::Unreachable(_)));
    }

    #[test]
    fn a_token_that_the_platform_quotes_is_not_kept() {
        let DeliveryError::Unauthorized(words) = fate(400, &json!({"code": 190, "message": "Malformed access token EAABsecret"}))
        else {
            panic!("a dead token");
        };
        assert!(words.ends_with("(error 190: Malformed access token …)"), "{words}");
    }

    #[test]
    fn an_id_cannot_climb_out_of_its_place() {
        for id in ["1/../2", "1?fields=x", "1#", "%2e%2e", ""] {
            assert_eq!(graph().url(id).is_ok(), id.is_empty(), "{id}");
        }
    }

    #[test]
    fn the_usage_header_tells_how_long_to_wait() {
        let mut headers = reqwest::header::HeaderMap::new();
        assert_eq!(regain_after(&headers), None);
        let usage = r#"{"100":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":3}]}"#;
        headers.insert("x-business-use-case-usage", usage.parse().expect("a header"));
        assert_eq!(regain_after(&headers), Some(3 * MINUTE));
    }
}
