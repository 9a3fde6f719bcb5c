//! The native command, run as a program.
#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops where it fails, and says what it counted")]

#[path = "../common/mod.rs"]
mod common;

mod audio;
mod bundle;
mod data;
mod imc;
