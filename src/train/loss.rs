//! How wrong an output is, as one number, and in which direction each of its numbers is wrong.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What training makes small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The mean of the squared differences: for networks that give back a signal.
    MeanSquaredError,
    /// `-sum(target * ln(softmax(output)))`: for networks whose outputs are logits, one for each class, without a
    /// softmax of their own; targets are probabilities.
    CrossEntropy,
}

impl Loss {
    /// The mean loss of a batch and its derivative by every output.
    ///
    /// *Shapes*: `output` and `target` are `[batch, elements]`, the derivative too.
    ///
    /// # Errors
    /// `Parameter` when the lengths differ or the batch does not divide them.
    pub fn of(self, output: &[f32], target: &[f32], batch: usize) -> Result<(f64, Vec<f32>)> {
        if output.len() != target.len() || output.is_empty() || batch == 0 || !output.len().is_multiple_of(batch) {
            return Err(Error::parameter(format!(
                "a batch of {batch} has {} outputs, but {} targets",
                output.len(),
                target.len()
            )));
        }
        Ok(match self {
            Self::MeanSquaredError => mean_squared_error(output, target),
            Self::CrossEntropy => cross_entropy(output, target, output.len() / batch),
        })
    }
}

fn mean_squared_error(output: &[f32], target: &[f32]) -> (f64, Vec<f32>) {
    let scale = 2.0 / output.len() as f32;
    let mut sum = 0.0;
    let difference = |(y, t): (&f32, &f32)| {
        let difference = y - t;
        sum += f64::from(difference) * f64::from(difference);
        scale * difference
    };
    let gradient = output.iter().zip(target).map(difference).collect();
    (sum / output.len() as f64, gradient)
}

fn cross_entropy(output: &[f32], target: &[f32], classes: usize) -> (f64, Vec<f32>) {
    let rows = output.len() / classes;
    let mut gradient = Vec::with_capacity(output.len());
    let mut sum = 0.0;
    for (y, t) in output.chunks_exact(classes).zip(target.chunks_exact(classes)) {
        // Subtracting the largest keeps exp in range and changes nothing else; a NaN goes through.
        let largest = y.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let exponentials: Vec<f32> = y.iter().map(|y| libm::expf(y - largest)).collect();
        let total: f32 = exponentials.iter().sum();
        let mass: f32 = t.iter().sum();
        let log_total = f64::from(libm::logf(total));
        sum -= y.iter().zip(t).map(|(y, t)| f64::from(*t) * (f64::from(y - largest) - log_total)).sum::<f64>();
        gradient.extend(exponentials.iter().zip(t).map(|(e, t)| (mass * e / total - t) / rows as f32));
    }
    (sum / rows as f64, gradient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_of_both_losses_equal_finite_differences() {
        let output = [0.3f32, -1.2, 2.0, 0.1, 0.0, -0.4];
        let target = [1.0f32, 0.0, 0.0, 0.2, 0.3, 0.5];
        for loss in [Loss::MeanSquaredError, Loss::CrossEntropy] {
            let (_, gradient) = loss.of(&output, &target, 2).unwrap();
            for i in 0..output.len() {
                let moved = |step: f32| {
                    let mut output = output;
                    output[i] += step;
                    loss.of(&output, &target, 2).unwrap().0
                };
                let difference = (moved(0.01) - moved(-0.01)) / 0.02;
                assert!((difference - f64::from(gradient[i])).abs() < 1e-4, "{loss:?} {i}: {difference}");
            }
        }
    }

    #[test]
    fn cross_entropy_of_equal_logits_is_the_logarithm_of_the_classes() {
        let (loss, _) = Loss::CrossEntropy.of(&[500.0; 4], &[0.0, 1.0, 0.0, 0.0], 1).unwrap();
        assert!((loss - 4f64.ln()).abs() < 1e-6);
    }
}
