//! What every module works on: a model and its inputs.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::{DroppedFile, dropped, out, thrown};
use crate::lab;
use crate::lab::files::Labels;
use crate::lab::inputs::{Purpose, Split};
use crate::report::{DataCard, ModelCard};

/// What one worker holds: a model, its inputs, and what came of them. Each module has methods of its own for it.
#[wasm_bindgen]
pub struct Bench(pub(super) lab::Bench);

#[wasm_bindgen]
impl Bench {
    /// An empty bench.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default, reason = "JavaScript constructs it")]
    pub fn new() -> Self {
        Self(lab::Bench::new())
    }

    /// Puts a model on the bench.
    pub fn open(&mut self, bytes: &[u8], name: &str) -> Result<Ts<ModelCard>, JsValue> {
        out(&self.0.open(bytes, name).map_err(|error| thrown(error.at(name)))?)
    }

    /// Puts dropped files on the bench as inputs, split by `seed`; where a network `learns`, more of them are not tested on.
    ///
    /// `classes` names the outputs in their order, where the user states them.
    pub fn set_data(
        &mut self,
        files: Vec<Ts<DroppedFile>>,
        seed: u32,
        learns: bool,
        classes: Option<Vec<String>>,
    ) -> Result<Ts<DataCard>, JsValue> {
        let split = Split { seed: u64::from(seed), purpose: Purpose::learning(learns) };
        let labels = Labels { numbers: None, classes: classes.unwrap_or_default() };
        out(&self.0.set_labelled(dropped(&files)?, labels, split).map_err(thrown)?)
    }

    /// Puts generated inputs on the bench: `machine`, the sound of a machine that is well or not.
    pub fn set_generated_data(&mut self, generator: &str, seed: u32) -> Result<Ts<DataCard>, JsValue> {
        out(&self.0.set_generated(generator, u64::from(seed)).map_err(thrown)?)
    }

    /// Puts spoken keywords on the bench, made of a sample's archive of dry words.
    pub fn set_spoken_data(&mut self, words: &[u8], seed: u32) -> Result<Ts<DataCard>, JsValue> {
        out(&self.0.set_spoken(words, u64::from(seed)).map_err(thrown)?)
    }
}
