//! The bench: what the page makes, measures and shows of a model at once, and what it learns once.

use js_sys::Function;
use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::subject::Bench;
use super::{DroppedFile, name_of, now, out, taken, thrown};
use crate::compress::{self, Preset, Transform, recipe::Recipe};
use crate::lab::{self, evaluation::Partial};
use crate::report::training::TrainingOutcome;
use crate::report::{Answer, ClipView, Compared, Comparison, DeviceCard, Report, SpectrogramView, WeightsView};
use crate::{cost, format};

/// Reports to a JavaScript function `(phase, done, total)`; what it answers is ignored, because a worker is cancelled
/// by ending it.
struct Listener(Function);

impl crate::progress::Progress for Listener {
    fn report(&mut self, phase: &str, done: usize, total: usize) -> bool {
        let _ = self.0.call3(&JsValue::NULL, &phase.into(), &(done as f64).into(), &(total as f64).into());
        true
    }
}

#[wasm_bindgen]
impl Bench {
    /// Takes in what a training made, for every recipe that begins with its steps.
    pub fn provide(&mut self, recipe: Ts<Recipe>, file: Vec<u8>, classes: Vec<String>) -> Result<(), JsValue> {
        let recipe = taken(&recipe, "recipe")?;
        self.0.provide(&TrainingOutcome { recipe, file, classes, remarks: Vec::new() }).map_err(thrown)
    }

    /// Makes the candidate.
    pub fn apply(&mut self, recipe: Ts<Recipe>, progress: Function) -> Result<(), JsValue> {
        let recipe: Recipe = taken(&recipe, "recipe")?;
        self.0.apply(&recipe, &mut Listener(progress)).map_err(thrown)
    }

    /// The candidate as a file, as it was written, read back and measured.
    pub fn candidate(&self) -> Result<Vec<u8>, JsValue> {
        self.0.candidate_bytes().map(<[u8]>::to_vec).map_err(thrown)
    }

    /// Runs test items `from..to` on both sides; the text goes to [`Bench::add_evaluation`] of any bench with the same
    /// model, inputs and recipe.
    pub fn evaluate(&mut self, from: usize, to: usize) -> Result<String, JsValue> {
        self.0.evaluate(from, to).map(|part| part.to_json()).map_err(thrown)
    }

    /// Adds a part of the evaluation.
    pub fn add_evaluation(&mut self, part: &str) -> Result<(), JsValue> {
        self.0.add_evaluation(Partial::from_json(part).map_err(thrown)?);
        Ok(())
    }

    /// Measures how far each layer's output is from the original's, on the first `items` test items.
    pub fn measure_layers(&mut self, items: usize) -> Result<(), JsValue> {
        self.0.measure_layers(items).map_err(thrown)
    }

    /// Everything about the candidate.
    pub fn report(&self, device: &str, rate_hz: f64) -> Result<Ts<Report>, JsValue> {
        out(&self.0.report(device, rate_hz).map_err(thrown)?)
    }

    /// The candidate's answer to a clip.
    pub fn answer(&mut self, samples: &[f32], sample_rate: u32) -> Result<Ts<Answer>, JsValue> {
        out(&self.0.answer(samples, sample_rate, &now).map_err(thrown)?)
    }

    /// A test item's sound.
    pub fn clip(&self, index: usize) -> Result<Ts<ClipView>, JsValue> {
        out(&self.0.clip(index).map_err(thrown)?)
    }

    /// The candidate's weights of a layer as a picture.
    pub fn weights(&self, node: usize) -> Result<Ts<WeightsView>, JsValue> {
        out(&self.0.weights(node).map_err(thrown)?)
    }
}

/// A and B side by side.
#[wasm_bindgen]
pub fn compare(a: Ts<Compared>, b: Ts<Compared>) -> Result<Ts<Comparison>, JsValue> {
    let (a, b): (Compared, Compared) = (taken(&a, "report")?, taken(&b, "report")?);
    out(&lab::compare::compare(&a, &b))
}

/// A picture of a clip over time.
#[wasm_bindgen]
pub fn spectrogram(samples: &[f32], sample_rate: u32) -> Result<Ts<SpectrogramView>, JsValue> {
    out(&lab::sound::spectrogram(samples, sample_rate).map_err(thrown)?)
}

/// A WAV file as a clip.
#[wasm_bindgen]
pub fn decode_wav(bytes: &[u8], name: &str) -> Result<Ts<ClipView>, JsValue> {
    out(&lab::sound::decode_wav(bytes, name).map_err(thrown)?)
}

/// Every transform with its options, for the page to draw controls from.
#[wasm_bindgen]
pub fn transforms() -> Result<Vec<Ts<Transform>>, JsValue> {
    compress::transforms().iter().map(out).collect()
}

/// The named recipes.
#[wasm_bindgen]
pub fn presets() -> Result<Vec<Ts<Preset>>, JsValue> {
    compress::presets().iter().map(out).collect()
}

/// The devices of the shelf.
#[wasm_bindgen]
pub fn devices() -> Result<Vec<Ts<DeviceCard>>, JsValue> {
    let card = |device: &cost::Device| DeviceCard {
        id: device.id.into(),
        name: device.name.into(),
        detail: device.detail(),
        runtime: device.submissions.first().map(|submission| submission.runtime.into()).unwrap_or_default(),
    };
    cost::devices().iter().map(|device| out(&card(device))).collect()
}

/// The files of a ZIP archive.
#[wasm_bindgen]
pub fn unpack(bytes: &[u8]) -> Result<Vec<Ts<DroppedFile>>, JsValue> {
    let entries = format::zip::entries(bytes).map_err(thrown)?;
    entries.into_iter().map(|(path, bytes)| out(&DroppedFile { path, bytes })).collect()
}

/// How a model of another tool becomes a file that Milliwatt reads; nothing for what is none.
#[wasm_bindgen]
pub fn way_out(bytes: &[u8]) -> Option<String> {
    format::kind_of(bytes).and_then(format::foreign::way_out).map(str::to_owned)
}

/// Whether a file of this name, beside data, names the model's classes.
#[wasm_bindgen]
pub fn names_classes(path: &str) -> bool {
    lab::labels::is_list(path)
}

/// What kind of file these bytes are, as [`format::Kind`] names it: `tflite`, `onnx`, `wav`, `zip` and the others, or `unknown`.
#[wasm_bindgen]
pub fn kind_of(bytes: &[u8]) -> String {
    format::kind_of(bytes).and_then(|kind| name_of(&kind)).unwrap_or_else(|| "unknown".into())
}
