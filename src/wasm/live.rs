//! Listening, for the worker that hears the microphone.

use js_sys::Function;
use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::subject::Bench;
use super::{out, taken, thrown};
use crate::compress::Choice;
use crate::lab::live;
use crate::report::Task;
use crate::report::sound::{LiveEvent, LiveSettings};

/// Two models that listen to one stream of sound.
#[wasm_bindgen]
pub struct Live(live::Live);

#[wasm_bindgen]
impl Live {
    /// Listens to sound of a rate in hertz.
    #[wasm_bindgen(constructor)]
    pub fn new(rate: u32, settings: Ts<LiveSettings>) -> Result<Live, JsValue> {
        Ok(Self(live::Live::new(rate, taken(&settings, "setting")?).map_err(thrown)?))
    }

    /// Takes other settings.
    pub fn configure(&mut self, settings: Ts<LiveSettings>) -> Result<(), JsValue> {
        self.0.configure(taken(&settings, "setting")?).map_err(thrown)
    }

    /// Gives side 0 or 1 a model file, the threshold of its reconstruction error, and the names of its classes.
    pub fn set_side(&mut self, index: usize, file: &[u8], threshold: f64, classes: Vec<String>) -> Result<(), JsValue> {
        self.0.set_side(index, file, threshold, classes).map_err(thrown)
    }

    /// Takes the next samples in; `captured_ms` is when the last of them left the audio system, on `clock`.
    pub fn push(&mut self, samples: &[f32], captured_ms: f64, clock: &Function) -> Result<Vec<Ts<LiveEvent>>, JsValue> {
        let now = || clock.call0(&JsValue::NULL).ok().and_then(|ms| ms.as_f64()).unwrap_or(captured_ms);
        self.0.push(samples, captured_ms, &now).map_err(thrown)?.iter().map(out).collect()
    }

    /// The last samples that were heard, as many as a clip has.
    pub fn last_clip(&self) -> Vec<f32> {
        self.0.last_clip()
    }
}

#[wasm_bindgen]
impl Bench {
    /// Strangeness above which the candidate calls sound anomalous; 0 where it was not measured.
    pub fn threshold(&self) -> Result<f64, JsValue> {
        self.0.threshold().map_err(thrown)
    }

    /// The names of the candidate's classes.
    pub fn class_names(&self) -> Vec<String> {
        self.0.class_names()
    }
}

/// The settings that a task starts to listen with.
#[wasm_bindgen]
pub fn live_settings(task: Ts<Task>) -> Result<Ts<LiveSettings>, JsValue> {
    out(&live::settings(taken(&task, "task")?))
}

/// The normalizers that can stand in front of the features.
#[wasm_bindgen]
pub fn live_normalizers() -> Result<Vec<Ts<Choice>>, JsValue> {
    live::normalizers().iter().map(out).collect()
}
