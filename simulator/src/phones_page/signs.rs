//! Where the page's links lead, told once the gateway is up.

use std::sync::{PoisonError, RwLock};

/// The web chat's script and the agents' console.
#[derive(Debug, Default)]
pub struct Signs {
    widget: RwLock<Option<String>>,
    console: RwLock<Option<String>>,
}

impl Signs {
    pub fn set_widget(&self, url: &str) {
        write(&self.widget, url);
    }

    pub fn set_console(&self, url: &str) {
        write(&self.console, url);
    }

    #[must_use]
    pub fn widget(&self) -> Option<String> {
        read(&self.widget)
    }

    #[must_use]
    pub fn console(&self) -> Option<String> {
        read(&self.console)
    }
}

fn write(sign: &RwLock<Option<String>>, url: &str) {
    *sign.write().unwrap_or_else(PoisonError::into_inner) = Some(url.to_owned());
}

fn read(sign: &RwLock<Option<String>>) -> Option<String> {
    sign.read().unwrap_or_else(PoisonError::into_inner).clone()
}
