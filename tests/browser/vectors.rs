//! Every operator against the real TFLM and the other arithmetics, in the browser: the same vectors as `tests/exec/vectors.rs`.

use crate::ops;
use milliwatt::exec::Kernels;
use milliwatt::quant::Arithmetic;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

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
