//! Who is calling: passwords, browser sessions, API tokens. Every request proves
//! itself here; what it may do is asked of [`Signed`].

mod actor;

pub use actor::Actor;

use crate::gateway::Gateway;
use anyhow::{Result, anyhow};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use governor::clock::Clock as _;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use onethread_core::clock::DAY;
use onethread_core::ids::{AgentId, TokenId};
use onethread_core::{Clock, Millis};
use onethread_store::Tx;
use onethread_store::agents::{AgentRow, TokenRow};
use sha2::{Digest, Sha256};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// A browser stays signed in for two weeks after it was last used.
pub const SESSION_LIFE: Millis = 14 * DAY;
const SETUP_LINK_LIFE: Millis = DAY;
const TOKEN_PREFIX: &str = "ot_";
/// Below this a password is guessed sooner than the rate limit helps.
pub const SHORTEST_PASSWORD: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Admin,
    Agent,
}

impl Role {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Agent => "agent",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "admin" => Ok(Self::Admin),
            "agent" => Ok(Self::Agent),
            _ => Err(format!("`{text}` is not a role; use admin or agent")),
        }
    }
}

/// A caller who has proved who they are.
#[derive(Debug, Clone)]
pub struct Signed {
    pub actor: Actor,
    pub role: Role,
    /// `None` for a program with a token.
    pub agent: Option<AgentRow>,
    /// Digest of the session or token that was shown.
    pub proof: Proof,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    Session(String),
    Token(String),
}

impl Signed {
    fn by_session(agent: AgentRow, digest: String) -> Result<Self> {
        let role: Role = agent.role.parse().map_err(|error: String| anyhow!(error))?;
        let actor = Actor::proved(agent.id.as_str().into(), agent.name.clone());
        Ok(Self { actor, role, agent: Some(agent), proof: Proof::Session(digest) })
    }

    fn by_token(token: &TokenRow, digest: String) -> Result<Self> {
        let role: Role = token.role.parse().map_err(|error: String| anyhow!(error))?;
        let actor = Actor::proved(AgentId(token.id.clone()), token.name.clone());
        Ok(Self { actor, role, agent: None, proof: Proof::Token(digest) })
    }
}

/// What is kept of a secret that we handed out.
#[must_use]
pub fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

fn fresh_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// Open a session; answers the secret that the browser keeps.
pub async fn open_session(tx: &mut Tx, agent: &AgentId, now: Millis) -> onethread_store::Result<String> {
    let secret = fresh_secret();
    tx.open_session(&digest(&secret), agent, now, now + SESSION_LIFE).await?;
    Ok(secret)
}

/// Make an API token; answers the row and the secret, which is never shown again.
pub async fn create_token(tx: &mut Tx, name: &str, role: Role, now: Millis) -> onethread_store::Result<(TokenRow, String)> {
    let secret = format!("{TOKEN_PREFIX}{}", fresh_secret());
    let row = TokenRow {
        id: TokenId::fresh(now).0,
        name: name.to_owned(),
        role: role.as_str().to_owned(),
        created_at: now,
        last_used_at: None,
    };
    tx.add_token(&row, &digest(&secret)).await?;
    Ok((row, secret))
}

/// Open the one-time setup link; answers its token.
pub async fn open_setup_link(tx: &mut Tx, now: Millis) -> onethread_store::Result<String> {
    let secret = fresh_secret();
    tx.open_setup_link(&digest(&secret), now + SETUP_LINK_LIFE).await?;
    Ok(secret)
}

/// Who holds this session; its life is extended once half of it is over.
pub async fn by_session(gateway: &Gateway, secret: &str) -> Result<Option<Signed>> {
    let (digest, now) = (digest(secret), gateway.clock.now());
    let found = gateway.db.read().await?.session(&digest, now).await?;
    let Some((agent, expires_at)) = found else { return Ok(None) };
    if expires_at - now < SESSION_LIFE / 2 {
        let mut tx = gateway.db.begin().await?;
        tx.extend_session(&digest, now + SESSION_LIFE).await?;
        tx.commit(now).await?;
    }
    Signed::by_session(agent, digest).map(Some)
}

/// Who holds this API token. Its use is noted at most once a minute.
pub async fn by_token(gateway: &Gateway, secret: &str) -> Result<Option<Signed>> {
    if !secret.starts_with(TOKEN_PREFIX) {
        return Ok(None);
    }
    let (digest, now) = (digest(secret), gateway.clock.now());
    let Some(token) = gateway.db.read().await?.token(&digest).await? else { return Ok(None) };
    if token.last_used_at.is_none_or(|at| now - at > 60_000) {
        let mut tx = gateway.db.begin().await?;
        tx.note_token_use(&TokenId(token.id.clone()), now).await?;
        tx.commit(now).await?;
    }
    Signed::by_token(&token, digest).map(Some)
}

/// Is what the caller showed still good? For streams that outlive a request.
pub async fn still_good(gateway: &Gateway, proof: &Proof) -> Result<bool> {
    let mut conn = gateway.db.read().await?;
    Ok(match proof {
        Proof::Session(digest) => conn.session(digest, gateway.clock.now()).await?.is_some(),
        Proof::Token(digest) => conn.token(digest).await?.is_some(),
    })
}

// ------------------------------------------------------------------ passwords

