//! Every operator against the real TFLM, in the browser: the same vectors as `op_suite.rs`.
#![cfg(target_arch = "wasm32")]

#[path = "common/ops.rs"]
mod ops;

use milliwatt::exec::Kernels;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn obvious_kernels_equal_tflm_on_every_vector() {
    console_log!("{} cases", ops::check_all(Kernels::Reference));
}

#[wasm_bindgen_test]
fn fast_kernels_equal_tflm_on_every_vector() {
    console_log!("{} cases", ops::check_all(Kernels::Fast));
}
