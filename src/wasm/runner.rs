//! One model, run in place: for benchmarks, and for loops over many inputs.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::error::Error;
use crate::exec::fast::{peak, product};
use crate::exec::{Executor, Kernels, Options};
use crate::format;
use crate::quant::Arithmetic;

/// A model made ready to run again and again.
#[wasm_bindgen]
pub struct Runner {
    executor: Executor,
}

#[wasm_bindgen]
impl Runner {
    /// Opens a TFLite file; `arithmetic` is `tflm`, `single` or `xnnpack`, `reference` asks for the obvious kernels.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8], arithmetic: &str, reference: bool) -> Result<Runner, JsValue> {
        let prepare = || {
            let kernels = if reference { Kernels::Reference } else { Kernels::Fast };
            let options = Options { arithmetic: Arithmetic::from_name(arithmetic)?, kernels };
            Executor::new(&format::tflite::read(bytes)?.model, options)
        };
        Ok(Self { executor: prepare().map_err(|error: Error| js_sys::Error::new(&error.to_string()))? })
    }

    /// Copies the bytes of an input, little-endian.
    pub fn set_input(&mut self, index: usize, bytes: &Uint8Array) {
        let input = self.executor.input_bytes_mut(index);
        if bytes.length() as usize == input.len() {
            bytes.copy_to(input);
        }
    }

    /// Bytes of an input.
    pub fn input_bytes(&mut self, index: usize) -> usize {
        self.executor.input_bytes_mut(index).len()
    }

    /// A copy of the bytes of an output, little-endian.
    pub fn output(&self, index: usize) -> Vec<u8> {
        self.executor.output_bytes(index).to_vec()
    }

    /// `times` inferences on what lies in the inputs.
    pub fn invoke(&mut self, times: u32) -> Result<(), JsValue> {
        for _ in 0..times {
            self.executor.invoke().map_err(|error| js_sys::Error::new(&error.to_string()))?;
        }
        Ok(())
    }
}

/// Whether this build multiplies int8 values as bytes on this machine: with relaxed SIMD, where its dot product is exact.
#[wasm_bindgen]
pub fn multiplies_bytes() -> bool {
    product::bytes_are_exact()
}

/// Multiply-adds of `rounds` rounds of the int8 peak loop: divided by the time, what no int8 kernel here can pass.
#[wasm_bindgen]
pub fn peak_int8(rounds: u32) -> f64 {
    peak::int8(rounds).0 as f64
}

/// The same for floats.
#[wasm_bindgen]
pub fn peak_float32(rounds: u32) -> f64 {
    peak::float(rounds).0 as f64
}
