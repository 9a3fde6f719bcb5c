//! What the page reads of a training while it runs.

use serde::{Deserialize, Serialize};

use super::Figure;
use crate::compress::recipe::Recipe;

/// What is known of a training before its first step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct TrainingCard {
    /// The names of the outputs.
    pub classes: Vec<String>,
    /// Examples that it learns from.
    pub examples: Figure,
    /// Examples that judge it, set aside from those.
    pub judges: Figure,
    /// Steps of the whole training.
    pub steps: u32,
    /// Epochs of the whole training.
    pub epochs: u32,
    /// How good the network is before it has learned anything, on the examples that judge; none where it has other
    /// outputs.
    pub before: Option<Figure>,
    /// Layers whose weights can be looked at: node, name and operator.
    pub layers: Vec<TrainedLayer>,
    /// What was decided for the user, in sentences.
    pub remarks: Vec<String>,
}

/// A layer that learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct TrainedLayer {
    /// Its place in the network that learns.
    pub node: u32,
    /// Name of what it makes, and its operator.
    pub name: String,
}

/// What has happened since the page last asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct TrainingNews {
    /// Steps done.
    pub step: u32,
    /// Steps of the whole training.
    pub steps: u32,
    /// The loss of each step since the last news.
    pub losses: Vec<f64>,
    /// The epochs that ended since the last news.
    pub epochs: Vec<EpochRow>,
    /// The step size now.
    pub learning_rate: f64,
    /// Share of the weights that is zero.
    pub sparsity: Figure,
    /// Bits that numbers are rounded to now, in words.
    pub precision: String,
    /// Examples each second.
    pub speed: Option<Figure>,
    /// What is left at this speed.
    pub left: Option<Figure>,
    /// Examples that judge and are wrong now, where an epoch ended.
    pub wrong: Option<Vec<WrongExample>>,
    /// Whether it is over: the last step is done, progress has stopped, or it reached the step at which it was once stopped.
    pub is_over: bool,
}

/// One pass over all examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct EpochRow {
    /// From 1.
    pub epoch: u32,
    /// Steps that were done at its end.
    pub step: u32,
    /// The mean loss on the examples that it learned from.
    pub loss: f64,
    /// The loss on the examples that judge.
    pub judged_loss: Option<f64>,
    /// Share of the examples that judge which are classified rightly.
    pub accuracy: Option<Figure>,
}

/// An example that is answered wrongly now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct WrongExample {
    /// Its name; text from outside, never markup.
    pub name: String,
    /// What it is.
    pub label: String,
    /// What the network says.
    pub answer: String,
}

/// What a training made, for the benches that go on from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct TrainingOutcome {
    /// The steps that made it: with what was changed by hand, and where it was stopped.
    pub recipe: Recipe,
    /// The model file.
    #[serde(with = "serde_bytes")]
    #[cfg_attr(target_arch = "wasm32", tsify(type = "Uint8Array"))]
    pub file: Vec<u8>,
    /// The names of its outputs, where they are others than those of the model on the bench.
    pub classes: Vec<String>,
    /// What is to be known of it, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}
