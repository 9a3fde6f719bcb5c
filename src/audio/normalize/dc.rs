//! Removing the mean: what is left swings around 0.
//!
//! A whole clip loses its mean. A stream cannot know it and goes through a one-pole high-pass instead,
//! `y[n] = x[n] - x[n-1] + a y[n-1]` with `a = exp(-2 pi cutoff / rate)`: the two differ, above all at the beginning.

use std::f64::consts::PI;

use super::Stream;
use super::number::{Number, Whole};
use super::option::Settings;
use crate::audio::counts::Operations;

/// Sums of so many samples are added up, so that the rounding of a long sum stays small.
const BLOCK: usize = 256;

/// The sum of numbers made from samples, block by block: `n + n / 256` additions.
pub(super) fn sum<N: Number>(samples: &[N], term: impl Fn(N) -> N) -> N {
    let block = |block: &[N]| block.iter().fold(N::of(0.0), |sum, &x| sum + term(x));
    samples.chunks(BLOCK).map(block).fold(N::of(0.0), |sum, block| sum + block)
}

pub(super) fn sum_adds(n: u64) -> u64 {
    n + n.div_ceil(BLOCK as u64)
}

/// Takes the mean away from a clip.
pub fn remove_mean<N: Number>(samples: &mut [N]) {
    let mean = sum(samples, |x| x) / N::of(samples.len().max(1) as f32);
    samples.iter_mut().for_each(|x| *x = *x - mean);
}

/// What [`remove_mean`] takes.
pub fn operations(n: u64) -> Operations {
    Operations { adds: sum_adds(n) + n, divides: 1, ..Operations::default() }
}

/// Takes the mean away from a clip in Q15; the mean is rounded to nearest, halves up, results are saturated.
pub fn remove_mean_fixed<W: Whole>(samples: &mut [W]) {
    let sum = samples.iter().fold(W::of(0), |sum, &x| sum + x);
    let mean = sum.over(W::of(samples.len().max(1) as i64));
    samples.iter_mut().for_each(|x| *x = (*x - mean).saturated());
}

/// What [`remove_mean_fixed`] takes.
pub fn operations_fixed(n: u64) -> Operations {
    Operations { adds: 2 * n + 1, compares: 2 * n, shifts: 1, divides: 1, ..Operations::default() }
}

/// `a` of the high-pass.
fn pole(settings: &Settings, rate: u32) -> f64 {
    libm::exp(-2.0 * PI * settings.number("cutoff") / f64::from(rate))
}

/// The one-pole high-pass.
#[derive(Debug, Clone)]
pub struct HighPass<N> {
    pole: N,
    input: N,
    output: N,
}

impl<N: Number> HighPass<N> {
    /// With these options, at `rate` in hertz.
    pub fn new(settings: &Settings, rate: u32) -> Self {
        Self { pole: N::of(pole(settings, rate) as f32), input: N::of(0.0), output: N::of(0.0) }
    }

    /// The next sample: two additions, one multiplication.
    pub fn step(&mut self, x: N) -> N {
        self.output = x - self.input + self.pole * self.output;
        self.input = x;
        self.output
    }

    /// What so many steps take.
    pub fn operations(n: u64) -> Operations {
        Operations { adds: 2 * n, multiplies: n, ..Operations::default() }
    }

    /// Bytes that a microcontroller keeps.
    pub const STATE_BYTES: u64 = 12;
}

impl Stream<f32> for HighPass<f32> {
    fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        out.extend(samples.iter().map(|&x| self.step(x)));
    }
    fn reset(&mut self) {
        (self.input, self.output) = (0.0, 0.0);
    }
}

/// The one-pole high-pass in Q15: `a` in Q15, the output kept with 15 more fraction bits, so that it does not stick
/// before it has reached 0. Rounded to nearest, halves up; what is given out is saturated.
#[derive(Debug, Clone)]
pub struct HighPassFixed<W> {
    pole: W,
    input: W,
    output: W,
}

impl<W: Whole> HighPassFixed<W> {
    /// With these options, at `rate` in hertz.
    pub fn new(settings: &Settings, rate: u32) -> Self {
        let pole = libm::round(pole(settings, rate) * 32_768.0) as i64;
        Self { pole: W::of(pole), input: W::of(0), output: W::of(0) }
    }

    /// The next sample.
    pub fn step(&mut self, x: W) -> W {
        self.output = (x - self.input).shl(15) + (self.pole * self.output).shr_rounded(15);
        self.input = x;
        self.output.shr_rounded(15).saturated()
    }

    /// What so many steps take.
    pub fn operations(n: u64) -> Operations {
        Operations { adds: 4 * n, multiplies: n, compares: 2 * n, shifts: 3 * n, ..Operations::default() }
    }
}

impl Stream<i16> for HighPassFixed<i64> {
    fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        out.extend(samples.iter().map(|&x| self.step(i64::from(x)) as i16));
    }
    fn reset(&mut self) {
        (self.input, self.output) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::normalizer;
    use super::*;

    #[test]
    fn a_stream_forgets_a_constant_in_float_and_in_fixed_point_alike() {
        let settings = normalizer("dc").unwrap().defaults();
        let (mut float, mut fixed) =
            (HighPass::<f32>::new(&settings, 16_000), HighPassFixed::<i64>::new(&settings, 16_000));
        let (mut y, mut q) = (0.0, 0);
        for _ in 0..16_000 {
            y = float.step(0.5);
            q = fixed.step(16_384);
        }
        // After one second of a 20 Hz high-pass a step has fallen by exp(-125).
        assert!(y.abs() < 1e-6, "{y}");
        assert_eq!(q, 0);
    }

    #[test]
    fn the_mean_of_the_most_negative_samples_is_taken_away_without_overflow() {
        let mut samples = vec![-32_768i64; 1000];
        samples[0] = 32_767;
        remove_mean_fixed(&mut samples);
        // The mean is -32702.465, rounded to -32702; the first sample would be 65469.
        assert_eq!(samples[..2], [32_767, -66]);
    }
}
