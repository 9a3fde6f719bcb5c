//! What the page reads of a diagnosis.

use serde::{Deserialize, Serialize};

use super::Figure;
use crate::compress::recipe::Recipe;

/// One layer against the same layer of the original.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct DiagnosedLayer {
    /// The node of the candidate, without steps that change nothing but bytes.
    pub node: u32,
    /// Operator, and the name of what it makes.
    pub op: String,
    /// Name of its output; text from outside, never markup.
    pub name: String,
    /// Signal to noise with what the layers before it passed on; none where there is no noise.
    pub accumulated: Option<Figure>,
    /// Signal to noise of the layer alone, fed with what the original computes; none where that is not known, or without noise.
    pub local: Option<Figure>,
    /// Whether the layer could be fed with what the original computes, so that it is known what it loses alone.
    pub fed: bool,
    /// Cosine of the angle between both outputs.
    pub cosine: Figure,
    /// Share of the error that is a constant shift.
    pub shift: Figure,
    /// Share of the original's values outside of the candidate's range.
    pub saturated: Figure,
    /// Share of the range in which nearly all values lie.
    pub used: Option<Figure>,
    /// Largest against smallest channel of the weights, where they share a scale.
    pub spread: Option<Figure>,
    /// Channels that always say the same, and do not in the original.
    pub dead: Figure,
    /// Whether it is the layer that the sentence speaks of.
    pub is_worst: bool,
}

/// One thing about how ranges hold the values that they were measured on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct CoverageRow {
    /// What is told, and of which layer or channels.
    pub what: String,
    /// How much.
    pub figure: Figure,
}

/// A change of the recipe that may bring back what was lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct RemedyRow {
    /// What it does.
    pub sentence: String,
    /// The recipe with the change.
    pub recipe: Recipe,
}

/// Why a candidate lost, and what may help.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct DiagnosisReport {
    /// Why, in words.
    pub sentence: String,
    /// Where device and desktop part, in words.
    pub desktop: String,
    /// How well ranges hold what they were measured on; nothing where no value has an integer range.
    pub coverage: Vec<CoverageRow>,
    /// Every layer that has a counterpart, in execution order.
    pub layers: Vec<DiagnosedLayer>,
    /// Changes of the recipe, those that fit the reason first.
    pub remedies: Vec<RemedyRow>,
    /// What the recipe repairs, each with the recipe that leaves it out: what lies between is what it bought.
    pub repairs: Vec<RemedyRow>,
}
