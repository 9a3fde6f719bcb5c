//! The level experiment, for the worker that plays it.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use crate::compress::recipe::Recipe;
use crate::lab::levels::LevelsPartial;
use crate::progress::Silent;
use crate::report::levels::LevelsReport;
use crate::report::training::TrainingOutcome;
use crate::wasm::subject::Bench;
use crate::wasm::{out, taken, thrown};

#[wasm_bindgen]
impl Bench {
    /// Takes in what a training made, for every recipe that begins with its steps.
    pub fn provide(&mut self, recipe: Ts<Recipe>, file: Vec<u8>, classes: Vec<String>) -> Result<(), JsValue> {
        let recipe = taken(&recipe, "recipe")?;
        self.0.provide(&TrainingOutcome { recipe, file, classes, remarks: Vec::new() }).map_err(thrown)
    }

    /// Makes the candidate.
    pub fn apply(&mut self, recipe: Ts<Recipe>) -> Result<(), JsValue> {
        let recipe: Recipe = taken(&recipe, "recipe")?;
        self.0.apply(&recipe, &mut Silent).map_err(thrown)
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
}
