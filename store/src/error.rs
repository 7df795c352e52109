//! What can go wrong with remembering.

/// Callers decide by the variant; the cause stays in the source.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("could not open the database at `{place}`")]
    Open { place: String, #[source] source: sqlx::Error },
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

    /// A unique key was violated.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}
