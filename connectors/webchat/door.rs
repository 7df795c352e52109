//! The answers' envelope: which page may read them, and how a refusal is told.

use onethread_core::channel::{AnswerBody, HookAnswer};
use onethread_core::clock::{Millis, SECOND};
use serde_json::json;

/// Names the visitor where the ledger can keep it; the token beside it never gets there.
pub const VISITOR_HEADER: &str = "x-onethread-visitor";

/// Why a hosted call is turned away, in words for whoever reads the browser's network panel.
#[derive(Debug, PartialEq, Eq)]
pub enum TurnedAway {
    WrongOrigin,
    NoToken,
    NotFound,
    /// The status and what to do.
    Wrong(u16, &'static str),
    TooMany(Millis),
    /// The house cannot do it now; trying again is right.
    Later,
}

impl TurnedAway {
    pub fn answer(&self) -> HookAnswer {
        let (status, title) = match self {
            Self::WrongOrigin => (403, "this page's address is not among the inbox's allowed origins"),
            Self::NoToken => (401, "the visitor's token is missing, wrong or stale: ask for a session"),
            Self::NotFound => (404, "there is nothing here"),
            Self::Wrong(status, title) => (*status, *title),
            Self::TooMany(_) => (429, "too many calls: slow down"),
            Self::Later => (503, "try again in a moment"),
        };
        let answer = HookAnswer::json(status, &json!({ "status": status, "title": title }));
        match self {
            Self::TooMany(pause) => answer.header("retry-after", (pause / SECOND + 1).to_string()),
            Self::Later => answer.header("retry-after", "2"),
            _ => answer,
        }
    }
}

/// Let the page at `origin` read this answer, and no other page.
pub fn opened(answer: HookAnswer, origin: &str) -> HookAnswer {
    let fresh = answer.headers.iter().any(|(name, _)| name == "cache-control");
    let answer = answer
        .header("access-control-allow-origin", origin)
        .header("access-control-expose-headers", "retry-after")
        .header("vary", "origin");
    if fresh { answer } else { answer.header("cache-control", "no-store") }
}

/// What a browser asks before it lets a page call us.
pub fn preflight() -> HookAnswer {
    HookAnswer { status: 204, headers: Vec::new(), body: AnswerBody::Bytes(bytes::Bytes::new()) }
        .header("access-control-allow-methods", "GET, POST")
        .header("access-control-allow-headers", format!("authorization, content-type, last-event-id, {VISITOR_HEADER}"))
        .header("access-control-max-age", "7200")
}
