//! Sound to features, in place: for benchmarks, and for loops over many clips.

use wasm_bindgen::prelude::*;

use super::thrown;
use crate::audio::extractor::Extractor;
use crate::audio::front_end;
use crate::audio::normalize::peak;
use crate::error::Error;

/// A front end made ready, and a clip at its own sample rate.
#[wasm_bindgen]
pub struct Features {
    extractor: Extractor,
    samples: Vec<f32>,
    features: Vec<f32>,
}

#[wasm_bindgen]
impl Features {
    /// Takes the name of a front end (`mlperf-kws`, …) and mono samples of full scale 1.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str, samples: &[f32]) -> Result<Features, JsValue> {
        let prepare = || {
            let mut extractor = front_end(name)?.extractor()?;
            let features = extractor.features(samples, extractor.front_end().sample_rate)?;
            Ok(Self { extractor, samples: samples.to_vec(), features })
        };
        prepare().map_err(|error: Error| thrown(error))
    }

    /// Makes the features of the clip `times` times.
    pub fn invoke(&mut self, times: u32) -> Result<(), JsValue> {
        let rate = self.extractor.front_end().sample_rate;
        for _ in 0..times {
            self.features = self.extractor.features(&self.samples, rate).map_err(thrown)?;
        }
        Ok(())
    }

    /// A copy of the features.
    pub fn output(&self) -> Vec<f32> {
        self.features.clone()
    }
}

/// What is quieter than -60 dBFS counts as silence.
const FLOOR: f32 = 1e-3;

/// Brings samples to full scale by their largest magnitude, in place; silence stays.
#[wasm_bindgen]
pub fn peak_normalize(samples: &mut [f32]) {
    peak::in_place(samples, 1.0, FLOOR);
}

/// Samples that stay in the module's memory, so that a benchmark times the work on them and no copy to and fro.
#[wasm_bindgen]
pub struct Samples {
    samples: Vec<f32>,
    copy: Vec<f32>,
}

#[wasm_bindgen]
impl Samples {
    /// Takes a copy of the samples.
    #[wasm_bindgen(constructor)]
    pub fn new(samples: &[f32]) -> Samples {
        Self { samples: samples.to_vec(), copy: samples.to_vec() }
    }

    /// Brings them to full scale `times` times, each time by as much work as the first.
    pub fn normalize(&mut self, times: u32) {
        for _ in 0..times {
            peak_normalize(&mut self.samples);
        }
    }

    /// Copies them `times` times: what the memory could do if there were nothing to compute.
    pub fn copy(&mut self, times: u32) {
        for _ in 0..times {
            // Without the hint the copies but the last would be left out.
            std::hint::black_box(&mut self.copy).copy_from_slice(std::hint::black_box(&self.samples));
        }
    }

    /// A copy of the samples as they are now.
    pub fn output(&self) -> Vec<f32> {
        self.samples.clone()
    }
}
