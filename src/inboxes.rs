//! Inboxes, kept alive: opened from their rows, connected, listened to, probed;
//! and how they are made and changed.

mod change;
mod health;

pub use change::{Changes, InboxError, change, create, disable, pause};
pub use health::{probe, watch_health};

use crate::gateway::Gateway;
use crate::intake::Listening;
use crate::lending;
use dashmap::DashMap;
use onethread_core::channel::{Capabilities, Channel, ConnectError, Connector, SettingsError};
use onethread_core::ids::{AccountId, InboxId};
use onethread_core::secret::Settings;
use onethread_store::inboxes::InboxRow;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One inbox, live.
pub struct Live {
    pub id: InboxId,
    pub channel: Arc<dyn Channel>,
    pub connector: Arc<dyn Connector>,
    pub capabilities: Capabilities,
    stop: CancellationToken,
}

/// Every live inbox of this process.
#[derive(Default)]
pub struct Inboxes(DashMap<InboxId, Arc<Live>>);

impl Inboxes {
    /// `None` for one that is disabled or unknown.
    #[must_use]
    pub fn get(&self, id: &InboxId) -> Option<Arc<Live>> {
        self.0.get(id).map(|live| live.clone())
    }

    /// The inbox of this account, among those of the same app.
    #[must_use]
    pub fn of_account(&self, kind: &str, account: &AccountId, app: &str) -> Option<Arc<Live>> {
        let is_it = |live: &Live| {
            live.channel.kind() == kind && live.connector.account().is_some_and(|own| own.id == *account && own.app == app)
        };
        self.0.iter().find(|live| is_it(live)).map(|live| live.clone())
    }

    /// Every live inbox.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Live>> {
        self.0.iter().map(|live| live.clone()).collect()
    }
}

/// Open every inbox that is not disabled. One whose settings no longer open is unhealthy, not fatal.
pub async fn open_all(gateway: &Arc<Gateway>) -> anyhow::Result<()> {
    for row in gateway.db.read().await?.inboxes(false).await? {
        if let Err(error) = open(gateway, &row) {
            tracing::error!(inbox = row.id, %error, "an inbox could not be opened");
        }
    }
    Ok(())
}

/// The settings of a row, secrets unsealed.
pub(crate) fn settings_of(gateway: &Gateway, row: &InboxRow) -> Result<Settings, InboxError> {
    let mut settings = row.settings.0.clone();
    settings.0.extend(secrets_of(gateway, row)?.0);
    Ok(settings)
}

pub(crate) fn secrets_of(gateway: &Gateway, row: &InboxRow) -> Result<Settings, InboxError> {
    let text = gateway.seal.unseal(&row.id, &row.sealed).map_err(|_| InboxError::Unsealable)?;
    serde_json::from_str(&text).map_err(|_| InboxError::Unsealable)
}

/// Make the inbox live in place of what was live under its id, and listen.
pub(crate) fn open(gateway: &Arc<Gateway>, row: &InboxRow) -> Result<Arc<Live>, InboxError> {
    let channel = gateway.channel(&row.channel).ok_or_else(|| InboxError::NoSuchChannel(row.channel.clone()))?.clone();
    let settings = settings_of(gateway, row)?;
    let id: InboxId = row.id.as_str().into();
    let connector = channel.open(&settings, lending::kit(gateway, &id))?;
    let live = Arc::new(Live {
        id: id.clone(),
        capabilities: channel.capabilities(),
        channel,
        connector,
        stop: gateway.tasks.token().child_token(),
    });
    if let Some(old) = gateway.inboxes.0.insert(id, live.clone()) {
        old.stop.cancel();
    }
    if row.state == "active" {
        gateway.tasks.spawn("listen", listen(gateway.clone(), live.clone()));
    }
    Ok(live)
}

pub(crate) fn close(gateway: &Gateway, id: &InboxId) {
    if let Some((_, live)) = gateway.inboxes.0.remove(id) {
        live.stop.cancel();
    }
}

/// Keep the line to the platform up, with growing pauses while it breaks at once.
async fn listen(gateway: Arc<Gateway>, live: Arc<Live>) {
    let mut pause = Duration::from_secs(1);
    loop {
        let started = tokio::time::Instant::now();
        let broken = tokio::select! {
            broken = listen_once(&gateway, &live) => broken,
            () = live.stop.cancelled() => return,
        };
        match broken {
            Ok(()) => {}
            Err(ConnectError::Lost(why)) => tracing::warn!(inbox = %live.id, why, "the line to the platform broke; connecting again"),
            Err(ConnectError::Refused(why)) => {
                tracing::error!(inbox = %live.id, why, "the platform refuses the connection");
                if let Err(error) = pause_for(&gateway, &live, &why).await {
                    tracing::error!(inbox = %live.id, %error, "the inbox could not be paused");
                }
                return;
            }
        }
        pause = if started.elapsed() > Duration::from_secs(60) { Duration::from_secs(1) } else { (pause * 2).min(Duration::from_secs(60)) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = live.stop.cancelled() => return,
        }
    }
}

async fn listen_once(gateway: &Arc<Gateway>, live: &Live) -> Result<(), ConnectError> {
    let lost = |error: onethread_store::StoreError| ConnectError::Lost(error.to_string());
    let bookmark = gateway.db.read().await.map_err(lost)?.bookmark(&live.id).await.map_err(lost)?;
    let intake = Listening { gateway: gateway.clone(), inbox: live.id.clone() };
    live.connector.listen(bookmark, &intake).await
}

async fn pause_for(gateway: &Arc<Gateway>, live: &Live, why: &str) -> Result<(), onethread_store::StoreError> {
    pause(gateway, &live.id, Some(why)).await
}

impl From<SettingsError> for InboxError {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}
