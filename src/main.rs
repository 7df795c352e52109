//! The program: reads the command line and does what it says.

use clap::Parser;
use onethread::cli::Command;
use std::io::Write;
use std::process::ExitCode;

/// Gives back what the start needed and a rush left behind; the system's allocator keeps it. How soon is said
/// where it is built, in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // Before any client is made: they share one TLS implementation. A second call is harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match Command::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
