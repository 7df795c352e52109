//! Orders: what was bought and how far it has come.

use super::Api;
use super::error::{Answer, FieldProblem, Problem};
use super::extract::{Admin, Asked, Body, Paging, Path, words};
use crate::auth::Signed;
use crate::orders::{self, Format, Imported, WrittenOrder};
use crate::shapes::{List, Order};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use onethread_core::order::fold_code;
use onethread_store::orders::OrderFilter;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Part of a code, name, phone number, tracking code or address.
    #[serde(default)]
    q: String,
    /// One of the nine journey names.
    status: Option<String>,
}

/// Orders, latest change first.
#[utoipa::path(get, path = "/api/v1/orders", tag = "orders", operation_id = "list_orders", params(Filter, Paging),
    responses((status = 200, body = List<Order>), Problem))]
pub async fn list(
    State(api): State<Api>,
    _signed: Signed,
    Asked(filter): Asked<Filter>,
    Asked(page): Asked<Paging>,
) -> Answer<Json<List<Order>>> {
    let status = filter.status.filter(|status| !status.is_empty()).map(|status| status.parse()).transpose();
    let filter =
        OrderFilter { words: words(&filter.q)?.to_owned(), status: status.map_err(|why: String| Problem::malformed(why))? };
    let rows = api.gateway.db.read().await?.orders(&filter, page.after(), page.limit()).await?;
    Ok(Json(List::of(rows, Order::from)))
}

#[utoipa::path(get, path = "/api/v1/orders/{code}", tag = "orders", operation_id = "get_order",
    params(("code" = String, Path)), responses((status = 200, body = Order), Problem))]
pub async fn get(State(api): State<Api>, _signed: Signed, Path(code): Path<String>) -> Answer<Json<Order>> {
    let order = api.gateway.db.read().await?.order(&fold_code(&code)).await?;
    Ok(Json(order.ok_or_else(|| Problem::missing("order"))?.into()))
}

/// Write an order over the present one of this code.
#[utoipa::path(put, path = "/api/v1/orders/{code}", tag = "orders", operation_id = "put_order", params(("code" = String, Path)),
    request_body = WrittenOrder, responses((status = 200, body = Order), (status = 201, body = Order), Problem))]
pub async fn put(
    State(api): State<Api>,
    _admin: Admin,
    Path(code): Path<String>,
    Body(given): Body<WrittenOrder>,
) -> Answer<(StatusCode, Json<Order>)> {
    let now = api.gateway.clock.now();
    let order = given.check(Some(&code), now).map_err(|wrong| {
        let shape = |wrong: orders::Wrong| FieldProblem { field: wrong.field.to_owned(), detail: wrong.detail };
        Problem::invalid_fields(wrong.into_iter().map(shape).collect())
    })?;
    let mut tx = api.gateway.db.begin().await?;
    let fresh = tx.put_order(&order).await?;
    tx.commit(now).await?;
    let status = if fresh { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(order.into())))
}

#[utoipa::path(delete, path = "/api/v1/orders/{code}", tag = "orders", operation_id = "remove_order",
    params(("code" = String, Path)), responses((status = 204), Problem))]
pub async fn remove(State(api): State<Api>, _admin: Admin, Path(code): Path<String>) -> Answer<StatusCode> {
    let mut tx = api.gateway.db.begin().await?;
    tx.remove_order(&fold_code(&code)).await?;
    tx.commit(api.gateway.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Import orders. Good lines are written, bad ones reported; the names of the columns are those of the JSON fields.
#[utoipa::path(post, path = "/api/v1/orders/import", tag = "orders", operation_id = "import_orders",
    request_body(content((String = "text/csv"), (String = "application/jsonl"))),
    responses((status = 200, body = Imported), Problem))]
pub async fn import(
    State(api): State<Api>,
    _admin: Admin,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Json<Imported>> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let format = Format::of_mime(kind).ok_or_else(|| Problem::wrong_media("send text/csv or application/jsonl"))?;
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(super::router::IMPORT_LIMIT),
        _ => Problem::malformed(error.body_text()),
    })?;
    Ok(Json(orders::import(&api.gateway.db, format, &body, api.gateway.clock.now()).await?))
}
