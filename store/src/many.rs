//! One statement for many rows. A statement costs a crossing to the database
//! whatever it carries; the texts are made of constants, once for each of a few
//! sizes, so that they are prepared once.
//!
//! A trap: SQLite looks up `column IN (VALUES …)` by an index, but reads the whole
//! table for `(a, b) IN (VALUES …)`. Join the list instead. And where a statement has a limit, it may
//! rather walk the table in the order asked for than use the index of the condition: `ORDER BY +column`.

use sqlx::Arguments;
use std::sync::OnceLock;

/// Rows that one statement carries; what is left over takes the next smaller ones.
const SIZES: [usize; 8] = [128, 64, 32, 16, 8, 4, 2, 1];

/// A statement with a list of rows in its middle: `before ($1, $2), ($3, $4) after`.
pub(crate) struct Many {
    before: &'static str,
    columns: usize,
    after: &'static str,
    /// For each size: SQLite's text, PostgreSQL's text.
    texts: [[OnceLock<String>; 2]; SIZES.len()],
}

/// How a place for a value is written.
#[derive(Clone, Copy)]
pub(crate) enum Places {
    /// `?`: SQLite takes `$1` for a name, and looks each of many names up one after the other.
    Marks,
    /// `$1`, `$2`: PostgreSQL knows nothing else.
    Numbers,
}

impl Many {
    pub(crate) const fn new(before: &'static str, columns: usize, after: &'static str) -> Self {
        Self { before, columns, after, texts: [const { [const { OnceLock::new() }; 2] }; SIZES.len()] }
    }

    /// Where the values of so many rows go: room for all of them at once, for they are thousands.
    pub(crate) fn places<A: Arguments>(&self, rows: usize) -> A {
        let mut places = A::default();
        places.reserve(rows * self.columns, 0);
        places
    }

    /// The text for so many rows, which must be one of the sizes that [`pieces`] cuts.
    pub(crate) fn of(&'static self, rows: usize, places: Places) -> &'static str {
        let size = SIZES.iter().position(|size| *size == rows).unwrap_or(SIZES.len() - 1);
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
        format!("{} {} {}", self.before, rows.join(", "), self.after)
    }
}

/// Cut into pieces of the sizes there are.
pub(crate) fn pieces<T>(mut items: &[T]) -> Vec<&[T]> {
    let mut cut = Vec::new();
    for size in SIZES {
        while items.len() >= size {
            let (piece, rest) = items.split_at(size);
            cut.push(piece);
            items = rest;
        }
    }
    cut
}

/// Write many rows: `write_many!(self, STATEMENT, &items, query, item => query.bind(item.a).bind(item.b))`. Answers
/// how many were touched. For tables of which nothing is held, and for what writes the held itself.
macro_rules! write_many {
    ($conn:expr, $statement:expr, $items:expr, $query:ident, $item:pat => $bound:expr) => {{
        let mut rows = 0;
        for piece in crate::many::pieces($items) {
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
        for piece in crate::many::pieces($items) {
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
        for length in [0, 1, 2, 7, 8, 39, 128, 300] {
            let items: Vec<usize> = (0..length).collect();
            let cut = pieces(&items);
            assert_eq!(cut.concat(), items);
            assert!(cut.iter().all(|piece| SIZES.contains(&piece.len())));
        }
    }

    #[test]
    fn places_are_numbered_through() {
        static TWO: Many = Many::new("VALUES", 2, "END");
        assert_eq!(TWO.of(1, Places::Numbers), "VALUES ($1, $2) END");
        assert_eq!(TWO.of(2, Places::Numbers), "VALUES ($1, $2), ($3, $4) END");
        assert_eq!(TWO.of(2, Places::Marks), "VALUES (?, ?), (?, ?) END");
    }
}
