//! Is the token good, is the webhook set, is something heard? Asked when an inbox
//! is made, when an admin wants to know, and every few minutes. A broken line is
//! bad health whatever the token says, until it stands again.

use super::{InboxError, Live};
use crate::gateway::Gateway;
use onethread_core::channel::{ConnectError, Health};
use onethread_core::clock::{DAY, HOUR, MINUTE, Millis, SECOND};
use onethread_core::ids::InboxId;
use onethread_store::StoreError;
use onethread_store::inboxes::{HealthRow, InboxRow};
use onethread_store::live::Told;
use std::sync::Arc;
use std::time::Duration;

const PROBE_EVERY: Duration = Duration::from_secs(300);
const PROBE_WITHIN: Duration = Duration::from_secs(15);
/// Silence of so many usual gaps is worth a look; that of a night and a day off never is.
const QUIET_GAPS: Millis = 20;
const QUIET_LEAST: Millis = 2 * DAY;

/// Tell the platform where we are, then look whether all is well.
pub(super) async fn connect_and_probe(gateway: &Arc<Gateway>, id: &InboxId) -> Result<(), InboxError> {
    let Some(live) = gateway.inboxes.get(id) else { return Ok(()) };
    let health = match tokio::time::timeout(PROBE_WITHIN, live.connector.connect()).await {
        Ok(Ok(())) => ask(&live).await,
        Ok(Err(ConnectError::Lost(why) | ConnectError::Refused(why))) => Health::bad(why),
        Err(_) => Health::bad("the platform did not answer in time"),
    };
    Ok(record(gateway, id, health, Seen::Anew).await?)
}

/// Probe now; answers the row as it then is.
pub async fn probe(gateway: &Arc<Gateway>, id: &InboxId) -> Result<InboxRow, InboxError> {
    if let Some(live) = gateway.inboxes.get(id) {
        record(gateway, id, ask(&live).await, Seen::Probe).await?;
    }
    Ok(gateway.db.read().await?.inbox(id).await?)
}

/// The inbox is not live at all: its row says why, until somebody gives the settings again.
pub(super) async fn record_unopened(gateway: &Gateway, row: &InboxRow, error: &InboxError) -> Result<(), StoreError> {
    record(gateway, &row.id.as_str().into(), Health::bad(error.to_string()), Seen::Anew).await
}

/// The line broke again and again. The reason is the platform's, or the network's.
pub(super) async fn record_broken(gateway: &Gateway, id: &InboxId, why: &str) -> Result<(), StoreError> {
    record(gateway, id, Health::bad(format!("the line to the platform is broken: {why}")), Seen::Broken).await
}

/// The line stands again.
pub(super) async fn record_standing(gateway: &Gateway, id: &InboxId) -> Result<(), StoreError> {
    record(gateway, id, Health::good(None), Seen::Standing).await
}

/// Probe every live inbox now and then, until the gateway stops.
pub async fn watch_health(gateway: Arc<Gateway>) {
    loop {
        tokio::time::sleep(PROBE_EVERY).await;
        for live in gateway.inboxes.all() {
            if let Err(error) = record(&gateway, &live.id, ask(&live).await, Seen::Probe).await {
                tracing::error!(inbox = %live.id, %error, "an inbox's health could not be noted");
            }
        }
    }
}

async fn ask(live: &Live) -> Health {
    let answer = tokio::time::timeout(PROBE_WITHIN, live.connector.probe()).await;
    answer.unwrap_or_else(|_| Health::bad("the platform did not answer in time"))
}

/// What the news is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// The inbox was just opened: what was before counts no more.
    Anew,
    Probe,
    Broken,
    Standing,
}

async fn record(gateway: &Gateway, id: &InboxId, health: Health, seen: Seen) -> Result<(), StoreError> {
    let now = gateway.clock.now();
    let row = gateway.db.read().await?.inbox(id).await?;
    // A paused inbox keeps the reason for its pause until somebody mends it.
    if row.state == "paused" && health.healthy {
        return Ok(());
    }
    let quiet = gateway.inboxes.get(id).and_then(|live| too_quiet(&row, live.opened_at, now));
    let next = next_health(&row.health.0, health, quiet, seen, now);
    let unchanged = row.health.healthy == next.healthy && row.health.reason == next.reason;
    let mut tx = gateway.db.begin().await?;
    tx.record_health(id, &next).await?;
    if !unchanged {
        tx.tell(Told::Inbox { inbox: id.0.clone() });
    }
    tx.commit(now).await
}

