//! Damaged and twisted files: an answer or a sentence, never a panic.
//!
//! A program of its own, because it measures the memory that it takes.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops where it fails, and says what it counted")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/ops.rs"]
mod ops;

mod damage;
mod data;
mod models;
mod twisted;
