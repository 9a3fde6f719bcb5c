//! What the page reads of a search, and of every recipe that was tried.

use serde::{Deserialize, Serialize};

use super::{Figure, Strip};
use crate::compress::recipe::{Recipe, SlimTarget};

/// What a search looks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default, deny_unknown_fields)]
pub struct SearchRequest {
    /// Most bytes of the file.
    pub flash: Option<f64>,
    /// Most bytes of RAM.
    pub ram: Option<f64>,
    /// Most joules of one inference on `device`.
    pub energy: Option<f64>,
    /// The device of the energy; also of what is reported.
    pub device: String,
    /// Which runtimes shall run the file.
    pub target: SlimTarget,
    /// Percent of the original's answers that a candidate has to keep, on the items that ranges are measured on.
    pub keeps: f64,
    /// Candidates that are tried in full, at most.
    pub trials: usize,
    /// Names the choices that are left to chance.
    pub seed: u32,
}

impl Default for SearchRequest {
    fn default() -> Self {
        Self {
            flash: None,
            ram: None,
            energy: None,
            device: "nucleo-h7a3zi-q".into(),
            target: SlimTarget::Tflm,
            keeps: 90.0,
            trials: 60,
            seed: 1,
        }
    }
}

/// A candidate that was applied, written, read back and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Trial {
    /// How it was made.
    pub recipe: Recipe,
    /// The six numbers, the score on items that neither ranges nor the search were measured on.
    pub strip: Strip,
    /// What the score is: "accuracy" or "AUC".
    pub metric: String,
    /// How far its outputs are from the original's on the items that the search chooses by.
    pub distance: Figure,
    /// Answers of the original that it keeps on those items.
    pub kept: Figure,
    /// Whether it stays within the budgets.
    pub fits: bool,
}

/// What a step of a search did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct SearchNews {
    /// A candidate that was tried in full, if it was one.
    pub trial: Option<Trial>,
    /// What is being done, in words.
    pub phase: String,
    /// Things measured.
    pub done: u32,
    /// About how many there will be.
    pub total: u32,
    /// The best so far among all trials, by its place; none where none fits.
    pub best: Option<u32>,
    /// The answer so far, in words.
    pub sentence: String,
    /// Whether it is over.
    pub is_over: bool,
}

/// A tried recipe as the trade-off between a cost and a score sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Dot {
    /// Less is better.
    pub cost: f64,
    /// More is better.
    pub score: f64,
}
