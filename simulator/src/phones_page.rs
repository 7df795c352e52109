//! The phones page: every simulated phone side by side, driven by hand.

use crate::Platform;
use std::sync::{Arc, RwLock};

/// Where the page's links lead, told once the gateway is up.
#[derive(Debug, Default)]
pub struct Signs {
    widget: RwLock<Option<String>>,
    console: RwLock<Option<String>>,
}

impl Signs {
    pub fn set_widget(&self, url: &str) {
        *self.widget.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(url.to_owned());
    }

    pub fn set_console(&self, url: &str) {
        *self.console.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(url.to_owned());
    }
}

/// The page at `/` and its small API below `/phones`.
pub fn router(_platforms: &[Arc<dyn Platform>], _signs: Arc<Signs>) -> axum::Router {
    axum::Router::new()
}
