//! Work that only one process may do at a time.

use crate::macros::aside_touched;
use crate::{Conn, Result};
use onethread_core::Millis;

impl Conn {
    /// Hold or renew the lease until `until`. `false`: another process has it. In a transaction the
    /// row stays locked until the end, so even an expired holder cannot work beside its successor.
    pub async fn hold_lease(&mut self, name: &str, holder: &str, until: Millis, now: Millis) -> Result<bool> {
        let sql = concat!(
            "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE",
            " SET holder = $2, until = $3 WHERE leases.holder = $2 OR leases.until < $4"
        );
        Ok(aside_touched!(self, db => sqlx::query(sql).bind(name).bind(holder).bind(until).bind(now).execute(db).await)? > 0)
    }

    /// Let go, so that another process need not wait for the end.
    pub async fn drop_lease(&mut self, name: &str, holder: &str) -> Result<()> {
        let sql = "DELETE FROM leases WHERE name = $1 AND holder = $2";
        aside_touched!(self, db => sqlx::query(sql).bind(name).bind(holder).execute(db).await)?;
        Ok(())
    }

    /// Let go of everything that this holder has: for a tidy stop.
    pub async fn drop_leases_of(&mut self, holder: &str) -> Result<()> {
        aside_touched!(self, db => sqlx::query("DELETE FROM leases WHERE holder = $1").bind(holder).execute(db).await)?;
        Ok(())
    }

    /// End every lease: for a database that only one process can have, at its start.
    pub async fn drop_all_leases(&mut self) -> Result<()> {
        aside_touched!(self, db => sqlx::query("DELETE FROM leases").execute(db).await)?;
        Ok(())
    }
}
