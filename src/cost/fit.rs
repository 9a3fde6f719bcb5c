//! Time and energy rates, fitted to published measurements each time they are asked for.
//!
//! No coefficient of the time and energy model is written down anywhere: [`fit`] recomputes it from the facts in
//! [`published`](super::published). Four networks can tell two rates apart and no more, so each family of processors
//! has two:
//!
//! | family | first rate, for each | second rate, for each |
//! |---|---|---|
//! | [`Family::Core`] (Cortex-M) | MAC of a convolution over at least four channels, whose operands are used many times | MAC of a depthwise, fully connected or few-channel layer, which needs a fresh operand; element moved by layers without weights |
//! | [`Family::Accelerator`] (GAP9: NE16 and nine cores) | number brought in: inputs once for each position, weights once, elements read by layers without weights | MAC of a few-channel convolution, on top |
//!
//! The rates minimise the sum of squared *relative* errors over the networks, and are not negative. Energy is fitted
//! in the same way from measured energies, not as a constant power times the time.
//!
//! **The band** holds two kinds of evidence. Each network in turn is left out, the rates are fitted to the rest, and the
//! network is predicted; `F` is the worst ratio between such a prediction and the measurement, in either direction.
//! Four small, dense networks that a vendor tuned for a benchmark say too little of a fifth that somebody generates:
//! [`elsewhere`] holds what the same core took with the same maker's runtime on other networks and boards, most of it more
//! than predicted. The band reaches from `value / below` to `value * above`, and no result of either kind is outside.
//! GAP9 has no such results: its band is `F` alone.
//! Energy is never given a narrower band than time: on four networks the two rates of GAP9 follow the energy to 3 %,
//! which nobody should rely on for a fifth.
//!
//! What came out (a test holds this table to what [`fit`] gives):
//!
#![doc = include_str!("fit/table.md")]
//!
//! Keyword spotting comes out too fast and visual wake words too slow on every Cortex-M: their first convolutions
//! (one input channel, 10x4; three input channels, 3x3) cost differently, and two rates cannot say so.
//!
//! Float networks: of these boards only the Cortex-M7 has published float32 results, three of them, without energy.
//! [`carried`](super::carried) takes them, and those of a Cortex-M4 board that is not on the shelf, to the others.

use serde::Serialize;

use super::classes::{Class, Layer};
use super::device::Device;
use super::elsewhere::{self, Elsewhere};
use super::published::{Benchmark, Precision, Submission};

/// Processors that spend their time in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// One general core that executes every multiply-accumulate as an instruction.
    Core,
    /// A matrix engine that waits for data more than it multiplies.
    Accelerator,
}

impl Family {
    /// How much of each of the two rates' units a layer has.
    pub fn features(self, layer: &Layer) -> [f64; 2] {
        let work = layer.work();
        let (macs, fetched, moved) = (work.macs as f64, work.fetched as f64, work.moved as f64);
        match (self, layer.class) {
            (_, Class::Free) => [0.0, 0.0],
            (Self::Core, Class::Convolution) => [macs, 0.0],
            (Self::Core, _) => [0.0, macs + moved],
            (Self::Accelerator, Class::FewChannels) => [fetched, macs],
            (Self::Accelerator, _) => [fetched, 0.0],
        }
    }

    /// What each of the two rates is for.
    pub fn units(self) -> [&'static str; 2] {
        match self {
            Self::Core => ["MAC with reused operands", "MAC with a fresh operand, or element moved"],
            Self::Accelerator => ["number brought in", "MAC over few channels"],
        }
    }
}

/// Two rates with the evidence for them.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    /// Cycles, or joules, for one unit of each of [`Family::features`].
    pub rates: [f64; 2],
    /// Prediction over measurement, minus one, for each network when it was left out of the fit.
    pub held_out: Vec<(Benchmark, f64)>,
    /// The same with all networks in the fit.
    pub in_sample: Vec<(Benchmark, f64)>,
    /// The worst held-out ratio in either direction; the band is from `value / factor` to `value * factor`.
    pub factor: f64,
}

/// How far the truth may be from a prediction, as factors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The lower end is the value divided by this.
    pub below: f64,
    /// The upper end is the value times this.
    pub above: f64,
}

impl Band {
    /// The same factor in both directions.
    pub fn even(factor: f64) -> Self {
        Self { below: factor, above: factor }
    }

    /// The band that holds what either holds.
    pub fn or(self, other: Self) -> Self {
        Self { below: self.below.max(other.below), above: self.above.max(other.above) }
    }

    /// The band of a product of two numbers that are off independently, each at its worst.
    pub fn times(self, other: Self) -> Self {
        Self { below: self.below * other.below, above: self.above * other.above }
    }
}

/// How fast and how hungry a device is with one runtime.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// What the features are.
    pub family: Family,
    /// Clock cycles.
    pub cycles: Rates,
    /// Joules, where energies were published.
    pub energy: Option<Rates>,
    /// The measurements behind it.
    pub submission: &'static Submission,
    /// What its cycles are worth on results of the same core that no fit has seen.
    pub elsewhere: Option<Elsewhere>,
}

