//! Ids. Ours are prefixed and sort by time (`msg_01k…`: UUID version 7 in
//! Crockford's base 32). A platform's are opaque: only its connector reads them.

use crate::clock::Millis;
use serde::{Deserialize, Serialize};
use std::fmt;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A fresh id: the prefix, an underscore and 26 characters that sort by `at`.
#[must_use]
pub fn fresh(prefix: &str, at: Millis) -> String {
    let at = u64::try_from(at).unwrap_or(0);
    let stamp = uuid::Timestamp::from_unix_time(at / 1000, u32::try_from(at % 1000).unwrap_or(0) * 1_000_000, 0, 0);
    spell(prefix, uuid::Uuid::new_v7(stamp).as_u128())
}

/// Where the ids of this instant begin: no id that was fresh at `at` or later sorts before it.
#[must_use]
pub fn first(prefix: &str, at: Millis) -> String {
    // The time is the first 48 bits of such a number.
    spell(prefix, u128::from(u64::try_from(at).unwrap_or(0)) << 80)
}

fn spell(prefix: &str, mut number: u128) -> String {
    let mut text = [0u8; 26];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(number & 31) as usize];
        number >>= 5;
    }
    format!("{prefix}_{}", String::from_utf8_lossy(&text))
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

macro_rules! our_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        text_id!($(#[$doc])* $name);
        impl $name {
            /// A fresh id that sorts by `at`.
            #[must_use]
            pub fn fresh(at: Millis) -> Self {
                Self(fresh($prefix, at))
            }
        }
    };
}

our_id!(/// A connected account of the business.
    InboxId, "inb");
our_id!(/// A person.
    CustomerId, "cus");
our_id!(/// A customer's address on one inbox.
    IdentityId, "idn");
our_id!(/// The one conversation of a customer.
    ThreadId, "thr");
our_id!(/// One entry of a thread.
    MessageId, "msg");
our_id!(/// One part of a message on its way out.
    ParcelId, "out");
our_id!(/// One episode of human care.
    HandoffId, "hnd");
our_id!(/// Someone who answers.
    AgentId, "agt");
our_id!(/// A stored file.
    FileId, "fil");
our_id!(/// An FAQ entry.
    AnswerId, "ans");
our_id!(/// A canned reply.
    CannedReplyId, "can");
our_id!(/// Something the shop taught the bot.
    PhraseId, "phr");
our_id!(/// A merge of two customers.
    MergeId, "mrg");
our_id!(/// A background job.
    JobId, "job");
our_id!(/// A signed-in browser.
    SessionId, "ses");
our_id!(/// An API token.
    TokenId, "tok");

text_id!(/// How the platform names the person on one inbox. Opaque outside the connector.
    PlatformUserId);
text_id!(/// How the platform names one message. Unique within one identity. Opaque outside the connector.
    PlatformMessageId);
text_id!(/// How the platform names the account of the business (a Page, an OA). Opaque outside the connector.
    AccountId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_instant() {
        let early = MessageId::fresh(1_700_000_000_000);
        let late = MessageId::fresh(1_700_000_000_001);
        assert!(early < late);
        assert!(early.as_str().starts_with("msg_") && early.as_str().len() == 30);
        let first = first("msg", 1_700_000_000_001);
        assert!(early.as_str() < first.as_str() && first.as_str() < late.as_str());
    }
}
