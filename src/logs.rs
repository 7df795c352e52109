//! Where log lines go: standard error, as text for people or JSON for machines.

use crate::config::Config;
use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

/// Start logging. Safe to call twice: the first stays.
pub fn start(config: &Config) -> Result<()> {
    // A bare level is ours: libraries say less, and the console's files are not listed one by one.
    let bare = config.log_level.chars().all(char::is_alphanumeric);
    let words =
        if bare { format!("{},memory_serve=warn,sqlx=warn,hyper=warn", config.log_level) } else { config.log_level.clone() };
    let filter = EnvFilter::try_new(words)
        .with_context(|| format!("`log.level` = {:?}: use error, warn, info, debug or trace", config.log_level))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second gateway in one process keeps the first one's lines.
    let _ = if config.log_json { lines.json().try_init() } else { lines.try_init() };
    Ok(())
}
