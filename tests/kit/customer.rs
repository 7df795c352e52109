//! A person with a phone.

use super::PATIENCE;
use onethread_simulator::{Act, Bubble, BubbleFrom, Platform};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub struct Customer {
    platform: Arc<dyn Platform>,
    pub user: String,
    /// Bubbles of the business that the story has already looked at.
    heard: AtomicUsize,
}

impl Customer {
    pub fn introduce(platform: Arc<dyn Platform>, name: &str) -> Self {
        let user = platform.introduce(name);
        Self { platform, user, heard: AtomicUsize::new(0) }
    }

    pub async fn does(&self, act: Act) -> Option<String> {
        let word = format!("{act:?}");
        self.platform.act(&self.user, act).await.unwrap_or_else(|error| panic!("{word} was not taken: {error:?}"))
    }

    /// Types a message; answers the platform's id of it.
    pub async fn says(&self, text: &str) -> String {
        self.does(Act::Says { text: text.into(), reply_to: None }).await.expect("a message has an id")
    }

    /// Everything that the business has said so far.
    pub fn screen(&self) -> Vec<Bubble> {
        self.platform.phones().of(&self.user).bubbles.into_iter().filter(|bubble| bubble.from == BubbleFrom::Business).collect()
    }

    /// Waits for the next message of the business, which must contain this (any case).
    pub async fn hears(&self, part: &str) -> Bubble {
        let bubble = self.next().await.unwrap_or_else(|| panic!("nobody said {part:?}; the screen: {:?}", self.texts()));
        let said = format!("{} {}", bubble.text, bubble.files.join(" "));
        assert!(said.to_lowercase().contains(&part.to_lowercase()), "wanted {part:?}, heard {said:?}");
        bubble
    }

    /// The next message of the business, if one comes in time.
    pub async fn next(&self) -> Option<Bubble> {
        let mut changes = self.platform.phones().watch();
        let waiting = async {
            loop {
                if let Some(bubble) = self.screen().into_iter().nth(self.heard.load(Ordering::SeqCst)) {
                    self.heard.fetch_add(1, Ordering::SeqCst);
                    return bubble;
                }
                let _ = changes.recv().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.ok()
    }

    /// How many messages of the business are on the screen that the story has not looked at.
    pub fn unheard(&self) -> usize {
        self.screen().len() - self.heard.load(Ordering::SeqCst)
    }

    pub fn texts(&self) -> Vec<String> {
        self.screen().into_iter().map(|bubble| bubble.text).collect()
    }
}
