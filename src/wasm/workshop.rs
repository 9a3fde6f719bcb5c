//! The workshop: what takes long and is not needed to begin with. A worker of its own holds it.

mod bundle;
mod diagnosis;
mod imc;
mod levels;
mod lint;
mod matrices;
mod nn;
mod search;
mod speed;
mod training;

use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::{DroppedFile, dropped, out, thrown};
use crate::lab::Bench;
use crate::lab::inputs::Split;
use crate::report::{DataCard, ModelCard};

/// A model and its inputs, to work on.
#[wasm_bindgen]
pub struct Workshop(Bench);

#[wasm_bindgen]
impl Workshop {
    /// An empty workshop.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default, reason = "JavaScript constructs it")]
    pub fn new() -> Self {
        Self(Bench::new())
    }

    /// Takes a model in.
    pub fn open(&mut self, bytes: &[u8], name: &str) -> Result<Ts<ModelCard>, JsValue> {
        out(&self.0.open(bytes, name).map_err(thrown)?)
    }

    /// Takes dropped files in as inputs, split by `seed`; where a network `learns`, more of them are not tested on.
    pub fn set_data(&mut self, files: Vec<Ts<DroppedFile>>, seed: u32, learns: bool) -> Result<Ts<DataCard>, JsValue> {
        out(&self.0.set_files(dropped(&files)?, Split { seed: u64::from(seed), learns }).map_err(thrown)?)
    }

    /// Takes spoken keywords in, made of a sample's archive of dry words.
    pub fn set_spoken_data(&mut self, words: &[u8], seed: u32) -> Result<Ts<DataCard>, JsValue> {
        out(&self.0.set_spoken(words, u64::from(seed)).map_err(thrown)?)
    }

    /// Takes generated inputs in.
    pub fn set_generated_data(&mut self, generator: &str, seed: u32) -> Result<Ts<DataCard>, JsValue> {
        out(&self.0.set_generated(generator, u64::from(seed)).map_err(thrown)?)
    }
}
