//! K-weighting: how strongly a tone counts for loudness, by its frequency.
//!
//! ITU-R BS.1770 prints the coefficients for 48 kHz only. They are the bilinear transforms of two analogue filters, so
//! at another rate the filters are designed again; taking the printed coefficients would shift them along.

use std::f64::consts::PI;

use super::number::Number;
use crate::audio::counts::Operations;

/// A filter of second order, `b` over `a` with `a[0] = 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients {
    /// Weights of the input now, before, and before that.
    pub b: [f64; 3],
    /// Weights of the output before, and before that.
    pub a: [f64; 2],
}

/// The shelf that stands for the head: about 4 dB more above 2 kHz.
///
/// *Source*: the analogue filter behind the printed coefficients: 1681.97 Hz, 3.99984 dB, Q 0.70718, as derived in
/// libebur128 and pyloudnorm; a test holds it to the printed ones.
pub fn shelf(rate: u32) -> Coefficients {
    let (corner, gain, q) = (1_681.974_450_955_533, 3.999_843_853_973_347, 0.707_175_236_955_419_6);
    let k = libm::tan(PI * corner / f64::from(rate));
    let high = libm::pow(10.0, gain / 20.0);
    let band = libm::pow(high, 0.499_666_774_154_541_6);
    let norm = 1.0 + k / q + k * k;
    Coefficients {
        b: [(high + band * k / q + k * k) / norm, 2.0 * (k * k - high) / norm, (high - band * k / q + k * k) / norm],
        a: [2.0 * (k * k - 1.0) / norm, (1.0 - k / q + k * k) / norm],
    }
}

/// The high-pass ("RLB") below 38 Hz. Its numerator is 1, -2, 1 at every rate, as in the standard.
pub fn high_pass(rate: u32) -> Coefficients {
    let (corner, q) = (38.135_470_876_024_44, 0.500_327_037_323_877_3);
    let k = libm::tan(PI * corner / f64::from(rate));
    let norm = 1.0 + k / q + k * k;
    Coefficients { b: [1.0, -2.0, 1.0], a: [2.0 * (k * k - 1.0) / norm, (1.0 - k / q + k * k) / norm] }
}

/// A filter at work: transposed direct form II.
#[derive(Debug, Clone)]
struct Biquad<N> {
    b: [N; 3],
    a: [N; 2],
    state: [N; 2],
}

impl<N: Number> Biquad<N> {
    fn new(coefficients: &Coefficients) -> Self {
        let Coefficients { b, a } = coefficients;
        Self { b: b.map(|b| N::of(b as f32)), a: a.map(|a| N::of(a as f32)), state: [N::of(0.0); 2] }
    }

    fn step(&mut self, x: N) -> N {
        let y = self.b[0] * x + self.state[0];
        self.state = [self.b[1] * x - self.a[0] * y + self.state[1], self.b[2] * x - self.a[1] * y];
        y
    }
}

/// Both filters, one behind the other.
#[derive(Debug, Clone)]
pub struct KWeighting<N> {
    shelf: Biquad<N>,
    high_pass: Biquad<N>,
}

impl<N: Number> KWeighting<N> {
    /// *Units*: `rate` in hertz.
    pub fn new(rate: u32) -> Self {
        Self { shelf: Biquad::new(&shelf(rate)), high_pass: Biquad::new(&high_pass(rate)) }
    }

    /// The weighted sample.
    pub fn step(&mut self, x: N) -> N {
        self.high_pass.step(self.shelf.step(x))
    }

    /// What `n` steps take.
    pub fn operations(n: u64) -> Operations {
        Operations { adds: 8 * n, multiplies: 10 * n, ..Operations::default() }
    }

    /// Bytes that a microcontroller keeps; the coefficients are constants.
    pub const STATE_BYTES: u64 = 16;

    pub(super) fn reset(&mut self) {
        self.shelf.state = [N::of(0.0); 2];
        self.high_pass.state = [N::of(0.0); 2];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_48_khz_the_filters_are_those_that_the_standard_prints() {
        let printed = [
            (
                [1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85],
                [-1.690_659_293_182_41, 0.732_480_774_215_85],
            ),
            ([1.0, -2.0, 1.0], [-1.990_047_454_833_98, 0.990_072_250_366_21]),
        ];
        for (filter, (b, a)) in [shelf(48_000), high_pass(48_000)].iter().zip(printed) {
            for (got, expected) in filter.b.iter().chain(&filter.a).zip(b.iter().chain(&a)) {
                assert!((got - expected).abs() < 1e-10, "{got}, not {expected}");
            }
        }
    }
}
