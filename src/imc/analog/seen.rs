//! What the converters of a layer saw, and the range that suits it best.

use super::Range;

/// Bins of the histogram.
const BINS: usize = 512;

/// A histogram of charges before conversion, and how many were clipped.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What a full column would hold.
    pub full: f64,
    /// Conversions outside the range.
    pub clipped: u64,
    /// Conversions.
    pub conversions: u64,
    bins: Vec<u64>,
}

impl Seen {
    /// Notes one charge.
    pub fn note(&mut self, charge: f64) {
        if self.bins.is_empty() {
            self.bins = vec![0; BINS];
        }
        let bin = (charge / self.full.max(1e-9) * BINS as f64).clamp(0.0, (BINS - 1) as f64) as usize;
        self.bins[bin] += 1;
        self.conversions += 1;
    }

    /// Adds what another run saw.
    pub fn add(&mut self, other: &Self) {
        self.full = self.full.max(other.full);
        self.clipped += other.clipped;
        self.conversions += other.conversions;
        if self.bins.is_empty() {
            self.bins.clone_from(&other.bins);
        } else {
            self.bins.iter_mut().zip(&other.bins).for_each(|(bin, more)| *bin += more);
        }
    }

    /// The range with the smallest mean square of clipping and rounding together; the whole one where nothing was seen.
    pub fn best_range(&self, bits: u32) -> Range {
        let whole = Range { low: 0.0, high: self.full };
        let first = self.bins.iter().position(|&count| count > 0);
        let (Some(first), Some(last)) = (first, self.bins.iter().rposition(|&count| count > 0)) else { return whole };
        let width = self.full / BINS as f64;
        let levels = f64::from((1u32 << bits) - 1);
        let mut best = (self.loss(whole, width, levels), whole);
        for low in (first..=last).step_by(((last - first) / 32).max(1)) {
            for high in (low..=last).rev().step_by(((last - first) / 32).max(1)) {
                let range = Range { low: low as f64 * width, high: (high + 1) as f64 * width };
                let loss = self.loss(range, width, levels);
                if loss < best.0 {
                    best = (loss, range);
                }
            }
        }
        best.1
    }

    fn loss(&self, range: Range, width: f64, levels: f64) -> f64 {
        let step = (range.high - range.low) / levels;
        let clip = |charge: f64| charge - charge.clamp(range.low, range.high);
        let square = |bin: usize| clip((bin as f64 + 0.5) * width) * clip((bin as f64 + 0.5) * width);
        let clipping: f64 = self.bins.iter().enumerate().map(|(bin, &count)| count as f64 * square(bin)).sum();
        clipping / self.conversions.max(1) as f64 + step * step / 12.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_range_leaves_out_what_hardly_occurs() {
        let mut seen = Seen { full: 1000.0, ..Seen::default() };
        for charge in 0..10_000 {
            seen.note(100.0 + f64::from(charge % 100));
        }
        seen.note(900.0);
        let range = seen.best_range(4);
        assert!(range.low > 80.0 && range.high < 300.0, "{range:?}");
        assert_eq!(Seen { full: 7.0, ..Seen::default() }.best_range(4), Range { low: 0.0, high: 7.0 });
    }
}
