//! Cross-layer equalization: the same function, with channels of one size, so that one step between levels suits them all.
//!
//! Behind a ReLU, a filter can be divided by any positive number if those that read its channel are multiplied with it. What a
//! channel is tied to goes with it: pools, flattening, both sides of an addition.
//!
//! *Source*: M. Nagel, M. van Baalen, T. Blankevoort, M. Welling, "Data-free quantization through weight equalization and bias
//! correction", ICCV 2019, equation 11.

mod classes;

use super::fold;
use super::recipe::{EqualizeBy, EqualizeOptions};
use crate::error::{Error, Result};
use crate::exec::{Data, Executor, Kernels, Options};
use crate::model::{Model, ValueId};
use crate::progress::{self, Progress};
use crate::tensor::Tensor;
use classes::Classes;

/// Rounds of equalizing by weights: each change is seen by the layers around it.
const ROUNDS: usize = 20;
/// A channel is scaled by at most so much at once, so that one that is almost silent does not become noise.
const MOST: f64 = 1024.0;

/// A folded copy of a float model with channels of one size.
///
/// The real function is the same up to `float32` rounding; with powers of two, bit for bit. `inputs` are only run where
/// `options.by` asks for activations.
///
/// # Errors
/// `Unsupported` where no channel can be scaled, `Parameter` where activations are asked for and no inputs are given; those
/// of folding and running.
pub fn equalize(
    model: &Model,
    options: &EqualizeOptions,
    inputs: &[Vec<Tensor>],
    progress: &mut dyn Progress,
) -> Result<Model> {
    let mut equal = fold::fold(model)?;
    let classes = Classes::of(&equal)?;
    let scaled = classes.scaled(&equal);
    if scaled.is_empty() {
        return Err(Error::unsupported(
            "no channel of this model can be scaled: that takes float weights before and behind it, and nothing but ReLUs between",
        ));
    }
    let by_weights = options.by == EqualizeBy::Weights;
    let given = if by_weights { vec![] } else { sizes(&equal, &classes, inputs, progress)? };
    for _ in 0..if by_weights { ROUNDS } else { 1 } {
        let mut most = 1.0f64;
        for &class in &scaled {
            let scales = match options.by {
                EqualizeBy::Weights => balance(&classes.made(&equal, class)?, &classes.read(&equal, class)?),
                EqualizeBy::Activations => given[class].clone(),
                EqualizeBy::Both => balance(&given[class], &classes.read(&equal, class)?),
            };
            let scales: Vec<f64> = scales.into_iter().map(|scale| usable(scale, options.powers_of_two)).collect();
            most = scales.iter().fold(most, |most, &scale| most.max(scale).max(1.0 / scale));
            classes.divide(&mut equal, class, &scales)?;
        }
        if most < 1.01 {
            break;
        }
    }
    Ok(equal)
}

/// What makes two sizes equal when one is divided by it and the other multiplied.
fn balance(divided: &[f64], multiplied: &[f64]) -> Vec<f64> {
    let ratio = |(a, b): (&f64, &f64)| if *a > 0.0 && *b > 0.0 { libm::sqrt(a / b) } else { 0.0 };
    divided.iter().zip(multiplied).map(ratio).collect()
}

/// A channel that is silent, or that nothing reads, stays as it is.
fn usable(scale: f64, power_of_two: bool) -> f64 {
    if !(scale > 0.0 && scale.is_finite()) {
        return 1.0;
    }
    let scale = scale.clamp(1.0 / MOST, MOST);
    if power_of_two { libm::exp2(libm::round(libm::log2(scale))) } else { scale }
}

/// The largest magnitude of each channel of each class, by the class.
fn sizes(
    model: &Model,
    classes: &Classes,
    inputs: &[Vec<Tensor>],
    progress: &mut dyn Progress,
) -> Result<Vec<Vec<f64>>> {
    if inputs.is_empty() {
        return Err(Error::parameter("equalizing by activations needs a few example inputs; give some data first"));
    }
    let mut sizes: Vec<Vec<f64>> = (0..model.values.len()).map(|id| vec![0.0; classes.channels(id)]).collect();
    // Weights in the candidate's file follow from these, so they must be the same in every browser.
    let mut executor = Executor::new(model, Options { kernels: Kernels::Exact, ..Options::default() })?;
    for (done, sample) in inputs.iter().enumerate() {
        progress::step(progress, "Measuring channels", done, inputs.len())?;
        executor.run_tapped(sample, &mut |value: ValueId, view| {
            let (Some(class), Data::Float32(numbers)) = (classes.class(value), view.data) else { return };
            for pixel in numbers.chunks_exact(sizes[class].len().max(1)) {
                sizes[class].iter_mut().zip(pixel).for_each(|(size, &x)| *size = size.max(f64::from(x.abs())));
            }
        })?;
    }
    Ok(sizes)
}
