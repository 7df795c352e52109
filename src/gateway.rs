//! The gateway: every part of the house, opened in order and closed in order.

use crate::brain::Brain;
use crate::config::Config;
use crate::foresight::Foresight;
use crate::inboxes::Inboxes;
use crate::intake::Ledger;
use crate::live::Live;
use crate::media::Media;
use crate::outbox::Outbox;
use crate::seal::Seal;
use crate::tasks::Tasks;
use crate::{intake, jobs, lasting, outbox, rounds};
use anyhow::Context as _;
use onethread_core::channel::Channel;
use onethread_core::{Clock, Millis};
use onethread_store::Db;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How long a stop waits for deliveries under way.
pub const STOP_WITHIN: Duration = Duration::from_secs(8);

/// Shared by every task and route. What may change lives in the database, not here.
pub struct Gateway {
    pub config: Config,
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub channels: Vec<Arc<dyn Channel>>,
    pub seal: Seal,
    pub live: Live,
    pub ledger: Ledger,
    pub outbox: Outbox,
    pub inboxes: Inboxes,
    pub media: Media,
    pub brain: Brain,
    pub foresight: Foresight,
    pub tasks: Tasks,
    pub bells: Bells,
    /// Names this process towards others on the same database.
    pub process: String,
}

/// What wakes the workers of this process at once; they also look by themselves now and then.
#[derive(Default)]
pub struct Bells {
    pub calls: Notify,
    pub parcels: Notify,
    pub jobs: Notify,
}

impl Gateway {
    /// Open everything and start the workers. Nothing listens for HTTP yet.
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Self>> {
        lasting::make_folder(&config.data_dir)
            .with_context(|| format!("could not make the data directory `{}`", config.data_dir.display()))?;
        let db = Db::open(config.database_url()).await?;
        let seal = Seal::open(&config).context("could not open the secret key")?;
        let http = onethread_connectors::http::client().context("could not set up the HTTP client")?;
        let channels = onethread_connectors::registry(&http);
        let (ledger, calls) = Ledger::new();
        let (outbox, settlements) = Outbox::new();
        let process = onethread_core::ids::fresh("prc", clock.now());
        let gateway = Arc::new(Self {
            media: Media::open(&config, &seal)?,
            live: Live::new(),
            inboxes: Inboxes::default(),
            brain: Brain::load(&db, clock.now()).await?,
            foresight: Foresight::default(),
            tasks: Tasks::new(),
            bells: Bells::default(),
            config,
            db,
            clock,
            channels,
            seal,
            ledger,
            outbox,
            process,
        });
        if gateway.db.is_sqlite() {
            let mut tx = gateway.db.begin().await?;
            tx.drop_all_leases().await?;
            tx.commit(gateway.clock.now()).await?;
        }
        crate::inboxes::open_all(&gateway).await?;
        if gateway.db.is_sqlite() {
            // It has no other process: whatever is under way is ours from before.
            outbox::adopt_orphans(&gateway, Millis::MAX).await?;
        }
        gateway.start_workers(calls, settlements).context("could not start the workers")?;
        Ok(gateway)
    }

    fn start_workers(self: &Arc<Self>, calls: intake::Calls, settlements: outbox::Settlements) -> std::io::Result<()> {
        if self.db.is_sqlite() {
            self.tasks.spawn_apart("rounds", rounds::go(self.clone(), calls, settlements))?;
            self.tasks.spawn_until_stop("log", rounds::fold_log(self.clone()));
        } else {
            self.tasks.spawn("ledger", intake::keep_ledger(self.clone(), calls));
            self.tasks.spawn("reader", intake::read_ledger(self.clone()));
            self.tasks.spawn("settling", outbox::settle_deliveries(self.clone(), settlements));
            self.tasks.spawn_until_stop("missed", intake::release_missed(self.clone()));
        }
        self.tasks.spawn("outbox", outbox::send_parcels(self.clone()));
        self.tasks.spawn("jobs", jobs::work(self.clone()));
        self.tasks.spawn("live", crate::live::tail(self.clone()));
        Ok(())
    }

    /// Stop taking work, finish what is under way, close the database.
    pub async fn close(&self) {
        self.tasks.stop(STOP_WITHIN).await;
        if let Ok(mut tx) = self.db.begin().await {
            let _ = tx.drop_leases_of(&self.process).await;
            let _ = tx.commit(self.clock.now()).await;
        }
        self.db.close().await;
    }

    /// Ends the process once the database's disk has failed, as if the power had: to close the database would have that
    /// disk fold the log into the file. Nothing was acknowledged since, and a supervisor starts it again.
    pub async fn end_with_the_disk(&self) -> Infallible {
        let error = self.db.broken().await;
        tracing::error!(error, "the disk failed; see to it before the gateway is started again");
        std::process::exit(1)
    }

    /// The channel of this kind.
    #[must_use]
    pub fn channel(&self, kind: &str) -> Option<&Arc<dyn Channel>> {
        self.channels.iter().find(|channel| channel.kind() == kind)
    }
}
