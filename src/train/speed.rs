//! How fast a network learns here: a DS-CNN on noise, so that nothing but the steps is measured.

use super::architecture::{Architecture, Kind};
use super::trainer::{Data, Examples, Trainer, one_hot};
use super::{Loss, Plan, plan::Schedule};
use crate::error::Result;
use crate::model::{Model, counts};
use crate::random::Random;
use crate::units::Macs;

/// Batches of noise that are learned in turn.
const BATCHES: usize = 4;

/// A training that goes on for ever.
#[derive(Debug)]
pub struct Speed {
    trainer: Trainer,
    inputs: Vec<f32>,
    targets: Vec<f32>,
    macs: Macs,
}

impl Speed {
    /// MLPerf Tiny's DS-CNN (49 x 10 inputs, 12 classes) with Adam, at a batch size.
    ///
    /// # Errors
    /// `Parameter` for a batch of 0.
    pub fn new(batch: usize) -> Result<Self> {
        let model = Architecture::of(Kind::DsCnn).build(1)?;
        let mut random = Random::new(1);
        let rows = BATCHES * batch;
        let labels: Vec<usize> = (0..rows).map(|_| random.below(12)).collect();
        let plan = Plan {
            loss: Loss::CrossEntropy,
            epochs: usize::MAX / rows.max(1),
            batch,
            parts: 1,
            schedule: Schedule::Constant,
            ..Plan::default()
        };
        Ok(Self {
            trainer: Trainer::new(&model, &plan)?,
            inputs: (0..rows * 490).map(|_| random.normal() as f32).collect(),
            targets: one_hot(&labels, 12)?,
            macs: macs_of_step(&model, batch),
        })
    }

    /// Some steps of forward, backward and Adam; the last loss.
    ///
    /// # Errors
    /// Those of [`Trainer::step`].
    pub fn steps(&mut self, count: usize) -> Result<f64> {
        let data = Data::of(Examples { inputs: &self.inputs, targets: &self.targets });
        (0..count).try_fold(0.0, |_, _| Ok(self.trainer.step(data)?.loss))
    }

    /// Multiply-accumulates of one step: each product of the forward pass comes back twice, by weights and by inputs; the
    /// first layer's inputs need no gradient.
    pub fn macs(&self) -> Macs {
        self.macs
    }
}

fn macs_of_step(model: &Model, batch: usize) -> Macs {
    let first = counts::node(model, 0).macs.0;
    Macs((3 * counts::model(model).macs.0 - first) * batch as u64)
}
