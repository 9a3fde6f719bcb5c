//! Sound: front ends, normalizers, what they count, and streams of them.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops where it fails, and says what it counted")]

#[path = "../common/mod.rs"]
mod common;

mod bands;
mod counted;
mod counts;
mod front_ends;
mod golden;
mod loudness;
mod models;
mod normalize;
mod signals;
mod stream;
