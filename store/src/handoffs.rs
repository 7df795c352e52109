//! handoffs.
