//! Customers: who they are, and making two one.

use super::Api;
use super::agents::check_email;
use super::error::{Answer, Problem};
use super::extract::{Asked, Body, Paging, Path, words};
use super::threads::shown_identities;
use crate::auth::Signed;
use crate::desk;
use crate::gateway::Gateway;
use crate::shapes::{Customer, CustomerRow, Handoff, List, Merge, Order, SuggestedCustomer, Suggestion};
use axum::Json;
use axum::extract::State;
use onethread_core::ids::{CustomerId, MergeId};
use onethread_core::phone;
use onethread_store::customers as store;
use onethread_store::live::Told;
use onethread_store::{Conn, Page};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};

const MOST_ORDERS: i64 = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Words {
    /// Part of a name, phone number or e-mail address, however it is spelt.
    #[serde(default)]
    q: String,
}

/// What is left out stays; null or an empty text clears a phone number or e-mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCustomer {
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    note: Option<String>,
}

/// Tells null (clear it) from absent (leave it).
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeFrom {
    /// The customer who is folded in.
    from: String,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unmerge {
    /// Which merge; by default the latest.
    #[serde(default)]
    merge_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Unmerged {
    customer: Customer,
    /// Who was folded in and is a customer again.
    restored: Customer,
}

/// Customers, newest first.
#[utoipa::path(get, path = "/api/v1/customers", tag = "customers", operation_id = "list_customers", params(Words, Paging),
    responses((status = 200, body = List<CustomerRow>), Problem))]
pub async fn list(
    State(api): State<Api>,
    _signed: Signed,
    Asked(asked): Asked<Words>,
    Asked(page): Asked<Paging>,
) -> Answer<Json<List<CustomerRow>>> {
    let mut conn = api.gateway.db.read().await?;
    let Page { items, next } = conn.customers(words(&asked.q)?, page.after(), page.limit()).await?;
    let mut rows = Vec::with_capacity(items.len());
    for row in items {
        rows.push(listed(&mut conn, row).await?);
    }
    Ok(Json(List { items: rows, next }))
}

/// A customer with identities, orders, past handoffs and merges.
#[utoipa::path(get, path = "/api/v1/customers/{id}", tag = "customers", operation_id = "get_customer",
    params(("id" = String, Path)), responses((status = 200, body = Customer), Problem))]
pub async fn get(State(api): State<Api>, _signed: Signed, Path(id): Path<String>) -> Answer<Json<Customer>> {
    Ok(Json(whole(&api.gateway, &CustomerId(id)).await?))
}

/// Change what agents know of a customer.
#[utoipa::path(patch, path = "/api/v1/customers/{id}", tag = "customers", operation_id = "change_customer",
    params(("id" = String, Path)), request_body = ChangeCustomer, responses((status = 200, body = Customer), Problem))]
pub async fn change(
    State(api): State<Api>,
    _signed: Signed,
    Path(id): Path<String>,
    Body(given): Body<ChangeCustomer>,
) -> Answer<Json<Customer>> {
    let (id, now) = (CustomerId(id), api.gateway.clock.now());
    let mut tx = api.gateway.db.begin().await?;
    let thread = tx.thread_of(&id).await?;
    tx.hold_thread(&thread.id.as_str().into()).await?;
    let row = given.over(tx.customer(&id).await?)?;
    tx.change_customer(&row, now).await?;
    tx.tell(Told::Thread { thread: thread.id });
    tx.commit(now).await?;
    Ok(Json(whole(&api.gateway, &id).await?))
}

/// Fold another customer into this one: their threads become one.
#[utoipa::path(post, path = "/api/v1/customers/{id}/merge", tag = "customers", operation_id = "merge_customers",
    params(("id" = String, Path)), request_body = MergeFrom, responses((status = 200, body = Customer), Problem))]
pub async fn merge(
    State(api): State<Api>,
    signed: Signed,
    Path(id): Path<String>,
    Body(given): Body<MergeFrom>,
) -> Answer<Json<Customer>> {
    let id = CustomerId(id);
    desk::merge(&api.gateway, &id, &CustomerId(given.from), &signed.actor).await?;
    Ok(Json(whole(&api.gateway, &id).await?))
}

