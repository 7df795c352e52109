//! Calls to the Bot API, and what its errors mean. The token is part of every
//! URL here, so no error leaves this file with a URL or the token in it.

use futures::StreamExt;
use onethread_core::channel::{ByteStream, ConnectError, DeliveryError, FetchError, FileRef, RefusedBecause};
use onethread_core::clock::{Millis, SECOND};
use onethread_core::ids::PlatformUserId;
use onethread_core::secret::Secret;
use reqwest::RequestBuilder;
use reqwest::multipart::Form;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use teloxide::payloads::GetFile;
use teloxide::requests::Payload;
use teloxide::types::{ChatId, FileId};
use url::Url;

/// A customer's 20 MB video over a slow line; the shared limit of 30 s is for answers.
const DOWNLOAD: Duration = Duration::from_secs(180);
const UPLOAD: Duration = Duration::from_secs(180);

pub struct Api {
    http: reqwest::Client,
    base: Url,
    token: Secret,
}

/// Why a call gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No answer: what that says about the message is already decided.
    #[error("{0}")]
    Line(DeliveryError),
    /// `retry_after` in milliseconds, where the answer names one.
    #[error("{code} {description}")]
    Answered { code: i64, description: String, retry_after: Option<Millis> },
}

/// The private chat with a person: its id is the person's id.
pub fn chat(user: &PlatformUserId) -> Option<ChatId> {
    user.as_str().parse().ok().map(ChatId)
}

impl Api {
    pub fn new(http: reqwest::Client, base: &Url, token: Secret) -> Self {
        Self { http, base: base.clone(), token }
    }

    /// Call a method with a teloxide payload; the result stays raw, because it may be newer than any type.
    pub async fn call<P: Payload + Serialize>(&self, payload: &P) -> Result<Value, Failure> {
        self.finish(self.post(P::NAME).json(payload)).await
    }

    /// Call a method whose answer may take `patience`.
    pub async fn call_slowly(&self, method: &str, payload: &Value, patience: Duration) -> Result<Value, Failure> {
        self.finish(self.post(method).json(payload).timeout(patience)).await
    }

    /// Call a method that uploads.
    pub async fn upload(&self, method: &str, form: Form) -> Result<Value, Failure> {
        self.finish(self.post(method).multipart(form).timeout(UPLOAD)).await
    }

    fn post(&self, method: &str) -> RequestBuilder {
        let mut name = method.to_owned();
        name[..1].make_ascii_lowercase();
        self.http.post(self.url(&[&format!("bot{}", self.token.reveal()), &name]))
    }

    /// Below the base, each segment escaped.
    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    async fn finish(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let line = |error| Failure::Line(crate::http::fate_of(error));
        let response = request.send().await.map_err(line)?;
        let status = i64::from(response.status().as_u16());
        let pause = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
        let body = response.bytes().await.map_err(line)?;
        let mut answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if answer["ok"] == true {
            return Ok(answer["result"].take());
        }
        if status == 200 {
            return Err(Failure::Line(DeliveryError::Uncertain("the answer could not be read".into())));
        }
        let retry_after =
            answer["parameters"]["retry_after"].as_i64().or(pause).map(|seconds| seconds.max(1).saturating_mul(SECOND));
        let description = answer["description"].as_str().unwrap_or("an answer without a description");
        let code = answer["error_code"].as_i64().unwrap_or(status);
        Err(Failure::Answered { code, description: self.scrub(description), retry_after })
    }

    /// A server of one's own may quote the request's path.
    fn scrub(&self, text: &str) -> String {
        text.replace(self.token.reveal(), "…").chars().take(300).collect()
    }

    pub async fn fetch(&self, file: &FileRef) -> Result<ByteStream, FetchError> {
        let found = self.call(&GetFile::new(FileId(file.0.clone()))).await.map_err(Failure::fetching)?;
        let path = found["file_path"].as_str().filter(|path| !path.is_empty()).ok_or(FetchError::Gone)?;
        let bot = format!("bot{}", self.token.reveal());
        let segments: Vec<&str> = ["file", &bot].into_iter().chain(path.split('/')).collect();
        let lost = |error: reqwest::Error| FetchError::Unreachable(error.without_url().to_string());
        let response = self.http.get(self.url(&segments)).timeout(DOWNLOAD).send().await.map_err(lost)?;
        match response.status().as_u16() {
            200 => Ok(response.bytes_stream().map(|part| part.map_err(|e| std::io::Error::other(e.without_url()))).boxed()),
            401 | 403 | 404 | 410 => Err(FetchError::Gone),
            status => Err(FetchError::Unreachable(format!("the file server answered {status}"))),
        }
    }
}

impl Failure {
    /// The description in lower case; empty where there was no answer.
    pub fn words(&self) -> String {
        match self {
            Self::Line(_) => String::new(),
            Self::Answered { description, .. } => description.to_lowercase(),
        }
    }

