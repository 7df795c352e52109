//! Is it alive, is it ready, how is it doing: for supervisors and dashboards.

use super::Api;
use super::error::Problem;
use crate::gateway::Gateway;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use onethread_core::clock::{Millis, SECOND};
use onethread_store::StoreError;
use onethread_store::inboxes::InboxRow;
use std::sync::OnceLock;

/// The recorder of this process; several gateways in one process (tests) share it.
#[derive(Clone)]
pub struct Metrics(Option<PrometheusHandle>);

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

impl Metrics {
    pub fn install() -> Self {
        let seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        let recorder = RECORDER.get_or_init(|| {
            let builder = PrometheusBuilder::new().set_buckets(&seconds);
            builder.and_then(PrometheusBuilder::install_recorder).inspect_err(|error| tracing::warn!(%error, "no metrics")).ok()
        });
        Self(recorder.clone())
    }

    /// Fold what was measured into its buckets. Until then every single time is kept, and nobody may ever ask for
    /// the metrics.
    pub fn fold(&self) {
        if let Some(recorder) = &self.0 {
            recorder.run_upkeep();
        }
    }
}

/// The process runs.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The database answers and the gateway is not stopping.
pub async fn readyz(State(api): State<Api>) -> Response {
    if api.gateway.tasks.is_stopping() {
        return Problem::unavailable("the gateway is stopping").into_response();
    }
    let depth = async { api.gateway.db.read().await?.ledger_depth().await };
    match tokio::time::timeout(std::time::Duration::from_secs(2), depth).await {
        Ok(Ok(_)) => "ready\n".into_response(),
        Ok(Err(error)) => {
            tracing::warn!(?error, "not ready: the database does not answer");
            Problem::unavailable("the database does not answer").into_response()
        }
        Err(_) => Problem::unavailable("the database is too slow").into_response(),
    }
}

/// Counters and gauges in Prometheus' text format. Holds no customer's data.
pub async fn metrics(State(api): State<Api>) -> Response {
    if let Ok(mut conn) = api.gateway.db.read().await
        && let Ok((waiting, dead)) = conn.ledger_depth().await
        && let Ok((queued, sending)) = conn.outbox_depth().await
    {
        gauge("onethread_ledger_waiting", waiting);
        gauge("onethread_ledger_dead", dead);
        gauge("onethread_outbox_queued", queued);
        gauge("onethread_outbox_sending", sending);
    }
    gauge("onethread_live_streams", i64::try_from(api.gateway.live.watchers()).unwrap_or(0));
    let mut text = api.metrics.0.as_ref().map(PrometheusHandle::render).unwrap_or_default();
    match inboxes(&api.gateway).await {
        Ok(lines) => text.push_str(&lines),
        Err(error) => tracing::warn!(?error, "the inboxes' health could not be measured"),
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn gauge(name: &'static str, value: i64) {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    metrics::gauge!(name).set(value as f64);
}

/// Written as they stand now, not through the recorder: it would go on showing an inbox that is disabled.
async fn inboxes(gateway: &Gateway) -> Result<String, StoreError> {
    let rows = gateway.db.read().await?.inboxes(false).await?;
    let seconds = |at: Millis| (gateway.clock.now() - at).max(0) / SECOND;
    let well = |row: &InboxRow| i64::from(row.state == "active" && row.health.healthy == Some(true));
    let mut text = String::new();
    let mut family = |name: &str, value: &dyn Fn(&InboxRow) -> Option<i64>| {
        text.push_str(&format!("\n# TYPE {name} gauge\n"));
        for row in &rows {
            if let Some(value) = value(row) {
                text.push_str(&format!("{name}{{inbox=\"{}\",channel=\"{}\"}} {value}\n", row.id, row.channel));
            }
        }
    };
    family("onethread_inbox_healthy", &|row| Some(well(row)));
    family("onethread_inbox_health_age_seconds", &|row| row.health.healthy.map(|_| seconds(row.health.since)));
    family("onethread_inbox_last_heard_seconds", &|row| row.last_heard_at.map(seconds));
    Ok(text)
}
