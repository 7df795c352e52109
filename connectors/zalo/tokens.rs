//! The OA's tokens. A refresh token works once and brings the next one; used
//! twice, the chain is lost and the owner must connect the OA again. So: one
//! refresh at a time across all processes, the new pair stored before it is
//! used, and whoever comes second takes what the first one stored. A renewal that
//! began is finished even when nobody waits for it any more, and a stop waits for it.

use super::fates::{Complaint, Trouble};
use crate::{http, loose};
use onethread_core::channel::{DeliveryError, HeldVault, Kit, VaultError};
use onethread_core::clock::{MINUTE, Millis, SECOND};
use onethread_core::secret::{Secret, Settings};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

pub const OFFICIAL: &str = "https://oauth.zaloapp.com";
/// Below the 30 s after which the vault gives the lock to somebody else.
const PATIENCE: Duration = Duration::from_secs(15);
const SAFETY: Millis = 2 * MINUTE;

pub struct Tokens(Arc<Chain>);

/// The pair that is good now, and how to get the next.
struct Chain {
    http: reqwest::Client,
    home: String,
    app: String,
    app_secret: Secret,
    kit: Kit,
    held: RwLock<Access>,
    /// Within this process one is enough at the vault's door.
    turn: tokio::sync::Mutex<()>,
    /// A pair that Zalo gave and the vault did not take: stored first thing next time.
    unstored: Mutex<Option<Fresh>>,
}

#[derive(Clone)]
struct Access {
    token: Secret,
    /// Unknown until we refreshed it ourselves.
    expires: Option<Millis>,
}

/// What a refresh brought, and which refresh token it used up.
struct Fresh {
    spent: Secret,
    access: Access,
    refresh: Secret,
}

impl Tokens {
    pub fn new(http: reqwest::Client, settings: &Settings, kit: Kit) -> Self {
        let text = |name: &str| settings.text(name).unwrap_or_default().to_owned();
        let access = Access { token: Secret::new(text("access_token")), expires: None };
        Self(Arc::new(Chain {
            http,
            home: settings.text("oauth_url").unwrap_or(OFFICIAL).trim_end_matches('/').to_owned(),
            app: text("app_id"),
            app_secret: Secret::new(text("app_secret")),
            kit,
            held: RwLock::new(access),
            turn: tokio::sync::Mutex::new(()),
            unstored: Mutex::new(None),
        }))
    }

    /// The access token, renewed where it is known to expire within two minutes.
    pub async fn access(&self) -> Result<Secret, Trouble> {
        let held = self.0.held();
        let soon = held.expires.is_some_and(|at| at - self.0.kit.clock.now() < SAFETY);
        if soon { self.renew(&held.token).await } else { Ok(held.token) }
    }

    /// The access token after `stale`: somebody else's newer one, or one fresh from Zalo.
    pub async fn renew(&self, stale: &Secret) -> Result<Secret, Trouble> {
        let (chain, stale) = (self.0.clone(), stale.clone());
        let (word, told) = tokio::sync::oneshot::channel();
        // A pair that Zalo gave must be stored, though whoever asked was dropped meanwhile.
        self.0.kit.errands.run(Box::pin(async move {
            let _ = word.send(chain.renew(&stale).await);
        }));
        told.await.unwrap_or_else(|_| Err(Trouble::Line(DeliveryError::Unreachable("the renewal was broken off".into()))))
    }
}

impl Chain {
    async fn renew(&self, stale: &Secret) -> Result<Secret, Trouble> {
        let _turn = self.turn.lock().await;
        let held = self.held();
        if held.token.reveal() != stale.reveal() {
            return Ok(held.token);
        }
        let mut vault = self.kit.vault.lock().await.map_err(unreached)?;
        let settings = vault.settings().await.map_err(unreached)?;
        let text = |name: &str| settings.text(name).unwrap_or_default().to_owned();
        if let Some(fresh) = self.forgotten(&text("refresh_token")) {
            return self.keep(vault.as_mut(), settings, fresh).await;
        }
        if text("access_token") != stale.reveal() {
            return Ok(self.take(Access { token: Secret::new(text("access_token")), expires: None }));
        }
        let fresh = self.ask(Secret::new(text("refresh_token"))).await?;
        self.keep(vault.as_mut(), settings, fresh).await
    }

