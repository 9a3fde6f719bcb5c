//! What runs inside a browser, by `wasm-pack test --headless --chrome`; the same bits are looked for natively too.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops where it fails, and says what it counted")]

#[path = "../common/ops.rs"]
mod ops;

#[cfg(target_arch = "wasm32")]
mod module;
mod same_bits;
#[cfg(target_arch = "wasm32")]
mod vectors;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
