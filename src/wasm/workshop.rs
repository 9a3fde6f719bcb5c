//! The workshop: what takes long on a model and is not needed to begin with. A worker of its own holds it.

mod bundle;
mod diagnosis;
mod levels;
mod lint;
mod search;
mod speed;
mod training;

use serde::Serialize;
use wasm_bindgen::prelude::*;

/// A value for the page as JSON, for types that are saved as JSON too.
fn json(value: &impl Serialize) -> Result<String, JsValue> {
    serde_json::to_string(value).map_err(|error| js_sys::Error::new(&error.to_string()).into())
}
