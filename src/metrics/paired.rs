//! Two models on the same items: whether one is really better.
//!
//! What both answer alike says nothing of which is better, so only the items on which they differ count. Intervals of each
//! side alone overlap long after the paired test is sure.

use super::Z;

/// A difference with its 95 % interval, and the chance of one as large where both sides are equally good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Second minus first.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
    /// Two-sided p-value.
    pub p: f64,
}

/// The items on which two sides differ, of `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Discordant {
    /// Items that only the first side gets right.
    pub first: usize,
    /// Items that only the second side gets right.
    pub second: usize,
    /// All items.
    pub n: usize,
}

impl Discordant {
    /// Counts over pairs of "is it right".
    pub fn of(pairs: impl Iterator<Item = (bool, bool)>) -> Self {
        pairs.fold(Self::default(), |so_far, pair| Self {
            first: so_far.first + usize::from(pair == (true, false)),
            second: so_far.second + usize::from(pair == (false, true)),
            n: so_far.n + 1,
        })
    }

    /// The difference of the two shares of right items: p by McNemar's exact test, the interval by Bonett and Price.
    ///
    /// `None` without items.
    ///
    /// *Source*: Q. McNemar, Psychometrika 12 (1947), exact form; D. G. Bonett, R. M. Price, Journal of Educational and
    /// Behavioral Statistics 37 (2012), the adjusted Wald interval.
    ///
    /// ```
    /// use milliwatt::metrics::paired::Discordant;
    /// let difference = Discordant { first: 12, second: 0, n: 750 }.difference().unwrap();
    /// assert!((difference.p - 2.0 / 4096.0).abs() < 1e-12 && difference.high < 0.0);
    /// ```
    pub fn difference(self) -> Option<Difference> {
        let n = self.n as f64;
        let value = (self.second as f64 - self.first as f64) / n;
        let adjusted = |count: usize| (count as f64 + 1.0) / (n + 2.0);
        let (first, second) = (adjusted(self.first), adjusted(self.second));
        let centre = second - first;
        let half = Z * libm::sqrt((first + second - centre * centre) / (n + 2.0));
        let (low, high) = ((centre - half).max(-1.0).min(value), (centre + half).min(1.0).max(value));
        (self.n > 0).then(|| Difference { value, low, high, p: self.p() })
    }

    /// Twice the smaller tail of a fair coin thrown once for each item on which the sides differ.
    fn p(self) -> f64 {
        let thrown = self.first + self.second;
        let ways = |heads: usize| {
            let factorial = |n: usize| libm::lgamma(n as f64 + 1.0);
            factorial(thrown) - factorial(heads) - factorial(thrown - heads) - thrown as f64 * core::f64::consts::LN_2
        };
        let tail: f64 = (0..=self.first.min(self.second)).map(|heads| libm::exp(ways(heads))).sum();
        (2.0 * tail).min(1.0)
    }
}

/// The difference of two areas under ROC curves over the same items.
///
/// Each item has the score of either side and whether it is positive. `None` where a class is empty or a score is no number.
///
/// *Source*: E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44 (1988).
pub fn auc_difference(items: &[(f64, f64, bool)]) -> Option<Difference> {
    let positives: Vec<_> = items.iter().filter(|item| item.2).collect();
    let negatives: Vec<_> = items.iter().filter(|item| !item.2).collect();
    if positives.is_empty() || negatives.is_empty() || items.iter().any(|item| item.0.is_nan() || item.1.is_nan()) {
        return None;
    }
    // How often a positive item stands above a negative one, a tie counting half; second side minus first.
    let above = |positive: f64, negative: f64| match positive.total_cmp(&negative) {
        core::cmp::Ordering::Greater => 1.0,
        core::cmp::Ordering::Equal => 0.5,
        core::cmp::Ordering::Less => 0.0,
    };
    let gain = |p: &(f64, f64, bool), n: &(f64, f64, bool)| above(p.1, n.1) - above(p.0, n.0);
    let mean = |sum: f64, count: usize| sum / count as f64;
    let by_positive: Vec<f64> =
        positives.iter().map(|p| mean(negatives.iter().map(|n| gain(p, n)).sum(), negatives.len())).collect();
    let by_negative: Vec<f64> =
        negatives.iter().map(|n| mean(positives.iter().map(|p| gain(p, n)).sum(), positives.len())).collect();
    let value = mean(by_positive.iter().sum(), by_positive.len());
    let spread = |values: &[f64]| {
        let squares: f64 = values.iter().map(|v| (v - value) * (v - value)).sum();
        squares / (values.len().max(2) - 1) as f64 / values.len() as f64
    };
    let deviation = libm::sqrt(spread(&by_positive) + spread(&by_negative));
    let p = match deviation > 0.0 {
        true => libm::erfc(libm::fabs(value) / deviation / core::f64::consts::SQRT_2),
        false => f64::from(u8::from(value == 0.0)),
    };
    let half = Z * deviation;
    Some(Difference { value, low: (value - half).max(-1.0), high: (value + half).min(1.0), p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_test_gives_binomial_tails_worked_by_hand() {
        let p = |first, second| Discordant { first, second, n: 100 }.difference().unwrap().p;
        assert_eq!(p(0, 0), 1.0);
        assert!((p(5, 0) - 2.0 / 32.0).abs() < 1e-12);
        // 1 + 6 of 64 on one side, twice.
        assert!((p(5, 1) - 14.0 / 64.0).abs() < 1e-12);
        assert!((p(3, 3) - 1.0).abs() < 1e-12);
        assert!((p(1, 5) - p(5, 1)).abs() < 1e-15);
    }

    #[test]
    fn twelve_items_lost_and_none_won_of_750_is_not_chance() {
        let difference = Discordant { first: 12, second: 0, n: 750 }.difference().unwrap();
        assert!((difference.value + 0.016).abs() < 1e-12);
        assert!(difference.p < 0.001 && difference.low > -0.03 && difference.high < 0.0, "{difference:?}");
    }

    #[test]
    fn areas_of_the_same_scores_do_not_differ() {
        let items: Vec<_> = (0..40).map(|i| (f64::from(i % 7), f64::from(i % 7), i % 2 == 0)).collect();
        let difference = auc_difference(&items).unwrap();
        assert_eq!((difference.value, difference.p), (0.0, 1.0));
    }

    #[test]
    fn the_difference_of_areas_is_that_of_both_alone() {
        let mut random = crate::random::Random::new(3);
        let mut next = || f64::from(random.below(1000) as u32) / 1000.0;
        let items: Vec<_> = (0..60)
            .map(|i| {
                let positive = i % 3 == 0;
                (next() + f64::from(u8::from(positive)), next() + 0.2 * f64::from(u8::from(positive)), positive)
            })
            .collect();
        let alone = |side: fn(&(f64, f64, bool)) -> f64| {
            crate::metrics::auc(&items.iter().map(|item| (side(item), item.2)).collect::<Vec<_>>()).unwrap().value
        };
        let difference = auc_difference(&items).unwrap();
        assert!((difference.value - (alone(|item| item.1) - alone(|item| item.0))).abs() < 1e-12);
        assert!(difference.p < 0.01 && difference.high < 0.0, "{difference:?}");
    }
}
