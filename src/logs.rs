//! Where log lines go: standard error, as text for people or JSON for machines.

use crate::config::Config;
use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

/// Start logging. Safe to call twice: the first stays.
pub fn start(config: &Config) -> Result<()> {
    let filter = EnvFilter::try_new(&config.log_level)
        .with_context(|| format!("`log.level` = {:?}: use error, warn, info, debug or trace", config.log_level))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second gateway in one process keeps the first one's lines.
    let _ = if config.log_json { lines.json().try_init() } else { lines.try_init() };
    Ok(())
}
