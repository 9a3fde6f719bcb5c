//! How good a model is, each score with its interval.

pub mod paired;

use crate::order;

use serde::{Deserialize, Serialize};

/// A score with its 95 % interval, on `n` items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The score, 0 to 1.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
    /// Items it was measured on.
    pub n: usize,
}

/// The 97.5 % quantile of the normal distribution: two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The share `hits / n` with Wilson's score interval.
///
/// Unlike the usual normal interval it stays inside 0 to 1 and is honest near both ends.
///
/// *Source*: E. B. Wilson, Journal of the American Statistical Association 22 (1927).
///
/// ```
/// let score = milliwatt::metrics::share(449, 500);
/// assert!((score.value - 0.898).abs() < 1e-12 && score.low > 0.868 && score.high < 0.922);
/// ```
pub fn share(hits: usize, n: usize) -> Score {
    if n == 0 {
        return Score { value: 0.0, low: 0.0, high: 1.0, n };
    }
    let (p, count) = (hits as f64 / n as f64, n as f64);
    let z2 = Z * Z;
    let centre = (p + z2 / (2.0 * count)) / (1.0 + z2 / count);
    let half = Z * libm::sqrt(p * (1.0 - p) / count + z2 / (4.0 * count * count)) / (1.0 + z2 / count);
    Score { value: p, low: (centre - half).max(0.0).min(p), high: (centre + half).min(1.0).max(p), n }
}

/// The area under the ROC curve: the chance that a positive item scores above a negative one, ties counting half.
///
/// The interval is Hanley and McNeil's. `None` where one of the two classes is empty.
///
/// *Source*: J. A. Hanley, B. J. McNeil, Radiology 143 (1982).
pub fn auc(scores: &[(f64, bool)]) -> Option<Score> {
    let positives = scores.iter().filter(|(_, positive)| *positive).count();
    let negatives = scores.len() - positives;
    if positives == 0 || negatives == 0 || scores.iter().any(|(score, _)| score.is_nan()) {
        return None;
    }
    let order = order::of(scores.len(), &|a, b| scores[a].0.total_cmp(&scores[b].0));
    let sorted: Vec<(f64, bool)> = order.into_iter().map(|at| scores[at]).collect();
    // Mann-Whitney: the sum of the positives' ranks, equal scores sharing their mean rank.
    let mut rank_sum = 0.0;
    let mut start = 0;
    while start < sorted.len() {
        let end = start + sorted[start..].iter().take_while(|(score, _)| *score == sorted[start].0).count();
        let mean_rank = (start + 1 + end) as f64 / 2.0;
        rank_sum += mean_rank * sorted[start..end].iter().filter(|(_, positive)| *positive).count() as f64;
        start = end;
    }
    let (p, n) = (positives as f64, negatives as f64);
    let area = (rank_sum - p * (p + 1.0) / 2.0) / (p * n);
    let q1 = area / (2.0 - area);
    let q2 = 2.0 * area * area / (1.0 + area);
    let variance = (area * (1.0 - area) + (p - 1.0) * (q1 - area * area) + (n - 1.0) * (q2 - area * area)) / (p * n);
    let half = Z * libm::sqrt(variance.max(0.0));
    Some(Score { value: area, low: (area - half).max(0.0), high: (area + half).min(1.0), n: scores.len() })
}

/// Half the 95 % interval of a mean over independent values, from their own spread; `None` for fewer than two.
///
/// ```
/// let half = milliwatt::metrics::mean_interval(&[0.0, 1.0, 0.0, 1.0]).unwrap();
/// assert!((half - 1.96 * (1.0f64 / 3.0).sqrt() / 2.0).abs() < 1e-4);
/// ```
pub fn mean_interval(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0);
    Some(Z * libm::sqrt(variance / n))
}

/// The index of the largest score; the first of equal ones, as `argmax` has it.
pub fn top<T: PartialOrd + Copy>(scores: impl IntoIterator<Item = T>) -> Option<usize> {
    let mut best: Option<(usize, T)> = None;
    for (index, score) in scores.into_iter().enumerate() {
        if best.is_none_or(|(_, so_far)| score > so_far) {
            best = Some((index, score));
        }
    }
    best.map(|(index, _)| index)
}

/// Signal and noise energies from which the signal to quantization noise ratio follows; sums over many inputs.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct SignalNoise {
    /// Sum of squares of the original.
    pub signal: f64,
    /// Sum of squares of the difference.
    pub noise: f64,
}

impl SignalNoise {
    /// Adds one tensor of the original and of the candidate, dequantized.
    pub fn add(&mut self, original: &[f32], candidate: &[f32]) {
        for (&a, &b) in original.iter().zip(candidate) {
            self.signal += f64::from(a) * f64::from(a);
            self.noise += f64::from(a - b) * f64::from(a - b);
        }
    }

    /// Adds the sums of another part of the inputs.
    pub fn merge(&mut self, other: Self) {
        self.signal += other.signal;
        self.noise += other.noise;
    }

    /// The ratio in decibels; `None` without a signal, infinite without noise.
    pub fn decibels(self) -> Option<f64> {
        (self.signal > 0.0).then(|| 10.0 * libm::log10(self.signal / self.noise))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_interval_of_81_in_263_is_the_textbook_one() {
        // Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 0.2553 to 0.3662.
        let score = share(81, 263);
        assert!((score.low - 0.2553).abs() < 5e-5 && (score.high - 0.3662).abs() < 5e-5, "{score:?}");
    }

    #[test]
    fn auc_counts_ties_as_half() {
        let scores = [(1.0, false), (2.0, false), (2.0, true), (3.0, true)];
        // Pairs: (2 over 1) 1, (2 with 2) 0.5, (3 over 1) 1, (3 over 2) 1: 3.5 of 4.
        assert!((auc(&scores).unwrap().value - 0.875).abs() < 1e-12);
    }

    #[test]
    fn auc_needs_both_classes() {
        assert!(auc(&[(1.0, true), (2.0, true)]).is_none());
    }

    #[test]
    fn sqnr_of_a_tenth_of_noise_is_twenty_decibels() {
        let mut ratio = SignalNoise::default();
        ratio.add(&[1.0, -1.0], &[1.1, -1.1]);
        assert!((ratio.decibels().unwrap() - 20.0).abs() < 1e-4);
    }

    #[test]
    fn top_takes_the_first_of_equal_scores() {
        assert_eq!(top([0.5, 2.0, 2.0]), Some(1));
        assert_eq!(top::<f32>([]), None);
        // As floats both would be 16777216.
        assert_eq!(top([16_777_216, 16_777_217]), Some(1));
    }
}
