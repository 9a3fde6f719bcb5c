//! What of two reports is compared.

use serde::{Deserialize, Serialize};

use super::{ItemAnswers, Report, Strip};
use crate::compress::recipe::Recipe;

/// The part of a report that a comparison reads; a whole report can be given in its place, the rest is passed by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Compared {
    /// How it was made.
    pub recipe: Recipe,
    /// The six numbers.
    pub strip: Strip,
    /// What the score is.
    pub evaluation: Option<ComparedScore>,
}

/// What a score is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ComparedScore {
    /// `accuracy` or `AUC`.
    pub metric: String,
    /// The score's items, one by one.
    #[serde(default)]
    pub answers: ItemAnswers,
}

impl From<&Report> for Compared {
    fn from(report: &Report) -> Self {
        let evaluation = report.evaluation.as_ref();
        Self {
            recipe: report.recipe.clone(),
            strip: report.strip.clone(),
            evaluation: evaluation
                .map(|found| ComparedScore { metric: found.metric.clone(), answers: found.answers.clone() }),
        }
    }
}
