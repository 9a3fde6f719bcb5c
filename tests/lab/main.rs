//! The whole pipeline, as the page and the command use it.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops where it fails, and says what it counted")]

#[path = "../common/mod.rs"]
mod common;

mod diagnosis;
mod levels;
mod live;
mod pipeline;
mod search;
mod teaching;