    /// Store first, use after.
    async fn keep(&self, vault: &mut dyn HeldVault, mut settings: Settings, fresh: Fresh) -> Result<Secret, Trouble> {
        settings.set("access_token", fresh.access.token.reveal());
        settings.set("refresh_token", fresh.refresh.reveal());
        if let Err(error) = vault.store(settings).await {
            tracing::error!(inbox = %self.kit.inbox, %error, "new tokens could not be stored; they are kept in memory and not used yet");
            *self.unstored.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
            return Err(unreached(error));
        }
        Ok(self.take(fresh.access))
    }

    /// The pair that could not be stored, if it still follows what is stored.
    fn forgotten(&self, stored_refresh: &str) -> Option<Fresh> {
        let fresh = self.unstored.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        (fresh.spent.reveal() == stored_refresh).then_some(fresh)
    }

    fn held(&self) -> Access {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, access: Access) -> Secret {
        let token = access.token.clone();
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = access;
        token
    }

    async fn ask(&self, refresh: Secret) -> Result<Fresh, Trouble> {
        let form = [("app_id", self.app.as_str()), ("grant_type", "refresh_token"), ("refresh_token", refresh.reveal())];
        let request = self.http.post(format!("{}/v4/oa/access_token", self.home)).header("secret_key", self.app_secret.reveal());
        let answer = request.form(&form).timeout(PATIENCE).send().await.map_err(not_sent)?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(not_sent)?;
        match serde_json::from_slice::<Value>(&body) {
            Ok(answer) if status < 500 => self.read(&answer, refresh),
            _ => Err(Trouble::Line(DeliveryError::Unreachable(format!(
                "the refresh of the access token was answered with {status}"
            )))),
        }
    }

    fn read(&self, answer: &Value, spent: Secret) -> Result<Fresh, Trouble> {
        if let Some(complaint) = Complaint::of(answer, &[spent.reveal(), self.app_secret.reveal()]) {
            return Err(Trouble::Line(lost(&complaint)));
        }
        let Some(token) = loose::text(answer, "access_token") else {
            return Err(Trouble::Line(DeliveryError::Unreachable("the refresh of the access token brought none".into())));
        };
        let lifetime = answer.get("expires_in").and_then(loose::integer).filter(|seconds| *seconds > 0);
        let expires = lifetime.map(|seconds| self.kit.clock.now().saturating_add(seconds.saturating_mul(SECOND)));
        // Where none comes back the old one goes on.
        let refresh = loose::text(answer, "refresh_token").map_or_else(|| spent.clone(), Secret::new);
        tracing::info!(inbox = %self.kit.inbox, "the access token was renewed");
        Ok(Fresh { access: Access { token: Secret::new(token), expires }, refresh, spent })
    }
}

/// What the owner must do when Zalo gives no new token.
fn lost(complaint: &Complaint) -> DeliveryError {
    let advice = match complaint.code() {
        -32 | -200 => return DeliveryError::Unreachable(complaint.to_string()),
        -14002 => "`app_id` is wrong; take it from developers.zalo.me",
        -14004 => "`app_secret` is wrong; take the app's secret key from developers.zalo.me",
        _ => {
            "the refresh token was used elsewhere or has expired; take a new pair of tokens from the API Explorer at developers.zalo.me \
             and enter both in this inbox's settings"
        }
    };
    DeliveryError::Unauthorized(format!("{advice} ({complaint})"))
}

/// No message has left yet, whatever became of the refresh.
fn not_sent(error: reqwest::Error) -> Trouble {
    let told = match http::fate_of(error) {
        DeliveryError::Uncertain(words) | DeliveryError::Unreachable(words) => words,
        fate => fate.to_string(),
    };
    Trouble::Line(DeliveryError::Unreachable(format!("the access token could not be renewed: {told}")))
}

fn unreached(error: VaultError) -> Trouble {
    Trouble::Line(DeliveryError::Unreachable(error.to_string()))
}
