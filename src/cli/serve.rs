//! `onethread serve`: the production start, and a tidy end.

use crate::config::Config;
use crate::gateway::Gateway;
use crate::{api, auth, lasting, logs};
use anyhow::{Context, Result};
use onethread_core::SystemClock;
use onethread_core::ids::AgentId;
use onethread_store::Db;
use onethread_store::agents::AgentRow;
use std::io::Write;
use std::sync::Arc;

/// Open the database of this configuration, for a command that runs beside the gateway.
pub async fn open_database(config: &Config) -> Result<Db> {
    lasting::make_folder(&config.data_dir)
        .with_context(|| format!("could not make the data directory `{}`", config.data_dir.display()))?;
    Ok(Db::open(config.database_url()).await?)
}

pub async fn run(config: Config) -> Result<()> {
    logs::start(&config)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let gateway = Gateway::open(config, Arc::new(SystemClock)).await?;
    let link = first_admin(&gateway).await?;
    let address = api::serve(&gateway).await?;
    tracing::info!(%address, public_url = gateway.config.public_url, "the gateway is open");
    if let Some(link) = link {
        // Not in the log: whoever has the link becomes admin.
        writeln!(std::io::stderr(), "\nThere is no admin yet. Open this link within a day to make the first one:\n\n  {link}\n")?;
    }
    tokio::select! {
        () = until_told_to_stop() => {}
        never = gateway.end_with_the_disk() => match never {},
    }
    tracing::info!("stopping");
    gateway.close().await;
    Ok(())
}

/// Where nobody can sign in yet: the configured admin, or else a one-time link to make one.
pub async fn first_admin(gateway: &Gateway) -> Result<Option<String>> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    if tx.has_admin().await? {
        return Ok(None);
    }
    let Some((email, password)) = gateway.config.admin.clone() else {
        let token = auth::open_setup_link(&mut tx, now).await?;
        tx.commit(now).await?;
        return Ok(Some(format!("{}/setup?token={token}", gateway.config.public_url)));
    };
    let hash = auth::Passwords::new()?.hash(password.reveal()).await?;
    let name = email.split('@').next().unwrap_or("admin").to_owned();
    let row = AgentRow {
        id: AgentId::fresh(now).0,
        email,
        name,
        role: "admin".to_owned(),
        language: "vi".to_owned(),
        availability: "online".to_owned(),
        disabled: false,
        open_threads: 0,
        created_at: now,
        updated_at: now,
    };
    tx.add_agent(&row, &hash).await.context("could not make the first admin")?;
    tx.commit(now).await?;
    Ok(None)
}

/// Resolves on Ctrl-C, and on the signal that supervisors send.
pub async fn until_told_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
