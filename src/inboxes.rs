//! Inboxes, kept alive: opened from their rows, connected, listened to, probed;
//! and how they are made and changed.

mod change;
mod health;
mod line;

pub use change::{Changes, InboxError, change, create, disable, pause};
pub use health::{probe, watch_health};

use crate::gateway::Gateway;
use crate::lending;
use dashmap::DashMap;
use onethread_core::Millis;
use onethread_core::channel::{Capabilities, Channel, Connector, SENDS_PER_SECOND, SettingsError};
use onethread_core::clock::{MINUTE, SECOND};
use onethread_core::ids::{AccountId, InboxId};
use onethread_core::secret::Settings;
use onethread_store::StoreError;
use onethread_store::inboxes::InboxRow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio_util::sync::CancellationToken;

/// One inbox, live.
pub struct Live {
    pub id: InboxId,
    pub channel: Arc<dyn Channel>,
    pub connector: Arc<dyn Connector>,
    pub capabilities: Capabilities,
    /// How fast it may send; `None` where its platform sets no limit.
    pub sends_per_second: Option<u32>,
    /// When its row was last written: another process may change it.
    version: Millis,
    /// Silence from before was not the platform's.
    opened_at: Millis,
    /// When it was heard from, as far as that is in the database.
    heard_at: AtomicI64,
    stop: CancellationToken,
}

/// It is written down once a second that an inbox was heard from: whether one is silent is a matter of minutes.
const HEARD_EVERY: Millis = SECOND;

impl Live {
    /// Whether it is worth writing down that it was heard from then.
    pub fn is_heard_anew(&self, at: Millis) -> bool {
        at - self.heard_at.load(Ordering::Acquire) >= HEARD_EVERY
    }

    /// It is written down.
    pub fn note_heard(&self, at: Millis) {
        self.heard_at.fetch_max(at, Ordering::AcqRel);
    }
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
            health::record_unopened(gateway, &row, &error).await?;
        }
    }
    Ok(())
}

/// Take up what other processes on this database made, changed, paused or disabled.
pub async fn take_up_changes(gateway: &Arc<Gateway>) -> Result<(), StoreError> {
    let rows = gateway.db.read().await?.inboxes(false).await?;
    for live in gateway.inboxes.all().iter().filter(|live| rows.iter().all(|row| row.id != live.id.0)) {
        close(gateway, &live.id);
    }
    for row in &rows {
        if gateway.inboxes.get(&row.id.as_str().into()).is_some_and(|live| live.version >= row.updated_at) {
            continue;
        }
        // One that has never opened was reported when this process started.
        if let Err(error) = open(gateway, row)
            && gateway.clock.now() - row.updated_at < MINUTE
        {
            tracing::error!(inbox = row.id, %error, "an inbox that was changed elsewhere could not be opened");
        }
    }
    Ok(())
}

/// The live inbox; where another process may have made it just now, looked for in the database too.
pub async fn find(gateway: &Arc<Gateway>, id: &InboxId) -> Result<Option<Arc<Live>>, StoreError> {
    if let Some(live) = gateway.inboxes.get(id) {
        return Ok(Some(live));
    }
    if gateway.db.is_sqlite() {
        return Ok(None);
    }
    // Boxed: everybody asks, hardly anybody comes to here, and this is much larger than all the rest of what asks.
    Box::pin(find_stored(gateway, id)).await
}

async fn find_stored(gateway: &Arc<Gateway>, id: &InboxId) -> Result<Option<Arc<Live>>, StoreError> {
    match gateway.db.read().await?.inbox(id).await {
        Ok(row) if row.state == "disabled" => Ok(None),
        Ok(row) => Ok(open(gateway, &row).ok()),
        Err(StoreError::Missing(_)) => Ok(None),
        Err(error) => Err(error),
    }
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
        sends_per_second: channel.form().number(SENDS_PER_SECOND, &settings),
        channel,
        connector,
        version: row.updated_at,
        opened_at: gateway.clock.now(),
        heard_at: AtomicI64::new(0),
        stop: gateway.tasks.token().child_token(),
    });
    if let Some(old) = gateway.inboxes.0.insert(id, live.clone()) {
        old.stop.cancel();
    }
    if row.state == "active" {
        gateway.tasks.spawn("listen", line::keep_up(gateway.clone(), live.clone()));
    }
    Ok(live)
}

pub(crate) fn close(gateway: &Gateway, id: &InboxId) {
    if let Some((_, live)) = gateway.inboxes.0.remove(id) {
        live.stop.cancel();
    }
}

impl From<SettingsError> for InboxError {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}
