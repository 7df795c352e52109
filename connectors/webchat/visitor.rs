//! Who a visitor is: whoever holds a token that this inbox signed.
//!
//! The key is the inbox's own, made on first need and kept in its vault. A
//! token says which visitor and since when; it is a bearer secret and never
//! reaches the ledger, where the bare visitor id stands for the person.

use super::door;
use hmac::{Hmac, KeyInit, Mac};
use onethread_core::channel::{RawCall, SettingsError, Vault, VaultError};
use onethread_core::clock::{DAY, Millis};
use onethread_core::ids::{FileId, PlatformUserId};
use onethread_core::secret::{Secret, Settings};
use sha2::Sha256;
use std::sync::Arc;
use tokio::sync::OnceCell;

const KEY_SETTING: &str = "visitor_key";
/// A visitor who stays away for longer comes back as a stranger.
const TOKEN_LIFE: Millis = 400 * DAY;

/// Recognises this inbox's visitors.
pub struct Visitors {
    vault: Arc<dyn Vault>,
    key: OnceCell<Secret>,
}

impl Visitors {
    pub fn new(settings: &Settings, vault: Arc<dyn Vault>) -> Result<Self, SettingsError> {
        let key = match settings.text(KEY_SETTING) {
            Some(key) if key.len() < 32 => {
                let why = "must have at least 32 characters; leave it empty and one is made";
                return Err(SettingsError::new(KEY_SETTING, why));
            }
            key => key.map(Secret::new),
        };
        Ok(Self { vault, key: OnceCell::new_with(key) })
    }

    /// The inbox's key, made and stored on first need: whoever comes second uses the first one's.
    pub async fn key(&self) -> Result<&Secret, VaultError> {
        self.key.get_or_try_init(|| self.make_key()).await
    }

    async fn make_key(&self) -> Result<Secret, VaultError> {
        let mut held = self.vault.lock().await?;
        let mut settings = held.settings().await?;
        if let Some(key) = settings.text(KEY_SETTING) {
            return Ok(Secret::new(key));
        }
        let key = hex::encode(rand::random::<[u8; 32]>());
        settings.set(KEY_SETTING, key.as_str());
        held.store(settings).await?;
        Ok(Secret::new(key))
    }

    /// A token for a visitor, old or new. The key must have been asked for before.
    pub fn token(&self, visitor: &PlatformUserId, now: Millis) -> Option<String> {
        let claim = format!("{visitor}.{now}");
        Some(format!("{claim}.{}", hex::encode(self.sign("visitor", &claim)?.finalize().into_bytes())))
    }

    /// Whose token this is; `None` when it is forged, stale, or from another inbox.
    pub fn recognise(&self, token: &str, now: Millis) -> Option<PlatformUserId> {
        let (claim, signature) = token.rsplit_once('.')?;
        self.sign("visitor", claim)?.verify_slice(&hex::decode(signature).ok()?).ok()?;
        let (visitor, since) = claim.rsplit_once('.')?;
        let age = now - since.parse::<Millis>().ok()?;
        (age <= TOKEN_LIFE).then(|| visitor.into())
    }

    /// The visitor whose token a call bears.
    pub fn bearer(&self, call: &RawCall, now: Millis) -> Option<PlatformUserId> {
        self.recognise(call.header("authorization")?.strip_prefix("Bearer ")?, now)
    }

    /// The same, and the call says so in the header that the ledger keeps.
    pub fn named_by(&self, call: &RawCall, now: Millis) -> Option<PlatformUserId> {
        self.bearer(call, now).filter(|visitor| call.header(door::VISITOR_HEADER) == Some(visitor.as_str()))
    }

    /// A reference by which this visitor, and nobody else, can send a file they uploaded.
    pub fn file_reference(&self, visitor: &PlatformUserId, file: &FileId) -> Option<String> {
        let signature = self.sign("file", &format!("{visitor}/{file}"))?.finalize().into_bytes();
        Some(format!("{file}.{}", hex::encode(signature)))
    }

    /// The file behind a reference, if it is this visitor's.
    pub fn file(&self, visitor: &str, reference: &str) -> Option<FileId> {
        let (file, signature) = reference.split_once('.')?;
        let signed = self.sign("file", &format!("{visitor}/{file}"))?;
        signed.verify_slice(&hex::decode(signature).ok()?).ok()?;
        Some(file.into())
    }

    fn sign(&self, purpose: &str, text: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.get()?.reveal().as_bytes()).ok()?;
        mac.update(format!("{purpose}:{text}").as_bytes());
        Some(mac)
    }
}

/// An id that nobody can guess.
pub fn stranger() -> PlatformUserId {
    format!("web_{}", hex::encode(rand::random::<[u8; 16]>())).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use onethread_core::channel::HeldVault;

    struct Closed;

    #[async_trait]
    impl Vault for Closed {
        async fn lock(&self) -> Result<Box<dyn HeldVault>, VaultError> {
            Err(VaultError("closed".into()))
        }
        async fn settings(&self) -> Result<Settings, VaultError> {
            Err(VaultError("closed".into()))
        }
    }

    fn keyed(key: &str) -> Visitors {
        let mut settings = Settings::default();
        settings.set(KEY_SETTING, key);
        Visitors::new(&settings, Arc::new(Closed)).expect("a good key")
    }

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn only_our_own_fresh_token_is_recognised() {
        let (visitors, visitor) = (keyed(KEY), stranger());
        let token = visitors.token(&visitor, 1_000).expect("a key");
        assert_eq!(visitors.recognise(&token, 1_000 + TOKEN_LIFE), Some(visitor.clone()));
        assert_eq!(visitors.recognise(&token, 1_001 + TOKEN_LIFE), None, "stale");
        assert_eq!(keyed("another key that is long enough ....").recognise(&token, 1_000), None, "another inbox");
        let other = stranger();
        for forged in
            [token.replace(visitor.as_str(), other.as_str()), token.replace(".1000.", ".9000."), String::new(), "a.b.c".into()]
        {
            assert_eq!(visitors.recognise(&forged, 1_000), None, "{forged}");
        }
    }

    #[test]
    fn a_file_can_be_sent_only_by_who_uploaded_it() {
        let (visitors, mine, theirs) = (keyed(KEY), stranger(), stranger());
        let reference = visitors.file_reference(&mine, &"fil_1".into()).expect("a key");
        assert_eq!(visitors.file(mine.as_str(), &reference), Some("fil_1".into()));
        assert_eq!(visitors.file(theirs.as_str(), &reference), None);
        assert_eq!(visitors.file(mine.as_str(), &reference.replace("fil_1", "fil_2")), None);
        let token = visitors.token(&mine, 1).expect("a key");
        assert_eq!(visitors.file(mine.as_str(), &token), None, "a token is no file");
    }

    #[test]
    fn a_short_key_is_refused_and_without_any_nobody_is_recognised() {
        let mut settings = Settings::default();
        settings.set(KEY_SETTING, "short");
        let error = Visitors::new(&settings, Arc::new(Closed)).err().expect("too short");
        assert_eq!(error.field, KEY_SETTING);
        let keyless = Visitors::new(&Settings::default(), Arc::new(Closed)).expect("made later");
        assert_eq!(keyless.recognise(&keyed(KEY).token(&stranger(), 1).expect("a key"), 1), None);
    }
}
