//! Orders as the shop keeps them. Codes and phones come folded; see [`onethread_core::order::fold_code`].

use crate::customers::like;
use crate::macros::{aside, aside_touched};
use crate::many::{Many, read_many};
use crate::{Conn, Page, Result, StoreError, Tx};
use onethread_core::Millis;
use onethread_core::order::{Journey, Order, OrderItem};
use onethread_core::text::fold;
use sqlx::types::Json;
use std::collections::{BTreeSet, HashMap};

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

/// What is known of an order code.
#[derive(Debug, Clone, Default)]
pub(crate) struct Named {
    order: Option<Order>,
    /// Wrong tails, and since when they are counted.
    wrong_tails: Option<(i64, Millis)>,
}

static NAMED: Many = Many::new(order_columns!("WHERE code IN"), 1, "");

static WRONG_TAILS: Many = Many::new("SELECT code, tries, first_at FROM wrong_tails WHERE code IN", 1, "");

impl Tx {
    /// Have what is known of these folded codes at hand until the transaction ends. What others change meanwhile is not
    /// seen.
    pub async fn hold_orders(&mut self, codes: &BTreeSet<String>) -> Result<()> {
        let codes: Vec<&String> = codes.iter().collect();
        let mut named: HashMap<String, Named> = codes.iter().map(|code| ((*code).clone(), Named::default())).collect();
        for row in read_many!(self, Row, NAMED, &codes, query, code => query.bind(*code)) {
            let code = row.code.clone();
            match Order::try_from(row) {
                Ok(order) => named.entry(code).or_default().order = Some(order),
                // Perhaps nobody asks for it: whoever does is told.
                Err(_) => drop(named.remove(&code)),
            }
        }
        for (code, tries, first_at) in read_many!(self, (String, i64, i64), WRONG_TAILS, &codes, query, code => query.bind(*code))
        {
            if let Some(known) = named.get_mut(&code) {
                known.wrong_tails = Some((tries, first_at));
            }
        }
        self.orders.extend(named);
        Ok(())
    }
}

const ADD_ORDER: &str = concat!(
    "INSERT INTO orders (code, status, phone, customer_name, carrier, tracking_code, tracking_url, expected_at, currency,",
    " total, items, address, folded, updated_at, fetched_at)",
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (code) DO NOTHING"
);

macro_rules! update_order {
    ($but_only:literal) => {
        concat!(
            "UPDATE orders SET status = $2, phone = $3, customer_name = $4, carrier = $5, tracking_code = $6, tracking_url = $7,",
            " expected_at = $8, currency = $9, total = $10, items = $11, address = $12, folded = $13, updated_at = $14,",
            " fetched_at = $15 WHERE code = $1",
            $but_only
        )
    };
}

fn folded(order: &Order) -> String {
    let optional = [&order.customer_name, &order.phone, &order.tracking_code, &order.carrier, &order.address];
    let texts = optional.into_iter().flatten().map(String::as_str);
    fold(&std::iter::once(order.code.as_str()).chain(texts).collect::<Vec<_>>().join(" "))
}

impl Conn {
    /// Write the order over the present one of its code: it is the shop's own from now on. `true`: there was none.
    pub async fn put_order(&mut self, order: &Order) -> Result<bool> {
        let fresh = self.write_order(ADD_ORDER, order, None).await? > 0;
        if !fresh {
            self.write_order(update_order!(""), order, None).await?;
        }
        Ok(fresh)
    }

    /// Keep what the order source told at `now`. An order that the shop wrote itself stays as it is.
    pub async fn keep_fetched_order(&mut self, order: &Order, now: Millis) -> Result<()> {
        if self.write_order(ADD_ORDER, order, Some(now)).await? == 0 {
            self.write_order(update_order!(" AND fetched_at IS NOT NULL"), order, Some(now)).await?;
        }
        Ok(())
    }

    async fn write_order(&mut self, sql: &'static str, order: &Order, fetched_at: Option<Millis>) -> Result<u64> {
        self.orders.remove(&order.code);
        Ok(aside_touched!(self, db => sqlx::query(sql)
            .bind(&order.code).bind(order.status.as_str()).bind(&order.phone).bind(&order.customer_name).bind(&order.carrier)
            .bind(&order.tracking_code).bind(&order.tracking_url).bind(order.expected_at).bind(&order.currency)
            .bind(order.total).bind(Json(&order.items)).bind(&order.address).bind(folded(order)).bind(order.updated_at)
            .bind(fetched_at).execute(db).await)?)
    }

    /// Which of these orders came from the order source, and before `before`.
    pub async fn stale_orders(&mut self, codes: &[String], before: Millis) -> Result<Vec<String>> {
        let sql = "SELECT COUNT(*) FROM orders WHERE code = $1 AND fetched_at < $2";
        let mut stale = Vec::new();
        for code in codes {
            let (old,): (i64,) = aside!(self, db => sqlx::query_as(sql).bind(code).bind(before).fetch_one(db).await)?;
            if old > 0 {
                stale.push(code.clone());
            }
        }
        Ok(stale)
    }

    /// The order of a folded code.
    pub async fn order(&mut self, code: &str) -> Result<Option<Order>> {
        if let Some(named) = self.orders.get(code) {
            return Ok(named.order.clone());
        }
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

    /// Somebody named this code with a wrong tail. What was counted before `since` counts no more.
    pub async fn count_wrong_tail_of(&mut self, code: &str, since: Millis, now: Millis) -> Result<()> {
        let sql = concat!(
            "INSERT INTO wrong_tails (code, tries, first_at) VALUES ($1, 1, $2) ON CONFLICT (code) DO UPDATE SET",
            " tries = CASE WHEN wrong_tails.first_at < $3 THEN 1 ELSE wrong_tails.tries + 1 END,",
            " first_at = CASE WHEN wrong_tails.first_at < $3 THEN $2 ELSE wrong_tails.first_at END"
        );
        aside_touched!(self, db => sqlx::query(sql).bind(code).bind(now).bind(since).execute(db).await)?;
        self.orders.remove(code);
        Ok(())
    }

    /// Whether the code met `most` wrong tails since `since`.
    pub async fn is_code_locked(&mut self, code: &str, most: i64, since: Millis) -> Result<bool> {
        if let Some(named) = self.orders.get(code) {
            return Ok(named.wrong_tails.is_some_and(|(tries, first_at)| tries >= most && first_at >= since));
        }
        let sql = "SELECT COUNT(*) FROM wrong_tails WHERE code = $1 AND tries >= $2 AND first_at >= $3";
        let (locked,): (i64,) = aside!(self, db => sqlx::query_as(sql).bind(code).bind(most).bind(since).fetch_one(db).await)?;
        Ok(locked > 0)
    }

    /// Forget the wrong tails from before `before`.
    pub async fn prune_wrong_tails(&mut self, before: Millis) -> Result<u64> {
        let sql = "DELETE FROM wrong_tails WHERE first_at < $1";
        self.orders.clear();
        Ok(aside_touched!(self, db => sqlx::query(sql).bind(before).execute(db).await)?)
    }

    pub async fn remove_order(&mut self, code: &str) -> Result<()> {
        self.orders.remove(code);
        let sql = "DELETE FROM orders WHERE code = $1";
        match aside_touched!(self, db => sqlx::query(sql).bind(code).execute(db).await)? {
            0 => Err(StoreError::Missing("order")),
            _ => Ok(()),
        }
    }
}
