//! Calls to Discord's REST API and its file hosts, and what its errors mean.

use futures::StreamExt;
use onethread_core::channel::{ByteStream, ConnectError, DeliveryError, FetchError, FileRef, RefusedBecause};
use onethread_core::clock::{Millis, SECOND};
use onethread_core::secret::Secret;
use reqwest::multipart::Form;
use reqwest::{Method, RequestBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// The platform blocks clients that do not call themselves so.
const AGENT: &str = concat!("DiscordBot (https://onethread.example, ", env!("CARGO_PKG_VERSION"), ")");
const TRANSFER: Duration = Duration::from_secs(120);
const CDN: &str = "https://cdn.discordapp.com";
/// Hosts that serve customers' files.
const FILE_HOSTS: [&str; 2] = ["cdn.discordapp.com", "media.discordapp.net"];

pub struct Rest {
    http: reqwest::Client,
    base: Url,
    token: Secret,
}

/// Why a call gave no result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Line(DeliveryError),
    /// `code` is the platform's own number, 0 where it gives none. `details` is its `errors` as text.
    #[error("{status}/{code} {message}")]
    Answered { status: u16, code: i64, message: String, details: String, retry_after: Option<Millis>, everywhere: bool },
}

/// Ids become parts of paths, so nothing that could leave its place is taken for one.
pub fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl Rest {
    pub fn new(http: reqwest::Client, base: Url, token: Secret) -> Self {
        Self { http, base, token }
    }

    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// Whether the API is the platform's own or at least encrypted; then the gateway must be, too.
    pub fn is_encrypted(&self) -> bool {
        self.base.scheme() == "https"
    }

    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.finish(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let request = self.request(Method::POST, path);
        self.finish(match body {
            Some(body) => request.json(body),
            None => request.header("content-length", "0"),
        })
        .await
    }

    pub async fn upload(&self, path: &str, form: Form) -> Result<Value, Failure> {
        self.finish(self.request(Method::POST, path).multipart(form).timeout(TRANSFER)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/{path}", self.base.as_str().trim_end_matches('/'));
        let request = self.http.request(method, url).header("user-agent", AGENT);
        request.header("authorization", format!("Bot {}", self.token.reveal()))
    }

    async fn finish(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let line = |error| Failure::Line(crate::http::fate_of(error));
        let response = request.send().await.map_err(line)?;
        let status = response.status();
        let pause = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<f64>().ok());
        let body = response.bytes().await.map_err(line)?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        // Seconds with a fraction, in the body; the header is rounded.
        let pause = answer["retry_after"].as_f64().or(pause);
        Err(Failure::Answered {
            status: status.as_u16(),
            code: answer["code"].as_i64().unwrap_or(0),
            message: self.scrub(answer["message"].as_str().unwrap_or("an answer without a message")),
            details: answer.get("errors").map(ToString::to_string).unwrap_or_default(),
            retry_after: pause.map(millis),
            everywhere: answer["global"].as_bool().unwrap_or(false),
        })
    }

    fn scrub(&self, text: &str) -> String {
        text.replace(self.token.reveal(), "…").chars().take(300).collect()
    }

    // ---------------------------------------------------------------- files

    pub async fn fetch(&self, place: &Place) -> Result<ByteStream, FetchError> {
        match place {
            Place::Attachment { channel, message, attachment, url } => {
                let first = self.download(url).await;
                if !matches!(first, Err(FetchError::Gone)) {
                    return first;
                }
                // Links are signed and expire; the message hands out fresh ones.
                let fresh = self.fresh_link(channel, message, attachment).await?;
                self.download(&fresh).await
            }
            Place::Sticker { id, ending } => self.download(&format!("{}/stickers/{id}.{ending}", self.cdn())).await,
            Place::Avatar { user, hash } => self.download(&format!("{}/avatars/{user}/{hash}.png", self.cdn())).await,
        }
    }

    async fn fresh_link(&self, channel: &str, message: &str, attachment: &str) -> Result<String, FetchError> {
        if !is_id(channel) || !is_id(message) {
            return Err(FetchError::Gone);
        }
        let found = self.get(&format!("channels/{channel}/messages/{message}")).await;
        let message = found.map_err(|failure| match failure.may_pass() {
            true => FetchError::Unreachable(failure.to_string()),
            false => FetchError::Gone,
        })?;
        let attachments = message["attachments"].as_array().into_iter().flatten();
        let file = attachments.into_iter().find(|file| file["id"] == attachment);
        file.and_then(|file| file["url"].as_str()).map(str::to_owned).ok_or(FetchError::Gone)
    }

    async fn download(&self, url: &str) -> Result<ByteStream, FetchError> {
        let url = Url::parse(url).ok().filter(|url| self.serves_files(url)).ok_or(FetchError::Gone)?;
        let lost = |error: reqwest::Error| FetchError::Unreachable(error.without_url().to_string());
        let request = self.http.get(url).header("user-agent", AGENT).timeout(TRANSFER);
        let response = request.send().await.map_err(lost)?;
        match response.status().as_u16() {
            200 => Ok(response.bytes_stream().map(|part| part.map_err(|e| std::io::Error::other(e.without_url()))).boxed()),
            403 | 404 | 410 => Err(FetchError::Gone),
            status => Err(FetchError::Unreachable(format!("the file host answered {status}"))),
        }
    }

    /// A link in a message is fetched only from the platform's own hosts, or from where the API is.
    fn serves_files(&self, url: &Url) -> bool {
        let own = url.origin() == self.base.origin();
        own || (url.scheme() == "https" && url.host_str().is_some_and(|host| FILE_HOSTS.contains(&host)))
    }

    /// Beside the API, where it is not the platform's own.
    fn cdn(&self) -> String {
        if self.base.host_str().is_some_and(|host| host == "discord.com") {
            return CDN.to_owned();
        }
        let base = self.base.as_str().trim_end_matches('/');
        base.strip_suffix("/api/v10").unwrap_or(base).to_owned()
    }
}

