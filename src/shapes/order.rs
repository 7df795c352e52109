//! Orders, as the API gives and takes them.

use onethread_core::Millis;
use onethread_core::order as core;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The nine states of a parcel's journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    Placed,
    Picking,
    InTransit,
    OutForDelivery,
    AttemptFailed,
    Delivered,
    Returning,
    Returned,
    Stopped,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Order {
    pub code: String,
    pub status: OrderStatus,
    pub phone: Option<String>,
    pub customer_name: Option<String>,
    pub carrier: Option<String>,
    pub tracking_code: Option<String>,
    pub tracking_url: Option<String>,
    pub expected_at: Option<Millis>,
    pub currency: String,
    /// Minor units of the currency.
    pub total: i64,
    pub items: Vec<OrderItem>,
    pub address: Option<String>,
    pub updated_at: Millis,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
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

impl From<core::Journey> for OrderStatus {
    fn from(state: core::Journey) -> Self {
        match state {
            core::Journey::Placed => Self::Placed,
            core::Journey::Picking => Self::Picking,
            core::Journey::InTransit => Self::InTransit,
            core::Journey::OutForDelivery => Self::OutForDelivery,
            core::Journey::AttemptFailed => Self::AttemptFailed,
            core::Journey::Delivered => Self::Delivered,
            core::Journey::Returning => Self::Returning,
            core::Journey::Returned => Self::Returned,
            core::Journey::Stopped => Self::Stopped,
        }
    }
}

impl From<core::Order> for Order {
    fn from(order: core::Order) -> Self {
        let item = |item: core::OrderItem| OrderItem { name: item.name, quantity: item.quantity, price: item.price };
        Self {
            code: order.code,
            status: order.status.into(),
            phone: order.phone,
            customer_name: order.customer_name,
            carrier: order.carrier,
            tracking_code: order.tracking_code,
            tracking_url: order.tracking_url,
            expected_at: order.expected_at,
            currency: order.currency,
            total: order.total,
            items: order.items.into_iter().map(item).collect(),
            address: order.address,
            updated_at: order.updated_at,
        }
    }
}
