//! The loop: shuffle, take a batch, run, compare, go back, step; again.

use super::loss::Loss;
use super::optimiser::Adam;
use super::tape::{Parameters, Tape};
use crate::error::{Error, Result};
use crate::model::{Model, Value};
use crate::progress::{self, Progress};
use crate::random::Random;

/// What a network learns from: inputs and what it should make of them, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Examples<'a> {
    /// `[n, elements of the model's input]`.
    pub inputs: &'a [f32],
    /// `[n, elements of the model's output]`; for an autoencoder the inputs themselves.
    pub targets: &'a [f32],
}

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
/// Batches are of one size; examples that are left over wait for the next epoch, which shuffles anew.
///
/// # Errors
/// `Unsupported` for an operator without a gradient, `Parameter` for options or examples that do not fit the model,
/// `Numeric` when the loss is no longer a number, `Cancelled`.
pub fn fit(model: &Model, examples: Examples<'_>, options: &Options, progress: &mut dyn Progress) -> Result<Trained> {
    let width = |ids: &[usize]| ids.first().and_then(|&id| model.values.get(id)).map_or(0, Value::elements);
    let (wide_in, wide_out) = (width(&model.inputs), width(&model.outputs));
    let rows = examples.inputs.len() / wide_in.max(1);
    if wide_in * rows != examples.inputs.len() || wide_out * rows != examples.targets.len() {
        return Err(Error::parameter(format!(
            "{} inputs and {} targets are not rows of {wide_in} and {wide_out}",
            examples.inputs.len(),
            examples.targets.len()
        )));
    }
    if options.batch == 0 || options.batch > rows {
        return Err(Error::parameter(format!("a batch of {} cannot be taken from {rows} examples", options.batch)));
    }
    let steps = rows / options.batch;
    let mut parameters = Parameters::of(model)?;
    let mut adam = Adam::new(&parameters);
    let mut random = Random::new(options.seed);
    let mut order: Vec<usize> = (0..rows).collect();
    let mut losses = Vec::with_capacity(options.epochs);
    for epoch in 0..options.epochs {
        random.shuffle(&mut order);
        let mut sum = 0.0;
        for (step, batch) in order.chunks_exact(options.batch).enumerate() {
            let done = epoch * steps + step;
            progress::step(progress, "Training", done, options.epochs * steps)?;
            let gather = |data: &[f32], width: usize| -> Vec<f32> {
                batch.iter().flat_map(|&row| &data[row * width..(row + 1) * width]).copied().collect()
            };
            let targets = gather(examples.targets, wide_out);
            let tape = Tape::forward(model, &parameters, &gather(examples.inputs, wide_in), options.batch)?;
            let (loss, wrongness) = options.loss.of(tape.output(), &targets, options.batch)?;
            if !loss.is_finite() {
                return Err(Error::numeric(format!(
                    "the loss is {loss} after {done} steps; try a smaller learning rate"
                )));
            }
            let gradients = tape.backward(wrongness)?;
            let part = done as f64 / (options.epochs * steps) as f64;
            let rate = options.learning_rate * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * part));
            adam.step(&mut parameters, &gradients, rate);
            sum += loss;
        }
        losses.push(sum / steps as f64);
    }
    Ok(Trained { model: parameters.put_into(model), losses })
}
