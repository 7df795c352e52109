//! A platform's call as it came, and what it is answered.

use super::lent::ByteStream;
use bytes::Bytes;

/// The method of what we fetched ourselves. No HTTP request can carry it, as a method has no
/// brackets there: a stranger's webhook call can never pass for an event of our own line.
const FETCHED: &str = "(fetched)";

/// One call as it came: a webhook request, a gateway frame, one polled update.
/// Its `body` is what the ledger keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawCall {
    pub method: String,
    /// Below `/hooks/{inbox}`, without a leading slash; mostly empty.
    pub path: String,
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl RawCall {
    /// An event that we fetched ourselves, and so trust: a gateway frame or a polled update.
    #[must_use]
    pub fn fetched(body: impl Into<Bytes>) -> Self {
        Self { method: FETCHED.into(), body: body.into(), ..Self::default() }
    }

    /// Whether we fetched it ourselves. Nobody else can make it look so.
    #[must_use]
    pub fn is_fetched(&self) -> bool {
        self.method == FETCHED
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What to do with an authentic call.
#[derive(Debug)]
pub enum Admission {
    /// Store it, then answer this.
    Keep(HookAnswer),
    /// A handshake: answer, nothing to store.
    Answer(HookAnswer),
}

impl Admission {
    /// Store it, then answer 200 with an empty body.
    #[must_use]
    pub fn keep() -> Self {
        Self::Keep(HookAnswer::ok())
    }
}

/// Why a call is turned away. Nothing of it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Answered 401.
    #[error("the signature is missing or wrong")]
    Forged,
    /// Answered 403.
    #[error("the verify token is wrong")]
    Forbidden,
    /// Answered 400.
    #[error("this is not a call that the channel makes")]
    Malformed,
    /// Answered 429: a stranger called too often.
    #[error("too many calls")]
    TooMany,
}

/// The call is authentic and cannot be understood; it stays in the ledger as a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// An HTTP answer, in words that need no HTTP library.
pub struct HookAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: AnswerBody,
}

pub enum AnswerBody {
    Bytes(Bytes),
    /// Server-sent events or a file.
    Stream(ByteStream),
}

impl std::fmt::Debug for HookAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HookAnswer({})", self.status)
    }
}

impl HookAnswer {
    #[must_use]
    pub fn ok() -> Self {
        Self::with(200, "text/plain", "")
    }

    #[must_use]
    pub fn with(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![("content-type".into(), content_type.into())], body: AnswerBody::Bytes(body.into()) }
    }

    #[must_use]
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::with(status, "application/json", value.to_string())
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// A request to a hosted page or stream of a channel that is its own platform.
pub struct Visit {
    pub call: RawCall,
    /// The visitor's network address, for rate limits.
    pub remote: String,
}
