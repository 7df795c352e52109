//! How inboxes are made and changed.

use super::{close, health, open, secrets_of};
use crate::gateway::Gateway;
use onethread_core::channel::{Account, Channel, SettingsError};
use onethread_core::ids::InboxId;
use onethread_core::secret::Settings;
use onethread_store::Json;
use onethread_store::StoreError;
use onethread_store::inboxes::{HealthRow, InboxRow};
use onethread_store::live::Told;
use std::sync::Arc;

/// Why an inbox could not be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    #[error("there is no channel `{0}`")]
    NoSuchChannel(String),
    #[error(transparent)]
    Settings(SettingsError),
    #[error("the name is empty")]
    NoName,
    #[error("this account is connected already, as `{0}`")]
    Connected(String),
    #[error("these settings are of another account than the one whose customers this inbox knows")]
    OtherAccount,
    #[error("the inbox's secrets cannot be unsealed; the secret key has changed, so give the secrets again")]
    Unsealable,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What may be changed; `None` leaves it.
#[derive(Debug, Default)]
pub struct Changes {
    pub name: Option<String>,
    /// Only the changed ones. An empty optional setting is forgotten.
    pub settings: Option<Settings>,
    pub paused: Option<bool>,
    /// `false` brings a disabled inbox back; `true` takes it out of service.
    pub disabled: Option<bool>,
}

/// Make an inbox: check the settings, seal the secrets, connect, probe. An account that was connected
/// before and disabled gets its old inbox back, so that the same people stay the same customers.
pub async fn create(gateway: &Arc<Gateway>, kind: &str, name: &str, settings: Settings) -> Result<InboxRow, InboxError> {
    let channel = gateway.channel(kind).ok_or_else(|| InboxError::NoSuchChannel(kind.to_owned()))?.clone();
    let name = name.trim();
    if name.is_empty() {
        return Err(InboxError::NoName);
    }
    channel.form().check(&settings)?;
    let now = gateway.clock.now();
    let id = InboxId::fresh(now);
    let mut row = InboxRow {
        id: id.0.clone(),
        channel: kind.to_owned(),
        name: name.to_owned(),
        account: None,
        app: None,
        settings: Json(Settings::default()),
        sealed: String::new(),
        state: "active".into(),
        pause_reason: None,
        health: Json(HealthRow { since: now, ..HealthRow::default() }),
        last_heard_at: None,
        usual_gap: None,
        created_at: now,
        updated_at: now,
    };
    write_settings(gateway, channel.as_ref(), &mut row, &settings);
    // A dry opening first, so that wrong settings leave nothing behind.
    let account = channel.open(&settings, crate::lending::kit(gateway, &id))?.account();
    refuse_second(gateway, kind, account.as_ref(), &id).await?;
    let before = disabled_inbox_of(gateway, channel.as_ref(), account.as_ref()).await?;
    if let Some(before) = &before {
        row.id = before.id.clone();
        write_settings(gateway, channel.as_ref(), &mut row, &settings);
    }
    let id: InboxId = row.id.as_str().into();
    row.account = account.as_ref().map(|account| account.id.0.clone());
    row.app = account.map(|account| account.app);
    let mut tx = gateway.db.begin().await?;
    match before {
        Some(_) => tx.change_inbox(&row, now).await?,
        None => tx.add_inbox(&row).await?,
    }
    tx.tell(Told::Inbox { inbox: row.id.clone() });
    tx.commit(now).await?;
    open(gateway, &row)?;
    health::connect_and_probe(gateway, &id).await?;
    Ok(gateway.db.read().await?.inbox(&id).await?)
}

/// One account, one inbox: two would answer everything twice.
async fn refuse_second(gateway: &Gateway, kind: &str, account: Option<&Account>, own: &InboxId) -> Result<(), InboxError> {
    let Some(account) = account else { return Ok(()) };
    let others = gateway.db.read().await?.inboxes(false).await?;
    // A row of an earlier version may not name its account; the live inbox knows it.
    let live = |row: &InboxRow| gateway.inboxes.get(&row.id.as_str().into()).and_then(|live| live.connector.account());
    let same = |row: &InboxRow| {
        let named = row.account.clone().or_else(|| live(row).map(|account| account.id.0));
        row.channel == kind && row.id != own.0 && named.as_deref() == Some(account.id.as_str())
    };
    match others.into_iter().find(same) {
        Some(other) => Err(InboxError::Connected(other.name)),
        None => Ok(()),
    }
}

/// An account has people and message ids of its own: under another one they would mean somebody and something else. Who
/// connected the wrong one may mend that until a customer came.
async fn refuse_other(
    gateway: &Arc<Gateway>,
    channel: &dyn Channel,
    row: &InboxRow,
    account: Option<&Account>,
) -> Result<(), InboxError> {
    let was = account_of(gateway, channel, row);
    let other = was.is_some_and(|was| account.is_none_or(|account| was != account.id.0));
    match other && gateway.db.read().await?.has_people(&row.id.as_str().into()).await? {
        true => Err(InboxError::OtherAccount),
        false => Ok(()),
    }
}

/// The inbox that this account had before it was disabled; the latest, if there were several.
async fn disabled_inbox_of(
    gateway: &Arc<Gateway>,
    channel: &dyn Channel,
    account: Option<&Account>,
) -> Result<Option<InboxRow>, InboxError> {
    let Some(account) = account else { return Ok(None) };
    let rows = gateway.db.read().await?.inboxes(true).await?;
    let same = |row: &InboxRow| account_of(gateway, channel, row).is_some_and(|known| known == account.id.0);
    Ok(rows.into_iter().rev().find(|row| row.state == "disabled" && row.channel == channel.kind() && same(row)))
}

