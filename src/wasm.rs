//! The JavaScript boundary: thin, no logic. Nothing else in the crate knows the browser.

use wasm_bindgen::prelude::*;

/// Runs once when the module is instantiated: in debug builds a panic becomes a readable message in the console.
#[wasm_bindgen(start)]
pub fn start() {
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
}

/// The version of the crate that this module was built from.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Whether this is the module with relaxed SIMD instructions, which the page loads only where the browser has them.
#[wasm_bindgen]
pub fn relaxed_simd() -> bool {
    cfg!(target_feature = "relaxed-simd")
}
