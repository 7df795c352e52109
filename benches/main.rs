//! The benchmark: the gateway's real binary, loaded over the platforms' real
//! wire protocols, beside a bare floor that shows what the machine can do.
//!
//! This program plays every part but the gateway's. Started by a person it
//! conducts a run; it starts itself again as load generator, sink and floor,
//! so that what each costs is seen apart. What is measured and how to read it
//! is written in `docs/performance.md`.

#![expect(clippy::disallowed_methods, reason = "a benchmark makes its own clients and tasks, and looks at the real clock")]

mod channels;
mod clock;
mod floor;
mod gateway;
mod large;
mod load;
mod process;
mod report;
mod run;
mod shop;
mod sink;
mod stage;
mod wire;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Load a gateway and the bare floor, and compare.
#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    run: run::Options,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Load a gateway on a database that is full already, and time what agents look at.
    Large(large::Stored),
    /// The customers of all platforms.
    #[command(hide = true)]
    Load,
    /// The platforms' receiving side.
    #[command(hide = true)]
    Sink {
        /// Where Discord's gateway is.
        socket: String,
    },
    /// A signature check and a durable row.
    #[command(hide = true)]
    Floor {
        folder: PathBuf,
        /// Where the sink is, if calls are to be answered.
        #[arg(long)]
        sink: Option<String>,
    },
}

fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = Options::parse();
    // One thread is enough for the parts that must cost little.
    let one = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    match options.role {
        Some(Role::Load) => one()?.block_on(load::run()),
        Some(Role::Sink { socket }) => one()?.block_on(sink::run(socket)),
        Some(Role::Floor { folder, sink }) => tokio::runtime::Runtime::new()?.block_on(floor::run(&folder, sink.as_deref())),
        Some(Role::Large(stored)) => one()?.block_on(large::run(&options.run, stored)),
        None => one()?.block_on(run::run(&options.run)),
    }
}
