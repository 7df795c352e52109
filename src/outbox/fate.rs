//! What a delivery's outcome means for the parcel. Pure.

use onethread_core::Millis;
use onethread_core::channel::{DeliveryError, Receipt, RefusedBecause};
use onethread_core::clock::{HOUR, MINUTE, SECOND};
use onethread_store::messages::MessageError;

/// How long we try to reach a platform before a message has failed.
const GIVE_UP_AFTER: Millis = 6 * HOUR;
/// A bot's answer that comes hours late helps nobody.
const BOT_GIVES_UP_AFTER: Millis = 15 * MINUTE;
const UNCERTAIN_TRIES_MOST: i64 = 6;
const LONGEST_PAUSE: Millis = 5 * MINUTE;

/// What is known of the parcel besides the outcome.
#[derive(Debug, Clone, Copy)]
pub struct Tried {
    pub attempts: i64,
    pub queued_at: Millis,
    pub by_bot: bool,
    /// The platform drops a second delivery of the same key.
    pub deduplicates: bool,
    pub now: Millis,
    /// 0..1000, to spread retries.
    pub jitter: Millis,
}

/// What happens to the parcel next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Sent(Receipt),
    Failed(MessageError),
    /// The platform does not let us reach this person any more.
    Blocked(MessageError),
    Again {
        at: Millis,
        error: MessageError,
    },
    Uncertain(MessageError),
    /// Back in line; the inbox pauses for this reason.
    Pause(String),
}

/// The rule.
#[must_use]
pub fn next(outcome: Result<Receipt, DeliveryError>, tried: Tried) -> Next {
    let error = |code: &str, detail: String| MessageError { code: code.to_owned(), detail };
    let later = |pause: Millis, error: MessageError| {
        let patience = if tried.by_bot { BOT_GIVES_UP_AFTER } else { GIVE_UP_AFTER };
        let at = tried.now + pause + tried.jitter;
        if at - tried.queued_at > patience { Next::Failed(error) } else { Next::Again { at, error } }
    };
    match outcome {
        Ok(receipt) => Next::Sent(receipt),
        Err(DeliveryError::Refused(reason)) => {
            let code = code_word(reason.code);
            let failed = error(code, reason.to_string());
            if reason.code == RefusedBecause::Blocked { Next::Blocked(failed) } else { Next::Failed(failed) }
        }
        Err(DeliveryError::Throttled(pause)) => {
            later(pause.max(SECOND), error("throttled", "the platform asked us to slow down".into()))
        }
        Err(DeliveryError::Unreachable(why)) => {
            later(backoff(tried.attempts), error("unreachable", format!("the platform could not be reached: {why}")))
        }
        Err(DeliveryError::Uncertain(why)) if tried.deduplicates && tried.attempts < UNCERTAIN_TRIES_MOST => {
            later(backoff(tried.attempts), error("uncertain", why))
        }
        Err(DeliveryError::Uncertain(why)) => {
            Next::Uncertain(error("uncertain", format!("the platform did not answer, so it may have been sent: {why}")))
        }
        Err(DeliveryError::Unauthorized(why)) => Next::Pause(why),
    }
}

fn backoff(attempts: i64) -> Millis {
    let doubled = SECOND << attempts.clamp(1, 12).saturating_sub(1);
    doubled.min(LONGEST_PAUSE)
}

/// The reason in one word, as the API gives it.
#[must_use]
pub fn code_word(because: RefusedBecause) -> &'static str {
    match because {
        RefusedBecause::Blocked => "blocked",
        RefusedBecause::UnknownRecipient => "unknown_recipient",
        RefusedBecause::WindowClosed => "window_closed",
        RefusedBecause::QuotaUsedUp => "quota_used_up",
        RefusedBecause::TooLong => "too_long",
        RefusedBecause::BadContent => "bad_content",
        RefusedBecause::BadFile => "bad_file",
        RefusedBecause::NotPermitted => "not_permitted",
        RefusedBecause::Other => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(attempts: i64) -> Tried {
        Tried { attempts, queued_at: 0, by_bot: false, deduplicates: false, now: 0, jitter: 0 }
    }

    #[test]
    fn what_is_uncertain_is_sent_again_only_where_the_platform_drops_doubles() {
        let lost = || Err(DeliveryError::Uncertain("no answer".into()));
        assert!(matches!(next(lost(), tried(1)), Next::Uncertain(_)));
        let safe = Tried { deduplicates: true, ..tried(1) };
        assert!(matches!(next(lost(), safe), Next::Again { .. }));
        assert!(matches!(next(lost(), Tried { attempts: UNCERTAIN_TRIES_MOST, ..safe }), Next::Uncertain(_)));
    }

    #[test]
    fn a_throttled_parcel_waits_as_told() {
        assert!(matches!(next(Err(DeliveryError::Throttled(7_000)), tried(1)), Next::Again { at: 7_000, .. }));
    }

    #[test]
    fn pauses_grow_and_end() {
        let unreachable = |attempts, now| next(Err(DeliveryError::Unreachable(String::new())), Tried { now, ..tried(attempts) });
        assert!(matches!(unreachable(1, 0), Next::Again { at: 1_000, .. }));
        assert!(matches!(unreachable(4, 0), Next::Again { at: 8_000, .. }));
        assert!(matches!(unreachable(40, GIVE_UP_AFTER), Next::Failed(_)));
    }
}
