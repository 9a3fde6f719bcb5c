//! The JavaScript boundary: thin, no logic. Nothing else in the crate knows the browser.

mod clips;
mod live;
mod runner;
mod sound;

use js_sys::{Function, Reflect};
use serde::{Deserialize, Serialize};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::compress::{self, Preset, Transform, recipe::Recipe};
use crate::error::Error;
use crate::lab::levels::LevelsPartial;
use crate::lab::{self, evaluation::Partial};
use crate::report::levels::LevelsReport;
use crate::report::{
    Answer, ClipView, Comparison, DataCard, DeviceCard, ModelCard, Report, SpectrogramView, WeightsView,
};
use crate::{cost, format};

/// Runs once when the module is instantiated: in debug builds a panic becomes a readable message in the console.
#[wasm_bindgen(start)]
pub fn start() {
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
}

/// The version of the crate that this module was built from.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Whether this is the module with relaxed SIMD instructions, which the page loads only where the browser has them.
#[wasm_bindgen]
pub fn relaxed_simd() -> bool {
    cfg!(target_feature = "relaxed-simd")
}

/// A JavaScript `Error` whose `name` is the kind and whose `message` is the sentence.
fn thrown(error: Error) -> JsValue {
    let thrown = js_sys::Error::new(error.message());
    thrown.set_name(&name_of(&error.kind()).unwrap_or_else(|| "error".into()));
    thrown.into()
}

/// The name of a variant, as JSON has it.
fn name_of(variant: &impl Serialize) -> Option<String> {
    serde_json::to_value(variant).ok().and_then(|name| name.as_str().map(str::to_owned))
}

fn out<T: Tsify + Serialize>(value: &T) -> Result<Ts<T>, JsValue> {
    value.into_ts().map_err(|error| js_sys::Error::new(&error.to_string()).into())
}

fn taken<T>(value: &Ts<T>, what: &str) -> Result<T, JsValue>
where
    T: Tsify + for<'de> Deserialize<'de>,
    T::JsType: Clone,
{
    value.to_rust().map_err(|error| thrown(Error::parameter(format!("this is no {what}: {error}"))))
}

/// A file that was dropped, chosen or pasted.
#[derive(Debug, Serialize, Deserialize, Tsify)]
pub struct DroppedFile {
    /// Path inside the folder or archive it came from; the parent folder is the label.
    path: String,
    /// Content.
    #[serde(with = "serde_bytes")]
    #[tsify(type = "Uint8Array")]
    bytes: Vec<u8>,
}

impl DroppedFile {
    fn into_parts(self) -> (String, Vec<u8>) {
        (self.path, self.bytes)
    }
}

/// Reports to a JavaScript function `(phase, done, total)`; what it answers is ignored, because a worker is cancelled
/// by ending it.
struct Listener(Function);

impl crate::progress::Progress for Listener {
    fn report(&mut self, phase: &str, done: usize, total: usize) -> bool {
        let _ = self.0.call3(&JsValue::NULL, &phase.into(), &(done as f64).into(), &(total as f64).into());
        true
    }
}

/// Milliseconds since the worker or page started.
fn now() -> f64 {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).ok();
    let clock = performance.as_ref().and_then(|performance| Reflect::get(performance, &"now".into()).ok());
    let call = clock.and_then(|clock| clock.dyn_into::<Function>().ok());
    call.zip(performance).and_then(|(now, this)| now.call0(&this).ok()).and_then(|ms| ms.as_f64()).unwrap_or(0.0)
}

/// What one worker holds: a model, its inputs, and the candidate that a recipe made of it.
#[wasm_bindgen]
pub struct Bench(lab::Bench);

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
        out(&self.0.open(bytes, name).map_err(thrown)?)
    }

    /// Puts dropped files on the bench as inputs, split by `seed`.
    pub fn set_data(&mut self, files: Vec<Ts<DroppedFile>>, seed: u32) -> Result<Ts<DataCard>, JsValue> {
        let files: Result<Vec<_>, JsValue> =
            files.iter().map(|file| taken(file, "file").map(DroppedFile::into_parts)).collect();
        out(&self.0.set_files(files?, u64::from(seed)).map_err(thrown)?)
    }

    /// Puts generated inputs on the bench: `machine`, the sound of a machine that is well or not.
    pub fn set_generated_data(&mut self, generator: &str, seed: u32) -> Result<Ts<DataCard>, JsValue> {
        out(&self.0.set_generated(generator, u64::from(seed)).map_err(thrown)?)
    }

    /// Puts spoken keywords on the bench, made of a sample's archive of dry words.
    pub fn set_spoken_data(&mut self, words: &[u8], seed: u32) -> Result<Ts<DataCard>, JsValue> {
        out(&self.0.set_spoken(words, u64::from(seed)).map_err(thrown)?)
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

    /// Test items that the level experiment plays.
    pub fn level_items(&self) -> usize {
        self.0.level_items()
    }

    /// Plays test items `from..to` at every level; the text goes to [`Bench::levels_report`].
    pub fn play_levels(&mut self, from: usize, to: usize) -> Result<String, JsValue> {
        self.0.play_levels(from, to).map(|part| part.to_json()).map_err(thrown)
    }

    /// What came out of the level experiment, from all of its parts.
    pub fn levels_report(&self, parts: Vec<String>, device: &str) -> Result<Ts<LevelsReport>, JsValue> {
        let mut played = LevelsPartial::default();
        for part in &parts {
            played.merge(LevelsPartial::from_json(part).map_err(thrown)?);
        }
        out(&self.0.levels_report(&played, device).map_err(thrown)?)
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
pub fn compare(a: Ts<Report>, b: Ts<Report>) -> Result<Ts<Comparison>, JsValue> {
    let (a, b): (Report, Report) = (taken(&a, "report")?, taken(&b, "report")?);
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
    let card =
        |device: &cost::Device| DeviceCard { id: device.id.into(), name: device.name.into(), detail: device.detail() };
    cost::devices().iter().map(|device| out(&card(device))).collect()
}

/// What kind of file these bytes are: `tflite`, `onnx`, `wav`, `audio`, `npy`, `npz`, `zip`, `json` or
/// `unknown`.
#[wasm_bindgen]
pub fn kind_of(bytes: &[u8]) -> String {
    format::kind_of(bytes).and_then(|kind| name_of(&kind)).unwrap_or_else(|| "unknown".into())
}
