//! One SQL text on two engines: the macro picks the connection, the compiler the types.

/// Run one expression on whichever engine is there: `on!(self, db => sqlx::query(SQL).bind(x).execute(db).await)?`.
/// What the transaction holds is written first and let go (see `held.rs`), so the statement sees the rows as they are,
/// and may change them.
macro_rules! on {
    ($conn:expr, $db:ident => $run:expr) => {
        match $conn.settled().await? {
            crate::db::Engined::Sqlite($db) => $run,
            crate::db::Engined::Postgres($db) => $run,
        }
    };
}
pub(crate) use on;

/// The same for statements whose answer is how many rows they touched.
macro_rules! touched {
    ($conn:expr, $db:ident => $run:expr) => {
        match $conn.settled().await? {
            crate::db::Engined::Sqlite($db) => $run.map(|done| done.rows_affected()),
            crate::db::Engined::Postgres($db) => $run.map(|done| done.rows_affected()),
        }
    };
}
pub(crate) use touched;

/// `on!` for statements that see what is held and change no person, no thread and no name that stands with them, nor
/// where a message stands: what is held is written first and stays in hand.
macro_rules! after {
    ($conn:expr, $db:ident => $run:expr) => {
        match $conn.written().await? {
            crate::db::Engined::Sqlite($db) => $run,
            crate::db::Engined::Postgres($db) => $run,
        }
    };
}
pub(crate) use after;

/// `touched!` for such statements.
macro_rules! after_touched {
    ($conn:expr, $db:ident => $run:expr) => {
        match $conn.written().await? {
            crate::db::Engined::Sqlite($db) => $run.map(|done| done.rows_affected()),
            crate::db::Engined::Postgres($db) => $run.map(|done| done.rows_affected()),
        }
    };
}
pub(crate) use after_touched;

/// `on!` for tables of which no row is ever held: what is held stays in hand, and need not be written.
macro_rules! aside {
    ($conn:expr, $db:ident => $run:expr) => {
        match $conn.engined() {
            crate::db::Engined::Sqlite($db) => $run,
            crate::db::Engined::Postgres($db) => $run,
        }
    };
}
pub(crate) use aside;

/// `touched!` for tables of which no row is ever held.
macro_rules! aside_touched {
    ($conn:expr, $db:ident => $run:expr) => {
        match $conn.engined() {
            crate::db::Engined::Sqlite($db) => $run.map(|done| done.rows_affected()),
            crate::db::Engined::Postgres($db) => $run.map(|done| done.rows_affected()),
        }
    };
}
pub(crate) use aside_touched;
