//! `onethread token create`: a key for programs, printed alone on standard output.

use super::serve::open_database;
use crate::auth::{self, Role};
use crate::config::Config;
use anyhow::{Result, bail};
use clap::Subcommand;
use onethread_core::{Clock, SystemClock};
use std::io::Write;

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token and print it. It is not shown again.
    Create {
        /// What it is for.
        #[arg(long)]
        name: String,
        /// admin may do everything; agent may not touch inboxes, agents, answers, orders and tokens.
        #[arg(long, value_parser = |text: &str| text.parse::<Role>())]
        role: Role,
    },
}

impl Token {
    pub async fn run(self, config: &Config) -> Result<()> {
        let Self::Create { name, role } = self;
        if name.trim().is_empty() {
            bail!("`--name` is empty; say what the token is for");
        }
        let db = open_database(config).await?;
        let now = SystemClock.now();
        let mut tx = db.begin().await?;
        let (_, secret) = auth::create_token(&mut tx, name.trim(), role, now).await?;
        tx.commit(now).await?;
        db.close().await;
        Ok(writeln!(std::io::stdout(), "{secret}")?)
    }
}
