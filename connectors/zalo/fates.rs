//! What Zalo's negative numbers mean for a message. The lists of several
//! sources, none official, state of October 2026; an unknown number is a
//! refusal that shows the number.

use crate::loose;
use onethread_core::channel::{DeliveryError, RefusedBecause};
use onethread_core::clock::MINUTE;
use serde_json::Value;

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

    pub fn is_about_the_token(&self) -> bool {
        matches!(self, Self::Complaint(complaint) if complaint.meaning() == Meaning::TokenStale)
    }

    /// Whether Zalo did not understand the form of the message: certainly not sent, and a plainer one may pass.
    pub fn is_about_the_form(&self) -> bool {
        matches!(self, Self::Complaint(Complaint { code: -201 | -210 | -233, .. }))
    }
}

/// What Zalo's answer says instead of success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    code: i64,
    words: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    TokenStale,
    /// The whole account cannot send until its owner does this.
    Owner(&'static str),
    Throttled,
    Passing,
    Refused(RefusedBecause),
}

impl Complaint {
    /// `None` where the answer is a success. `secrets` never get into its words.
    pub fn of(answer: &Value, secrets: &[&str]) -> Option<Self> {
        let code = answer.get("error").and_then(loose::integer).filter(|code| *code != 0)?;
        let words = ["error_name", "message"].iter().filter_map(|name| loose::text(answer, name)).next_back();
        Some(Self { code, words: loose::quote(words.unwrap_or("no words"), secrets) })
    }

    pub fn code(&self) -> i64 {
        self.code
    }

    fn meaning(&self) -> Meaning {
        use RefusedBecause::{BadContent, Blocked, NotPermitted, Other, QuotaUsedUp, UnknownRecipient, WindowClosed};
        match self.code {
            // One list (of another API) calls -216 "user blocked"; a fresh token is tried first either way.
            -216 | -220 | -124 => Meaning::TokenStale,
            -32 => Meaning::Throttled,
            -200 => Meaning::Passing,
            -201 | -210 | -233 | -248 | -249 => Meaning::Refused(BadContent),
            -204 | -205 => Meaning::Owner("the OA was deleted or is not valid; check it at oa.zalo.me"),
            -209 => Meaning::Owner("the app is not active; activate it at developers.zalo.me"),
            -219 | -223 => Meaning::Owner("the OA no longer authorises the app; connect the OA again"),
            -242 => Meaning::Owner("the app demands `appsecret_proof`; switch that off in the app's settings"),
            -211 | -217 | -218 | -320 | -321 => Meaning::Refused(QuotaUsedUp),
            -213 => Meaning::Refused(UnknownRecipient),
            -230 | -232 => Meaning::Refused(WindowClosed),
            -244 => Meaning::Refused(Blocked),
            -221 | -224 | -234 | -240 => Meaning::Refused(NotPermitted),
            _ => Meaning::Refused(Other),
        }
    }

    /// Whether the same call may work later.
    pub fn passes(&self) -> bool {
        matches!(self.meaning(), Meaning::Throttled | Meaning::Passing | Meaning::TokenStale | Meaning::Owner(_))
    }

    fn fate(self) -> DeliveryError {
        match self.meaning() {
            Meaning::TokenStale => {
                DeliveryError::Unauthorized(format!("Zalo does not accept the access token; connect the OA again ({self})"))
            }
            Meaning::Owner(advice) => DeliveryError::Unauthorized(format!("{advice} ({self})")),
            Meaning::Throttled => DeliveryError::AllThrottled(MINUTE),
            Meaning::Passing => DeliveryError::Unreachable(self.to_string()),
            Meaning::Refused(code) => DeliveryError::refused(code, self.to_string()),
        }
    }
}

impl std::fmt::Display for Complaint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "error {}: {}", self.code, self.words)
    }
}

/// What an HTTP status says where there is no JSON to read.
pub fn of_status(status: u16) -> DeliveryError {
    match status {
        401 => DeliveryError::Unauthorized("Zalo does not accept the access token (401)".into()),
        429 => DeliveryError::AllThrottled(MINUTE),
        // A gateway that stopped waiting: the message may have gone through behind it.
        504 => DeliveryError::Uncertain("Zalo answered 504".into()),
        500.. => DeliveryError::Unreachable(format!("Zalo answered {status}")),
        200..300 => DeliveryError::Uncertain(format!("Zalo answered {status} and no JSON")),
        _ => DeliveryError::refused(RefusedBecause::Other, format!("Zalo answered {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fate(code: i64) -> DeliveryError {
        Complaint::of(&json!({ "error": code, "message": "no" }), &[]).expect("a complaint").fate()
    }

    #[test]
    fn every_number_has_its_fate() {
        use RefusedBecause::{BadContent, Blocked, NotPermitted, Other, QuotaUsedUp, UnknownRecipient, WindowClosed};
        let expected = [
            (BadContent, vec![-201, -210, -233, -248]),
            (QuotaUsedUp, vec![-211, -217, -218]),
            (UnknownRecipient, vec![-213]),
            (WindowClosed, vec![-230, -232]),
            (Blocked, vec![-244]),
            (NotPermitted, vec![-221, -224, -234, -240]),
            (Other, vec![-227, -99_999]),
        ];
        for (reason, codes) in expected {
            for code in codes {
                assert!(matches!(fate(code), DeliveryError::Refused(told) if told.code == reason), "{code}");
            }
        }
        assert_eq!(fate(-32), DeliveryError::AllThrottled(MINUTE));
        assert!(matches!(fate(-200), DeliveryError::Unreachable(_)));
        for code in [-216, -220, -204, -209, -219, -223] {
            assert!(matches!(fate(code), DeliveryError::Unauthorized(_)), "{code}");
        }
    }

    #[test]
    fn an_error_may_be_a_text_and_zero_is_none() {
        assert_eq!(Complaint::of(&json!({ "error": 0 }), &[]), None);
        assert_eq!(Complaint::of(&json!({ "error": "0" }), &[]), None);
        assert_eq!(Complaint::of(&json!({ "error": "-216" }), &[]).map(|complaint| complaint.code), Some(-216));
        let lost = json!({ "error": -14014, "error_name": "Invalid refresh token.", "message": "" });
        assert_eq!(Complaint::of(&lost, &[]).map(|complaint| complaint.words), Some("Invalid refresh token.".into()));
    }
}
