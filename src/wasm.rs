//! The JavaScript boundary: thin, no logic. Nothing else in the crate knows the browser.
//!
//! The crate is two engines, each a module of its own. The *bench* ([`bench`] and its like) is what every visitor loads:
//! open, compress, run, compare. The *workshop* ([`workshop`], feature `workshop`) is loaded when someone trains, computes in
//! memory or searches; it has no more of the bench than it needs, so that neither download carries the other.

#[cfg(not(feature = "workshop"))]
mod bench;
#[cfg(not(feature = "workshop"))]
mod clips;
#[cfg(not(feature = "workshop"))]
mod live;
#[cfg(not(feature = "workshop"))]
mod runner;
#[cfg(not(feature = "workshop"))]
mod sound;
#[cfg(feature = "workshop")]
mod workshop;

use js_sys::{Function, Reflect};
use serde::{Deserialize, Serialize};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::error::Error;

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

/// A value from the page.
#[cfg(not(feature = "workshop"))]
fn taken<T>(value: &Ts<T>, what: &str) -> Result<T, JsValue>
where
    T: Tsify + for<'de> Deserialize<'de>,
    T::JsType: Clone,
{
    value.to_rust().map_err(|error| thrown(Error::parameter(format!("this is no {what}: {error}"))))
}

/// A value from the page, by way of JSON: the workshop reads JSON anyway, and a second way to read every type weighs much.
#[cfg(feature = "workshop")]
fn taken<T>(value: &Ts<T>, what: &str) -> Result<T, JsValue>
where
    T: Tsify + for<'de> Deserialize<'de>,
    T::JsType: JsCast,
{
    let text = js_sys::JSON::stringify(&value.js_value()).map(String::from)?;
    serde_json::from_str(&text).map_err(|error| thrown(Error::parameter(format!("this is no {what}: {error}"))))
}

/// A value for the page as JSON, for types that are saved as JSON too.
#[cfg(feature = "workshop")]
fn json(value: &impl Serialize) -> Result<String, JsValue> {
    serde_json::to_string(value).map_err(|error| js_sys::Error::new(&error.to_string()).into())
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

fn dropped(files: &[Ts<DroppedFile>]) -> Result<Vec<(String, Vec<u8>)>, JsValue> {
    let taken = |file: &Ts<DroppedFile>| {
        let file: DroppedFile =
            file.to_rust().map_err(|error| thrown(Error::parameter(format!("this is no file: {error}"))))?;
        Ok(file.into_parts())
    };
    files.iter().map(taken).collect()
}

/// Milliseconds since the worker or page started.
fn now() -> f64 {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).ok();
    let clock = performance.as_ref().and_then(|performance| Reflect::get(performance, &"now".into()).ok());
    let call = clock.and_then(|clock| clock.dyn_into::<Function>().ok());
    call.zip(performance).and_then(|(now, this)| now.call0(&this).ok()).and_then(|ms| ms.as_f64()).unwrap_or(0.0)
}
