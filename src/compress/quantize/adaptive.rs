//! Rounding weights up or down together: whichever levels lose least of a layer's output.
//!
//! *Source*: M. Nagel, R. A. Amjad, M. van Baalen, C. Louizos, T. Blankevoort, "Up or down? Adaptive rounding for post-training
//! quantization", ICML 2020: for a layer it is a quadratic problem in binary unknowns, with the moments of the inputs. Theirs is
//! solved by a relaxation and gradients, here by moving one weight by one level as long as that helps.

use super::moments::{Filters, Moments};
use super::rounding::{DAMPING, largest_level, rounded};

/// Rounds over all weights of a filter; few are ever needed.
const ROUNDS: usize = 40;

/// The weights of a layer, rounded to `scales` times integers of `bits` bits so that its outputs change least; never more than
/// to the nearest, nor more than compensated.
///
/// With `centred`, an error that is the same for all inputs costs nothing, because a bias takes it away.
pub fn adapted(
    weights: &[f32],
    filters: Filters,
    moments: &Moments,
    bits: u32,
    scales: &[f32],
    centred: bool,
) -> Vec<f32> {
    let starts = [None, Some(moments)].map(|moments| rounded(weights, filters, moments, bits, scales));
    let mut adapted = starts[0].clone();
    let mut matrix = vec![];
    for channel in 0..filters.channels {
        let scale = f64::from(scales[if scales.len() > 1 { channel } else { 0 }]);
        // Dense filters all meet the same inputs: one matrix serves all.
        if filters.depthwise || channel == 0 {
            let found = if centred { moments.covariance(channel) } else { moments.matrix(channel) };
            matrix = found.unwrap_or_default();
            let believed = (filters.size as f64 / (10.0 * moments.windows())).max(DAMPING);
            damp(&mut matrix, filters.size, believed);
        }
        if matrix.is_empty() || scale <= 0.0 {
            continue;
        }
        let row = |from: &[f32]| -> Vec<f64> {
            (0..filters.size).map(|index| from[filters.at(channel, index)].into()).collect()
        };
        let truth = row(weights);
        let mut best = (f64::INFINITY, vec![]);
        for start in &starts {
            let mut problem = Problem::new(&matrix, &truth, row(start), scale, largest_level(bits));
            problem.descend();
            if problem.loss() < best.0 {
                best = (problem.loss(), problem.levels);
            }
        }
        for (index, w) in best.1.into_iter().enumerate() {
            adapted[filters.at(channel, index)] = w as f32;
        }
    }
    adapted
}

/// Adds a share of its mean to the diagonal: the fewer windows were seen beside the weights that met them, the less their
/// correlations are believed.
fn damp(matrix: &mut [f64], size: usize, share: f64) {
    let mean = matrix.iter().step_by(size + 1).sum::<f64>() / size.max(1) as f64;
    matrix.iter_mut().step_by(size + 1).for_each(|entry| *entry += share * mean);
}

/// One filter: the levels it has now, and what they lose.
struct Problem<'a> {
    matrix: &'a [f64],
    levels: Vec<f64>,
    lost: Vec<f64>,
    /// The matrix times what is lost.
    slope: Vec<f64>,
    scale: f64,
    largest: f64,
}

impl<'a> Problem<'a> {
    fn new(matrix: &'a [f64], truth: &[f64], levels: Vec<f64>, scale: f64, top: f64) -> Self {
        let lost: Vec<f64> = levels.iter().zip(truth).map(|(level, w)| level - w).collect();
        let dot = |row: &[f64]| row.iter().zip(&lost).map(|(h, e)| h * e).sum();
        let slope = matrix.chunks_exact(truth.len().max(1)).map(dot).collect();
        // Half a level of leeway: levels are products that were rounded.
        Self { matrix, levels, lost, slope, scale, largest: (top + 0.5) * scale }
    }

    fn loss(&self) -> f64 {
        self.lost.iter().zip(&self.slope).map(|(e, s)| e * s).sum()
    }

    /// Moves each weight by a level up or down where that lowers the loss, until none does.
    fn descend(&mut self) {
        let size = self.levels.len();
        for _ in 0..ROUNDS {
            let mut moved = false;
            for index in 0..size {
                let step = if self.slope[index] > 0.0 { -self.scale } else { self.scale };
                let change = 2.0 * step * self.slope[index] + step * step * self.matrix[index * size + index];
                if change >= -1e-12 * self.scale * self.scale || (self.levels[index] + step).abs() > self.largest {
                    continue;
                }
                self.levels[index] += step;
                self.lost[index] += step;
                let row = &self.matrix[index * size..(index + 1) * size];
                self.slope.iter_mut().zip(row).for_each(|(slope, h)| *slope += step * h);
                moved = true;
            }
            if !moved {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_loss_that_is_kept_is_that_of_the_definition_and_never_above_the_start() {
        let mut random = Random::new(4);
        let size = 12;
        let factor: Vec<f64> = (0..size * size).map(|_| random.normal()).collect();
        let entry = |a: usize, b: usize| (0..size).map(|k| factor[a * size + k] * factor[b * size + k]).sum::<f64>();
        let matrix: Vec<f64> = (0..size * size).map(|at| entry(at / size, at % size)).collect();
        let truth: Vec<f64> = (0..size).map(|_| random.normal()).collect();
        let nearest: Vec<f64> = truth.iter().map(|w| libm::round(w / 0.5).clamp(-3.0, 3.0) * 0.5).collect();
        let loss = |levels: &[f64]| -> f64 {
            let lost: Vec<f64> = levels.iter().zip(&truth).map(|(a, b)| a - b).collect();
            (0..size * size).map(|at| lost[at / size] * matrix[at] * lost[at % size]).sum()
        };
        let mut problem = Problem::new(&matrix, &truth, nearest.clone(), 0.5, 3.0);
        problem.descend();
        assert!((problem.loss() - loss(&problem.levels)).abs() < 1e-9);
        assert!(problem.loss() < loss(&nearest));
        // No single move helps any more, and no level is one that there is not.
        for at in 0..size {
            assert!((problem.levels[at] / 0.5).abs() <= 3.0 && (problem.levels[at] / 0.5).fract() == 0.0);
            for step in [-0.5, 0.5] {
                let mut moved = problem.levels.clone();
                moved[at] += step;
                assert!(moved[at].abs() > 1.5 || loss(&moved) >= problem.loss() - 1e-9);
            }
        }
    }
}
