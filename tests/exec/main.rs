//! Running models: both sets of kernels against the vectors of TFLM and against each other.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops where it fails, and says what it counted")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/ops.rs"]
mod ops;

mod fast_kernels;
mod golden;
mod oracle;
mod rules;
mod vectors;