/// A good token does not mend a line that is down; only the line itself does.
fn next_health(was: &HealthRow, health: Health, quiet: Option<String>, seen: Seen, now: Millis) -> HealthRow {
    let line_down = match seen {
        Seen::Broken => true,
        Seen::Probe => was.line_down,
        Seen::Anew | Seen::Standing => false,
    };
    let (healthy, reason) = match (health.healthy, quiet) {
        (true, _) if line_down => (was.healthy, was.reason.clone()),
        (true, Some(quiet)) => (Some(false), quiet),
        (healthy, _) => (Some(healthy), health.reason),
    };
    // While the line is down its reason may change from try to try; it is down since the first.
    let unchanged = was.healthy == healthy && (was.reason == reason || line_down && was.line_down);
    HealthRow {
        healthy,
        since: if unchanged { was.since } else { now },
        reason,
        checked_at: Some(now),
        account_name: health.account_name.or_else(|| was.account_name.clone()),
        line_down,
    }
}

/// Nothing was heard for far longer than usual, while this process could hear it.
fn too_quiet(row: &InboxRow, opened_at: Millis, now: Millis) -> Option<String> {
    let (heard, gap) = (row.last_heard_at?, row.usual_gap?);
    let silent = now - heard.max(opened_at);
    (silent > QUIET_LEAST.max(gap.saturating_mul(QUIET_GAPS))).then(|| {
        let usual = in_words(gap);
        format!("nothing was heard for far longer than usual (every {usual}); write to this inbox yourself, and if nothing comes, look at the webhook on the platform's side")
    })
}

fn in_words(span: Millis) -> String {
    let units = [(DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes"), (SECOND, "seconds")];
    let (unit, name) = units.into_iter().find(|(unit, _)| span >= 2 * unit).unwrap_or((SECOND, "seconds"));
    format!("{} {name}", (span / unit).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn was(healthy: bool, reason: &str, line_down: bool) -> HealthRow {
        HealthRow { healthy: Some(healthy), reason: reason.into(), since: 1, line_down, ..HealthRow::default() }
    }

    #[test]
    fn a_good_token_does_not_mend_a_broken_line() {
        let down = next_health(&was(true, "", false), Health::bad("no route"), None, Seen::Broken, 5);
        assert_eq!((down.healthy, down.reason.as_str(), down.since, down.line_down), (Some(false), "no route", 5, true));
        let probed = next_health(&down, Health::good(Some("@shop".into())), None, Seen::Probe, 9);
        assert_eq!((probed.healthy, probed.reason.as_str(), probed.since), (Some(false), "no route", 5));
        assert_eq!((probed.checked_at, probed.account_name.as_deref()), (Some(9), Some("@shop")));
        let refused = next_health(&probed, Health::bad("401"), None, Seen::Probe, 10);
        assert_eq!((refused.reason.as_str(), refused.line_down, refused.since), ("401", true, 5));
        let up = next_health(&refused, Health::good(None), None, Seen::Standing, 11);
        assert_eq!((up.healthy, up.reason.as_str(), up.since, up.line_down), (Some(true), "", 11, false));
        assert_eq!(next_health(&down, Health::good(None), None, Seen::Anew, 12).healthy, Some(true));
    }

    #[test]
    fn silence_is_measured_by_what_is_usual_and_never_by_our_own_absence() {
        let row = |heard, gap| InboxRow { last_heard_at: heard, usual_gap: gap, ..blank() };
        assert_eq!(too_quiet(&row(None, None), 0, 90 * DAY), None, "nothing was ever heard");
        assert_eq!(too_quiet(&row(Some(0), Some(MINUTE)), 0, 2 * DAY), None, "a busy shop's day off");
        let why = too_quiet(&row(Some(0), Some(5 * MINUTE)), 0, 2 * DAY + 1).unwrap();
        assert!(why.contains("every 5 minutes"), "{why}");
        assert_eq!(too_quiet(&row(Some(0), Some(DAY)), 0, 20 * DAY), None, "a shop that hears little");
        assert!(too_quiet(&row(Some(0), Some(DAY)), 0, 20 * DAY + 1).is_some());
        assert_eq!(too_quiet(&row(Some(0), Some(MINUTE)), 9 * DAY, 10 * DAY), None, "the gateway was away");
        let quiet = next_health(&was(true, "", false), Health::good(None), Some("quiet".into()), Seen::Probe, 7);
        assert_eq!((quiet.healthy, quiet.reason.as_str(), quiet.since), (Some(false), "quiet", 7));
    }

    fn blank() -> InboxRow {
        InboxRow {
            id: "inb_1".into(),
            channel: "chat".into(),
            name: "Shop".into(),
            account: None,
            app: None,
            settings: onethread_store::Json(onethread_core::secret::Settings::default()),
            sealed: String::new(),
            state: "active".into(),
            pause_reason: None,
            health: onethread_store::Json(HealthRow::default()),
            last_heard_at: None,
            usual_gap: None,
            created_at: 0,
            updated_at: 0,
        }
    }
}
