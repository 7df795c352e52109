//! The process is killed without warning, again and again, while customers
//! write on every channel and the platforms behave badly; then everything that
//! was acknowledged is in its thread once and in order, every message was
//! answered once, and no answer was said twice unless the thread says so. The
//! same where the power fails with it, and an embedded database is left with
//! what its disk was made to hold.
//!
//! `ONETHREAD_CRASHES` says how often it is killed (default: a short form).

#![expect(clippy::disallowed_methods, reason = "tests are outside the house's rules for tasks, clients and the environment")]

mod bad_days;
#[path = "../kit/database.rs"]
mod database;
mod power;
mod program;
mod reckoning;
mod stopping;
#[path = "../kit/visitor.rs"]
#[expect(dead_code, reason = "stories use more of it")]
mod visitor;
mod writers;

use bad_days::make_trouble;
use database::{Database, Engine};
use onethread_simulator::World;
use power::Disk;
use program::Program;
use reckoning::{Figures, reckon};
use rstest::rstest;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use visitor::Visitor;
use writers::{QUESTIONS, Writer};

/// Of a visitor who waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Customers on each channel.
const CUSTOMERS: usize = 3;
/// Without being told: enough to meet every kind of moment.
const SHORT: usize = 12;

/// A running program with an inbox on every channel, and people who write to each.
struct Shop {
    world: Arc<World>,
    program: Program,
    writers: Vec<Arc<Writer>>,
    database: Database,
    _folder: tempfile::TempDir,
}

impl Shop {
    async fn open(engine: Engine) -> Self {
        Self::open_on(engine, false).await
    }

    /// `loses_power`: together with the program, whenever that is killed.
    async fn open_on(engine: Engine, loses_power: bool) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let world = Arc::new(World::start(([127, 0, 0, 1], 0).into()).await.expect("the simulated platforms start"));
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let database = Database::make(engine, folder.path()).await;
        let disk = loses_power.then(|| Disk::below(folder.path(), &database.url));
        let program = Program::start(folder.path(), &database.url, disk).await;
        program.teach(&QUESTIONS).await;
        let mut writers = Vec::new();
        for platform in world.platforms() {
            let hook = program.connect(platform.kind(), platform.settings(&world.base(platform.as_ref()))).await;
            platform.point_at(&hook);
            writers.extend((0..CUSTOMERS).map(|number| Arc::new(Writer::on_phone(&platform, number))));
        }
        let origin = format!("http://{}", world.address);
        let hook = program.connect("webchat", json!({ "allowed_origins": [origin] })).await;
        for number in 0..CUSTOMERS {
            let visitor = Visitor::open(&program.http, hook.clone(), origin.clone()).await;
            writers.push(Arc::new(Writer::on_page(visitor, "webchat", number)));
        }
        Self { world, program, writers, database, _folder: folder }
    }

    /// Everybody writes until `stop`.
    fn write(&self, stop: &Arc<AtomicBool>) -> Vec<tokio::task::JoinHandle<()>> {
        let write = |writer: &Arc<Writer>| {
            let (writer, stop) = (writer.clone(), stop.clone());
            tokio::spawn(async move { writer.write(&stop).await })
        };
        self.writers.iter().map(write).collect()
    }

    fn answers(&self) -> usize {
        self.world.platforms().iter().map(|platform| platform.phones().answers()).sum()
    }

    /// Everybody who is connected to was heard once: whom the gateway never met, it cannot ask for
    /// what it missed when the platform forgets the session.
    async fn wait_until_known(&self) {
        let known = || self.writers.iter().all(|writer| writer.place.answers().is_none_or(|answers| !answers.is_empty()));
        program::until("everybody is known", async || known()).await;
    }

    /// Everything is settled and as it must be.
    async fn reckon(&self, figures: &mut Figures) -> usize {
        let mut mended = self.program.wait_until_quiet(&self.world).await;
        // A line that was broken fetches what it missed once it stands again.
        futures::future::join_all(self.writers.iter().map(|writer| self.program.wait_for_all_of(writer))).await;
        mended += self.program.wait_until_quiet(&self.world).await;
        for writer in &self.writers {
            reckon(&self.program, writer, figures).await;
        }
        mended
    }
}

/// When the next kill comes.
enum Moment {
    /// While it is still starting.
    Early,
    /// Right after it is ready.
    Ready,
    /// After so many more answers: in the middle of work.
    Answered(usize),
}

impl Moment {
    fn random() -> Self {
        match rand::random::<u8>() % 8 {
            0 => Self::Early,
            1..=2 => Self::Ready,
            choice => Self::Answered(usize::from(choice)),
        }
    }

    /// Wait for it. Work may rest for a while: what a dead process had claimed is free only after some time.
    async fn come(&self, shop: &Shop, mended: &mut usize) {
        let a_bit = Duration::from_millis(3 * u64::from(rand::random::<u8>()));
        if matches!(self, Self::Early) {
            return tokio::time::sleep(a_bit).await;
        }
        shop.program.wait_until_ready().await;
        *mended += shop.program.mend_inboxes(&shop.world).await;
        if let Self::Answered(more) = self {
            let wanted = shop.answers() + more;
            let reached = async {
                while shop.answers() < wanted {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            let _ = tokio::time::timeout(Duration::from_secs(4), reached).await;
        }
        tokio::time::sleep(a_bit).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_every_kill_once_and_in_order(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    survive(Shop::open(engine).await, &format!("{engine:?}")).await;
}

// Other systems load libraries in other ways.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_every_power_cut_once_and_in_order() {
    survive(Shop::open_on(Engine::Sqlite, true).await, "without power").await;
}

async fn survive(mut shop: Shop, how: &str) {
    let kills = std::env::var("ONETHREAD_CRASHES").ok().and_then(|text| text.parse().ok()).unwrap_or(SHORT);
    let stop = Arc::new(AtomicBool::new(false));
    let writing = shop.write(&stop);
    shop.wait_until_known().await;
    let trouble = tokio::spawn(make_trouble(shop.world.clone(), stop.clone(), kills > SHORT));
    let mut mended = 0;
    for _ in 0..kills {
        Moment::random().come(&shop, &mut mended).await;
        shop.program.kill().await;
        shop.program.start_again();
    }
    shop.program.wait_until_ready().await;
    stop.store(true, Ordering::SeqCst);
    let deeds = trouble.await.expect("trouble ends");
    futures::future::join_all(writing).await;
    let mut figures = Figures::default();
    mended += shop.reckon(&mut figures).await;
    assert_eq!(database::dangling(&shop.database.url).await, 0, "every row's customer, thread and message are there");
    println!("{how}: {kills} kills; {figures:?}; {deeds:?}; {mended} inboxes given new tokens");
    shop.program.kill().await;
}
