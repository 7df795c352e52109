//! The names of what a customer may want, and of the languages they say it in.
//! Says nothing about how a message is recognised.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    Vi,
    En,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::Vi, Self::En];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Where an order they own is, or when it comes.
    OrderStatus,
    OrderCancel,
    /// Another address, phone, size, colour or item in an order that exists.
    OrderModify,
    /// They want to buy, or ask how to.
    OrderPlace,
    ReturnExchange,
    Refund,
    /// Delivery in general: fee, time, areas, carriers.
    Shipping,
    /// What is there: product, size, colour, material, availability.
    Stock,
    Price,
    Promo,
    Payment,
    Installment,
    Warranty,
    /// Addresses, opening hours, hotline.
    StoreInfo,
    /// Sign-in, password, points, membership.
    Account,
    Complaint,
    /// They want a person.
    Human,
    Greeting,
    Thanks,
    Goodbye,
    Yes,
    No,
}

impl Intent {
    pub const ALL: [Self; 22] = [
        Self::OrderStatus,
        Self::OrderCancel,
        Self::OrderModify,
        Self::OrderPlace,
        Self::ReturnExchange,
        Self::Refund,
        Self::Shipping,
        Self::Stock,
        Self::Price,
        Self::Promo,
        Self::Payment,
        Self::Installment,
        Self::Warranty,
        Self::StoreInfo,
        Self::Account,
        Self::Complaint,
        Self::Human,
        Self::Greeting,
        Self::Thanks,
        Self::Goodbye,
        Self::Yes,
        Self::No,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderStatus => "order_status",
            Self::OrderCancel => "order_cancel",
            Self::OrderModify => "order_modify",
            Self::OrderPlace => "order_place",
            Self::ReturnExchange => "return_exchange",
            Self::Refund => "refund",
            Self::Shipping => "shipping",
            Self::Stock => "stock",
            Self::Price => "price",
            Self::Promo => "promo",
            Self::Payment => "payment",
            Self::Installment => "installment",
            Self::Warranty => "warranty",
            Self::StoreInfo => "store_info",
            Self::Account => "account",
            Self::Complaint => "complaint",
            Self::Human => "human",
            Self::Greeting => "greeting",
            Self::Thanks => "thanks",
            Self::Goodbye => "goodbye",
            Self::Yes => "yes",
            Self::No => "no",
        }
    }
}

/// A word that is no intent or no language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not {kind}; use one of {known}")]
pub struct UnknownName {
    kind: &'static str,
    found: String,
    known: String,
}

impl std::str::FromStr for Intent {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|intent| intent.as_str() == text).ok_or_else(|| UnknownName {
            kind: "an intent",
            found: text.to_owned(),
            known: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

impl std::str::FromStr for Language {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|language| language.as_str() == text).ok_or_else(|| UnknownName {
            kind: "a language",
            found: text.to_owned(),
            known: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

impl std::fmt::Display for Intent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_intent_reads_its_own_name_and_its_json_is_the_same_word() {
        for intent in Intent::ALL {
            assert_eq!(intent.as_str().parse(), Ok(intent));
            assert_eq!(serde_json::to_string(&intent).expect("a unit enum is JSON"), format!("\"{intent}\""));
        }
    }

    #[test]
    fn an_unknown_intent_is_told_which_ones_there_are() {
        let told = "order".parse::<Intent>().expect_err("there is no intent `order`").to_string();
        assert!(told.starts_with("`order` is not an intent; use one of order_status, "), "{told}");
    }
}
