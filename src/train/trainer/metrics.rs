//! What goes into a training, and what it says of itself.

use serde::{Deserialize, Serialize};

use super::Examples;

/// What a training learns from.
#[derive(Debug, Clone, Copy)]
pub struct Data<'a> {
    /// What the steps are taken on.
    pub training: Examples<'a>,
    /// What judges the network at the end of each epoch, and stops it early.
    pub validation: Option<Examples<'a>>,
}

impl<'a> Data<'a> {
    /// Training examples alone.
    pub fn of(training: Examples<'a>) -> Self {
        Self { training, validation: None }
    }
}

/// What one step did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Steps that have been done, this one included.
    pub step: usize,
    /// Steps of the whole training.
    pub steps: usize,
    /// The epoch that this step belongs to, from 0.
    pub epoch: usize,
    /// The loss on this batch before the step.
    pub loss: f64,
    /// Share of this batch that was classified rightly, for classifiers with labels.
    pub accuracy: Option<f64>,
    /// The step size.
    pub learning_rate: f64,
    /// The length of the gradient before it was clipped.
    pub gradient_norm: f64,
    /// Share of the weights that are set to zero.
    pub sparsity: f64,
    /// The mean loss of the epoch, with its last step.
    pub epoch_loss: Option<f64>,
    /// The validation examples at the end of an epoch.
    pub validation: Option<Judgement>,
    /// Whether this was the last step.
    pub is_last: bool,
}

/// How good the network is on some examples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The mean loss.
    pub loss: f64,
    /// Examples that are classified rightly, for classifiers.
    pub right: Option<usize>,
    /// Examples.
    pub n: usize,
}
