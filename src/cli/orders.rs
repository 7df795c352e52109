//! `onethread orders import`: a file of orders, with a line for every bad line.

use super::serve::open_database;
use crate::config::Config;
use crate::orders::{self as verbs, Format};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use onethread_core::{Clock, SystemClock};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Orders {
    /// Import FILE.csv or FILE.jsonl; an order that is there already is written over.
    Import { file: PathBuf },
}

impl Orders {
    pub async fn run(self, config: &Config) -> Result<()> {
        let Self::Import { file } = self;
        let format = Format::of_file(&file).with_context(|| format!("`{}` must end in .csv or .jsonl", file.display()))?;
        let bytes = std::fs::read(&file).with_context(|| format!("could not read `{}`", file.display()))?;
        let db = open_database(config).await?;
        let done = verbs::import(&db, format, &bytes, SystemClock.now()).await?;
        db.close().await;
        for error in &done.errors {
            writeln!(std::io::stderr(), "{}:{}: {}", file.display(), error.line, error.detail)?;
        }
        writeln!(std::io::stdout(), "{} imported, {} updated, {} not valid", done.imported, done.updated, done.errors.len())?;
        if done.errors.is_empty() {
            Ok(())
        } else {
            bail!("some lines were not imported; correct them and import the file again")
        }
    }
}
