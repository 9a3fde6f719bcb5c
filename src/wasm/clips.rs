//! The user's own clips. Samples cross as typed arrays, which is one copy each.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::subject::Bench;
use super::{DroppedFile, dropped, thrown};
use crate::lab::clips::{self, Clip};
use crate::lab::sound;

/// A set of clips on its way into an archive or out of one.
#[wasm_bindgen]
#[derive(Default)]
pub struct Clips(clips::Clips);

#[wasm_bindgen]
impl Clips {
    /// An empty set.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a clip behind the others.
    pub fn add(&mut self, name: &str, label: &str, sample_rate: u32, samples: &[f32]) {
        self.0.0.push(Clip { name: name.into(), label: label.into(), sample_rate, samples: samples.to_vec() });
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.0.len()
    }

    /// The name of a clip.
    pub fn name(&self, index: usize) -> Option<String> {
        self.0.0.get(index).map(|clip| clip.name.clone())
    }

    /// The label of a clip; empty where it has none.
    pub fn label(&self, index: usize) -> Option<String> {
        self.0.0.get(index).map(|clip| clip.label.clone())
    }

    /// Samples each second of a clip.
    pub fn sample_rate(&self, index: usize) -> Option<u32> {
        self.0.0.get(index).map(|clip| clip.sample_rate)
    }

    /// The samples of a clip.
    pub fn samples(&self, index: usize) -> Option<Vec<f32>> {
        self.0.0.get(index).map(|clip| clip.samples.clone())
    }

    /// Where each clip stands in the archive.
    pub fn paths(&self) -> Vec<String> {
        self.0.paths()
    }

    /// The set as a ZIP of WAV files in folders by label.
    pub fn archive(&self) -> Result<Vec<u8>, JsValue> {
        self.0.archive().map_err(thrown)
    }
}

#[wasm_bindgen]
impl Bench {
    /// The clips of dropped files, labelled as for this bench's model.
    pub fn clips_of(&self, files: Vec<Ts<DroppedFile>>) -> Result<Clips, JsValue> {
        self.0.clips_of(dropped(&files)?).map(Clips).map_err(thrown)
    }

    /// The labels that the model knows.
    pub fn labels(&self) -> Vec<String> {
        self.0.labels()
    }

    /// The names of the items that ranges are measured on.
    pub fn calibration_names(&self) -> Vec<String> {
        self.0.calibration_names()
    }
}

/// The lowest and highest sample in each of `columns` parts of a clip, in turn.
#[wasm_bindgen]
pub fn waveform(samples: &[f32], columns: usize) -> Vec<f32> {
    sound::waveform(samples, columns)
}

/// The mean of channels that stand one behind the other.
#[wasm_bindgen]
pub fn mix(planes: &[f32], channels: usize) -> Vec<f32> {
    sound::mix(planes, channels)
}

/// The sample rate that a compressed sound file states in its first bytes.
#[wasm_bindgen]
pub fn stated_rate(bytes: &[u8]) -> Option<u32> {
    crate::format::sound::sample_rate(bytes)
}

/// A clip as a 16-bit WAV file.
#[wasm_bindgen]
pub fn encode_wav(sample_rate: u32, samples: &[f32]) -> Result<Vec<u8>, JsValue> {
    crate::format::wav::write(sample_rate, samples).map_err(thrown)
}
