//! A search under way, for the worker that runs it.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use crate::json;
use crate::lab::search;
use crate::progress::Silent;
use crate::report::search::{Dot, SearchRequest};
use crate::wasm::subject::Bench;
use crate::wasm::{taken, thrown};

/// A search under way.
#[wasm_bindgen]
pub struct Search(pub(super) search::Search);

#[wasm_bindgen]
impl Bench {
    /// Begins a search, or goes on with one that was saved.
    pub fn search(&self, request: Ts<SearchRequest>, state: Option<String>) -> Result<Search, JsValue> {
        let request = taken(&request, "request")?;
        Ok(Search(self.0.search(&request, state.as_deref()).map_err(thrown)?))
    }

    /// Measures one thing, and says what came of it.
    ///
    /// The text is a [`SearchNews`](crate::report::search::SearchNews) as JSON.
    pub fn search_step(&self, search: &mut Search) -> Result<String, JsValue> {
        Ok(json::text(&search.0.step(&self.0, &mut Silent).map_err(thrown)?))
    }
}

#[wasm_bindgen]
impl Search {
    /// Everything that was tried, in order, as JSON.
    pub fn trials(&self) -> String {
        self.0.trials_json()
    }

    /// What can be saved and gone on with.
    pub fn state(&self) -> String {
        self.0.state()
    }
}

/// The places of the dots that no other beats, by cost.
#[wasm_bindgen]
pub fn front(dots: Vec<Ts<Dot>>) -> Result<Vec<usize>, JsValue> {
    let dots = dots.iter().map(|dot| taken(dot, "dot")).collect::<Result<Vec<Dot>, JsValue>>()?;
    Ok(search::front(&dots))
}
