//! Telegram: the contract's questions against the simulator.
mod kit;
