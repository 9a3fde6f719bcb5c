//! Why a candidate lost, and what changes of its recipe bring.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::search::Search;
use crate::compress::recipe::Recipe;
use crate::json;
use crate::progress::Silent;
use crate::wasm::subject::Bench;
use crate::wasm::{taken, thrown};

#[wasm_bindgen]
impl Bench {
    /// What each layer of a recipe's candidate loses, why, and what may help.
    ///
    /// The text is a [`DiagnosisReport`](crate::report::diagnosis::DiagnosisReport) as JSON.
    pub fn diagnose(&self, recipe: Ts<Recipe>) -> Result<String, JsValue> {
        let recipe: Recipe = taken(&recipe, "recipe")?;
        Ok(json::text(&self.0.diagnose(&recipe, &mut Silent).map_err(thrown)?))
    }

    /// Makes and measures one recipe as a search does, without being part of it.
    ///
    /// The text is a [`Trial`](crate::report::search::Trial) as JSON.
    pub fn attempt(&self, search: &mut Search, recipe: Ts<Recipe>) -> Result<String, JsValue> {
        let recipe: Recipe = taken(&recipe, "recipe")?;
        Ok(json::text(&search.0.attempt(&self.0, &recipe, &mut Silent).map_err(thrown)?))
    }
}
