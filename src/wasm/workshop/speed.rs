//! Training at full speed on made-up data: for benchmarks.

use wasm_bindgen::prelude::*;

use crate::exec::fast::peak;
use crate::train::speed::Speed;
use crate::wasm::thrown;

/// A DS-CNN that learns noise.
#[wasm_bindgen]
pub struct TrainingSpeed(Speed);

#[wasm_bindgen]
impl TrainingSpeed {
    /// With batches of one size.
    #[wasm_bindgen(constructor)]
    pub fn new(batch: usize) -> Result<TrainingSpeed, JsValue> {
        Speed::new(batch).map(Self).map_err(thrown)
    }

    /// Some steps of forward, backward and Adam; the last loss.
    pub fn steps(&mut self, count: usize) -> Result<f64, JsValue> {
        self.0.steps(count).map_err(thrown)
    }

    /// How often the inner operation alone was done in some rounds.
    pub fn peak(&self, rounds: u32) -> f64 {
        peak::float(rounds).0 as f64
    }

    /// Multiply-adds of one step: forward, and backward by weights and by inputs.
    pub fn macs(&self) -> f64 {
        self.0.macs().0 as f64
    }
}
