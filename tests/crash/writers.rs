//! Customers on every channel who number what they write, and remember what was acknowledged.

use super::visitor::Visitor;
use onethread_simulator::{Act, Bubble, BubbleFrom, Platform};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What they ask, in turn: each has an answer of its own, so that answers out of order are seen.
pub const QUESTIONS: [&str; 3] = ["phí ship bao nhiêu vậy shop", "shop mở cửa mấy giờ vậy", "shop có cho trả bằng thẻ không"];

/// Counts what happens, so that one can say what came first.
static NOW: AtomicU64 = AtomicU64::new(0);

fn tick() -> u64 {
    NOW.fetch_add(1, Ordering::SeqCst)
}

/// One message, and when it was acknowledged, if ever.
#[derive(Debug, Clone)]
pub struct Written {
    pub text: String,
    pub began: u64,
    pub acknowledged: Option<u64>,
}

/// Where a customer writes.
pub enum Place {
    Phone { platform: Arc<dyn Platform>, user: String },
    Page(Visitor),
}

pub struct Writer {
    pub name: String,
    pub channel: String,
    pub place: Place,
    written: Mutex<Vec<Written>>,
}

impl Writer {
    pub fn on_phone(platform: &Arc<dyn Platform>, number: usize) -> Self {
        let name = format!("Khách{number} {}", platform.kind());
        let place = Place::Phone { platform: platform.clone(), user: platform.introduce(&name) };
        Self { name, channel: platform.kind().to_owned(), place, written: Mutex::default() }
    }

    pub fn on_page(visitor: Visitor, channel: &str, number: usize) -> Self {
        let name = format!("Khách{number} {channel}");
        Self { name, channel: channel.to_owned(), place: Place::Page(visitor), written: Mutex::default() }
    }

    /// Write until told to stop; now and then two messages at once, as impatient people do.
    pub async fn write(&self, stop: &AtomicBool) {
        let mut number = 0;
        while !stop.load(Ordering::SeqCst) {
            let together = if rand::random::<u8>().is_multiple_of(4) { 2 } else { 1 };
            futures::future::join_all((number..number + together).map(|number| self.say(number))).await;
            number += together;
            tokio::time::sleep(Duration::from_millis(200 + u64::from(rand::random::<u8>()))).await;
        }
    }

    async fn say(&self, number: usize) {
        let text = format!("{}, câu {number} của {}", QUESTIONS[number % QUESTIONS.len()], self.name);
        let began = tick();
        let acknowledged = self.place.takes(&text).await.then(tick);
        self.written.lock().unwrap_or_else(PoisonError::into_inner).push(Written { text, began, acknowledged });
    }

    pub fn written(&self) -> Vec<Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Place {
    /// Whether the gateway acknowledged it, with whatever patience the platform has.
    async fn takes(&self, text: &str) -> bool {
        match self {
            Self::Phone { platform, user } => {
                let act = Act::Says { text: text.to_owned(), reply_to: None };
                // Telegram brings it even so, later; it is acknowledged when its line is empty.
                platform.act(user, act).await.is_ok() || platform.kind() == "telegram"
            }
            // The widget tries the same message until it is taken.
            Self::Page(visitor) => {
                let id = uuid::Uuid::now_v7().to_string();
                for _ in 0..600 {
                    if visitor.tries_to_say(&id, text).await.is_some_and(|status| (200..300).contains(&status)) {
                        return true;
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                false
            }
        }
    }

    /// The answers that the customer sees, oldest first; `None` on a page, which sees the thread itself.
    pub fn answers(&self) -> Option<Vec<Bubble>> {
        let Self::Phone { platform, user } = self else { return None };
        let bubbles = platform.phones().of(user).bubbles;
        Some(bubbles.into_iter().filter(|bubble| bubble.from == BubbleFrom::Business).collect())
    }
}
