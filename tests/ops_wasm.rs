//! Every operator against the real TFLM and the other arithmetics, in the browser: the same vectors as `op_suite.rs`.
#![cfg(target_arch = "wasm32")]

#[path = "common/ops.rs"]
mod ops;

use milliwatt::exec::Kernels;
use milliwatt::quant::Arithmetic;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn obvious_kernels_equal_every_vector_of_every_arithmetic() {
    for (name, arithmetic) in Arithmetic::ALL {
        console_log!("{} cases of {name}", ops::check_all(arithmetic, Kernels::Reference));
    }
}

#[wasm_bindgen_test]
fn fast_kernels_equal_every_vector_of_every_arithmetic() {
    for (name, arithmetic) in Arithmetic::ALL {
        console_log!("{} cases of {name}", ops::check_all(arithmetic, Kernels::Fast));
    }
}
