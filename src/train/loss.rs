//! How wrong an output is, as one number, and in which direction each of its numbers is wrong.
//!
//! Cross-entropy looks at *logits*: what stands before the softmax (or the logistic function). Both together have the
//! simple derivative `probability - target`, and neither overflows. Where a model has the function as its last node, the
//! loss goes around it: see [`Loss::goes_around`].

use super::gradients::softmax;
pub use crate::compress::recipe::plan::Loss;
use crate::error::{Error, Result};
use crate::model::Op;

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
            Self::MeanSquaredError | Self::Reconstruction => mean_squared_error(output, target),
            Self::CrossEntropy => cross_entropy(output, target, output.len() / batch),
            Self::BinaryCrossEntropy => binary_cross_entropy(output, target),
        })
    }

    /// Whether the loss takes what stands before a model's last node, and the factor of that node's input.
    pub fn goes_around(self, last: &Op) -> Option<f32> {
        match (self, last) {
            (Self::CrossEntropy, Op::Softmax { beta }) => Some(*beta),
            (Self::BinaryCrossEntropy, Op::Logistic) => Some(1.0),
            _ => None,
        }
    }

    /// Whether outputs are classes, so that the largest one is an answer.
    pub fn classifies(self) -> bool {
        self == Self::CrossEntropy
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

fn binary_cross_entropy(output: &[f32], target: &[f32]) -> (f64, Vec<f32>) {
    let count = output.len() as f32;
    let mut sum = 0.0;
    let slope = |(&y, &t): (&f32, &f32)| {
        // ln(1 + exp(y)) - t y, written so that exp never overflows.
        let small = libm::expf(-y.abs());
        let positive = if y < 0.0 { 0.0 } else { y };
        sum += f64::from(positive) - f64::from(t * y) + f64::from(libm::log1pf(small));
        let probability = if y > 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
        (probability - t) / count
    };
    let gradient = output.iter().zip(target).map(slope).collect();
    (sum / output.len() as f64, gradient)
}

/// Targets of which a share is spread evenly over all classes.
///
/// *Source*: Szegedy et al., "Rethinking the Inception architecture", 2016, section 7.
pub fn smooth(targets: &mut [f32], classes: usize, share: f32) {
    targets.iter_mut().for_each(|t| *t = (1.0 - share) * *t + share / classes as f32);
}

/// How far a student's logits are from a teacher's, both softened: `T^2 KL(softmax(teacher / T) || softmax(student / T))`,
/// the mean over the batch, and its derivative by the student's logits.
///
/// *Shapes*: both `[rows, classes]`.
///
/// *Source*: G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network", 2015; the factor keeps the
/// gradient as large as that of the labels.
pub fn distil(student: &[f32], teacher: &[f32], classes: usize, temperature: f64) -> (f64, Vec<f32>) {
    let rows = student.len() / classes.max(1);
    let (soften, t) = (1.0 / temperature as f32, temperature as f32);
    let (mut sum, mut gradient) = (0.0, Vec::with_capacity(student.len()));
    for (student, teacher) in student.chunks_exact(classes).zip(teacher.chunks_exact(classes)) {
        let [p, q] = [teacher, student].map(|logits| {
            let mut row = logits.to_vec();
            softmax::softmax(&mut row, soften);
            row
        });
        let divergence = |(&p, &q): (&f32, &f32)| {
            let (p, q) = (f64::from(p), f64::from(q));
            // Not f64::max: a NaN must stay one.
            if p > 0.0 { p * (libm::log(p) - libm::log(if q < 1e-30 { 1e-30 } else { q })) } else { p * q * 0.0 }
        };
        sum += p.iter().zip(&q).map(divergence).sum::<f64>();
        gradient.extend(p.iter().zip(&q).map(|(p, q)| t * (q - p) / rows as f32));
    }
    (temperature * temperature * sum / rows as f64, gradient)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, output: &[f32], loss: impl Fn(&[f32]) -> (f64, Vec<f32>)) {
        let (_, gradient) = loss(output);
        for i in 0..output.len() {
            let moved = |step: f32| {
                let mut output = output.to_vec();
                output[i] += step;
                loss(&output).0
            };
            let difference = (moved(0.01) - moved(-0.01)) / 0.02;
            assert!((difference - f64::from(gradient[i])).abs() < 1e-4, "{name} {i}: {difference} {}", gradient[i]);
        }
    }

    #[test]
    fn gradients_of_all_losses_equal_finite_differences() {
        let output = [0.3f32, -1.2, 2.0, 0.1, 0.0, -0.4];
        let target = [1.0f32, 0.0, 0.0, 0.2, 0.3, 0.5];
        for loss in [Loss::MeanSquaredError, Loss::Reconstruction, Loss::CrossEntropy, Loss::BinaryCrossEntropy] {
            check(&format!("{loss:?}"), &output, |output| loss.of(output, &target, 2).unwrap());
        }
        let teacher = [2.0f32, 0.5, -1.0, 0.0, 0.1, 3.0];
        check("distillation", &output, |output| distil(output, &teacher, 3, 3.0));
    }

    #[test]
    fn cross_entropy_of_equal_logits_is_the_logarithm_of_the_classes() {
        let (loss, _) = Loss::CrossEntropy.of(&[500.0; 4], &[0.0, 1.0, 0.0, 0.0], 1).unwrap();
        assert!((loss - 4f64.ln()).abs() < 1e-6);
    }

    #[test]
    fn binary_cross_entropy_of_large_logits_is_finite_and_right() {
        let (loss, gradient) = Loss::BinaryCrossEntropy.of(&[200.0, -200.0], &[0.0, 0.0], 1).unwrap();
        assert!((loss - 100.0).abs() < 1e-6 && gradient == [0.5, 0.0], "{loss} {gradient:?}");
    }

    #[test]
    fn a_student_that_answers_as_its_teacher_has_nothing_to_learn() {
        let logits = [1.0, -2.0, 0.5];
        let (loss, gradient) = distil(&logits, &logits, 3, 2.0);
        assert!(loss.abs() < 1e-9 && gradient.iter().all(|g| g.abs() < 1e-7), "{loss} {gradient:?}");
    }

    #[test]
    fn smoothed_targets_still_sum_to_one() {
        let mut targets = [0.0, 1.0, 0.0, 0.0];
        smooth(&mut targets, 4, 0.1);
        let expected = [0.025, 0.925, 0.025, 0.025];
        assert!(targets.iter().zip(expected).all(|(t, e)| (t - e).abs() < 1e-6), "{targets:?}");
    }
}
