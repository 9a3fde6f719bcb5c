//! What one step sees: some examples, possibly mixed.

use crate::error::{Error, Result};
use crate::random::Random;
use crate::train::loss::{Loss, smooth};
use crate::train::plan::Plan;

/// What a network learns from: inputs and what it should make of them, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Examples<'a> {
    /// `[n, elements of the model's input]`.
    pub inputs: &'a [f32],
    /// `[n, elements of the model's output]`; for an autoencoder the inputs themselves. Empty where a teacher alone says
    /// what is right, or the loss is [`Loss::Reconstruction`].
    pub targets: &'a [f32],
}

impl Examples<'_> {
    /// The number of examples.
    pub(super) fn rows(&self, wide_in: usize, wide_out: usize, needs_targets: bool) -> Result<usize> {
        let rows = self.inputs.len() / wide_in.max(1);
        let targets_fit = self.targets.len() == rows * wide_out || (self.targets.is_empty() && !needs_targets);
        if wide_in * rows != self.inputs.len() || !targets_fit {
            return Err(Error::parameter(format!(
                "{} inputs and {} targets are not rows of {wide_in} and {wide_out}",
                self.inputs.len(),
                self.targets.len()
            )));
        }
        Ok(rows)
    }
}

/// Targets of a classifier from the numbers of the classes: 1 at each example's class, 0 elsewhere.
///
/// *Shapes*: `[labels, classes]`.
///
/// # Errors
/// `Parameter` for a label that is no class.
///
/// ```
/// assert_eq!(milliwatt::train::one_hot(&[1, 0], 3).unwrap(), [0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
/// ```
pub fn one_hot(labels: &[usize], classes: usize) -> Result<Vec<f32>> {
    let mut targets = vec![0.0; labels.len() * classes];
    for (row, &label) in targets.chunks_exact_mut(classes.max(1)).zip(labels) {
        match row.get_mut(label) {
            Some(target) => *target = 1.0,
            None => return Err(Error::parameter(format!("the label {label} is none of {classes} classes"))),
        }
    }
    Ok(targets)
}

/// One batch.
pub(super) struct Batch {
    pub inputs: Vec<f32>,
    /// Empty where there are none.
    pub targets: Vec<f32>,
    pub size: usize,
}

impl Batch {
    /// Takes some rows, and mixes and smooths them as the plan says.
    pub fn gather(
        examples: Examples<'_>,
        rows: &[usize],
        plan: &Plan,
        step: usize,
        wide_in: usize,
        wide_out: usize,
    ) -> Self {
        let mut inputs = gather(examples.inputs, rows, wide_in);
        let mut targets = targets(examples, rows, &inputs, plan, wide_out);
        if plan.label_smoothing > 0.0 && plan.loss == Loss::CrossEntropy {
            smooth(&mut targets, wide_out, plan.label_smoothing as f32);
        }
        if plan.mixup > 0.0 {
            // Chance has a sequence of its own for each step, so that a checkpoint needs to keep none.
            let mut random = Random::new(plan.seed ^ (step as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let share = beta(&mut random, plan.mixup) as f32;
            let mut partners: Vec<usize> = (0..rows.len()).collect();
            random.shuffle(&mut partners);
            mix(&mut inputs, &partners, wide_in, share);
            mix(&mut targets, &partners, wide_out, share);
        }
        Self { inputs, targets, size: rows.len() }
    }

    /// One of `parts` parts, of one size but for the last.
    pub fn part(&self, part: usize, parts: usize) -> Self {
        let each = self.size.div_ceil(parts.max(1));
        let rows = (part * each).min(self.size)..((part + 1) * each).min(self.size);
        let of = |data: &[f32]| {
            let width = data.len() / self.size.max(1);
            data[rows.start * width..rows.end * width].to_vec()
        };
        Self { inputs: of(&self.inputs), targets: of(&self.targets), size: rows.len() }
    }
}

pub(super) fn gather(data: &[f32], rows: &[usize], width: usize) -> Vec<f32> {
    rows.iter().flat_map(|&row| &data[row * width..(row + 1) * width]).copied().collect()
}

/// What some rows should give.
pub(super) fn targets(
    examples: Examples<'_>,
    rows: &[usize],
    inputs: &[f32],
    plan: &Plan,
    wide_out: usize,
) -> Vec<f32> {
    match plan.loss {
        Loss::Reconstruction => inputs.to_vec(),
        _ if examples.targets.is_empty() => Vec::new(),
        _ => gather(examples.targets, rows, wide_out),
    }
}

/// Every row becomes `share` of itself and the rest of its partner.
///
/// *Source*: H. Zhang et al., "mixup: Beyond empirical risk minimization", 2018.
fn mix(data: &mut [f32], partners: &[usize], width: usize, share: f32) {
    if data.is_empty() {
        return;
    }
    let before = data.to_vec();
    for (row, &partner) in data.chunks_exact_mut(width.max(1)).zip(partners) {
        let other = &before[partner * width..(partner + 1) * width];
        row.iter_mut().zip(other).for_each(|(x, other)| *x = share * *x + (1.0 - share) * other);
    }
}

/// A number from the distribution Beta(a, a), `0 < a <= 1`.
///
/// *Source*: M. D. Jöhnk, Metrika 8 (1964): two uniform numbers to the power of `1 / a`, until their sum is at most 1.
fn beta(random: &mut Random, a: f64) -> f64 {
    loop {
        let [x, y] = [random.uniform(), random.uniform()].map(|u| libm::pow(u, 1.0 / a));
        let sum = x + y;
        if sum > 0.0 && sum <= 1.0 {
            return x / sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_mixture_have_the_mean_and_the_variance_of_the_beta_distribution() {
        let mut random = Random::new(2);
        for a in [0.2, 1.0] {
            let drawn: Vec<f64> = (0..20_000).map(|_| beta(&mut random, a)).collect();
            let mean = drawn.iter().sum::<f64>() / 20_000.0;
            let variance = drawn.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 20_000.0;
            let expected = 0.25 / (2.0 * a + 1.0);
            assert!((mean - 0.5).abs() < 0.01 && (variance - expected).abs() < 0.005, "{a}: {mean} {variance}");
        }
    }

    #[test]
    fn a_mixture_is_a_share_of_each_row_and_the_rest_of_its_partner() {
        let mut data = [0.0, 0.0, 4.0, 8.0];
        mix(&mut data, &[1, 0], 2, 0.75);
        assert_eq!(data, [1.0, 2.0, 3.0, 6.0]);
    }
}
