//! What the page reads of what stands between a candidate and its target.

use serde::{Deserialize, Serialize};

use crate::compress::Choice;
use crate::compress::recipe::Recipe;

/// One problem, wherever it occurs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct LintRow {
    /// `info`, `warning` or `blocks`.
    pub severity: String,
    /// What is wrong.
    pub sentence: String,
    /// Where, in the order of execution.
    pub places: Vec<String>,
    /// What to do.
    pub fix: String,
    /// The recipe that does it; none where no change of the recipe can.
    pub recipe: Option<Recipe>,
}

/// What stands between a candidate and its target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct LintReport {
    /// Every target: name, label and what it is.
    pub targets: Vec<Choice>,
    /// The problems, in the order of execution.
    pub problems: Vec<LintRow>,
    /// The C++ lines that give TFLM its operators; none for a target that has all.
    pub resolver: Vec<String>,
}
