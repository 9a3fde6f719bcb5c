//! True peak: the largest value of the sound between its samples, found at four times the rate.
//!
//! *Source*: ITU-R BS.1770, Annex 2, which asks for four-fold oversampling at 48 kHz and leaves the filter open. Here
//! it is a sinc under a Kaiser window: 12 taps for each of the three positions between two samples, the fourth
//! position being the sample itself.

use super::number::Number;
use crate::audio::counts::Operations;
use crate::audio::window::kaiser;

/// Taps for each position.
const TAPS: usize = 12;
/// Positions between two samples.
const PHASES: usize = 3;
/// Leaves a sine at up to a quarter of the sample rate right to 0.1 dB.
const BETA: f64 = 4.0;

/// Hears samples one by one and tells the largest magnitude at or between them.
#[derive(Debug, Clone)]
pub struct Meter<N> {
    filters: [[N; TAPS]; PHASES],
    /// The last samples, the latest first.
    history: [N; TAPS],
}

impl<N: Number> Default for Meter<N> {
    fn default() -> Self {
        let tap = |phase: usize, tap: usize| {
            // The latest sample is half the taps ahead of the position's left neighbour.
            let distance = (tap as f64 - (TAPS / 2) as f64) + (phase + 1) as f64 / 4.0;
            let x = std::f64::consts::PI * distance;
            libm::sin(x) / x * kaiser(distance / (TAPS / 2) as f64, BETA)
        };
        let filter = |phase: usize| {
            let sum: f64 = (0..TAPS).map(|k| tap(phase, k)).sum();
            std::array::from_fn(|k| N::of((tap(phase, k) / sum) as f32))
        };
        Self { filters: std::array::from_fn(filter), history: [N::of(0.0); TAPS] }
    }
}

impl<N: Number> Meter<N> {
    /// The largest magnitude at the new sample and at three positions half the taps before it.
    pub fn step(&mut self, x: N) -> N {
        self.history.rotate_right(1);
        self.history[0] = x;
        let between = |filter: &[N; TAPS]| {
            let products = filter.iter().zip(&self.history).map(|(&tap, &x)| tap * x);
            products.fold(N::of(0.0), |sum, product| sum + product).abs()
        };
        self.filters.iter().map(between).fold(x.abs(), N::larger)
    }

    /// What `n` steps take.
    pub fn operations(n: u64) -> Operations {
        let macs = (PHASES * TAPS) as u64 * n;
        Operations { adds: macs, multiplies: macs, compares: (2 * PHASES as u64 + 1) * n, ..Operations::default() }
    }

    /// Bytes that a microcontroller keeps; the filters are constants.
    pub const STATE_BYTES: u64 = 4 * TAPS as u64;

    pub(super) fn reset(&mut self) {
        self.history = [N::of(0.0); TAPS];
    }
}

/// The largest magnitude of a clip at or between its samples, with silence around it.
pub fn of(samples: &[f32]) -> f32 {
    let mut meter = Meter::<f32>::default();
    let tail = std::iter::repeat_n(0.0, TAPS);
    samples.iter().copied().chain(tail).fold(0.0, |peak: f32, x| peak.larger(meter.step(x)))
}
