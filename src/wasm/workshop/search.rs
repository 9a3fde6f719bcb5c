//! A search under way, for the worker that runs it.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::super::{out, taken, thrown};
use super::Workshop;
use crate::lab::search;
use crate::progress::Silent;
use crate::report::search::{Dot, SearchNews, SearchRequest, Trial};

/// A search under way.
#[wasm_bindgen]
pub struct Search(search::Search);

#[wasm_bindgen]
impl Workshop {
    /// Begins a search, or goes on with one that was saved.
    pub fn search(&self, request: Ts<SearchRequest>, state: Option<String>) -> Result<Search, JsValue> {
        let request = taken(&request, "request")?;
        Ok(Search(self.0.search(&request, state.as_deref()).map_err(thrown)?))
    }

    /// Measures one thing, and says what came of it.
    pub fn search_step(&self, search: &mut Search) -> Result<Ts<SearchNews>, JsValue> {
        out(&search.0.step(&self.0, &mut Silent).map_err(thrown)?)
    }
}

#[wasm_bindgen]
impl Search {
    /// Everything that was tried, in order.
    pub fn trials(&self) -> Result<Vec<Ts<Trial>>, JsValue> {
        self.0.trials().iter().map(out).collect()
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
