//! What stands between a candidate and its target.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use crate::compress::recipe::Recipe;
use crate::json;
use crate::lab;
use crate::wasm::{taken, thrown};

/// The problems of the file that a recipe made of another, on a target.
///
/// The text is a [`LintReport`](crate::report::lint::LintReport) as JSON.
#[wasm_bindgen]
pub fn lint(original: &[u8], candidate: &[u8], recipe: Ts<Recipe>, target: &str) -> Result<String, JsValue> {
    let recipe: Recipe = taken(&recipe, "recipe")?;
    Ok(json::text(&lab::lint::lint(original, candidate, &recipe, target).map_err(thrown)?))
}
