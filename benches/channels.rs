//! The five channels as the bench knows them, and how customers are numbered:
//! a customer's number is part of the id they have on their platform, so that
//! a reply tells whose it is without a table in between.

use serde::{Deserialize, Serialize};

/// What every secret of the run is made of.
pub const SECRET: &str = "bench-secret-0123456789abcdef";
/// The page that the web chat is on.
pub const ORIGIN: &str = "https://shop.example.vn";
pub const PAGE: &str = "3000";
pub const OFFICIAL_ACCOUNT: &str = "4000";
pub const APP: &str = "40";

/// Ids are a multiple of this, and the customer's number.
const NUMBERS: u64 = 1_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Telegram,
    Facebook,
    Zalo,
    Discord,
    Webchat,
}

impl Channel {
    pub const ALL: [Self; 5] = [Self::Telegram, Self::Facebook, Self::Zalo, Self::Discord, Self::Webchat];

    pub fn name(self) -> &'static str {
        match self {
            Self::Telegram => "telegram",
            Self::Facebook => "facebook",
            Self::Zalo => "zalo",
            Self::Discord => "discord",
            Self::Webchat => "webchat",
        }
    }

    /// What the platform calls a customer. Web chat makes its own ids.
    pub fn id_of(self, number: u32) -> u64 {
        let home = match self {
            Self::Telegram => 5_100,
            Self::Facebook => 2_700_000_000,
            Self::Zalo => 6_700_000_000,
            Self::Discord => 1_300_000_000_000,
            Self::Webchat => 0,
        };
        home * NUMBERS + u64::from(number)
    }
}

/// Whose id this is.
pub fn number_of(id: u64) -> u32 {
    u32::try_from(id % NUMBERS).unwrap_or(0)
}

/// What a customer is called.
pub fn name_of(number: u32) -> String {
    format!("Khách {number}")
}

/// The direct channel of a Discord customer.
pub fn direct_channel(number: u32) -> u64 {
    1_400_000_000_000 * NUMBERS + u64::from(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_the_customers_number_on_every_platform() {
        for channel in Channel::ALL {
            assert_eq!(number_of(channel.id_of(123_456)), 123_456, "{}", channel.name());
        }
        assert_eq!(number_of(direct_channel(999_999)), 999_999);
    }
}
