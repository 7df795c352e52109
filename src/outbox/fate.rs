//! What a delivery's outcome means for the parcel. Pure.

use onethread_core::Millis;
use onethread_core::channel::{DeliveryError, Doubles, Receipt, RefusedBecause};
use onethread_core::clock::{HOUR, MINUTE, SECOND};
use onethread_store::messages::MessageError;

/// How long we try to reach a platform before a message has failed.
const GIVE_UP_AFTER: Millis = 6 * HOUR;
/// A bot's answer that comes hours late helps nobody.
const BOT_GIVES_UP_AFTER: Millis = 15 * MINUTE;
const LONGEST_PAUSE: Millis = 5 * MINUTE;
/// A platform that drops doubles remembers what it took for a few minutes only. So long after it may have been
/// sent for the first time, a parcel is not sent again.
const DOUBLES_DROPPED_FOR: Millis = 2 * MINUTE;
/// The word for a parcel that may have been sent. It stays with the parcel until it ends.
pub const UNCERTAIN: &str = "uncertain";

/// What is known of the parcel besides the outcome.
#[derive(Debug, Clone, Copy)]
pub struct Tried {
    pub attempts: i64,
    pub queued_at: Millis,
    pub by_bot: bool,
    /// The platform drops a second delivery of the same key.
    pub deduplicates: bool,
    /// An earlier try may have sent it.
    pub doubtful: bool,
    /// So may one before an agent had it sent again, whatever became of the tries since.
    pub in_doubt: bool,
    /// When this try, or the first that may have sent it, began.
    pub since: Millis,
    pub now: Millis,
    /// 0..1000, to spread retries.
    pub jitter: Millis,
}

/// What happens to the parcel next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Sent(Receipt),
    Failed(MessageError),
    /// The platform does not let us reach this person any more. The parcel failed, or is uncertain still: the error's
    /// code tells.
    Blocked(MessageError),
    Again {
        at: Millis,
        error: MessageError,
    },
    Uncertain(MessageError),
    /// The inbox pauses for this reason. The parcel is back in line, unless an earlier try may have sent it.
    Pause {
        reason: String,
        uncertain: Option<MessageError>,
    },
}

/// The rule. A parcel that may have been sent never counts as failed, whatever becomes of later tries.
#[must_use]
pub fn next(outcome: Result<Receipt, DeliveryError>, tried: Tried) -> Next {
    match outcome {
        Ok(receipt) => Next::Sent(receipt),
        Err(DeliveryError::Uncertain(why)) if tried.deduplicates => {
            tried.again(backoff(tried.attempts), None, &format!("the platform did not answer: {why}"))
        }
        Err(DeliveryError::Uncertain(why)) => Next::Uncertain(doubt(&format!("the platform did not answer: {why}"))),
        Err(DeliveryError::Unauthorized(reason)) => {
            let uncertain = tried.doubtful.then(|| doubt(&reason));
            Next::Pause { reason, uncertain }
        }
        Err(DeliveryError::Refused(reason)) if tried.may_be_there() => {
            let doubt = doubt(&format!("an earlier try may have arrived; this one was refused: {reason}"));
            if reason.code == RefusedBecause::Blocked { Next::Blocked(doubt) } else { Next::Uncertain(doubt) }
        }
        Err(DeliveryError::Refused(reason)) => {
            let failed = error(code_word(reason.code), reason.to_string());
            if reason.code == RefusedBecause::Blocked { Next::Blocked(failed) } else { Next::Failed(failed) }
        }
        Err(DeliveryError::Throttled(pause) | DeliveryError::AllThrottled(pause)) => {
            tried.again(pause.max(SECOND), Some("throttled"), "the platform asked us to slow down")
        }
        Err(DeliveryError::Unreachable(why)) => {
            tried.again(backoff(tried.attempts), Some("unreachable"), &format!("the platform could not be reached: {why}"))
        }
    }
}

/// The end of words of the bot that have waited too long to be said; `None` while there is time.
#[must_use]
pub fn too_late(queued_at: Millis, now: Millis, may_be_there: bool) -> Option<Next> {
    let why = "it could not be sent in time, and would come too late now";
    let late = now.saturating_sub(queued_at) > BOT_GIVES_UP_AFTER;
    late.then(|| if may_be_there { Next::Uncertain(doubt(why)) } else { Next::Failed(error("too_late", why.to_owned())) })
}

/// What becomes of a parcel that may have been sent since then, by a sender that is gone or by an earlier try:
/// again, perhaps in doubt, or uncertain.
pub fn of_doubtful(doubles: Doubles, since: Millis, now: Millis) -> Result<Option<MessageError>, MessageError> {
    let remembered = now.saturating_sub(since) <= DOUBLES_DROPPED_FOR;
    let error = doubt("nobody heard what became of it");
    match doubles {
        Doubles::Impossible => Ok(None),
        Doubles::Dropped if remembered => Ok(Some(error)),
        Doubles::Dropped | Doubles::Shown => Err(error),
    }
}

/// The end of words of the bot whose turn to speak is over; `None`: nobody heard them.
#[must_use]
pub fn overtaken(may_be_there: bool) -> Option<Next> {
    may_be_there.then(|| Next::Uncertain(doubt("a person took over before anybody knew")))
}

/// Why a message that is withheld went in part.
#[must_use]
pub fn cut_short() -> MessageError {
    let error = error("cut_short", "a person took over after its first part had gone".to_owned());
    MessageError { in_part: true, ..error }
}

/// The end of what waits in an inbox that was disabled.
#[must_use]
pub fn of_disabled(may_be_there: bool) -> Next {
    let why = "the inbox is disabled";
    match may_be_there {
        true => Next::Uncertain(doubt(why)),
        false => Next::Failed(error("inbox_disabled", format!("{why}; enable it, then send the message again"))),
    }
}

impl Tried {
    fn may_be_there(self) -> bool {
        self.doubtful || self.in_doubt
    }

    /// Once more after `pause`, if there is time; `code` is `None` where this very try may have sent it.
    fn again(self, pause: Millis, code: Option<&str>, why: &str) -> Next {
        let patience = if self.by_bot { BOT_GIVES_UP_AFTER } else { GIVE_UP_AFTER };
        let at = self.now.saturating_add(pause).saturating_add(self.jitter);
        let late = at.saturating_sub(self.queued_at) > patience;
        let forgotten = at.saturating_sub(self.since) > DOUBLES_DROPPED_FOR;
        match code.filter(|_| !self.doubtful) {
            Some(_) if late && self.in_doubt => Next::Uncertain(doubt(why)),
            Some(code) if late => Next::Failed(error(code, why.to_owned())),
            Some(code) => Next::Again { at, error: error(code, why.to_owned()) },
            None if late || forgotten => Next::Uncertain(doubt(why)),
            None => Next::Again { at, error: doubt(why) },
        }
    }
}

fn error(code: &str, detail: String) -> MessageError {
    MessageError { code: code.to_owned(), detail, in_part: false }
}

/// For people: what may be on the phone, and why nobody knows.
#[must_use]
pub fn doubt(why: &str) -> MessageError {
    error(UNCERTAIN, format!("it may have been sent: {why}"))
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
mod tests;