/// Hashes passwords beside the runtime, a few at a time: each takes 19 MiB and tens of milliseconds.
#[derive(Clone)]
pub struct Passwords {
    gate: Arc<Semaphore>,
    /// Compared with when nobody has the e-mail address, so that the answer takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    pub fn new() -> Result<Self> {
        let places = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
        Ok(Self { gate: Arc::new(Semaphore::new(places)), nobody: hash(&fresh_secret())?.into() })
    }

    pub async fn hash(&self, password: &str) -> Result<String> {
        let (_place, password) = (self.gate.acquire().await?, password.to_owned());
        tokio::task::spawn_blocking(move || hash(&password)).await?
    }

    /// `kept` is `None` where there is no such agent: the answer is then `false`, and as slow.
    pub async fn verify(&self, password: &str, kept: Option<String>) -> Result<bool> {
        let (_place, password) = (self.gate.acquire().await?, password.to_owned());
        let known = kept.is_some();
        let kept = kept.unwrap_or_else(|| self.nobody.to_string());
        let right = tokio::task::spawn_blocking(move || verify(&password, &kept)).await??;
        Ok(right && known)
    }
}

fn hash(password: &str) -> Result<String> {
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow!("the password cannot be hashed: {error}"))?;
    Ok(hash.to_string())
}

fn verify(password: &str, kept: &str) -> Result<bool> {
    let kept = PasswordHash::new(kept).map_err(|error| anyhow!("the kept password hash cannot be read: {error}"))?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &kept).is_ok())
}

// ----------------------------------------------------------------- rate limit

/// Slows down guessing: tries by address, wrong passwords by address and e-mail, and by e-mail alone.
pub struct Guesses {
    tries: DefaultKeyedRateLimiter<String>,
    wrong_from: DefaultKeyedRateLimiter<(String, String)>,
    wrong_for: DefaultKeyedRateLimiter<String>,
    waits: dashmap::DashMap<(String, String), Millis>,
}

fn quota(burst: u32, every: Duration) -> Quota {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    Quota::with_period(every).unwrap_or_else(|| Quota::per_second(burst)).allow_burst(burst)
}

impl Default for Guesses {
    fn default() -> Self {
        Self {
            tries: RateLimiter::keyed(quota(60, Duration::from_secs(1))),
            wrong_from: RateLimiter::keyed(quota(5, Duration::from_secs(30))),
            wrong_for: RateLimiter::keyed(quota(50, Duration::from_secs(30))),
            waits: dashmap::DashMap::new(),
        }
    }
}

impl Guesses {
    /// May this address try this e-mail now? Else after how many milliseconds.
    pub fn may_try(&self, address: &str, email: &str, clock: &dyn Clock) -> Result<(), Millis> {
        if let Err(not_until) = self.tries.check_key(&address.to_owned()) {
            return Err(millis(not_until.wait_time_from(self.tries.clock().now())));
        }
        for key in [(address.to_owned(), email.to_owned()), (String::new(), email.to_owned())] {
            let until = self.waits.get(&key).map_or(0, |until| *until);
            if until > clock.now() {
                return Err(until - clock.now());
            }
        }
        Ok(())
    }

    /// The password was wrong: after five, this address waits; after fifty, everybody does.
    pub fn note_wrong(&self, address: &str, email: &str, clock: &dyn Clock) {
        let from = (address.to_owned(), email.to_owned());
        if let Err(not_until) = self.wrong_from.check_key(&from) {
            let wait = millis(not_until.wait_time_from(self.wrong_from.clock().now()));
            self.waits.insert(from, clock.now() + wait);
        }
        if let Err(not_until) = self.wrong_for.check_key(&email.to_owned()) {
            let wait = millis(not_until.wait_time_from(self.wrong_for.clock().now()));
            self.waits.insert((String::new(), email.to_owned()), clock.now() + wait);
        }
    }

    /// Forget who has waited long enough.
    pub fn sweep(&self, now: Millis) {
        self.waits.retain(|_, until| *until > now);
        self.tries.retain_recent();
        self.wrong_from.retain_recent();
        self.wrong_for.retain_recent();
    }
}

fn millis(wait: Duration) -> Millis {
    Millis::try_from(wait.as_millis()).unwrap_or(Millis::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use onethread_core::SystemClock;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let passwords = Passwords::new().unwrap();
        let kept = passwords.hash("mưa rào tháng sáu").await.unwrap();
        assert!(kept.starts_with("$argon2id$"));
        assert!(passwords.verify("mưa rào tháng sáu", Some(kept.clone())).await.unwrap());
        assert!(!passwords.verify("mua rao thang sau", Some(kept)).await.unwrap());
        assert!(!passwords.verify("mưa rào tháng sáu", None).await.unwrap());
    }

    #[test]
    fn the_sixth_wrong_password_makes_this_address_wait_and_no_other() {
        let guesses = Guesses::default();
        for _ in 0..6 {
            assert_eq!(guesses.may_try("10.0.0.1", "lan@shop.vn", &SystemClock), Ok(()));
            guesses.note_wrong("10.0.0.1", "lan@shop.vn", &SystemClock);
        }
        let wait = guesses.may_try("10.0.0.1", "lan@shop.vn", &SystemClock).unwrap_err();
        assert!((1..=30_000).contains(&wait), "{wait}");
        assert_eq!(guesses.may_try("10.0.0.2", "lan@shop.vn", &SystemClock), Ok(()));
        assert_eq!(guesses.may_try("10.0.0.1", "minh@shop.vn", &SystemClock), Ok(()));
    }

    #[test]
    fn an_address_that_only_hammers_waits_too() {
        let guesses = Guesses::default();
        let tries = (0..80).filter(|n| guesses.may_try("10.0.0.1", &format!("a{n}@shop.vn"), &SystemClock).is_ok()).count();
        assert!((60..80).contains(&tries), "{tries}");
    }
}
