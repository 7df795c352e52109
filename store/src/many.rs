//! One statement for many rows. A statement costs a crossing to the database
//! whatever it carries; the texts are made of constants, once for each of a few
//! sizes, so that they are prepared once.
//!
//! A trap: SQLite looks up `column IN (VALUES …)` by an index, but reads the whole
//! table for `(a, b) IN (VALUES …)`. Join the list instead. And where a statement has a limit, it may
//! rather walk the table in the order asked for than use the index of the condition: `ORDER BY +column`.

use sqlx::Arguments;
use std::sync::OnceLock;

/// Rows that one statement carries. Few sizes: a connection keeps each of them prepared, with room for all its values.
const SIZES: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// A statement with a list of rows in its middle: `before ($1, $2), ($3, $4) after`.
pub(crate) struct Many {
    before: &'static str,
    columns: usize,
    after: &'static str,
    /// The rows are what is inserted; elsewhere they stand in brackets, and what they say is looked up.
    inserts: bool,
    /// For each size: SQLite's text, PostgreSQL's text.
    texts: [[OnceLock<String>; 2]; SIZES.len()],
}

/// How a place for a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Places {
    /// `?`: SQLite takes `$1` for a name, and looks each of many names up one after the other.
    Marks,
    /// `$1`, `$2`: PostgreSQL knows nothing else.
    Numbers,
}

impl Many {
    /// `before (VALUES rows) after`, where nothing is found for a row of nulls.
    pub(crate) const fn new(before: &'static str, columns: usize, after: &'static str) -> Self {
        Self { before, columns, after, inserts: false, texts: [const { [const { OnceLock::new() }; 2] }; SIZES.len()] }
    }

    /// `INSERT INTO table (…)` rows `after`; the first column is never null.
    pub(crate) const fn insert(into: &'static str, columns: usize, after: &'static str) -> Self {
        let mut many = Self::new(into, columns, after);
        many.inserts = true;
        many
    }

    /// Where the values of so many rows go: room for all of them at once, for they are thousands.
    pub(crate) fn places<A: Arguments>(&self, rows: usize) -> A {
        let mut places = A::default();
        places.reserve(rows * self.columns, 0);
        places
    }

