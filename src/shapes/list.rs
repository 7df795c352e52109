//! What all lists have in common.

use onethread_store::Page;
use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    pub items: Vec<T>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

impl<T> List<T> {
    pub fn of<R>(page: Page<R>, how: impl FnMut(R) -> T) -> Self {
        Self { items: page.items.into_iter().map(how).collect(), next: page.next }
    }

    /// A list that has one page.
    #[must_use]
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// A person by id and name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Named {
    pub id: String,
    pub name: String,
}

impl Named {
    /// Both, where the id is there.
    pub(super) fn of(id: Option<String>, name: Option<String>) -> Option<Self> {
        id.map(|id| Self { id, name: name.unwrap_or_default() })
    }
}
