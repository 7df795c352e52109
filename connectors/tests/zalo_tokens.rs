//! Zalo's tokens: renewed once whoever asks, stored before they are used, and
//! a clear word to the owner when the chain is lost.

mod gate;
mod kit;

use async_trait::async_trait;
use gate::{Stage, text};
use onethread_core::channel::{Connector, DeliveryError, HeldVault, Kit, Vault, VaultError};
use onethread_core::clock::HOUR;
use onethread_core::secret::Settings;
use onethread_simulator::{BubbleFrom, Fault, Platform};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A stage on which the customer has just written.
async fn open_stage() -> Stage {
    let stage = Stage::set("zalo").await;
    stage.hear("chào shop").await;
    stage
}

#[tokio::test]
async fn twenty_deliveries_on_an_expired_token_renew_it_once() {
    let stage = open_stage().await;
    stage.world.zalo.expire_access_token();
    let parcels: Vec<_> = (0..20).map(|n| stage.parcel(text(&format!("tin {n}")))).collect();
    let outcomes = futures::future::join_all(parcels.iter().map(|parcel| stage.connector.deliver(parcel))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(stage.world.zalo.all_rotations(), 1);
    assert_eq!(stage.house.vault.stores.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn two_processes_renew_the_token_once_between_them() {
    let stage = open_stage().await;
    let other = stage.house.open(stage.channel.as_ref());
    stage.world.zalo.expire_access_token();
    let (one, two) = (stage.parcel(text("một")), stage.parcel(text("hai")));
    let (first, second) = tokio::join!(stage.connector.deliver(&one), other.deliver(&two));
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    assert_eq!(stage.world.zalo.all_rotations(), 1, "the second takes what the first stored");
}

/// A probe has a time limit, a page may be closed: whoever asked for the token may be gone.
#[tokio::test]
async fn a_pair_is_stored_though_nobody_waits_for_it_any_more() {
    let stage = open_stage().await;
    stage.world.zalo.expire_access_token();
    let parcel = stage.parcel(text("một"));
    let given = async {
        while stage.world.zalo.all_rotations() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = given => {}
        told = stage.connector.deliver(&parcel) => panic!("the answer was faster than the platform: {told:?}"),
    }
    let stored = async {
        while stage.house.vault.stores.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(kit::PATIENCE, stored).await.expect("the pair that Zalo gave is stored");
    stage.deliver(text("hai")).await;
    assert_eq!(stage.world.zalo.all_rotations(), 1);
}

#[tokio::test]
async fn a_token_about_to_expire_is_renewed_before_it_is_used() {
    let stage = open_stage().await;
    stage.world.zalo.expire_access_token();
    stage.deliver(text("một")).await;
    stage.house.clock.advance(25 * HOUR - 60_000);
    stage.deliver(text("hai")).await;
    assert_eq!(stage.world.zalo.all_rotations(), 2);
}

/// Each stored access token, and whether it had been used by then.
type Seen = Arc<Mutex<Vec<(String, bool)>>>;

/// A vault that looks at every pair before it is stored, and can refuse to store.
struct WatchedVault {
    inner: Arc<kit::MemoryVault>,
    seen: Seen,
    stage_works_already: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    broken: Arc<AtomicBool>,
}

struct WatchedHold {
    inner: tokio::sync::Mutex<Box<dyn HeldVault>>,
    seen: Seen,
    used: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    broken: Arc<AtomicBool>,
}

#[async_trait]
impl Vault for WatchedVault {
    async fn lock(&self) -> Result<Box<dyn HeldVault>, VaultError> {
        let (inner, seen) = (tokio::sync::Mutex::new(self.inner.lock().await?), self.seen.clone());
        Ok(Box::new(WatchedHold { inner, seen, used: self.stage_works_already.clone(), broken: self.broken.clone() }))
    }
    async fn settings(&self) -> Result<Settings, VaultError> {
        self.inner.settings().await
    }
}

#[async_trait]
impl HeldVault for WatchedHold {
    async fn settings(&self) -> Result<Settings, VaultError> {
        self.inner.lock().await.settings().await
    }
    async fn store(&mut self, changed: Settings) -> Result<(), VaultError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(VaultError("the disk is full".into()));
        }
        let token = changed.text("access_token").expect("a token").to_owned();
        // Long enough for somebody else to use it, if anybody could.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let used = (self.used)(&token);
        self.seen.lock().expect("nobody panics here").push((token, used));
        self.inner.get_mut().store(changed).await
    }
}

/// The stage's inbox once more, with a vault that is watched.
fn watched(stage: &Stage) -> (Arc<dyn Connector>, Seen, Arc<AtomicBool>) {
    let (seen, broken) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let (phones, customer) = (stage.world.zalo.clone(), stage.customer.clone());
    let vault = WatchedVault {
        inner: stage.house.vault.clone(),
        seen: seen.clone(),
        // A new token that was used would have put its message on the phone by now.
        stage_works_already: Arc::new(move |_| {
            phones.phones().of(customer.as_str()).bubbles.iter().any(|bubble| bubble.from == BubbleFrom::Business)
        }),
        broken: broken.clone(),
    };
    let kit = Kit { vault: Arc::new(vault), ..stage.house.kit() };
    (stage.channel.open(&stage.house.vault.now(), kit).expect("it opens"), seen, broken)
}

#[tokio::test]
async fn new_tokens_are_stored_before_they_are_used() {
    let stage = open_stage().await;
    let (connector, seen, _) = watched(&stage);
    stage.world.zalo.expire_access_token();
    let old = stage.house.vault.now().text("refresh_token").map(str::to_owned);
    let (first, meanwhile) = (stage.parcel(text("một")), stage.parcel(text("hai")));
    let late = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        connector.deliver(&meanwhile).await
    };
    let (first, late) = tokio::join!(connector.deliver(&first), late);
    assert!(first.is_ok() && late.is_ok(), "{first:?} {late:?}");
    let seen = seen.lock().expect("nobody panics here").clone();
    let [(token, used)] = &seen[..] else { panic!("stored once: {seen:?}") };
    assert!(!used, "nothing was sent with the new token before it was stored");
    let stored = stage.house.vault.now();
    assert_eq!(stored.text("access_token"), Some(token.as_str()));
    assert_ne!(stored.text("refresh_token").map(str::to_owned), old, "the refresh token rotates with it");
}

#[tokio::test]
async fn tokens_that_could_not_be_stored_are_not_used_and_not_lost() {
    let stage = open_stage().await;
    let (connector, seen, broken) = watched(&stage);
    stage.world.zalo.expire_access_token();
    broken.store(true, Ordering::SeqCst);
    let outcome = connector.deliver(&stage.parcel(text("một"))).await;
    assert!(matches!(outcome, Err(DeliveryError::Unreachable(_))), "{outcome:?}");
    broken.store(false, Ordering::SeqCst);
    connector.deliver(&stage.parcel(text("hai"))).await.expect("the pair was kept and is stored now");
    assert_eq!(stage.world.zalo.all_rotations(), 1, "the used-up refresh token was not tried again");
    assert_eq!(seen.lock().expect("nobody panics here").len(), 1);
    assert_eq!(stage.bubble().text, "hai");
}

#[tokio::test]
async fn a_lost_chain_tells_the_owner_what_to_do() {
    let stage = open_stage().await;
    stage.world.zalo.rotate_behind_the_back();
    let outcome = stage.connector.deliver(&stage.parcel(text("alo"))).await;
    let Err(DeliveryError::Unauthorized(advice)) = outcome else { panic!("{outcome:?}") };
    assert!(advice.contains("-14014") && advice.contains("API Explorer"), "{advice}");
    let settings = stage.house.vault.now();
    for secret in ["access_token", "refresh_token", "app_secret", "oa_secret_key"] {
        assert!(!advice.contains(settings.text(secret).expect("a secret")), "{secret}");
    }
    assert_eq!(stage.house.vault.stores.load(Ordering::SeqCst), 0, "nothing was stored over the old pair");
    let health = stage.connector.probe().await;
    assert!(!health.healthy && health.reason.contains("API Explorer"), "{}", health.reason);
}

#[tokio::test]
async fn a_wrong_app_secret_is_named() {
    let stage = open_stage().await;
    stage.world.zalo.expire_access_token();
    let mut settings = stage.house.vault.now();
    settings.set("app_secret", "another");
    let connector = stage.channel.open(&settings, stage.house.kit()).expect("it opens");
    let outcome = connector.deliver(&stage.parcel(text("alo"))).await;
    assert!(matches!(&outcome, Err(DeliveryError::Unauthorized(advice)) if advice.contains("`app_secret`")), "{outcome:?}");
}

#[tokio::test]
async fn pasted_tokens_are_taken_without_a_restart() {
    let stage = open_stage().await;
    stage.world.zalo.rotate_behind_the_back();
    let pasted = kit::settings(
        &stage
            .world
            .zalo
            .settings_of(stage.house.vault.now().text("oa_id").expect("an id"), &stage.world.base(stage.platform.as_ref())),
    );
    let mut held = stage.house.kit().vault.lock().await.expect("a vault");
    held.store(pasted).await.expect("stored");
    drop(held);
    stage.deliver(text("nối lại rồi ạ")).await;
    assert_eq!(stage.world.zalo.all_rotations(), 1, "the pasted pair is used as it is");
}

#[tokio::test]
async fn a_fault_that_stands_and_is_lifted_leaves_the_chain_whole() {
    let stage = open_stage().await;
    stage.platform.faults().stand(Some(Fault::TokenRevoked));
    let outcome = stage.connector.deliver(&stage.parcel(text("một"))).await;
    assert!(matches!(outcome, Err(DeliveryError::Unauthorized(_))), "{outcome:?}");
    stage.platform.faults().stand(None);
    stage.deliver(text("hai")).await;
}
