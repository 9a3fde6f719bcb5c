//! Files in and out.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops where it fails, and says what it counted")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../bad/make.rs"]
mod make;
#[path = "../common/ops.rs"]
mod ops;

mod arrays;
mod hostile;
mod labels;
mod pictures;
mod tflite;
