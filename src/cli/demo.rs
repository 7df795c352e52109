//! `onethread demo`: everything that the gateway does, with nothing to connect.

use super::serve::until_told_to_stop;
use crate::config::Config;
use crate::{demo, logs};
use anyhow::Result;
use std::net::SocketAddr;

pub async fn run(platforms: SocketAddr) -> Result<()> {
    let config = Config::load_demo()?;
    logs::start(&config)?;
    demo::run(config, platforms, until_told_to_stop()).await
}
