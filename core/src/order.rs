//! Orders: what was bought and how far it has come.

use crate::clock::Millis;
use serde::{Deserialize, Serialize};

/// The nine states of a parcel's journey, in the order a good day takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Journey {
    Placed,
    Picking,
    InTransit,
    OutForDelivery,
    AttemptFailed,
    Delivered,
    Returning,
    Returned,
    /// Cancelled, lost, damaged: a person looks at it.
    Stopped,
}

impl Journey {
    pub const ALL: [Self; 9] = [
        Self::Placed,
        Self::Picking,
        Self::InTransit,
        Self::OutForDelivery,
        Self::AttemptFailed,
        Self::Delivered,
        Self::Returning,
        Self::Returned,
        Self::Stopped,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Picking => "picking",
            Self::InTransit => "in_transit",
            Self::OutForDelivery => "out_for_delivery",
            Self::AttemptFailed => "attempt_failed",
            Self::Delivered => "delivered",
            Self::Returning => "returning",
            Self::Returned => "returned",
            Self::Stopped => "stopped",
        }
    }

    /// States in which a person should look at the order.
    #[must_use]
    pub fn in_trouble(self) -> bool {
        matches!(self, Self::AttemptFailed | Self::Stopped)
    }
}

impl std::str::FromStr for Journey {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not an order status; use one of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderItem {
    pub name: String,
    #[serde(default = "one")]
    pub quantity: i64,
    /// Minor units of the order's currency.
    #[serde(default)]
    pub price: i64,
}

fn one() -> i64 {
    1
}

/// One order as every order source gives it and the bot reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// As the shop writes it, upper case, without `#` and spaces: `DH1024`.
    pub code: String,
    pub status: Journey,
    /// Ten digits from `0`, where Vietnamese; see [`crate::phone::fold`].
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub customer_name: Option<String>,
    #[serde(default)]
    pub carrier: Option<String>,
    #[serde(default)]
    pub tracking_code: Option<String>,
    #[serde(default)]
    pub tracking_url: Option<String>,
    /// When the customer should have it.
    #[serde(default)]
    pub expected_at: Option<Millis>,
    #[serde(default = "dong")]
    pub currency: String,
    /// Minor units (a đồng has none: 1 is 1 đồng).
    #[serde(default)]
    pub total: i64,
    #[serde(default)]
    pub items: Vec<OrderItem>,
    #[serde(default)]
    pub address: Option<String>,
    /// When the source last changed it: how fresh the answer is.
    #[serde(default)]
    pub updated_at: Millis,
}

fn dong() -> String {
    "VND".to_owned()
}

/// An order code as it is stored and compared: upper case, no `#`, spaces or dashes.
#[must_use]
pub fn fold_code(code: &str) -> String {
    code.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        for typed in ["DH1024", "#dh1024", " dh 1024 ", "DH-1024"] {
            assert_eq!(fold_code(typed), "DH1024");
        }
    }

    #[test]
    fn every_journey_state_reads_its_own_name() {
        for state in Journey::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
    }
}
