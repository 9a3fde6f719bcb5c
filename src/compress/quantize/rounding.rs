//! Rounding weights to few bits so that what is lost in one is made up by those after it.
//!
//! *Source*: E. Frantar, S. Ashkboos, T. Hoefler, D. Alistarh, "GPTQ", arXiv 2210.17323, after B. Hassibi, D. Stork,
//! "Optimal Brain Surgeon", 1993: with H the second moments of the inputs and U the upper Cholesky factor of its inverse,
//! the error of weight j, divided by U[j][j] and times U[j][k], is taken from each later weight k.

use super::moments::{Filters, Moments};
use crate::compress::positive::{cholesky, inverse};
use crate::order;

/// Shares of the largest weight that are tried as the end of the range, in steps of one hundredth.
const CLIPS: std::ops::RangeInclusive<usize> = 30..=100;
/// What is added to the diagonal of the moments, as a share of its mean: inputs that are always zero have none.
pub const DAMPING: f64 = 0.01;

/// The largest integer of symmetric weights of so many bits.
pub fn largest_level(bits: u32) -> f64 {
    f64::from((1u32 << (bits - 1)) - 1)
}

/// The scales of a layer's weights with the least squared error, weighed by what each weight meets: one for each channel,
/// or one for all.
pub fn least_error_scales(
    weights: &[f32],
    filters: Filters,
    moments: &Moments,
    bits: u32,
    per_channel: bool,
) -> Vec<f32> {
    let top = largest_level(bits);
    let channels: Vec<usize> = (0..filters.channels).collect();
    let weight = |channel: usize, index: usize| f64::from(weights[filters.at(channel, index)]);
    let scale_of = |channels: &[usize]| {
        let all = channels.iter().flat_map(|&channel| (0..filters.size).map(move |index| (channel, index)));
        let largest = all.fold(0.0f64, |max, (channel, index)| max.max(weight(channel, index).abs()));
        let squares: Vec<Vec<f64>> = channels.iter().map(|&channel| moments.squares(channel)).collect();
        let error = |scale: f64| -> f64 {
            let mut sum = 0.0;
            for (&channel, squares) in channels.iter().zip(&squares) {
                for (index, square) in squares.iter().enumerate() {
                    let w = weight(channel, index);
                    let lost = w - libm::round(w / scale).clamp(-top, top) * scale;
                    // Inputs that were never seen still may come.
                    sum += lost * lost * (square + 1e-9);
                }
            }
            sum
        };
        let mut best = (f64::INFINITY, largest / top);
        if largest > 0.0 {
            for clip in CLIPS.rev() {
                let scale = largest * clip as f64 / 100.0 / top;
                let found = error(scale);
                if found < best.0 {
                    best = (found, scale);
                }
            }
        }
        best.1 as f32
    };
    if per_channel {
        channels.iter().map(|channel| scale_of(std::slice::from_ref(channel))).collect()
    } else {
        vec![scale_of(&channels)]
    }
}

/// The smallest scales that clip nothing.
pub fn widest_scales(weights: &[f32], filters: Filters, bits: u32, per_channel: bool) -> Vec<f32> {
    let largest = |channel: usize| {
        (0..filters.size).fold(0.0f32, |max, index| max.max(weights[filters.at(channel, index)].abs()))
    };
    let mut largest: Vec<f32> = (0..filters.channels).map(largest).collect();
    if !per_channel {
        largest = vec![largest.into_iter().fold(0.0, f32::max)];
    }
    largest.into_iter().map(|largest| (f64::from(largest) / largest_level(bits)) as f32).collect()
}

