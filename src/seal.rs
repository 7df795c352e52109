//! Secrets at rest, and signatures of our own links. A sealed text is bound to
//! the row that it belongs to: moved to another row it does not open.

use crate::config::Config;
use crate::lasting;
use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::path::Path;
use subtle::ConstantTimeEq;

const KEY_FILE: &str = "secret.key";

/// The key of this gateway. Cheap to clone; prints nothing.
#[derive(Clone)]
pub struct Seal {
    key: [u8; 32],
    id: String,
}

/// Why a sealed text does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("this was sealed with another key: restore the secret key that it was made with, or enter the secrets again")]
    OtherKey,
    #[error("the sealed text is damaged or belongs to another row")]
    Damaged,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seal({})", self.id)
    }
}

impl Seal {
    /// The configured key, or the one in the data directory, made there at the first start.
    pub fn open(config: &Config) -> Result<Self> {
        let text = match &config.secret_key {
            Some(secret) => secret.reveal().to_owned(),
            None => kept_or_new(&config.data_dir.join(KEY_FILE))?,
        };
        let key = read_key(&text).context("`secret_key` must be 32 bytes as 64 hex digits: openssl rand -hex 32")?;
        Ok(Self::with_key(key))
    }

    #[must_use]
    pub fn with_key(key: [u8; 32]) -> Self {
        let id = hex::encode(&Sha256::digest([b"onethread key id".as_slice(), &key].concat())[..4]);
        Self { key, id }
    }

    /// Seal a text for the row of this id.
    #[must_use]
    pub fn seal(&self, row: &str, text: &str) -> String {
        let nonce: [u8; 24] = rand::random();
        let aad = format!("{}|{row}", self.id);
        let payload = Payload { msg: text.as_bytes(), aad: aad.as_bytes() };
        let sealed =
            self.cipher().encrypt(&XNonce::from(nonce), payload).expect("a text in memory is shorter than the cipher's 256 GB");
        format!("v1.{}.{}.{}", self.id, BASE64.encode(nonce), BASE64.encode(sealed))
    }

    /// Open what was sealed for the row of this id.
    pub fn unseal(&self, row: &str, sealed: &str) -> Result<String, SealError> {
        let mut parts = sealed.split('.');
        let (Some("v1"), Some(id), Some(nonce), Some(text)) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(SealError::Damaged);
        };
        if id != self.id {
            return Err(SealError::OtherKey);
        }
        let damaged = |_| SealError::Damaged;
        let nonce: [u8; 24] = BASE64.decode(nonce).map_err(damaged)?.try_into().map_err(|_| SealError::Damaged)?;
        let text = BASE64.decode(text).map_err(damaged)?;
        let aad = format!("{id}|{row}");
        let payload = Payload { msg: &text, aad: aad.as_bytes() };
        let opened = self.cipher().decrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Damaged)?;
        String::from_utf8(opened).map_err(|_| SealError::Damaged)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.derived("seal").into())
    }

    /// Sign a text of ours, for one purpose.
    #[must_use]
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        hex::encode(self.mac(purpose, text))
    }

    /// Is this our signature? In constant time.
    #[must_use]
    pub fn signed(&self, purpose: &str, text: &str, signature: &str) -> bool {
        hex::decode(signature).is_ok_and(|given| given.ct_eq(&self.mac(purpose, text)).into())
    }

    fn mac(&self, purpose: &str, text: &str) -> [u8; 32] {
        hmac(&self.derived(purpose), text.as_bytes())
    }

    /// One key a purpose, so that a signature for one means nothing for another.
    fn derived(&self, purpose: &str) -> [u8; 32] {
        hmac(&self.key, purpose.as_bytes())
    }
}

fn hmac(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

pub(crate) fn read_key(text: &str) -> Result<[u8; 32]> {
    let text = text.trim();
    let bytes = if text.len() == 64 { hex::decode(text)? } else { STANDARD.decode(text)? };
    match bytes.try_into() {
        Ok(key) => Ok(key),
        Err(_) => bail!("the key does not have 32 bytes"),
    }
}

fn kept_or_new(path: &Path) -> Result<String> {
    let place = || format!("could not keep the key at `{}`", path.display());
    match std::fs::read_to_string(path) {
        Ok(text) => return Ok(text),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).with_context(place),
        Err(_) => {}
    }
    let text = hex::encode(rand::random::<[u8; 32]>());
    match lasting::write_once(path, text.as_bytes()).with_context(place)? {
        true => Ok(text),
        // Another process was first.
        false => std::fs::read_to_string(path).with_context(place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_for_one_row_opens_for_no_other() {
        let seal = Seal::with_key([7; 32]);
        let sealed = seal.seal("inb_a", "123:hush");
        assert!(!sealed.contains("hush") && sealed != seal.seal("inb_a", "123:hush"));
        assert_eq!(seal.unseal("inb_a", &sealed).as_deref(), Ok("123:hush"));
        assert_eq!(seal.unseal("inb_b", &sealed), Err(SealError::Damaged));
        assert_eq!(Seal::with_key([8; 32]).unseal("inb_a", &sealed), Err(SealError::OtherKey));
        assert_eq!(seal.unseal("inb_a", "v1.x"), Err(SealError::Damaged));
    }

    #[test]
    fn a_signature_holds_for_its_purpose_only() {
        let seal = Seal::with_key([7; 32]);
        let signature = seal.sign("file", "fil_a");
        assert!(seal.signed("file", "fil_a", &signature));
        assert!(!seal.signed("file", "fil_b", &signature));
        assert!(!seal.signed("visitor", "fil_a", &signature));
        assert!(!seal.signed("file", "fil_a", "zz"));
    }

    #[test]
    fn the_generated_key_stays_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join(KEY_FILE);
        let key = kept_or_new(&path).unwrap();
        assert_eq!(kept_or_new(&path).unwrap(), key);
        assert!(read_key(&key).is_ok());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