fn millis(seconds: f64) -> Millis {
    #[expect(clippy::cast_possible_truncation, reason = "clamped to a day")]
    let pause = (seconds.clamp(0.001, 86_400.0) * 1000.0).ceil() as Millis;
    pause
}

/// Where a customer's file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Attachment { channel: String, message: String, attachment: String, url: String },
    Sticker { id: String, ending: String },
    Avatar { user: String, hash: String },
}

impl Place {
    pub fn avatar(user: &str, hash: &str) -> Self {
        Self::Avatar { user: user.to_owned(), hash: hash.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect() }
    }

    pub fn file_ref(&self) -> FileRef {
        FileRef(serde_json::to_string(self).unwrap_or_default())
    }

    pub fn read(file: &FileRef) -> Result<Self, FetchError> {
        serde_json::from_str(&file.0).map_err(|_| FetchError::Gone)
    }
}

// ----------------------------------------------------------------- the errors

impl Failure {
    pub fn code(&self) -> i64 {
        match self {
            Self::Line(_) => 0,
            Self::Answered { code, .. } => *code,
        }
    }

    /// Whether the same call may succeed later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Line(_) => true,
            Self::Answered { status, .. } => *status == 429 || *status >= 500,
        }
    }

    pub fn token_is_wrong(&self) -> bool {
        matches!(self, Self::Answered { status: 401, .. } | Self::Answered { code: 40_001 | 50_014, .. })
    }

    /// The message that this one answers is gone; without the reference it can still be said.
    pub fn is_about_the_reference(&self) -> bool {
        match self {
            Self::Line(_) => false,
            Self::Answered { code: 160_002, .. } => true,
            Self::Answered { details, .. } => details.contains("MESSAGE_REFERENCE"),
        }
    }

    /// What the owner should do about it.
    pub fn advice(&self) -> String {
        match self {
            _ if self.token_is_wrong() => {
                "Discord does not accept the bot token; reset it in the developer portal under Bot and save the new one here"
                    .into()
            }
            Self::Line(_) => format!("Discord could not be reached ({self})"),
            Self::Answered { .. } => format!("Discord answered {self}"),
        }
    }

    pub fn connecting(self) -> ConnectError {
        if self.token_is_wrong() { ConnectError::Refused(self.advice()) } else { ConnectError::Lost(self.advice()) }
    }

    /// What a failed send means.
    pub fn delivering(self) -> DeliveryError {
        if self.token_is_wrong() {
            return DeliveryError::Unauthorized(self.advice());
        }
        match self {
            Self::Line(fate) => fate,
            Self::Answered { status: 429, retry_after, everywhere: true, .. } => {
                DeliveryError::AllThrottled(retry_after.unwrap_or(SECOND))
            }
            // Slow mode, a channel's write limit and too many new chats come with numbers of their own.
            Self::Answered { status: 429, retry_after, .. } => DeliveryError::Throttled(retry_after.unwrap_or(SECOND)),
            Self::Answered { code: 20_016 | 20_028 | 40_003, retry_after, .. } => {
                DeliveryError::Throttled(retry_after.unwrap_or(SECOND))
            }
            Self::Answered { status, .. } if status >= 500 => DeliveryError::Unreachable(self.to_string()),
            Self::Answered { .. } => DeliveryError::refused(self.because(), self.to_string()),
        }
    }

    fn because(&self) -> RefusedBecause {
        let Self::Answered { status, code, details, .. } = self else { return RefusedBecause::Other };
        match (*status, *code) {
            (_, 50_007 | 50_278) => RefusedBecause::Blocked,
            (_, 10_003 | 10_013 | 50_033) => RefusedBecause::UnknownRecipient,
            (_, 40_005 | 50_045) | (413, _) => RefusedBecause::BadFile,
            (_, 50_035) if details.contains("BASE_TYPE_MAX_LENGTH") => RefusedBecause::TooLong,
            (_, 50_035) if details.contains("recipient_id") => RefusedBecause::UnknownRecipient,
            (_, 50_006 | 50_035 | 50_109) => RefusedBecause::BadContent,
            (403, _) => RefusedBecause::NotPermitted,
            _ => RefusedBecause::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fate(status: u16, code: i64, errors: &Value) -> DeliveryError {
        let details = errors.to_string();
        Failure::Answered { status, code, message: String::new(), details, retry_after: Some(1_500), everywhere: false }
            .delivering()
    }

    #[test]
    fn the_number_decides() {
        let because = |status, code, errors: Value| match fate(status, code, &errors) {
            DeliveryError::Refused(reason) => reason.code,
            other => panic!("{code}: {other:?}"),
        };
        let too_long = json!({"content": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH"}]}});
        assert_eq!(because(403, 50_007, json!({})), RefusedBecause::Blocked);
        assert_eq!(because(400, 50_035, too_long), RefusedBecause::TooLong);
        assert_eq!(because(400, 50_006, json!({})), RefusedBecause::BadContent);
        assert_eq!(because(404, 10_013, json!({})), RefusedBecause::UnknownRecipient);
        assert_eq!(because(413, 0, json!({})), RefusedBecause::BadFile);
        assert_eq!(because(403, 50_013, json!({})), RefusedBecause::NotPermitted);
        assert_eq!(fate(429, 20_028, &json!({})), DeliveryError::Throttled(1_500));
        let global = Failure::Answered {
            status: 429,
            code: 0,
            message: String::new(),
            details: String::new(),
            retry_after: Some(700),
            everywhere: true,
        };
        assert_eq!(global.delivering(), DeliveryError::AllThrottled(700));
        assert!(matches!(fate(401, 0, &json!({})), DeliveryError::Unauthorized(_)));
        assert!(matches!(fate(503, 130_000, &json!({})), DeliveryError::Unreachable(_)));
    }

    #[test]
    fn a_pause_in_fractions_of_a_second_is_never_cut_short() {
        assert_eq!(millis(0.3001), 301);
        assert_eq!(millis(-1.0), 1);
        assert_eq!(millis(f64::MAX), 86_400_000);
    }

    #[test]
    fn only_the_platforms_own_hosts_are_asked_for_files() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = Url::parse("https://discord.com/api/v10").expect("a URL");
        let rest = Rest::new(crate::http::client().expect("a client"), base, Secret::new("x"));
        let serves = |url: &str| rest.serves_files(&Url::parse(url).expect("a URL"));
        assert!(serves("https://cdn.discordapp.com/attachments/1/2/a.png?ex=1"));
        assert!(!serves("http://cdn.discordapp.com/attachments/1/2/a.png"));
        assert!(!serves("https://cdn.discordapp.com.evil.example/a.png"));
        assert!(!serves("http://169.254.169.254/latest/meta-data"));
    }
}
