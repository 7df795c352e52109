//! What the gateway logged as an error: a story that did not announce one fails.

use std::sync::{Mutex, Once, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());
static LISTENING: Once = Once::new();

struct Ear;

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl<S: Subscriber> Layer<S> for Ear {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            let mut words = Words(format!("{}: ", event.metadata().target()));
            event.record(&mut words);
            LOGGED.lock().unwrap_or_else(PoisonError::into_inner).push(words.0);
        }
    }
}

/// Listen from now on, in this process.
pub fn listen() {
    LISTENING.call_once(|| {
        let _ = tracing_subscriber::registry().with(Ear).try_init();
    });
}

/// Every error since the last time this was asked.
pub fn take() -> Vec<String> {
    std::mem::take(&mut *LOGGED.lock().unwrap_or_else(PoisonError::into_inner))
}
