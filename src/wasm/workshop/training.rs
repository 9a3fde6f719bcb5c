//! A training under way, for the worker that runs it.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use crate::compress::recipe::{Recipe, Teacher};
use crate::lab::training;
use crate::report::WeightsView;
use crate::report::training::{TrainingCard, TrainingNews, TrainingOutcome};
use crate::wasm::subject::Bench;
use crate::wasm::{now, out, taken, thrown};

/// A training under way.
#[wasm_bindgen]
pub struct Session(training::Session);

#[wasm_bindgen]
impl Bench {
    /// Takes a file in as teacher, for recipes that name it; returns how they name it.
    pub fn set_teacher(&mut self, bytes: &[u8], name: &str) -> Result<Ts<Teacher>, JsValue> {
        out(&self.0.set_teacher(bytes, name).map_err(thrown)?)
    }

    /// Begins the training of a recipe.
    pub fn train(&mut self, recipe: Ts<Recipe>) -> Result<Session, JsValue> {
        let recipe: Recipe = taken(&recipe, "recipe")?;
        Ok(Session(self.0.training(&recipe).map_err(thrown)?))
    }
}

#[wasm_bindgen]
impl Session {
    /// What is known before the first step.
    pub fn card(&self) -> Result<Ts<TrainingCard>, JsValue> {
        out(self.0.card())
    }

    /// As many steps as `milliseconds` allow, but at least one; tells what happened.
    pub fn run(&mut self, milliseconds: f64) -> Result<Ts<TrainingNews>, JsValue> {
        let start = now();
        while !self.0.is_over() {
            self.0.step().map_err(thrown)?;
            if now() - start >= milliseconds {
                break;
            }
        }
        out(&self.0.news(now() - start))
    }

    /// Whether there is nothing more to do.
    pub fn is_over(&self) -> bool {
        self.0.is_over()
    }

    /// Parts of each batch, whose shares several workers can compute.
    pub fn parts(&self) -> usize {
        self.0.parts()
    }

    /// The share of one part of the next step.
    pub fn share(&mut self, part: usize) -> Result<Vec<u8>, JsValue> {
        self.0.share(part).map_err(thrown)
    }

    /// The step on the shares of all parts, in their order.
    pub fn take(&mut self, shares: Vec<js_sys::Uint8Array>) -> Result<(), JsValue> {
        let shares: Vec<Vec<u8>> = shares.iter().map(js_sys::Uint8Array::to_vec).collect();
        self.0.take(shares.iter().map(Vec::as_slice)).map_err(thrown)
    }

    /// What has happened since it was last asked, in so many milliseconds.
    pub fn news(&mut self, milliseconds: f64) -> Result<Ts<TrainingNews>, JsValue> {
        out(&self.0.news(milliseconds))
    }

    /// Another step size from the next step on.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<(), JsValue> {
        self.0.set_learning_rate(learning_rate).map_err(thrown)
    }

    /// The weights of a layer as a picture.
    pub fn weights(&self, node: usize) -> Result<Ts<WeightsView>, JsValue> {
        out(&self.0.weights(node).map_err(thrown)?)
    }

    /// The model as it is now, and the recipe that makes it again.
    pub fn outcome(&mut self) -> Result<Ts<TrainingOutcome>, JsValue> {
        out(&self.0.outcome().map_err(thrown)?)
    }
}
