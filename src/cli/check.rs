//! `onethread check`: would it start, and with what.

use crate::config::{Config, DEFAULTS};
use anyhow::{Context, Result};
use onethread_store::Db;
use std::io::Write;

pub fn defaults() -> Result<()> {
    Ok(write!(std::io::stdout(), "{DEFAULTS}")?)
}

pub async fn run(config: &Config) -> Result<()> {
    let mut out = std::io::stdout().lock();
    write!(out, "{}", config.shown())?;
    out.flush()?;
    drop(out);
    for warning in &config.warnings {
        writeln!(std::io::stderr(), "warning: {warning}")?;
    }
    if !config.is_https() {
        writeln!(
            std::io::stderr(),
            "note: public_url is not https; platforms will not call it, and cookies are not marked secure"
        )?;
    }
    // Opening SQLite would make the file; a server must be there already.
    if config.database_url().starts_with("postgres") {
        Db::open(config.database_url()).await.context("`database_url` does not open")?.close().await;
    }
    Ok(writeln!(std::io::stderr(), "the configuration is valid")?)
}