/// The weights of a layer, rounded to `scales` times integers of `bits` bits: each making up for those before it, or to
/// the nearest where no moments are given.
pub fn rounded(weights: &[f32], filters: Filters, moments: Option<&Moments>, bits: u32, scales: &[f32]) -> Vec<f32> {
    let top = largest_level(bits);
    let mut rounded = weights.to_vec();
    let mut shared: Option<Factor> = None;
    for channel in 0..filters.channels {
        let scale = f64::from(scales[if scales.len() > 1 { channel } else { 0 }]);
        if scale == 0.0 {
            continue;
        }
        // Dense filters all meet the same inputs: one factor serves all.
        if filters.depthwise || channel == 0 {
            shared = moments
                .and_then(|moments| moments.matrix(channel))
                .and_then(|matrix| Factor::new(matrix, filters.size));
        }
        let mut row: Vec<f64> = (0..filters.size).map(|index| weights[filters.at(channel, index)].into()).collect();
        let level = |w: f64| libm::round(w / scale).clamp(-top, top) * scale;
        match &shared {
            Some(factor) => factor.round(&mut row, level),
            None => row.iter_mut().for_each(|w| *w = level(*w)),
        }
        for (index, w) in row.into_iter().enumerate() {
            rounded[filters.at(channel, index)] = w as f32;
        }
    }
    rounded
}

/// The mean squared error of a layer's outputs, summed over channels, when `after` takes the place of `before`.
pub fn output_error(before: &[f32], after: &[f32], filters: Filters, moments: &Moments) -> f64 {
    let mut sum = 0.0;
    for channel in 0..filters.channels {
        let lost: Vec<f64> = (0..filters.size)
            .map(|index| filters.at(channel, index))
            .map(|at| f64::from(before[at]) - f64::from(after[at]))
            .collect();
        match moments.matrix(channel) {
            Some(matrix) => {
                for (row, a) in matrix.chunks_exact(filters.size.max(1)).zip(&lost) {
                    sum += a * row.iter().zip(&lost).map(|(h, b)| h * b).sum::<f64>();
                }
            }
            None => sum += moments.squares(channel).iter().zip(&lost).map(|(h, a)| h * a * a).sum::<f64>(),
        }
    }
    sum
}

/// The order in which weights are rounded, and how the error of each is spread.
struct Factor {
    size: usize,
    order: Vec<usize>,
    /// Upper Cholesky factor of the inverse, in the order of rounding.
    upper: Vec<f64>,
}

impl Factor {
    /// `None` where the moments have no inverse even when damped.
    fn new(matrix: Vec<f64>, size: usize) -> Option<Self> {
        let mean = (0..size).map(|i| matrix[i * size + i]).sum::<f64>() / size as f64;
        if !(mean.is_finite() && mean > 0.0) {
            return None;
        }
        // Weights that meet most are rounded first, while all others can still make up for it.
        let order = order::of(size, &|a, b| matrix[b * size + b].total_cmp(&matrix[a * size + a]));
        let mut damped = vec![0.0; size * size];
        for (i, &a) in order.iter().enumerate() {
            for (j, &b) in order.iter().enumerate() {
                damped[i * size + j] = matrix[a * size + b];
            }
            damped[i * size + i] += DAMPING * mean;
        }
        let inverse = inverse(&cholesky(damped, size)?, size);
        // The upper factor of a matrix is the transposed lower one.
        let lower = cholesky(inverse, size)?;
        let mut upper = vec![0.0; size * size];
        for i in 0..size {
            for j in i..size {
                upper[i * size + j] = lower[j * size + i];
            }
        }
        Some(Self { size, order, upper })
    }

    fn round(&self, row: &mut [f64], level: impl Fn(f64) -> f64) {
        for (i, &a) in self.order.iter().enumerate() {
            let kept = level(row[a]);
            let upper = &self.upper[i * self.size..(i + 1) * self.size];
            let lost = (row[a] - kept) / upper[i];
            row[a] = kept;
            for (&b, u) in self.order.iter().zip(upper).skip(i + 1) {
                row[b] -= lost * u;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_weight_on_the_same_input_makes_up_for_the_first() {
        // Both weights meet the same number, so only their sum matters.
        let factor = Factor::new(vec![1.0, 0.999, 0.999, 1.0], 2).unwrap();
        let mut row = [0.4, 0.4];
        factor.round(&mut row, libm::round);
        assert_eq!(row[0] + row[1], 1.0);
    }
}
