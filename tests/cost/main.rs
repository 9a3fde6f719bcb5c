//! Memory, time and energy, on devices and in arrays.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops where it fails, and says what it counted")]

#[path = "../common/mod.rs"]
mod common;

mod arena;
mod files;
mod imc;
