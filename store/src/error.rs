//! What can go wrong with remembering.

/// Callers decide by the variant; the cause stays in the source.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("could not open the database at `{place}`")]
    Open {
        place: String,
        #[source]
        source: sqlx::Error,
    },
    #[error("could not bring the database to this version's shape")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("`{0}` is not a database URL; use sqlite:PATH or postgres://…")]
    BadUrl(String),
    #[error("there is no such {0}")]
    Missing(&'static str),
    #[error("{0} exists already")]
    Taken(&'static str),
    #[error("`{value}` in {place} cannot be read back")]
    Corrupt { place: &'static str, value: String },
    #[error("{0}")]
    Conflict(&'static str),
    #[error("the cursor is not one of ours")]
    BadCursor,
    #[error("the disk failed ({0}) and may have lost something: see to it, then start the gateway again")]
    DiskFailed(String),
    #[error("the database refused")]
    Sql(#[from] sqlx::Error),
}

impl StoreError {
    /// The row is there and cannot be read: trying again does not help.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        use sqlx::Error::{ColumnDecode, ColumnNotFound, Decode};
        matches!(self, Self::Corrupt { .. } | Self::Sql(ColumnDecode { .. } | ColumnNotFound(_) | Decode(_)))
    }

    /// The database was away, full, or let somebody else go first: the same may go well a moment later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        use sqlx::Error::{Database, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        let Self::Sql(error) = self else { return false };
        match error {
            Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed => true,
            Database(error) => error.code().is_some_and(|code| passes(&code)),
            _ => false,
        }
    }

    /// A unique key was violated.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}

/// PostgreSQL: connection, deadlock, resources, operator, system. SQLite: busy, locked, no memory, input or output, full.
fn passes(code: &str) -> bool {
    match code.parse::<u32>() {
        // SQLite's extended codes keep the plain one in the lowest byte; PostgreSQL's have five characters.
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 7 | 10 | 13),
        _ => ["08", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadlock_passes_and_a_broken_rule_does_not() {
        for passing in ["40P01", "40001", "57P01", "08006", "53100", "5", "517", "261", "13", "778"] {
            assert!(passes(passing), "{passing}");
        }
        for lasting in ["23505", "22P05", "22021", "42703", "2067", "1", "19", "1555"] {
            assert!(!passes(lasting), "{lasting}");
        }
        assert!(StoreError::Sql(sqlx::Error::PoolTimedOut).is_passing());
        assert!(!StoreError::Missing("thread").is_passing());
    }
}
