//! One statement for many rows. A statement costs a crossing to the database
//! whatever it carries; the texts are made of constants, so that they are prepared once.
//!
//! SQLite gets a list of places, in one of a few sizes: `(VALUES (?, ?), (?, ?))`. PostgreSQL gets an array for each
//! column ([`columns`]), so that it keeps one statement prepared instead of eight.
//!
//! A trap: SQLite looks up `column IN (VALUES …)` by an index, but reads the whole
//! table for `(a, b) IN (VALUES …)`. Join the list instead. And where a statement has a limit, it may
//! rather walk the table in the order asked for than use the index of the condition: `ORDER BY +column`.

mod columns;

pub(crate) use columns::Columns;

use sqlx::Arguments;
use sqlx::sqlite::SqliteArguments;
use std::sync::OnceLock;

/// Rows that one of SQLite's statements carries. Few sizes: a connection keeps each of them prepared, with room for all
/// its values.
const SIZES: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// Rows that are written or read at once.
const MOST: usize = SIZES[SIZES.len() - 1];

/// A statement with a list of rows in its middle, whose columns are `column1`, `column2` and so on.
pub(crate) struct Many {
    before: &'static str,
    columns: usize,
    after: &'static str,
    /// The rows are what is inserted; elsewhere they stand in brackets, and what they say is looked up.
    inserts: bool,
    /// SQLite's text for each size.
    marks: [OnceLock<String>; SIZES.len()],
    /// PostgreSQL's.
    arrays: OnceLock<String>,
}

impl Many {
    /// `before (rows) after`, where nothing is found for a row of nulls.
    pub(crate) const fn new(before: &'static str, columns: usize, after: &'static str) -> Self {
        let marks = [const { OnceLock::new() }; SIZES.len()];
        Self { before, columns, after, inserts: false, marks, arrays: OnceLock::new() }
    }

    /// `INSERT INTO table (…)` rows `after`; the first column is never null.
    pub(crate) const fn insert(into: &'static str, columns: usize, after: &'static str) -> Self {
        let mut many = Self::new(into, columns, after);
        many.inserts = true;
        many
    }

    /// Where the values of so many rows go: room for all of them at once, for they are thousands.
    pub(crate) fn places(&self, rows: usize) -> SqliteArguments {
        let mut places = SqliteArguments::default();
        places.reserve(rows * self.columns, 0);
        places
    }

    /// Where the values of rows go for PostgreSQL.
    pub(crate) fn columns(&self) -> Columns {
        Columns::new(self.columns)
    }

    /// SQLite's text for so many rows, [`MOST`] at most. It has places for the next larger size: those to which nothing
    /// is bound are null (sqlx says so of its SQLite driver).
    pub(crate) fn marked(&'static self, rows: usize) -> &'static str {
        let size = SIZES.iter().position(|size| *size >= rows).unwrap_or(SIZES.len() - 1);
        self.marks[size].get_or_init(|| {
            // `?`: SQLite takes `$1` for a name, and looks each of many names up one after the other.
            let row = format!("({})", vec!["?"; self.columns].join(", "));
            let rows = vec![row; SIZES[size]].join(", ");
            let after = self.after;
            // On an error the whole transaction ends, so SQLite need not keep what each page was before the statement.
            let before = match self.before.split_once(' ') {
                Some((verb @ ("INSERT" | "UPDATE"), rest)) => format!("{verb} OR FAIL {rest}"),
                _ => self.before.to_owned(),
            };
            if self.inserts {
                format!("{before} SELECT * FROM (VALUES {rows}) WHERE column1 IS NOT NULL {after}")
            } else {
                format!("{before} (VALUES {rows}) {after}")
            }
        })
    }

    /// PostgreSQL's text.
    pub(crate) fn unnested(&'static self) -> &'static str {
        self.arrays.get_or_init(|| {
            let each = |name: &str| (1..=self.columns).map(|n| format!("{name}{n}")).collect::<Vec<_>>().join(", ");
            let rows = format!("SELECT * FROM UNNEST({}) AS rows ({})", each("$"), each("column"));
            let Self { before, after, .. } = self;
            if self.inserts { format!("{before} {rows} {after}") } else { format!("{before} ({rows}) {after}") }
        })
    }
}

/// Cut into pieces that one statement carries.
pub(crate) fn pieces<T>(items: &[T]) -> std::slice::Chunks<'_, T> {
    items.chunks(MOST)
}

/// Write many rows: `write_many!(self, STATEMENT, &items, query, item => query.bind(item.a).bind(item.b))`. Answers
/// how many were touched. For tables of which nothing is held, and for what writes the held itself.
macro_rules! write_many {
    ($conn:expr, $statement:expr, $items:expr, $query:ident, $item:pat => $bound:expr) => {{
        let mut rows = 0;
        for piece in crate::many::pieces($items) {
            rows += match $conn.engined() {
                crate::db::Engined::Sqlite(db) => {
                    let mut $query = sqlx::query_with($statement.marked(piece.len()), $statement.places(piece.len()));
                    for $item in piece {
                        $query = $bound;
                    }
                    $query.execute(db).await?.rows_affected()
                }
                crate::db::Engined::Postgres(db) => {
                    let mut $query = $statement.columns();
                    for $item in piece {
                        $query = $bound;
                    }
                    sqlx::query_with($statement.unnested(), $query.arrays()?).execute(db).await?.rows_affected()
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
                    let places = $statement.places(piece.len());
                    let mut $query = sqlx::query_as_with::<_, $row, _>($statement.marked(piece.len()), places);
                    for $item in piece {
                        $query = $bound;
                    }
                    $query.fetch_all(db).await?
                }
                crate::db::Engined::Postgres(db) => {
                    let mut $query = $statement.columns();
                    for $item in piece {
                        $query = $bound;
                    }
                    sqlx::query_as_with::<_, $row, _>($statement.unnested(), $query.arrays()?).fetch_all(db).await?
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
            let cut: Vec<&[usize]> = pieces(&items).collect();
            assert_eq!(cut.concat(), items);
            assert_eq!(cut.len(), length.div_ceil(MOST));
        }
    }

    #[test]
    fn a_list_of_places_for_sqlite_and_an_array_for_each_column_for_postgresql() {
        static TWO: Many = Many::new("FROM", 2, "END");
        assert_eq!(TWO.marked(1), "FROM (VALUES (?, ?)) END");
        assert_eq!(TWO.marked(2), "FROM (VALUES (?, ?), (?, ?)) END");
        static CHANGE: Many = Many::new("UPDATE t SET a = v.column2 FROM", 2, "AS v WHERE t.b = v.column1");
        assert_eq!(CHANGE.marked(1), "UPDATE OR FAIL t SET a = v.column2 FROM (VALUES (?, ?)) AS v WHERE t.b = v.column1");
        assert_eq!(TWO.unnested(), "FROM (SELECT * FROM UNNEST($1, $2) AS rows (column1, column2)) END");
    }

    #[test]
    fn rows_of_nulls_are_not_inserted() {
        static TWO: Many = Many::insert("INSERT INTO t (a, b)", 2, "END");
        let padded = "INSERT OR FAIL INTO t (a, b) SELECT * FROM (VALUES (?, ?), (?, ?)) WHERE column1 IS NOT NULL END";
        assert_eq!(TWO.marked(2), padded);
        assert!(TWO.marked(5).matches("(?, ?)").count() == 8, "the next larger size");
        let unnested = "INSERT INTO t (a, b) SELECT * FROM UNNEST($1, $2) AS rows (column1, column2) END";
        assert_eq!(TWO.unnested(), unnested);
    }
}