/// The account that the inbox is of. A row of an earlier version may not name it; its settings do.
fn account_of(gateway: &Arc<Gateway>, channel: &dyn Channel, row: &InboxRow) -> Option<String> {
    let opened = || {
        let settings = super::settings_of(gateway, row).ok()?;
        channel.open(&settings, crate::lending::kit(gateway, &row.id.as_str().into())).ok()?.account()
    };
    row.account.clone().or_else(|| opened().map(|account| account.id.0))
}

/// Change name, settings or pause, or bring a disabled inbox back; live at once.
pub async fn change(gateway: &Arc<Gateway>, id: &InboxId, changes: Changes) -> Result<InboxRow, InboxError> {
    let now = gateway.clock.now();
    let mut row = gateway.db.read().await?.inbox(id).await?;
    let channel = gateway.channel(&row.channel).ok_or_else(|| InboxError::NoSuchChannel(row.channel.clone()))?.clone();
    if let Some(name) = changes.name {
        row.name = Some(name.trim().to_owned()).filter(|name| !name.is_empty()).ok_or(InboxError::NoName)?;
    }
    let reconnect = changes.settings.is_some();
    if let Some(changed) = changes.settings {
        let mut settings = row.settings.0.clone();
        settings.0.extend(secrets_of(gateway, &row).unwrap_or_default().0);
        for (name, value) in changed.0 {
            match value.is_null() || value.as_str() == Some("") {
                true => settings.0.remove(&name),
                false => settings.0.insert(name, value),
            };
        }
        channel.form().check(&settings)?;
        let account = channel.open(&settings, crate::lending::kit(gateway, id))?.account();
        refuse_second(gateway, &row.channel, account.as_ref(), id).await?;
        refuse_other(gateway, channel.as_ref(), &row, account.as_ref()).await?;
        write_settings(gateway, channel.as_ref(), &mut row, &settings);
        row.account = account.as_ref().map(|account| account.id.0.clone());
        row.app = account.map(|account| account.app);
    }
    if row.state == "disabled" && changes.disabled == Some(false) {
        let settings = super::settings_of(gateway, &row)?;
        let account = channel.open(&settings, crate::lending::kit(gateway, id))?.account();
        refuse_second(gateway, &row.channel, account.as_ref(), id).await?;
        (row.state, row.pause_reason) = ("active".into(), None);
    }
    move_state(&mut row, changes.paused, reconnect);
    row.updated_at = now;
    let mut tx = gateway.db.begin().await?;
    tx.change_inbox(&row, now).await?;
    tx.tell(Told::Inbox { inbox: row.id.clone() });
    tx.commit(now).await?;
    if changes.disabled == Some(true) {
        disable(gateway, id).await?;
    } else if row.state != "disabled" {
        open(gateway, &row)?;
        gateway.bells.parcels.notify_one();
        gateway.bells.jobs.notify_one();
    }
    if row.state == "active" {
        health::connect_and_probe(gateway, id).await?;
    }
    Ok(gateway.db.read().await?.inbox(id).await?)
}

/// What a change does to the state; a disabled inbox stays so until it is brought back.
fn move_state(row: &mut InboxRow, paused: Option<bool>, reconnect: bool) {
    match (row.state.as_str(), paused) {
        ("disabled", _) => {}
        (_, Some(true)) => (row.state, row.pause_reason) = ("paused".into(), Some("paused by hand".into())),
        (_, Some(false)) => (row.state, row.pause_reason) = ("active".into(), None),
        // New settings are a new chance.
        ("paused", None) if reconnect => (row.state, row.pause_reason) = ("active".into(), None),
        (_, None) => {}
    }
}

/// Take the inbox out of service. Its history stays; what is queued has failed, and says why.
pub async fn disable(gateway: &Arc<Gateway>, id: &InboxId) -> Result<(), InboxError> {
    let now = gateway.clock.now();
    let mut row = gateway.db.read().await?.inbox(id).await?;
    row.state = "disabled".into();
    let mut tx = gateway.db.begin().await?;
    tx.change_inbox(&row, now).await?;
    tx.tell(Told::Inbox { inbox: row.id });
    tx.commit(now).await?;
    close(gateway, id);
    Ok(crate::outbox::settle_stranded(gateway).await?)
}

/// Pause sending and listening for this reason, or go on with `None`. The queue is kept.
pub async fn pause(gateway: &Arc<Gateway>, id: &InboxId, reason: Option<&str>) -> Result<(), StoreError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    if tx.pause_inbox(id, reason, now).await? {
        let why = reason.unwrap_or_default();
        let health = HealthRow {
            healthy: Some(reason.is_none()),
            reason: why.to_owned(),
            since: now,
            checked_at: Some(now),
            ..HealthRow::default()
        };
        tx.record_health(id, &health).await?;
        tx.tell(Told::Inbox { inbox: id.0.clone() });
        tracing::error!(inbox = %id, why, "an inbox was paused; its queue is kept");
    }
    tx.commit(now).await
}

/// Part settings into what may be shown and what is sealed.
fn write_settings(gateway: &Gateway, channel: &dyn Channel, row: &mut InboxRow, settings: &Settings) {
    let secret = |name: &str| channel.form().fields.iter().any(|field| field.name == name && field.secret);
    let (sealed, open): (Vec<_>, Vec<_>) = settings.0.clone().into_iter().partition(|(name, _)| secret(name));
    row.settings = Json(Settings(open.into_iter().collect()));
    let sealed = serde_json::to_string(&Settings(sealed.into_iter().collect())).unwrap_or_default();
    row.sealed = gateway.seal.seal(&row.id, &sealed);
}
