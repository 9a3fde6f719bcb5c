//! One model, run in place: for benchmarks, and for loops over many inputs.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

use super::now;
use crate::error::Error;
use crate::exec::fast::peak;
#[cfg(target_feature = "relaxed-simd")]
use crate::exec::fast::product;
use crate::exec::{Executor, Kernels, Options, View};
use crate::format;
use crate::quant::Arithmetic;

/// Milliseconds of one go of a measurement.
const GO_MS: f64 = 10.0;

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

    /// Seconds of one inference: the median of nine goes, each long enough for the browser's clock.
    pub fn time(&mut self) -> Result<f64, JsValue> {
        let mut count = 1;
        let mut go = |count: u32| {
            let start = now();
            self.invoke(count).map(|()| now() - start)
        };
        // The first goes also warm the machine up.
        while go(count)? < GO_MS && count < 1 << 20 {
            count *= 2;
        }
        let mut times = (0..9).map(|_| go(count)).collect::<Result<Vec<f64>, JsValue>>()?;
        times.sort_by(f64::total_cmp);
        Ok(times[times.len() / 2] / f64::from(count) / 1e3)
    }

    /// One inference; `tap` is called with each tensor's index in the file and a copy of its bytes, little-endian: first
    /// for the inputs, then after each node for its outputs.
    pub fn invoke_tapped(&mut self, tap: &Function) -> Result<(), JsValue> {
        let mut thrown = None;
        let see = &mut |id: usize, view: View<'_>| {
            if let Err(error) = tap.call2(&JsValue::NULL, &id.into(), &Uint8Array::from(view.bytes())) {
                thrown.get_or_insert(error);
            }
        };
        self.executor.invoke_tapped(see).map_err(|error| js_sys::Error::new(&error.to_string()))?;
        thrown.map_or(Ok(()), Err)
    }
}

/// How int8 values are multiplied here: `pairs`, or with relaxed SIMD on machines that prove it exact `quads` and what
/// they take activations as.
#[wasm_bindgen]
pub fn int8_product() -> String {
    #[cfg(target_feature = "relaxed-simd")]
    match product::quads() {
        Some(0) => return "quads, signed".into(),
        Some(_) => return "quads, unsigned".into(),
        None => {}
    }
    "pairs".into()
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
