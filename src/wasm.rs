//! The JavaScript boundary: thin, no logic. Nothing else in the crate knows the browser.
//!
//! The crate is three engines, each a module of its own. The *bench* ([`bench`] and its like) is what every visitor loads:
//! open, compress, run, compare. The other two are loaded on demand (feature `on-demand`): the *workshop* ([`workshop`], feature
//! `workshop`) when someone trains, searches or asks for other long work, *memory* ([`memory`], feature `memory`) when someone
//! computes in memory. Each takes a model and its inputs in ([`subject`]), and has no more of the others than it needs, so that
//! no download carries another.

#[cfg(not(feature = "on-demand"))]
mod bench;
#[cfg(not(feature = "on-demand"))]
mod clips;
#[cfg(not(feature = "on-demand"))]
mod live;
#[cfg(feature = "memory")]
mod memory;
#[cfg(not(feature = "on-demand"))]
mod runner;
#[cfg(not(feature = "on-demand"))]
mod sound;
mod subject;
#[cfg(feature = "workshop")]
mod workshop;

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

/// A value from the page, by way of JSON: reports and recipes are saved as JSON too, and a second way to read every type
/// weighs much.
fn taken<T>(value: &Ts<T>, what: &str) -> Result<T, JsValue>
where
    T: Tsify + for<'de> Deserialize<'de>,
    T::JsType: JsCast,
{
    let text = js_sys::JSON::stringify(&value.js_value()).map(String::from)?;
    serde_json::from_str(&text).map_err(|error| thrown(Error::parameter(format!("this is no {what}: {error}"))))
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
#[cfg(any(not(feature = "on-demand"), feature = "workshop"))]
fn now() -> f64 {
    use js_sys::{Function, Reflect};
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).ok();
    let clock = performance.as_ref().and_then(|performance| Reflect::get(performance, &"now".into()).ok());
    let call = clock.and_then(|clock| clock.dyn_into::<Function>().ok());
    call.zip(performance).and_then(|(now, this)| now.call0(&this).ok()).and_then(|ms| ms.as_f64()).unwrap_or(0.0)
}
