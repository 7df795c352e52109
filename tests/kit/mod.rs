//! A whole gateway for a test: real sockets, a real database, the platforms
//! simulated as real servers. Stopping it fails the test if work was left over,
//! or an error was logged that the story did not announce.
//!
//! ```ignore
//! let gateway = TestGateway::start(Engine::Sqlite).await;
//! let lan = gateway.customer("zalo", "Lan");
//! lan.says("đơn DH1024 của em tới đâu rồi ạ").await;
//! lan.hears("bốn số cuối").await;
//! ```

#![expect(clippy::disallowed_methods, reason = "tests are outside the house's rules for tasks, clients and the environment")]

mod console;
mod customer;
pub mod database;
mod errors;
mod visitor;

pub use console::Desk;
pub use customer::Customer;
pub use database::Engine;
pub use visitor::Visitor;

use database::Database;
use onethread::config::Config;
use onethread::demo;
use onethread::gateway::Gateway;
use onethread_core::SystemClock;
use onethread_simulator::{Platform, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a story waits for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct TestGateway {
    pub gateway: Arc<Gateway>,
    pub world: Arc<World>,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    pub http: reqwest::Client,
    folder: Arc<tempfile::TempDir>,
    database: Arc<Database>,
    forgiving: AtomicBool,
}

impl TestGateway {
    /// A seeded shop with an inbox on every simulated platform and the web chat.
    pub async fn start(engine: Engine) -> Self {
        let world = World::start(([127, 0, 0, 1], 0).into()).await.expect("the simulated platforms start");
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder can be made"));
        let database = Arc::new(Database::make(engine, folder.path()).await);
        Self::open(Arc::new(world), folder, database, "127.0.0.1:0").await
    }

    /// Stop, and start again on the same data and the same address, as after a restart.
    pub async fn restart(self) -> Self {
        let (world, folder, database) = (self.world.clone(), self.folder.clone(), self.database.clone());
        let address = self.url.trim_start_matches("http://").to_owned();
        self.halt().await;
        Self::open(world, folder, database, &address).await
    }

    async fn open(world: Arc<World>, folder: Arc<tempfile::TempDir>, database: Arc<Database>, listen: &str) -> Self {
        errors::listen();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind(listen).await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let settings = [
            ("ONETHREAD_LISTEN", url.trim_start_matches("http://").to_owned()),
            ("ONETHREAD_DATA_DIR", folder.path().display().to_string()),
            ("ONETHREAD_DATABASE_URL", database.url.clone()),
            ("ONETHREAD_PUBLIC_URL", url.clone()),
        ];
        let config = Config::read(None, settings.map(|(name, value)| (name.to_owned(), value))).expect("the settings are good");
        let gateway = Gateway::open(config, Arc::new(SystemClock)).await.expect("the gateway opens");
        demo::sow(&gateway).await.expect("the shop can be seeded");
        onethread::api::serve_on(&gateway, listener).expect("the gateway serves");
        demo::open_shop(&gateway, &world, &url).await.expect("every inbox connects");
        let http = reqwest::Client::new();
        Self { gateway, world, url, http, folder, database, forgiving: AtomicBool::new(false) }
    }

    /// The simulated platform of this kind.
    pub fn platform(&self, kind: &str) -> Arc<dyn Platform> {
        self.world.platforms().into_iter().find(|platform| platform.kind() == kind).expect("the platform is simulated")
    }

    /// A new person on a simulated platform.
    pub fn customer(&self, kind: &str, name: &str) -> Customer {
        Customer::introduce(self.platform(kind), name)
    }

    /// An agent's desk, through the API.
    pub async fn desk(&self, email: &str) -> Desk {
        Desk::sign_in(&self.http, &self.url, email, demo::PASSWORD).await
    }

    /// The id of the inbox on this channel.
    pub async fn inbox(&self, kind: &str) -> String {
        let rows =
            self.gateway.db.read().await.expect("the database is there").inboxes(false).await.expect("inboxes can be listed");
        rows.into_iter().find(|row| row.channel == kind).expect("the shop has this inbox").id
    }

    /// Nothing waits in the ledger and nothing is on its way out; else the story left work behind.
    async fn wait_until_quiet(&self) {
        let quiet = async {
            loop {
                let mut conn = self.gateway.db.read().await.expect("the database is there");
                let (waiting, _) = conn.ledger_depth().await.expect("the ledger can be counted");
                if waiting == 0 && conn.outbox_depth().await.expect("the outbox can be counted") == (0, 0) {
                    return;
                }
                drop(conn);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, quiet).await.expect("the story leaves no work behind");
    }

    /// An error in the log is part of this story.
    pub fn forgive_errors(&self) {
        self.forgiving.store(true, Ordering::SeqCst);
    }

    /// Stop whatever is under way.
    async fn halt(self) {
        self.gateway.close().await;
    }

    pub async fn stop(self) {
        self.wait_until_quiet().await;
        self.gateway.close().await;
        let errors = errors::take();
        assert!(
            self.forgiving.load(Ordering::SeqCst) || errors.is_empty(),
            "errors were logged that the story did not announce: {errors:#?}"
        );
    }
}

impl Visitor {
    /// On the shop's page, whose chat is the gateway's.
    pub async fn arrive(gateway: &TestGateway) -> Self {
        let hook = format!("{}/hooks/{}", gateway.url, gateway.inbox("webchat").await);
        Self::open(&gateway.http, hook, format!("http://{}", gateway.world.address)).await
    }
}
