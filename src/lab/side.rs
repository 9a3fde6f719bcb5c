//! One model of the bench with what runs it: the original, or a candidate.

use super::evaluation::Outcome;
use super::{card, inputs};
use crate::error::{Error, Result};
use crate::exec::{Executor, Options};
use crate::format::tflite;
use crate::metrics;
use crate::model::Model;
use crate::report::{ModelCard, Task};
use crate::tensor::Tensor;

/// Share of the calibration items that count as normal: the rest lies above the anomaly threshold.
const NORMAL_SHARE: f64 = 0.95;

/// A model with the file it stands in and what runs it.
pub(super) struct Side {
    pub(super) model: Model,
    pub(super) bytes: Vec<u8>,
    pub(super) card: ModelCard,
    /// `None` when something stops execution; the card says what.
    pub(super) executor: Option<Executor>,
    /// Strangeness above which an item is called anomalous; 0 until it is measured.
    pub(super) threshold: f64,
}

impl Side {
    pub(super) fn open(bytes: &[u8], name: &str) -> Result<Self> {
        let opened = tflite::read(bytes)?;
        let card = card::card(&opened, bytes, name);
        let executor = Executor::new(&opened.model, Options::default()).ok();
        Ok(Self { model: opened.model, bytes: bytes.to_vec(), card, executor, threshold: 0.0 })
    }

    fn blocked(&self) -> Error {
        Error::unsupported(self.card.blocked.clone().unwrap_or_else(|| "this model cannot run here".into()))
    }

    /// The first output of the model for a window.
    fn output(&mut self, window: &Tensor) -> Result<Option<Tensor>> {
        let input = inputs::feed(&self.model, window)?;
        let blocked = self.executor.is_none().then(|| self.blocked());
        let Some(executor) = &mut self.executor else { return Err(blocked.unwrap_or_else(Error::cancelled)) };
        Ok(executor.run(&[input])?.into_iter().next())
    }

    /// The same in real numbers.
    fn run(&mut self, window: &Tensor) -> Result<Vec<f32>> {
        Ok(self.output(window)?.map(|tensor| inputs::reals(&self.model, 0, &tensor)).unwrap_or_default())
    }

    /// What the model says of an item: the class of the mean scores, or the mean squared error of rebuilding it.
    pub(super) fn outcome(&mut self, windows: &[Tensor]) -> Result<Outcome> {
        match self.card.task {
            Task::Reconstruction => Ok(Outcome::Strangeness(self.strangeness(windows)?)),
            _ => Ok(Outcome::Class(self.class(windows)?)),
        }
    }

    /// The class of the largest score. Scores of one window are compared as they are: a float holds 24 bits of an integer.
    fn class(&mut self, windows: &[Tensor]) -> Result<usize> {
        let found = match windows {
            [window] => match self.output(window)? {
                Some(Tensor::Int32(scores)) => metrics::top(scores.iter().copied()),
                Some(Tensor::Int64(scores)) => metrics::top(scores.iter().copied()),
                Some(other) => metrics::top(inputs::reals(&self.model, 0, &other)),
                None => None,
            },
            _ => metrics::top(self.scores(windows)?),
        };
        Ok(found.unwrap_or(0))
    }

    /// The strangeness below which [`NORMAL_SHARE`] of normal items lie.
    pub(super) fn normal_threshold(&mut self, items: &[Vec<Tensor>]) -> Result<f64> {
        let mut found = items.iter().map(|windows| self.strangeness(windows)).collect::<Result<Vec<f64>>>()?;
        crate::order::floats(&mut found);
        let at = (found.len() as f64 * NORMAL_SHARE) as usize;
        Ok(found.get(at.min(found.len().saturating_sub(1))).copied().unwrap_or(0.0))
    }

    pub(super) fn scores(&mut self, windows: &[Tensor]) -> Result<Vec<f32>> {
        let mut sum: Vec<f32> = Vec::new();
        for window in windows {
            let scores = self.run(window)?;
            sum.resize(scores.len(), 0.0);
            sum.iter_mut().zip(scores).for_each(|(sum, score)| *sum += score);
        }
        sum.iter_mut().for_each(|score| *score /= windows.len().max(1) as f32);
        Ok(sum)
    }

    pub(super) fn strangeness(&mut self, windows: &[Tensor]) -> Result<f64> {
        let mut sum = 0.0;
        for window in windows {
            let rebuilt = self.run(window)?;
            // The error is against the real features, not against their quantized form.
            let truth = match window {
                Tensor::Float32(_) => window.to_f32_vec(),
                _ => dequantized_input(&self.model, window),
            };
            let squares = truth.iter().zip(&rebuilt).map(|(a, b)| f64::from(a - b) * f64::from(a - b));
            sum += squares.sum::<f64>() / rebuilt.len().max(1) as f64;
        }
        Ok(sum / windows.len().max(1) as f64)
    }
}

fn dequantized_input(model: &Model, window: &Tensor) -> Vec<f32> {
    let quantization = model.inputs.first().and_then(|&id| model.values[id].quantization.as_ref());
    let (scale, zero_point) = quantization.and_then(|q| q.single().ok()).unwrap_or((1.0, 0));
    window.to_f32_vec().into_iter().map(|q| (q - zero_point as f32) * scale).collect()
}