/// Part two merged customers again: both threads are restored exactly.
#[utoipa::path(post, path = "/api/v1/customers/{id}/unmerge", tag = "customers", operation_id = "unmerge_customers",
    params(("id" = String, Path)), request_body = Unmerge, responses((status = 200, body = Unmerged), Problem))]
pub async fn unmerge(
    State(api): State<Api>,
    signed: Signed,
    Path(id): Path<String>,
    Body(given): Body<Unmerge>,
) -> Answer<Json<Unmerged>> {
    let merge = given.merge_id.map(MergeId);
    let (customer, restored) = desk::unmerge(&api.gateway, &CustomerId(id), merge.as_ref(), &signed.actor).await?;
    let (customer, restored) = (whole(&api.gateway, &customer).await?, whole(&api.gateway, &restored).await?);
    Ok(Json(Unmerged { customer, restored }))
}

/// Who may be the same person. Only a phone number that platforms vouch for counts.
#[utoipa::path(get, path = "/api/v1/customers/{id}/merge-suggestions", tag = "customers", operation_id = "suggest_merges",
    params(("id" = String, Path)), responses((status = 200, body = List<Suggestion>), Problem))]
pub async fn suggestions(State(api): State<Api>, _signed: Signed, Path(id): Path<String>) -> Answer<Json<List<Suggestion>>> {
    let id = CustomerId(id);
    let mut conn = api.gateway.db.read().await?;
    conn.customer(&id).await?;
    let mut items = Vec::new();
    for row in conn.customers_with_same_phone(&id).await? {
        let row = listed(&mut conn, row).await?;
        let customer = SuggestedCustomer { id: row.id, name: row.name, channels: row.channels, thread_id: row.thread_id };
        items.push(Suggestion { customer, why: "same verified phone".to_owned() });
    }
    Ok(Json(List::whole(items)))
}

async fn listed(conn: &mut Conn, row: store::CustomerRow) -> Answer<CustomerRow> {
    let thread = conn.thread_of(&row.id.as_str().into()).await?;
    Ok(CustomerRow::of(row, thread.id, thread.channels.0))
}

async fn whole(gateway: &Gateway, id: &CustomerId) -> Answer<Customer> {
    let mut conn = gateway.db.read().await?;
    let row = conn.customer(id).await?;
    let identities = conn.identities_of(id).await?;
    let verified = identities.iter().filter_map(|identity| identity.verified_phone.clone());
    let phones: BTreeSet<String> = verified.chain(row.phone.clone()).collect();
    let mut orders = Vec::new();
    for phone in &phones {
        orders.extend(conn.orders_of_phone(phone, MOST_ORDERS).await?);
    }
    orders.sort_by_key(|order| std::cmp::Reverse(order.updated_at));
    Ok(Customer {
        avatar_url: conn.thread_of(id).await?.avatar.map(|id| format!("/api/v1/files/{id}")),
        customer: listed(&mut conn, row).await?,
        identities: shown_identities(gateway, &mut conn, identities).await?,
        orders: orders.into_iter().map(Order::from).collect(),
        handoffs: conn.handoffs_of(id).await?.into_iter().map(Handoff::from).collect(),
        merges: Merge::list(conn.merges_of(id).await?),
    })
}

impl ChangeCustomer {
    fn over(self, mut row: store::CustomerRow) -> Answer<store::CustomerRow> {
        let some = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if let Some(name) = self.name {
            row.name = super::agents::check_name(&name)?;
        }
        if let Some(typed) = self.phone {
            let fold = |typed: String| phone::fold(&typed).ok_or_else(|| Problem::invalid("phone", "must be a phone number"));
            row.phone = some(typed).map(fold).transpose()?;
        }
        if let Some(typed) = self.email {
            row.email = some(typed).map(|email| check_email(&email)).transpose()?;
        }
        if let Some(note) = self.note {
            if note.chars().count() > 10_000 {
                return Err(Problem::invalid("note", "may have at most 10,000 characters"));
            }
            row.note = note;
        }
        Ok(row)
    }
}
