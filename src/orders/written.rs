//! An order as somebody wrote it down, and the check that makes it one of ours.

use onethread_core::Millis;
use onethread_core::order::{Journey, Order, OrderItem, fold_code};
use onethread_core::phone;
use serde::Deserialize;
use utoipa::ToSchema;

/// The largest sum that JSON numbers carry exactly.
const MOST_MONEY: i64 = 9_007_199_254_740_991;

/// An order to write.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenOrder {
    /// May be left out where the path names it.
    pub code: Option<String>,
    /// One of placed, picking, in_transit, out_for_delivery, attempt_failed, delivered, returning, returned, stopped.
    #[serde(default)]
    pub status: String,
    pub phone: Option<String>,
    pub customer_name: Option<String>,
    pub carrier: Option<String>,
    pub tracking_code: Option<String>,
    pub tracking_url: Option<String>,
    pub expected_at: Option<Millis>,
    /// Three letters; VND unless told.
    pub currency: Option<String>,
    /// Minor units of the currency; the sum of the items unless told.
    pub total: Option<i64>,
    #[serde(default)]
    pub items: Vec<WrittenItem>,
    pub address: Option<String>,
    /// When the source last changed it; now unless told.
    pub updated_at: Option<Millis>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenItem {
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

/// A field that is not right, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub field: &'static str,
    pub detail: String,
}

impl WrittenOrder {
    /// Check and fold. `path` is the code that the URL names.
    pub fn check(self, path: Option<&str>, now: Millis) -> Result<Order, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let mut say = |field: &'static str, detail: &str| wrong.push(Wrong { field, detail: detail.to_owned() });
        let code = fold_code(path.or(self.code.as_deref()).unwrap_or_default());
        if code.is_empty() || code.chars().count() > 40 {
            say("code", "must have between 1 and 40 letters and digits");
        }
        if path.is_some() && self.code.as_deref().is_some_and(|given| fold_code(given) != code) {
            say("code", "is not the code of the path");
        }
        let status = match self.status.trim() {
            "" => Err(format!("is missing; use one of {}", Journey::ALL.map(Journey::as_str).join(", "))),
            text => text.parse::<Journey>(),
        };
        if let Err(why) = &status {
            say("status", why);
        }
        let phone = some(self.phone).map(|typed| phone::fold(&typed).ok_or(()));
        if phone == Some(Err(())) {
            say("phone", "must be a phone number");
        }
        let tracking_url = some(self.tracking_url);
        let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        if tracking_url.as_ref().is_some_and(|url| !is_web(url) || url::Url::parse(url).is_err()) {
            say("tracking_url", "must be a URL that starts with https://");
        }
        let currency = some(self.currency).unwrap_or_else(|| "VND".to_owned()).to_uppercase();
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            say("currency", "must have three letters, such as VND");
        }
        for item in &self.items {
            if tidy(&item.name).is_empty() || item.quantity < 1 || !(0..=MOST_MONEY).contains(&item.price) {
                say("items", "need a name, a quantity of at least 1 and a price in minor units");
                break;
            }
        }
        let sum = || self.items.iter().try_fold(0_i64, |sum, item| sum.checked_add(item.quantity.checked_mul(item.price)?));
        let total = self.total.or_else(sum).unwrap_or(-1);
        if !(0..=MOST_MONEY).contains(&total) {
            say("total", "must be a sum in minor units, not below 0");
        }
        for (field, text) in [("customer_name", &self.customer_name), ("carrier", &self.carrier), ("address", &self.address)] {
            if text.as_ref().is_some_and(|text| text.chars().count() > 500) {
                say(field, "may have at most 500 characters");
            }
        }
        let (Ok(status), true) = (status, wrong.is_empty()) else { return Err(wrong) };
        let item = |item: WrittenItem| OrderItem { name: tidy(&item.name), quantity: item.quantity, price: item.price };
        Ok(Order {
            code,
            status,
            phone: phone.and_then(Result::ok),
            customer_name: some(self.customer_name),
            carrier: some(self.carrier),
            tracking_code: some(self.tracking_code),
            tracking_url,
            expected_at: self.expected_at,
            currency,
            total,
            items: self.items.into_iter().map(item).collect(),
            address: some(self.address),
            updated_at: self.updated_at.filter(|at| *at > 0).unwrap_or(now),
        })
    }
}

/// Without blanks around and control characters within.
fn tidy(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

fn some(text: Option<String>) -> Option<String> {
    text.map(|text| tidy(&text)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(json: serde_json::Value) -> Result<Order, Vec<Wrong>> {
        serde_json::from_value::<WrittenOrder>(json).unwrap().check(None, 1_000)
    }

    #[test]
    fn codes_and_phones_are_folded_and_the_rest_has_defaults() {
        let order = written(serde_json::json!({
            "code": "#dh-1024", "status": "in_transit", "phone": "+84 912 345 678",
            "items": [{ "name": " Áo thun ", "quantity": 2, "price": 150_000 }],
        }));
        let order = order.unwrap();
        assert_eq!((order.code.as_str(), order.phone.as_deref()), ("DH1024", Some("0912345678")));
        assert_eq!((order.total, order.currency.as_str(), order.updated_at), (300_000, "VND", 1_000));
        assert_eq!(order.items[0].name, "Áo thun");
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let wrong = written(
            serde_json::json!({ "status": "shipped", "phone": "abc", "tracking_url": "javascript:alert(1)", "total": -1 }),
        );
        let fields: Vec<&str> = wrong.unwrap_err().iter().map(|wrong| wrong.field).collect();
        assert_eq!(fields, ["code", "status", "phone", "tracking_url", "total"]);
    }

    #[test]
    fn the_body_may_not_name_another_code_than_the_path() {
        let order = WrittenOrder { code: Some("DH1".into()), status: "placed".into(), ..WrittenOrder::default() };
        assert_eq!(order.clone().check(Some("dh-1"), 0).unwrap().code, "DH1");
        assert_eq!(order.check(Some("DH2"), 0).unwrap_err()[0].field, "code");
    }
}
