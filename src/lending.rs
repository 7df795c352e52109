//! What the house lends connectors: the vault, the transcript, the files, errands. They
//! hold the gateway weakly, as the gateway holds them.

use crate::gateway::Gateway;
use crate::inboxes::{secrets_of, settings_of};
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use onethread_core::channel::{
    Errands, FetchError, Files, HeldVault, KeptFile, Kit, Transcript, TranscriptEntry, TranscriptFile, Vault, VaultError,
};
use onethread_core::clock::SECOND;
use onethread_core::ids::{FileId, InboxId, PlatformUserId};
use onethread_core::message::Attachment;
use onethread_core::secret::Settings;
use onethread_store::messages::MessageRow;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How long a refresh may hold the lock.
const LOCK_FOR: i64 = 30 * SECOND;

/// The kit of one inbox.
#[must_use]
pub fn kit(gateway: &Arc<Gateway>, inbox: &InboxId) -> Kit {
    let lent = Arc::new(Lent { gateway: Arc::downgrade(gateway), inbox: inbox.clone() });
    Kit {
        inbox: inbox.clone(),
        hook_url: format!("{}/hooks/{inbox}", gateway.config.public_url),
        clock: gateway.clock.clone(),
        vault: lent.clone(),
        transcript: lent.clone(),
        files: lent.clone(),
        errands: lent,
    }
}

struct Lent {
    gateway: Weak<Gateway>,
    inbox: InboxId,
}

fn failed(error: impl std::fmt::Display) -> VaultError {
    VaultError(error.to_string())
}

impl Lent {
    fn gateway(&self) -> Result<Arc<Gateway>, VaultError> {
        self.gateway.upgrade().ok_or_else(|| VaultError("the gateway is stopping".into()))
    }

    async fn stored(&self) -> Result<Settings, VaultError> {
        let gateway = self.gateway()?;
        let row = gateway.db.read().await.map_err(failed)?.inbox(&self.inbox).await.map_err(failed)?;
        settings_of(&gateway, &row).map_err(failed)
    }

    async fn try_lock(&self) -> Result<bool, VaultError> {
        let gateway = self.gateway()?;
        let now = gateway.clock.now();
        let mut tx = gateway.db.begin().await.map_err(failed)?;
        let locked = tx.lock_inbox(&self.inbox, now + LOCK_FOR, now).await.map_err(failed)?;
        tx.commit(now).await.map_err(failed)?;
        Ok(locked)
    }
}

#[async_trait]
impl Vault for Lent {
    async fn lock(&self) -> Result<Box<dyn HeldVault>, VaultError> {
        for _ in 0..600 {
            if self.try_lock().await? {
                let lent = Lent { gateway: self.gateway.clone(), inbox: self.inbox.clone() };
                return Ok(Box::new(Held { lent }));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(VaultError("the refresh lock is held by another process".into()))
    }

    async fn settings(&self) -> Result<Settings, VaultError> {
        self.stored().await
    }
}

struct Held {
    lent: Lent,
}

#[async_trait]
impl HeldVault for Held {
    async fn settings(&self) -> Result<Settings, VaultError> {
        self.lent.stored().await
    }

    async fn store(&mut self, changed: Settings) -> Result<(), VaultError> {
        let gateway = self.lent.gateway()?;
        let now = gateway.clock.now();
        let mut tx = gateway.db.begin().await.map_err(failed)?;
        let row = tx.inbox(&self.lent.inbox).await.map_err(failed)?;
        let mut secrets = secrets_of(&gateway, &row).map_err(failed)?;
        // Only what is secret is sealed: a sealed copy of an open setting would hide its next change.
        let form = gateway.channel(&row.channel).map(|channel| channel.form());
        let secret =
            |name: &str| form.as_ref().is_some_and(|form| form.fields.iter().any(|field| field.secret && field.name == name));
        secrets.0.extend(changed.0.into_iter().filter(|(name, _)| secret(name)));
        let text = serde_json::to_string(&secrets).map_err(failed)?;
        tx.reseal_inbox(&self.lent.inbox, &gateway.seal.seal(&row.id, &text)).await.map_err(failed)?;
        tx.commit(now).await.map_err(failed)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Ok(gateway) = self.lent.gateway() else { return };
        let inbox = self.lent.inbox.clone();
        gateway.clone().tasks.spawn("unlock", async move {
            let unlocked = async {
                let mut tx = gateway.db.begin().await?;
                tx.unlock_inbox(&inbox).await?;
                tx.commit(gateway.clock.now()).await
            };
            if let Err(error) = unlocked.await {
                tracing::warn!(%inbox, %error, "a refresh lock was left to expire");
            }
        });
    }
}

#[async_trait]
impl Transcript for Lent {
    async fn since(&self, user: &PlatformUserId, after: i64, limit: usize) -> Result<Vec<TranscriptEntry>, VaultError> {
        let gateway = self.gateway()?;
        let mut conn = gateway.db.read().await.map_err(failed)?;
        let Some(identity) = conn.identity_at(&self.inbox, user.as_str()).await.map_err(failed)? else {
            return Ok(Vec::new());
        };
        let id = identity.id.as_str().into();
        let rows = conn.messages_with(&id, after, i64::try_from(limit).unwrap_or(100)).await.map_err(failed)?;
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let mut platform_ids = conn.platform_ids_of(&id, &ids).await.map_err(failed)?;
        let named = |row: MessageRow| {
            let platform_id = platform_ids.remove(&row.id);
            entry(&gateway, row, platform_id)
        };
        Ok(rows.into_iter().map(named).collect())
    }
}

fn entry(gateway: &Gateway, row: MessageRow, platform_id: Option<String>) -> TranscriptEntry {
    let file = |attachment: &Attachment| match attachment {
        Attachment::File { id, kind, name, mime, .. } => Some(TranscriptFile {
            id: id.clone(),
            kind: *kind,
            name: name.clone(),
            mime: mime.clone(),
            url: gateway.media.public_link(&gateway.config, id, gateway.clock.now()),
        }),
        _ => None,
    };
    TranscriptEntry {
        seq: row.position(),
        id: row.id,
        from: row.author.kind().to_owned(),
        attachments: row.content.attachments.iter().filter_map(file).collect(),
        text: row.content.0.text,
        buttons: row.content.0.buttons,
        ask_phone: row.content.0.ask_phone,
        at: row.created_at,
        platform_id: platform_id.map(Into::into),
    }
}

impl Errands for Lent {
    fn run(&self, errand: BoxFuture<'static, ()>) {
        if let Ok(gateway) = self.gateway() {
            gateway.tasks.spawn("errand", errand);
        }
    }
}

#[async_trait]
impl Files for Lent {
    async fn open(&self, id: &FileId) -> Result<Bytes, FetchError> {
        let gateway = self.gateway().map_err(|_| FetchError::Gone)?;
        gateway.media.read(id).await.map_err(|_| FetchError::Gone)
    }

    async fn keep(&self, name: Option<&str>, bytes: Bytes) -> Result<KeptFile, FetchError> {
        let gateway = self.gateway().map_err(|_| FetchError::Gone)?;
        crate::media::keep(&gateway, name, bytes).await.map_err(|error| match error {
            crate::media::MediaError::TooLarge { .. } => FetchError::TooLarge,
            other => FetchError::Unreachable(other.to_string()),
        })
    }

    fn link(&self, id: &FileId) -> String {
        match self.gateway() {
            Ok(gateway) => gateway.media.public_link(&gateway.config, id, gateway.clock.now()),
            Err(_) => String::new(),
        }
    }
}
