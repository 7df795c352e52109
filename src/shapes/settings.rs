//! The shop's settings, as the API gives and takes them.

use crate::shop::{Hours, Shop};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShopSettings {
    pub shop_name: String,
    pub opening_hours: Vec<OpeningHours>,
    /// An IANA name, such as Asia/Ho_Chi_Minh.
    pub timezone: String,
    pub bot_enabled: bool,
    /// Regular expressions that a whole order code matches.
    pub order_code_patterns: Vec<String>,
    /// A code as this shop writes them, to show customers what is asked for. Left out, the present one stays.
    #[serde(default)]
    #[schema(required = true)]
    pub order_code_example: Option<String>,
    pub order_source: Option<OrderSource>,
}

/// On these days, from and to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningHours {
    /// 1 is Monday, 7 Sunday.
    pub days: Vec<u8>,
    /// `08:00`
    pub from: String,
    /// `21:30`
    pub to: String,
}

/// A web service that answers with one order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderSource {
    /// `https://shop.example/orders/{code}`
    pub url_template: String,
    #[serde(default)]
    pub header_name: Option<String>,
    /// Whether the header's value is set. Answered, never read.
    #[serde(default)]
    pub secret_set: bool,
    /// The header's value. Read, never answered; left out, the present one stays.
    #[serde(default, skip_serializing)]
    #[schema(write_only)]
    pub header_secret: Option<String>,
    /// Field names of an order to JSON pointers into the answer: `{"status": "/data/state"}`. Of `status` the
    /// pointed-at value is one of the nine journey names.
    pub pointers: BTreeMap<String, String>,
    /// For how many minutes an order that was fetched is told without asking again; 5 unless given, 1440 at most.
    #[serde(default = "crate::shop::fresh_minutes")]
    pub fresh_minutes: u32,
}

impl From<Shop> for ShopSettings {
    fn from(shop: Shop) -> Self {
        let source = |source: crate::shop::Source| OrderSource {
            url_template: source.url_template,
            header_name: source.header_name,
            secret_set: source.sealed.is_some(),
            header_secret: None,
            pointers: source.pointers,
            fresh_minutes: source.fresh_minutes,
        };
        Self {
            shop_name: shop.shop_name,
            opening_hours: shop.opening_hours.into_iter().map(OpeningHours::from).collect(),
            timezone: shop.timezone,
            bot_enabled: shop.bot_enabled,
            order_code_patterns: shop.order_code_patterns,
            order_code_example: Some(shop.order_code_example),
            order_source: shop.order_source.map(source),
        }
    }
}

impl From<Hours> for OpeningHours {
    fn from(hours: Hours) -> Self {
        Self { days: hours.days, from: hours.from, to: hours.to }
    }
}
