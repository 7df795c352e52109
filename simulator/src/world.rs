//! All platforms behind one listener, each under its own path.

use crate::phones_page::Signs;
use crate::platform::Platform;
use crate::{discord::Discord, facebook::Facebook, telegram::Telegram, zalo::Zalo};
use std::net::SocketAddr;
use std::sync::Arc;

/// A running world. Dropping it takes the platforms down.
pub struct World {
    pub address: SocketAddr,
    pub telegram: Arc<Telegram>,
    pub discord: Arc<Discord>,
    pub facebook: Arc<Facebook>,
    pub zalo: Arc<Zalo>,
    signs: Arc<Signs>,
    server: tokio::task::JoinHandle<()>,
}

impl World {
    /// Start every platform; port 0 takes a free one. `/` is the phones page.
    pub async fn start(listen: SocketAddr) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let telegram = Arc::new(Telegram::new());
        let discord = Arc::new(Discord::new());
        let facebook = Arc::new(Facebook::new());
        let zalo = Arc::new(Zalo::new());
        facebook.stand_at(&format!("http://{address}/facebook"));
        zalo.stand_at(&format!("http://{address}/zalo"));
        let platforms: Vec<Arc<dyn Platform>> = vec![telegram.clone(), discord.clone(), facebook.clone(), zalo.clone()];
        let signs = Arc::new(Signs::default());
        let mut router = crate::phones_page::router(&platforms, signs.clone());
        router = router
            .nest("/telegram", telegram.clone().router())
            .nest("/discord", discord.clone().router())
            .nest("/facebook", facebook.clone().router())
            .nest("/zalo", zalo.clone().router());
        #[expect(clippy::disallowed_methods, reason = "the world is no gateway; its one task ends with it")]
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the simulated platforms stopped");
            }
        });
        Ok(Self { address, telegram, discord, facebook, zalo, signs, server })
    }

    /// The base of one platform's API: `http://127.0.0.1:PORT/telegram`.
    #[must_use]
    pub fn base(&self, platform: &dyn Platform) -> String {
        format!("http://{}/{}", self.address, platform.kind())
    }

    /// Put the web chat's script on the demo shop at `/shop`: `http://…/hooks/{inbox}/widget.js`.
    pub fn offer_widget(&self, url: &str) {
        self.signs.set_widget(url);
    }

    /// Link the phones page to the agents' console.
    pub fn offer_console(&self, url: &str) {
        self.signs.set_console(url);
    }

    #[must_use]
    pub fn platforms(&self) -> Vec<Arc<dyn Platform>> {
        vec![self.telegram.clone(), self.discord.clone(), self.facebook.clone(), self.zalo.clone()]
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}