    /// The text for a piece of so many rows, as [`pieces`] cuts them.
    pub(crate) fn of(&'static self, rows: usize, places: Places) -> &'static str {
        let size = SIZES.iter().position(|size| *size >= rows).unwrap_or(SIZES.len() - 1);
        self.texts[size][places as usize].get_or_init(|| self.written(SIZES[size], places))
    }

    fn written(&self, rows: usize, places: Places) -> String {
        let row = |row: usize| {
            let places = (1..=self.columns).map(|column| match places {
                Places::Marks => "?".to_owned(),
                Places::Numbers => format!("${}", row * self.columns + column),
            });
            format!("({})", places.collect::<Vec<_>>().join(", "))
        };
        let rows: Vec<String> = (0..rows).map(row).collect();
        let (before, rows, after) = (self.before, rows.join(", "), self.after);
        match (self.inserts, places) {
            (false, _) => format!("{before} (VALUES {rows}) {after}"),
            (true, Places::Numbers) => format!("{before} VALUES {rows} {after}"),
            (true, Places::Marks) => format!("{before} SELECT * FROM (VALUES {rows}) WHERE column1 IS NOT NULL {after}"),
        }
    }
}

/// Cut into pieces of the sizes there are. On SQLite what is left over is one piece, and its statement larger than it:
/// places to which nothing is bound are null there (sqlx says so of its SQLite driver). PostgreSQL wants every value.
pub(crate) fn pieces<T>(mut items: &[T], places: Places) -> Vec<&[T]> {
    let mut cut = Vec::new();
    for size in SIZES.into_iter().rev() {
        while items.len() >= size {
            let (piece, rest) = items.split_at(size);
            cut.push(piece);
            items = rest;
        }
        if places == Places::Marks && !items.is_empty() {
            cut.push(items);
            break;
        }
    }
    cut
}

/// Write many rows: `write_many!(self, STATEMENT, &items, query, item => query.bind(item.a).bind(item.b))`. Answers
/// how many were touched. For tables of which nothing is held, and for what writes the held itself.
macro_rules! write_many {
    ($conn:expr, $statement:expr, $items:expr, $query:ident, $item:pat => $bound:expr) => {{
        let mut rows = 0;
        for piece in crate::many::pieces($items, $conn.place_marks()) {
            rows += match $conn.engined() {
                crate::db::Engined::Sqlite(db) => {
                    let places = $statement.places::<sqlx::sqlite::SqliteArguments>(piece.len());
                    let mut $query = sqlx::query_with($statement.of(piece.len(), crate::many::Places::Marks), places);
                    for $item in piece {
                        $query = $bound;
                    }
                    $query.execute(db).await?.rows_affected()
                }
                crate::db::Engined::Postgres(db) => {
                    let places = $statement.places::<sqlx::postgres::PgArguments>(piece.len());
                    let mut $query = sqlx::query_with($statement.of(piece.len(), crate::many::Places::Numbers), places);
                    for $item in piece {
                        $query = $bound;
                    }
                    $query.execute(db).await?.rows_affected()
                }
            };
        }
        rows
    }};
}
pub(crate) use write_many;

/// Read by many keys; the rows of all pieces in one list.
macro_rules! read_many {
    ($conn:expr, $row:ty, $statement:expr, $items:expr, $query:ident, $item:pat => $bound:expr) => {{
        let mut rows: Vec<$row> = Vec::new();
        for piece in crate::many::pieces($items, $conn.place_marks()) {
            rows.extend(match $conn.engined() {
                crate::db::Engined::Sqlite(db) => {
                    let places = $statement.places::<sqlx::sqlite::SqliteArguments>(piece.len());
                    let mut $query =
                        sqlx::query_as_with::<_, $row, _>($statement.of(piece.len(), crate::many::Places::Marks), places);
                    for $item in piece {
                        $query = $bound;
                    }
                    $query.fetch_all(db).await?
                }
                crate::db::Engined::Postgres(db) => {
                    let places = $statement.places::<sqlx::postgres::PgArguments>(piece.len());
                    let mut $query =
                        sqlx::query_as_with::<_, $row, _>($statement.of(piece.len(), crate::many::Places::Numbers), places);
                    for $item in piece {
                        $query = $bound;
                    }
                    $query.fetch_all(db).await?
                }
            });
        }
        rows
    }};
}
pub(crate) use read_many;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_piece_in_order() {
        for length in [0, 1, 2, 7, 8, 39, 128, 129, 300] {
            let items: Vec<usize> = (0..length).collect();
            for places in [Places::Marks, Places::Numbers] {
                assert_eq!(pieces(&items, places).concat(), items);
            }
            assert!(pieces(&items, Places::Numbers).iter().all(|piece| SIZES.contains(&piece.len())));
            assert_eq!(pieces(&items, Places::Marks).len(), length.div_ceil(128));
        }
    }

    #[test]
    fn places_are_numbered_through() {
        static TWO: Many = Many::new("FROM", 2, "END");
        assert_eq!(TWO.of(1, Places::Numbers), "FROM (VALUES ($1, $2)) END");
        assert_eq!(TWO.of(2, Places::Numbers), "FROM (VALUES ($1, $2), ($3, $4)) END");
        assert_eq!(TWO.of(2, Places::Marks), "FROM (VALUES (?, ?), (?, ?)) END");
    }

    #[test]
    fn rows_of_nulls_are_not_inserted() {
        static TWO: Many = Many::insert("INTO t (a, b)", 2, "END");
        assert_eq!(TWO.of(2, Places::Numbers), "INTO t (a, b) VALUES ($1, $2), ($3, $4) END");
        let padded = "INTO t (a, b) SELECT * FROM (VALUES (?), (?)) WHERE column1 IS NOT NULL END".replace("(?)", "(?, ?)");
        assert_eq!(TWO.of(2, Places::Marks), padded);
        assert!(TWO.of(5, Places::Marks).matches("(?, ?)").count() == 8, "the next larger size");
    }
}
