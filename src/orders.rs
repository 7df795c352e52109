//! Orders from outside: written by the API, imported from files, or asked of the shop's own web service.

mod import;
pub mod source;
mod written;

pub use import::{Format, Imported, LineError, import};
pub use source::{SourceError, fetch};
pub use written::{WrittenItem, WrittenOrder, Wrong};
