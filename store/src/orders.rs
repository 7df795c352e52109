//! Orders as the shop keeps them. Codes and phones come folded; see [`onethread_core::order::fold_code`].

use crate::customers::like;
use crate::macros::{aside, aside_touched};
use crate::{Conn, Page, Result, StoreError};
use onethread_core::Millis;
use onethread_core::order::{Journey, Order, OrderItem};
use onethread_core::text::fold;
use sqlx::types::Json;

#[derive(sqlx::FromRow)]
struct Row {
    code: String,
    status: String,
    phone: Option<String>,
    customer_name: Option<String>,
    carrier: Option<String>,
    tracking_code: Option<String>,
    tracking_url: Option<String>,
    expected_at: Option<Millis>,
    currency: String,
    total: i64,
    items: Json<Vec<OrderItem>>,
    address: Option<String>,
    updated_at: Millis,
}

impl TryFrom<Row> for Order {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        let status = row.status.parse().map_err(|_| StoreError::Corrupt { place: "orders.status", value: row.status })?;
        Ok(Self {
            code: row.code,
            status,
            phone: row.phone,
            customer_name: row.customer_name,
            carrier: row.carrier,
            tracking_code: row.tracking_code,
            tracking_url: row.tracking_url,
            expected_at: row.expected_at,
            currency: row.currency,
            total: row.total,
            items: row.items.0,
            address: row.address,
            updated_at: row.updated_at,
        })
    }
}

/// Which orders to list.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// Part of a code, name, phone, tracking code or address.
    pub words: String,
    pub status: Option<Journey>,
}

macro_rules! order_columns {
    ($rest:expr) => {
        concat!(
            "SELECT code, status, phone, customer_name, carrier, tracking_code, tracking_url, expected_at, currency, total,",
            " items, address, updated_at FROM orders ",
            $rest
        )
    };
}

fn folded(order: &Order) -> String {
    let optional = [&order.customer_name, &order.phone, &order.tracking_code, &order.carrier, &order.address];
    let texts = optional.into_iter().flatten().map(String::as_str);
    fold(&std::iter::once(order.code.as_str()).chain(texts).collect::<Vec<_>>().join(" "))
}

impl Conn {
    /// Write the order over the present one of its code. `true`: there was none.
    pub async fn put_order(&mut self, order: &Order) -> Result<bool> {
        let insert = concat!(
            "INSERT INTO orders (code, status, phone, customer_name, carrier, tracking_code, tracking_url, expected_at, currency,",
            " total, items, address, folded, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            " ON CONFLICT (code) DO NOTHING"
        );
        let update = concat!(
            "UPDATE orders SET status = $2, phone = $3, customer_name = $4, carrier = $5, tracking_code = $6, tracking_url = $7,",
            " expected_at = $8, currency = $9, total = $10, items = $11, address = $12, folded = $13, updated_at = $14",
            " WHERE code = $1"
        );
        let fresh = self.write_order(insert, order).await? > 0;
        if !fresh {
            self.write_order(update, order).await?;
        }
        Ok(fresh)
    }

    async fn write_order(&mut self, sql: &'static str, order: &Order) -> Result<u64> {
        Ok(aside_touched!(self, db => sqlx::query(sql)
            .bind(&order.code).bind(order.status.as_str()).bind(&order.phone).bind(&order.customer_name).bind(&order.carrier)
            .bind(&order.tracking_code).bind(&order.tracking_url).bind(order.expected_at).bind(&order.currency)
            .bind(order.total).bind(Json(&order.items)).bind(&order.address).bind(folded(order)).bind(order.updated_at)
            .execute(db).await)?)
    }

    /// The order of a folded code.
    pub async fn order(&mut self, code: &str) -> Result<Option<Order>> {
        let sql = order_columns!("WHERE code = $1");
        let row: Option<Row> = aside!(self, db => sqlx::query_as(sql).bind(code).fetch_optional(db).await)?;
        row.map(Order::try_from).transpose()
    }

    /// Orders, last changed first.
    pub async fn orders(&mut self, filter: &OrderFilter, after: Option<&str>, limit: i64) -> Result<Page<Order>> {
        let sql = order_columns!(concat!(
            "WHERE (updated_at < $1 OR (updated_at = $1 AND code > $2)) AND ($3 = '' OR status = $3)",
            " AND folded LIKE $4 ESCAPE '\\' ORDER BY updated_at DESC, code LIMIT $5"
        ));
        let (at, code) = match after {
            None => (Millis::MAX, ""),
            Some(cursor) => {
                cursor.split_once(':').and_then(|(at, code)| Some((at.parse().ok()?, code))).ok_or(StoreError::BadCursor)?
            }
        };
        let status = filter.status.map_or("", Journey::as_str);
        let pattern = like(&filter.words);
        let rows: Vec<Row> = aside!(self, db => sqlx::query_as(sql)
            .bind(at).bind(code).bind(status).bind(&pattern).bind(limit + 1)
            .fetch_all(db).await)?;
        let orders = rows.into_iter().map(Order::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(orders, limit, |order| format!("{}:{}", order.updated_at, order.code)))
    }

    /// The latest orders of a folded phone number.
    pub async fn orders_of_phone(&mut self, phone: &str, limit: i64) -> Result<Vec<Order>> {
        let sql = order_columns!("WHERE phone = $1 ORDER BY updated_at DESC, code LIMIT $2");
        let rows: Vec<Row> = aside!(self, db => sqlx::query_as(sql).bind(phone).bind(limit).fetch_all(db).await)?;
        rows.into_iter().map(Order::try_from).collect()
    }

    pub async fn remove_order(&mut self, code: &str) -> Result<()> {
        let sql = "DELETE FROM orders WHERE code = $1";
        match aside_touched!(self, db => sqlx::query(sql).bind(code).execute(db).await)? {
            0 => Err(StoreError::Missing("order")),
            _ => Ok(()),
        }
    }
}
