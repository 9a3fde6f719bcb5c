//! What came out of playing a test set at many levels, through each normalizer.

use serde::{Deserialize, Serialize};

use super::Figure;

/// What was done to every clip before the normalizer heard it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ConditionRow {
    /// Stable identifier.
    pub id: String,
    /// Its name.
    pub label: String,
    /// Change of level against the recording in decibels, where that is all that was done.
    pub decibels: Option<f32>,
}

/// One side under one treatment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct SideScores {
    /// The score in each condition, in the order of [`LevelsReport::conditions`].
    pub scores: Vec<Figure>,
    /// The mean score over the levels alone.
    pub mean: Figure,
    /// The lowest score over the levels alone.
    pub worst: Figure,
}

/// One way to treat the level, what it costs and what it brings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct TreatmentRow {
    /// Stable identifier.
    pub id: String,
    /// Its name.
    pub label: String,
    /// What it does, and how it was set for this model.
    pub sentence: String,
    /// What it breaks on.
    pub breaks: String,
    /// Operations for each second of sound.
    pub operations: Figure,
    /// Memory that it keeps.
    pub state: Figure,
    /// Sound that it must hear first.
    pub lookahead: Figure,
    /// Energy for each second of sound on the chosen device, the normalizer alone.
    pub energy: Option<Figure>,
    /// Its share of one milliwatt.
    pub budget: Option<Figure>,
    /// Original and candidate.
    pub sides: Vec<SideScores>,
}

/// The level experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct LevelsReport {
    /// `accuracy` or `AUC`.
    pub metric: String,
    /// Test items that were played.
    pub items: u32,
    /// The device that energies speak of.
    pub device: String,
    /// Energy of the features of a second of sound on the device, without the normalizer.
    pub front_end: Option<Figure>,
    /// Energy of one inference of the candidate on the device.
    pub inference: Option<Figure>,
    /// What was done to the clips: levels first, from quiet to loud, then the rest.
    pub conditions: Vec<ConditionRow>,
    /// Each treatment.
    pub treatments: Vec<TreatmentRow>,
    /// What the experiment shows, in sentences.
    pub findings: Vec<String>,
}