    /// Whether the same call may succeed later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Line(_) => true,
            Self::Answered { code, .. } => *code == 429 || *code >= 500,
        }
    }

    fn token_is_wrong(&self) -> bool {
        // 404 `Not Found` is how a malformed token is answered; `chat not found` comes as 400.
        matches!(self, Self::Answered { code: 401 | 404, .. })
    }

    /// What the owner should do about it.
    pub fn advice(&self) -> String {
        match self {
            _ if self.token_is_wrong() => {
                format!("Telegram does not accept the bot token ({self}); copy the present one from @BotFather")
            }
            Self::Line(_) => format!("the Bot API could not be reached ({self})"),
            Self::Answered { .. } if self.words().contains("bad webhook") => {
                format!(
                    "Telegram answered {self}; it calls only https addresses, on port 443, 80, 88 or 8443: give the gateway one, or choose `polling`"
                )
            }
            Self::Answered { .. } => format!("Telegram answered {self}"),
        }
    }

    pub fn connecting(self) -> ConnectError {
        if self.may_pass() { ConnectError::Lost(self.advice()) } else { ConnectError::Refused(self.advice()) }
    }

    pub fn fetching(self) -> FetchError {
        match self {
            _ if self.words().contains("file is too big") => FetchError::TooLarge,
            _ if self.may_pass() || self.token_is_wrong() => FetchError::Unreachable(self.to_string()),
            _ => FetchError::Gone,
        }
    }

    /// What a failed send means. Codes alone do not tell: the server rewrites some
    /// (404 becomes 400, some 403 become 400), so the words decide where they are known.
    pub fn delivering(self) -> DeliveryError {
        let words = self.words();
        match self {
            Self::Line(fate) => fate,
            Self::Answered { code: 429, retry_after, .. } => DeliveryError::Throttled(retry_after.unwrap_or(SECOND)),
            Self::Answered { code: 401 | 404, .. } => DeliveryError::Unauthorized(self.advice()),
            // A gateway before the Bot API gave up waiting: the message may be out.
            Self::Answered { code: 504, .. } => DeliveryError::Uncertain(self.to_string()),
            Self::Answered { code, .. } if code >= 500 => DeliveryError::Unreachable(self.to_string()),
            Self::Answered { code, .. } => DeliveryError::refused(because(code, &words), self.to_string()),
        }
    }
}

/// Beginnings and middles of descriptions, and what they mean for the agent.
const MEANINGS: [(&str, RefusedBecause); 22] = [
    ("bot was blocked", RefusedBecause::Blocked),
    ("bot was kicked", RefusedBecause::Blocked),
    ("user is deactivated", RefusedBecause::UnknownRecipient),
    ("can't initiate conversation", RefusedBecause::UnknownRecipient),
    ("can't send messages to bots", RefusedBecause::UnknownRecipient),
    ("chat not found", RefusedBecause::UnknownRecipient),
    ("user not found", RefusedBecause::UnknownRecipient),
    ("peer_id_invalid", RefusedBecause::UnknownRecipient),
    ("too long", RefusedBecause::TooLong),
    ("message text is empty", RefusedBecause::BadContent),
    ("can't parse", RefusedBecause::BadContent),
    ("button_", RefusedBecause::BadContent),
    ("wrong file identifier", RefusedBecause::BadFile),
    ("wrong remote file", RefusedBecause::BadFile),
    ("failed to get http url", RefusedBecause::BadFile),
    ("photo_", RefusedBecause::BadFile),
    ("image_process_failed", RefusedBecause::BadFile),
    ("file is too big", RefusedBecause::BadFile),
    ("file must be non-empty", RefusedBecause::BadFile),
    ("request entity too large", RefusedBecause::BadFile),
    ("not enough rights", RefusedBecause::NotPermitted),
    ("have no rights", RefusedBecause::NotPermitted),
];

fn because(code: i64, words: &str) -> RefusedBecause {
    let known = MEANINGS.iter().find(|(part, _)| words.contains(part)).map(|(_, because)| *because);
    known.unwrap_or(match code {
        403 => RefusedBecause::NotPermitted,
        413 => RefusedBecause::BadFile,
        _ => RefusedBecause::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(code: i64, description: &str) -> DeliveryError {
        Failure::Answered { code, description: description.into(), retry_after: None }.delivering()
    }

    #[test]
    fn the_words_decide_where_the_code_was_rewritten() {
        let because = |code, words| match fate(code, words) {
            DeliveryError::Refused(reason) => reason.code,
            other => panic!("{words}: {other:?}"),
        };
        assert_eq!(because(403, "Forbidden: bot was blocked by the user"), RefusedBecause::Blocked);
        assert_eq!(because(400, "Forbidden: bot was blocked by the user"), RefusedBecause::Blocked);
        assert_eq!(because(403, "Forbidden: user is deactivated"), RefusedBecause::UnknownRecipient);
        assert_eq!(because(400, "Bad Request: chat not found"), RefusedBecause::UnknownRecipient);
        assert_eq!(because(400, "Bad Request: message is too long"), RefusedBecause::TooLong);
        assert_eq!(because(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"), RefusedBecause::BadFile);
        assert_eq!(because(403, "Forbidden: something newer"), RefusedBecause::NotPermitted);
        assert_eq!(because(400, "Bad Request: something newer"), RefusedBecause::Other);
    }

    #[test]
    fn a_wrong_token_is_no_matter_of_the_message() {
        assert!(matches!(fate(401, "Unauthorized"), DeliveryError::Unauthorized(_)));
        assert!(matches!(fate(404, "Not Found"), DeliveryError::Unauthorized(_)));
        assert!(matches!(fate(502, "Bad Gateway"), DeliveryError::Unreachable(_)));
        assert!(matches!(fate(504, "Gateway Timeout"), DeliveryError::Uncertain(_)));
    }

    #[test]
    fn a_quoted_token_is_scrubbed() {
        let base = Url::parse("http://127.0.0.1:9/tg").expect("a URL");
        let api = Api::new(reqwest_client(), &base, Secret::new("1:hush"));
        assert_eq!(api.scrub("Not Found: /bot1:hush/getMe"), "Not Found: /bot…/getMe");
        assert_eq!(api.url(&["bot1:hush", "getMe"]).as_str(), "http://127.0.0.1:9/tg/bot1:hush/getMe");
    }

    fn reqwest_client() -> reqwest::Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        crate::http::client().expect("a client")
    }
}
