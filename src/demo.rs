//! `onethread demo`: a gateway with a seeded shop, and the platforms simulated
//! beside it. Everything but the platforms is the production code; a second
//! start keeps the data.

mod seed;

use crate::config::Config;
use crate::gateway::Gateway;
use crate::inboxes::{self, Changes};
use anyhow::Context as _;
use onethread_core::SystemClock;
use onethread_core::ids::InboxId;
use onethread_core::secret::Settings;
use onethread_simulator::World;
use std::net::SocketAddr;
use std::sync::Arc;

pub use seed::{ADMIN_EMAIL, AGENT_EMAIL, PASSWORD, sow};

/// Run the demo until it is told to stop.
pub async fn run(config: Config, platforms: SocketAddr, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let world = World::start(platforms).await.with_context(|| {
        format!("could not start the simulated platforms on {platforms}; choose another place with --platforms")
    })?;
    let gateway = Gateway::open(config, Arc::new(SystemClock)).await?;
    let running = async {
        sow(&gateway).await.context("could not seed the demo shop")?;
        let console = format!("http://{}", crate::api::serve(&gateway).await?);
        open_shop(&gateway, &world, &console).await?;
        announce(&console, &world);
        tokio::select! {
            () = stop => {}
            never = gateway.end_with_the_disk() => match never {},
        }
        anyhow::Ok(())
    };
    let ran = running.await;
    gateway.close().await;
    ran
}

#[expect(clippy::print_stdout, reason = "the three lines that the demo is for")]
fn announce(console: &str, world: &World) {
    println!("Console   {console}   sign in as {ADMIN_EMAIL} (or {AGENT_EMAIL}), password {PASSWORD}");
    println!("Phones    http://{}/   write to the shop as a customer on every channel", world.address);
    println!("Stop      Ctrl-C   the data stays in the data directory");
}

/// Connect an inbox to every simulated platform, and the web chat to the demo shop's page.
pub async fn open_shop(gateway: &Arc<Gateway>, world: &World, console: &str) -> anyhow::Result<()> {
    for platform in world.platforms() {
        let settings = platform.settings(&world.base(platform.as_ref()));
        let hook = connect(gateway, platform.kind(), settings).await?;
        platform.point_at(&hook);
    }
    let origin = format!("http://{}", world.address);
    let own =
        gateway.channels.iter().map(|channel| channel.kind()).find(|kind| world.platforms().iter().all(|p| p.kind() != *kind));
    if let Some(kind) = own {
        let settings = serde_json::json!({ "allowed_origins": [origin, origin.replace("127.0.0.1", "localhost")] });
        let hook = connect(gateway, kind, settings).await?;
        world.offer_widget(&format!("{hook}/widget.js"));
    }
    world.offer_console(console);
    Ok(())
}

/// The inbox of this channel, made or brought up to date: simulated tokens are new at every start.
async fn connect(gateway: &Arc<Gateway>, kind: &str, settings: serde_json::Value) -> anyhow::Result<String> {
    let settings: Settings = serde_json::from_value(settings).context("a simulator's settings are an object")?;
    let present = gateway.db.read().await?.inboxes(false).await?.into_iter().find(|row| row.channel == kind);
    let row = match present {
        Some(row) => {
            let id: InboxId = row.id.as_str().into();
            inboxes::change(gateway, &id, Changes { settings: Some(settings), paused: Some(false), ..Changes::default() }).await?
        }
        None => {
            let name = gateway.channel(kind).map_or_else(|| kind.to_owned(), |channel| channel.face().name);
            inboxes::create(gateway, kind, &name, settings).await?
        }
    };
    Ok(format!("{}/hooks/{}", gateway.config.public_url, row.id))
}
