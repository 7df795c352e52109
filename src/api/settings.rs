//! The shop's settings.

use super::Api;
use super::error::{Answer, FieldProblem, Problem};
use super::extract::{Admin, Body};
use crate::auth::Signed;
use crate::gateway::Gateway;
use crate::orders::source;
use crate::shapes::{OrderSource, ShopSettings};
use crate::shop::{Hours, Shop, Source, clock_time};
use axum::Json;
use axum::extract::State;

#[utoipa::path(get, path = "/api/v1/settings", tag = "settings", operation_id = "get_settings",
    responses((status = 200, body = ShopSettings), Problem))]
pub async fn get(State(api): State<Api>, _signed: Signed) -> Answer<Json<ShopSettings>> {
    Ok(Json(Shop::of(&api.gateway.db).await?.into()))
}

/// Write all settings over the present ones. The bot takes them up at once.
#[utoipa::path(put, path = "/api/v1/settings", tag = "settings", operation_id = "change_settings", request_body = ShopSettings,
    responses((status = 200, body = ShopSettings), Problem))]
pub async fn change(State(api): State<Api>, _admin: Admin, Body(given): Body<ShopSettings>) -> Answer<Json<ShopSettings>> {
    let gateway = &api.gateway;
    let present = Shop::of(&gateway.db).await?;
    let shop = checked(gateway, given, &present)?;
    let mut tx = gateway.db.begin().await?;
    shop.write(&mut tx).await?;
    tx.commit(gateway.clock.now()).await?;
    super::answers::learn(gateway).await?;
    Ok(Json(shop.into()))
}

fn checked(gateway: &Gateway, given: ShopSettings, present: &Shop) -> Answer<Shop> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, detail: String| errors.push(FieldProblem { field: field.to_owned(), detail });
    let name = given.shop_name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        wrong("shop_name", "must have between 1 and 100 characters".to_owned());
    }
    if jiff::tz::TimeZone::get(&given.timezone).is_err() {
        wrong("timezone", format!("`{}` is not a time zone such as Asia/Ho_Chi_Minh", given.timezone));
    }
    for (place, hours) in given.opening_hours.iter().enumerate() {
        if hours.days.is_empty() || !hours.days.iter().all(|day| (1..=7).contains(day)) {
            wrong(&format!("opening_hours[{place}].days"), "must name days from 1 (Monday) to 7 (Sunday)".to_owned());
        }
        for (end, text) in [("from", &hours.from), ("to", &hours.to)] {
            if clock_time(text).is_none() {
                wrong(&format!("opening_hours[{place}].{end}"), "must be a time such as 08:00".to_owned());
            }
        }
    }
    if given.order_code_example.as_ref().is_some_and(|code| code.chars().count() > 40) {
        wrong("order_code_example", "may have at most 40 characters".to_owned());
    }
    if given.order_code_patterns.len() > 20 {
        wrong("order_code_patterns", "may be at most 20".to_owned());
    }
    for (place, pattern) in given.order_code_patterns.iter().enumerate() {
        if let Err(why) = check_pattern(pattern) {
            wrong(&format!("order_code_patterns[{place}]"), why);
        }
    }
    let order_source = given.order_source.map(|source| checked_source(gateway, source, present, &mut errors));
    if !errors.is_empty() {
        return Err(Problem::invalid_fields(errors));
    }
    let hours = given.opening_hours.into_iter().map(|hours| Hours { days: hours.days, from: hours.from, to: hours.to });
    Ok(Shop {
        shop_name: name.to_owned(),
        opening_hours: hours.collect(),
        timezone: given.timezone,
        bot_enabled: given.bot_enabled,
        order_code_patterns: given.order_code_patterns,
        order_code_example: given
            .order_code_example
            .map_or_else(|| present.order_code_example.clone(), |code| code.trim().to_owned()),
        order_source,
    })
}

/// A pattern must be a regular expression, small enough to be run on every message, and match something.
fn check_pattern(pattern: &str) -> Result<(), String> {
    if pattern.chars().count() > 200 {
        return Err("may have at most 200 characters".to_owned());
    }
    let regex = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build();
    match regex {
        Err(error) => Err(format!("is not a regular expression: {}", error.to_string().lines().last().unwrap_or_default())),
        Ok(regex) if regex.is_match("") => Err("matches an empty text".to_owned()),
        Ok(_) => Ok(()),
    }
}

/// A secret that is left out stays, while the source stays at the same place.
fn checked_source(gateway: &Gateway, given: OrderSource, present: &Shop, errors: &mut Vec<FieldProblem>) -> Source {
    let header_name = given.header_name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let kept = present.order_source.as_ref().filter(|kept| source::same_place(&kept.url_template, &given.url_template));
    let sealed = match given.header_secret.as_deref() {
        Some("") => None,
        Some(secret) => Some(Source::seal(&gateway.seal, secret)),
        None => kept.and_then(|kept| kept.sealed.clone()),
    };
    let checked = Source {
        url_template: given.url_template.trim().to_owned(),
        header_name,
        sealed,
        pointers: given.pointers,
        fresh_minutes: given.fresh_minutes,
    };
    for (field, detail) in source::check(&checked, given.header_secret.as_deref()) {
        errors.push(FieldProblem { field: format!("order_source.{field}"), detail });
    }
    checked
}
