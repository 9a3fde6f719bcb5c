//! What the module does inside a browser: run by `wasm-pack test --headless --chrome`.

use wasm_bindgen_test::wasm_bindgen_test;

const _: () = assert!(cfg!(target_feature = "simd128"), "build for browsers with -C target-feature=+simd128");

#[wasm_bindgen_test]
fn the_module_says_its_version() {
    assert_eq!(milliwatt::wasm::version(), env!("CARGO_PKG_VERSION"));
}

#[wasm_bindgen_test]
fn the_module_knows_which_simd_it_was_built_for() {
    assert_eq!(milliwatt::wasm::relaxed_simd(), cfg!(target_feature = "relaxed-simd"));
}
