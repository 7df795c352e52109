//! The listening socket: opened, announced, and closed with the gateway.

use super::{Api, router};
use crate::gateway::Gateway;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

const SWEEP_EVERY: Duration = Duration::from_secs(600);
const FOLD_METRICS_EVERY: Duration = Duration::from_secs(5);

/// Serve on the configured address. Returns where, once connections are accepted; the task ends with the gateway.
pub async fn serve(gateway: &Arc<Gateway>) -> Result<SocketAddr> {
    let listen = gateway.config.listen;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("could not listen on {listen}; is another gateway running there? Set ONETHREAD_LISTEN"))?;
    serve_on(gateway, listener)
}

/// The same on a socket that is bound already.
pub fn serve_on(gateway: &Arc<Gateway>, listener: TcpListener) -> Result<SocketAddr> {
    let address = listener.local_addr()?;
    let api = Api::new(gateway.clone())?;
    sweep(gateway, &api);
    let metrics = api.metrics.clone();
    gateway.tasks.spawn_until_stop("metrics", async move {
        loop {
            tokio::time::sleep(FOLD_METRICS_EVERY).await;
            metrics.fold();
        }
    });
    let app = router(api).into_make_service_with_connect_info::<SocketAddr>();
    let stop = gateway.tasks.token();
    gateway.tasks.spawn("http", async move {
        let served = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "the server ended");
        }
    });
    Ok(address)
}

/// Forget guesses and sessions that are over.
fn sweep(gateway: &Arc<Gateway>, api: &Api) {
    let (house, guesses) = (gateway.clone(), api.guesses.clone());
    gateway.tasks.spawn_until_stop("sweep", async move {
        loop {
            tokio::time::sleep(SWEEP_EVERY).await;
            let now = house.clock.now();
            guesses.sweep(now);
            if let Ok(mut tx) = house.db.begin().await
                && tx.prune_sessions(now).await.is_ok()
            {
                let _ = tx.commit(now).await;
            }
        }
    });
}
