//! Training, and the built-in samples that it made.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops where it fails, and says what it counted")]

#[path = "../common/mod.rs"]
mod common;

mod learning;
mod plan;
mod sample_keywords;
mod sample_machine;
mod shares;
