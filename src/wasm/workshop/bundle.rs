//! The archive for the board, made where no instruction may round otherwise.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use crate::compress::recipe::Recipe;
use crate::progress::Silent;
use crate::wasm::subject::Bench;
use crate::wasm::{taken, thrown};

#[wasm_bindgen]
impl Bench {
    /// Makes the candidate of a recipe, measures it, and packs it with everything that a board needs.
    pub fn bundle(&mut self, recipe: Ts<Recipe>, device: &str, rate_hz: f64) -> Result<Vec<u8>, JsValue> {
        let recipe: Recipe = taken(&recipe, "recipe")?;
        self.0.bundle(&recipe, device, rate_hz, &mut Silent).map_err(thrown)
    }
}
