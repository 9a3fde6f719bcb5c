//! One converter of one column: successive approximation with capacitors that are not quite powers of two.

use super::Range;
use crate::random::Random;

/// A converter of a chip.
#[derive(Debug, Clone)]
pub struct Converter {
    low: f64,
    /// Width of one step.
    step: f64,
    /// What each bit is worth in steps, largest first; exact powers of two when ideal.
    weights: Vec<f64>,
    ideal: bool,
}

impl Converter {
    /// A converter of `bits` over a range. With more levels than the range has units, a step is one unit.
    pub fn new(bits: u32, range: Range, mismatch: f64, random: &mut Random) -> Self {
        let levels = f64::from((1u32 << bits) - 1);
        let step = ((range.high - range.low) / levels).max(if range.low == 0.0 { 1.0 } else { 0.0 });
        // The k-th capacitor is 2^k units that differ independently, so that its deviation grows with the root.
        let weights: Vec<f64> = (0..bits)
            .rev()
            .map(|bit| {
                let ideal = f64::from(1u32 << bit);
                if mismatch > 0.0 { ideal + mismatch * libm::sqrt(ideal) * random.normal() } else { ideal }
            })
            .collect();
        let total: f64 = weights.iter().sum();
        let weights = weights.iter().map(|weight| weight * levels / total).collect();
        Self { low: range.low, step, weights, ideal: mismatch == 0.0 }
    }

    /// Width of one step.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// What is read of a charge; `clipped` counts what lies outside the range.
    pub fn read(&self, charge: f64, clipped: &mut u64) -> f64 {
        let place = (charge - self.low) / self.step;
        let levels = f64::from((1u32 << self.weights.len()) - 1);
        if place < -0.5 || place > levels + 0.5 {
            *clipped += 1;
        }
        let code = if self.ideal { libm::round(place).clamp(0.0, levels) } else { self.approximate(place) };
        self.low + code * self.step
    }

    /// Sets a bit where the sum of the capacitors so far stays below; the code is what an ideal one would mean by it.
    fn approximate(&self, place: f64) -> f64 {
        let (mut sum, mut code) = (0.0, 0u32);
        for weight in &self.weights {
            code <<= 1;
            // Half a step, so that codes are rounded and not cut.
            if sum + weight <= place + 0.5 {
                sum += weight;
                code |= 1;
            }
        }
        f64::from(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converter(bits: u32, high: f64, mismatch: f64) -> Converter {
        Converter::new(bits, Range { low: 0.0, high }, mismatch, &mut Random::new(3))
    }

    #[test]
    fn a_converter_with_enough_levels_reads_whole_numbers_exactly() {
        let (ideal, mut clipped) = (converter(9, 256.0, 0.0), 0);
        for charge in 0..=256 {
            assert_eq!(ideal.read(f64::from(charge), &mut clipped), f64::from(charge));
        }
        assert_eq!(clipped, 0);
        assert_eq!(ideal.read(600.0, &mut clipped), 511.0);
        assert_eq!(clipped, 1);
    }

    #[test]
    fn successive_approximation_with_exact_capacitors_is_rounding() {
        let exact = converter(6, 630.0, 0.0);
        for tenth in 0..6300 {
            let charge = f64::from(tenth) / 10.0;
            let place = charge / exact.step;
            if (place.fract() - 0.5).abs() > 1e-9 {
                assert_eq!(exact.approximate(place), libm::round(place), "{charge}");
            }
        }
    }

    #[test]
    fn capacitors_that_differ_bend_the_line_by_more_with_more_mismatch() {
        let error = |mismatch: f64| -> f64 {
            let (converter, mut clipped) = (converter(8, 255.0, mismatch), 0);
            (0..256)
                .map(|charge| {
                    let off = converter.read(f64::from(charge), &mut clipped) - f64::from(charge);
                    off * off
                })
                .sum()
        };
        assert!(error(1.0) > error(0.0) && error(0.0) == 0.0);
    }
}
