//! Where connectors that listen have heard people, and how far.

use crate::macros::aside;
use crate::many::{Many, write_many};
use crate::{Conn, Result};
use onethread_core::channel::{Place, PlaceMark};
use onethread_core::ids::InboxId;

static NOTE: Many = Many::insert(
    "INSERT INTO places (inbox_id, id, address, heard)",
    4,
    concat!(
        "ON CONFLICT (inbox_id, id) DO UPDATE SET address = excluded.address, heard = excluded.heard",
        " WHERE places.heard < excluded.heard"
    ),
);

impl Conn {
    /// Something was heard at these places, each of which is there once. What was heard never goes back.
    pub async fn note_places(&mut self, inbox: &InboxId, places: &[Place]) -> Result<()> {
        write_many!(self, NOTE, places, query, place => {
            query.bind(inbox.as_str()).bind(&place.id).bind(place.user.as_str()).bind(place.heard)
        });
        Ok(())
    }

    pub async fn place(&mut self, inbox: &InboxId, id: &str) -> Result<Option<Place>> {
        let sql = "SELECT id, address, heard FROM places WHERE inbox_id = $1 AND id = $2";
        let row = aside!(self, db => sqlx::query_as(sql).bind(inbox.as_str()).bind(id).fetch_optional(db).await)?;
        Ok(row.map(place))
    }

    /// Last heard first, after `from` in that order; at most `limit`.
    pub async fn places(&mut self, inbox: &InboxId, from: Option<&PlaceMark>, limit: i64) -> Result<Vec<Place>> {
        let sql = concat!(
            "SELECT id, address, heard FROM places WHERE inbox_id = $1 AND heard <= $2 AND (heard < $2 OR id < $3)",
            " ORDER BY heard DESC, id DESC LIMIT $4"
        );
        // Nothing was heard at the end of all numbers.
        let (heard, id) = from.map_or((i64::MAX, ""), |from| (from.heard, from.id.as_str()));
        let rows: Vec<_> =
            aside!(self, db => sqlx::query_as(sql).bind(inbox.as_str()).bind(heard).bind(id).bind(limit).fetch_all(db).await)?;
        Ok(rows.into_iter().map(place).collect())
    }
}

fn place((id, user, heard): (String, String, i64)) -> Place {
    Place { id, user: user.into(), heard }
}
