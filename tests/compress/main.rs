//! Transforms of models: quantization and its repairs, weights of few bits, channels, files made slim.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops where it fails, and says what it counted")]

#[path = "../common/mod.rs"]
mod common;

mod channels;
mod low_bits;
mod quantize;
mod refit;
mod repair;
mod slim;
