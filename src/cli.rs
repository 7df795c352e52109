//! The command line.

mod check;
mod demo;
mod orders;
pub mod serve;
mod token;

use crate::config::Config;
use anyhow::Result;
use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;

/// One thread per customer: a support gateway for messengers and web chat.
#[derive(Debug, Parser)]
#[command(name = "onethread", version, arg_required_else_help = true)]
pub struct Command {
    /// The configuration file; onethread.toml in this folder unless told.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Start the gateway.
    Serve,
    /// Start a gateway with a seeded shop, and the platforms simulated beside it.
    Demo {
        /// Where the simulated platforms and the phones page stand.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
        platforms: std::net::SocketAddr,
    },
    /// Check the configuration and print what is in effect, secrets hidden.
    Check {
        /// Print the commented defaults instead: the manual.
        #[arg(long)]
        defaults: bool,
    },
    /// API tokens.
    #[command(subcommand)]
    Token(token::Token),
    /// Orders.
    #[command(subcommand)]
    Orders(orders::Orders),
    /// Print the OpenAPI document.
    Openapi,
    /// What the bot understands: `intents eval`, `intents classify`, `intents test`; `intents help` says more.
    Intents {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "WORDS")]
        words: Vec<String>,
    },
}

impl Command {
    /// Do what was asked.
    pub async fn run(self) -> Result<()> {
        let config = || Config::load(self.config.as_deref());
        match self.what {
            What::Serve => serve::run(config()?).await,
            What::Demo { platforms } => demo::run(platforms).await,
            What::Check { defaults: true } => check::defaults(),
            What::Check { defaults: false } => check::run(&config()?).await,
            What::Token(token) => token.run(&config()?).await,
            What::Orders(orders) => orders.run(&config()?).await,
            What::Intents { words } => Ok(onethread_intents::command::run(&words)?),
            What::Openapi => {
                let document = crate::api::document().to_pretty_json()?;
                Ok(writeln!(std::io::stdout(), "{document}")?)
            }
        }
    }
}
