//! Settings of the shop: named JSON objects. What they mean is the gateway's business.

use crate::macros::{aside, aside_touched};
use crate::{Conn, Result};
use serde_json::Value;
use sqlx::types::Json;

impl Conn {
    /// A named setting; `None` where it was never written.
    pub async fn setting(&mut self, name: &str) -> Result<Option<Value>> {
        let sql = "SELECT value FROM settings WHERE name = $1";
        let row: Option<(Json<Value>,)> = aside!(self, db => sqlx::query_as(sql).bind(name).fetch_optional(db).await)?;
        Ok(row.map(|(value,)| value.0))
    }

    /// Write a named setting over the present one. `value` is an object or an array.
    pub async fn set_setting(&mut self, name: &str, value: &Value) -> Result<()> {
        let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        aside_touched!(self, db => sqlx::query(sql).bind(name).bind(Json(value)).execute(db).await)?;
        Ok(())
    }
}