impl Fit {
    /// The band of a predicted time: the worst network left out, and the worst result elsewhere.
    pub fn time_band(&self) -> Band {
        let own = Band::even(self.cycles.factor);
        self.elsewhere.map_or(own, |elsewhere| own.or(elsewhere.band))
    }

    /// The band of a predicted energy, never narrower than that of the time in which it is spent.
    pub fn energy_band(&self) -> Option<Band> {
        Some(Band::even(self.energy.as_ref()?.factor).or(self.time_band()))
    }
}

/// Fits a device's rates to what was published for it; `None` where nothing was for this precision.
///
/// ```
/// use milliwatt::cost::{device, fit, published::Precision};
/// let board = device::find("nucleo-u575zi-q").unwrap();
/// let fit = fit::fit(board, Precision::Int8).unwrap();
/// assert!((fit.cycles.rates[0] - 1.33).abs() < 0.01); // cycles for a MAC of a convolution
/// ```
pub fn fit(device: &Device, precision: Precision) -> Option<Fit> {
    let submission = device.submissions.iter().copied().find(|submission| submission.precision == precision)?;
    let cycles = submission.results.iter().map(|r| (r.benchmark, device.clock.value.0 / r.rate.0)).collect();
    let energies: Option<Vec<_>> = submission.results.iter().map(|r| Some((r.benchmark, r.energy?.0))).collect();
    let cycles = rates(device.family, cycles);
    Some(Fit {
        family: device.family,
        elsewhere: elsewhere::elsewhere(device, precision, cycles.rates),
        cycles,
        energy: energies.map(|measured| rates(device.family, measured)),
        submission,
    })
}

/// Rates for what was measured of each network: cycles, or joules.
pub(super) fn rates(family: Family, measured: Vec<(Benchmark, f64)>) -> Rates {
    let points: Vec<Point> =
        measured.into_iter().map(|(benchmark, target)| Point::new(family, benchmark, target)).collect();
    let features = |points: &[Point], without: Option<Benchmark>| -> Vec<[f64; 2]> {
        points.iter().filter(|point| Some(point.benchmark) != without).map(|point| point.features).collect()
    };
    let rates = least_squares(&features(&points, None));
    let held_out: Vec<(Benchmark, f64)> = points
        .iter()
        .map(|point| (point.benchmark, point.relative(least_squares(&features(&points, Some(point.benchmark)))) - 1.0))
        .collect();
    let in_sample = points.iter().map(|point| (point.benchmark, point.relative(rates) - 1.0)).collect();
    let factor = held_out.iter().map(|&(_, error)| (1.0 + error).max(1.0 / (1.0 + error))).fold(1.0, f64::max);
    Rates { rates, held_out, in_sample, factor }
}

/// A network's features, divided by what was measured: a perfect prediction is 1.
struct Point {
    benchmark: Benchmark,
    features: [f64; 2],
}

impl Point {
    fn new(family: Family, benchmark: Benchmark, target: f64) -> Self {
        let mut features = [0.0; 2];
        for layer in benchmark.layers() {
            let of_layer = family.features(&layer);
            features[0] += of_layer[0] / target;
            features[1] += of_layer[1] / target;
        }
        Self { benchmark, features }
    }

    fn relative(&self, rates: [f64; 2]) -> f64 {
        self.features[0] * rates[0] + self.features[1] * rates[1]
    }
}

/// The rates, none below zero, for which the predictions come nearest to 1 in the sum of squares.
///
/// *Shapes*: for each network its two features, divided by what was measured.
pub(super) fn least_squares(points: &[[f64; 2]]) -> [f64; 2] {
    let sum = |f: fn(&[f64; 2]) -> f64| points.iter().map(f).sum::<f64>();
    let (xx, xy, yy) = (sum(|f| f[0] * f[0]), sum(|f| f[0] * f[1]), sum(|f| f[1] * f[1]));
    let (x, y) = (sum(|f| f[0]), sum(|f| f[1]));
    let determinant = xx * yy - xy * xy;
    if determinant > 1e-9 * xx * yy {
        let both = [(x * yy - y * xy) / determinant, (y * xx - x * xy) / determinant];
        if both.iter().all(|&rate| rate >= 0.0) {
            return both;
        }
    }
    // One rate must be zero: the one whose loss hurts less. Alone, a rate explains `sum^2 / sum of squares`.
    let alone =
        |linear: f64, square: f64| if square > 0.0 { (linear / square, linear * linear / square) } else { (0.0, 0.0) };
    let ((first, first_gain), (second, second_gain)) = (alone(x, xx), alone(y, yy));
    if first_gain >= second_gain { [first, 0.0] } else { [0.0, second] }
}

#[cfg(test)]
mod tests;
