//! The loop with everything at its plainest: Adam, one loss, a step size that falls to 0.

use super::loss::Loss;
use super::plan::Plan;
use super::trainer::{Data, Examples, Trainer};
use crate::error::Result;
use crate::model::Model;
use crate::progress::{self, Progress};

/// How to train.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What is made small.
    pub loss: Loss,
    /// How often every example is seen.
    pub epochs: usize,
    /// Examples in one step.
    pub batch: usize,
    /// The step size at the start; it falls along half a cosine to 0 at the end.
    pub learning_rate: f64,
    /// Names the order of the examples.
    pub seed: u64,
}

/// A network that has learned.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The model with its new weights.
    pub model: Model,
    /// The mean loss of each epoch, as the batches met it.
    pub losses: Vec<f64>,
}

/// Trains all weights and biases of a model.
///
/// # Errors
/// `Unsupported` for an operator without a gradient, `Parameter` for options or examples that do not fit the model,
/// `Numeric` when the loss is no longer a number, `Cancelled`.
pub fn fit(model: &Model, examples: Examples<'_>, options: &Options, progress: &mut dyn Progress) -> Result<Trained> {
    let Options { loss, epochs, batch, learning_rate, seed } = *options;
    let plan = Plan { loss, epochs, batch, parts: 1, learning_rate, seed, ..Plan::default() };
    let mut trainer = Trainer::new(model, &plan)?;
    let mut losses = Vec::with_capacity(epochs);
    let mut total = 0;
    while !trainer.is_over() && epochs > 0 {
        if total > 0 {
            progress::step(progress, "Training", trainer.steps_done(), total)?;
        }
        let metrics = trainer.step(Data::of(examples))?;
        total = metrics.steps;
        losses.extend(metrics.epoch_loss);
    }
    Ok(Trained { model: trainer.model()?, losses })
}
