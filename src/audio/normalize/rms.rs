//! RMS: the root of the mean square becomes the target level; what then is beyond the limit is cut off.

use super::follow::part;
use super::level::amplitude;
use super::number::{Number, Whole};
use super::option::{Matters, OptionSpec, Settings, flag, number};
use super::peak::to_fixed;
use super::{Normalized, Stream, dc};
use crate::audio::counts::Operations;

/// The options of the method.
pub const OPTIONS: &[OptionSpec] = &[
    number("target", "Target level", [-60.0, -20.0, 0.0], "dBFS", Matters::Always),
    number("floor", "Silence: no more gain below", [-90.0, -60.0, 0.0], "dBFS", Matters::Always),
    number("limit", "Cut off above", [-60.0, 0.0, 0.0], "dBFS", Matters::Always),
    flag("dc", "Remove the mean first", Matters::Always),
    number("time", "Time constant of the mean square", [0.01, 0.4, 10.0], "s", Matters::Stream),
    number("cutoff", "High-pass that removes the mean", [0.1, 20.0, 200.0], "Hz", Matters::Stream),
];

/// RMS normalization with its options read.
#[derive(Debug, Clone, Copy)]
pub struct Rms {
    target: f32,
    floor: f32,
    limit: f32,
    pub(super) dc: bool,
}

impl Rms {
    /// With these options.
    pub fn new(settings: &Settings) -> Self {
        let amplitude = |name: &str| amplitude(settings.number(name));
        Self {
            target: amplitude("target"),
            floor: amplitude("floor"),
            limit: amplitude("limit"),
            dc: settings.flag("dc"),
        }
    }

    /// Normalizes a clip.
    pub fn clip(&self, samples: &[f32]) -> Normalized<f32> {
        let mut samples = samples.to_vec();
        if self.dc {
            dc::remove_mean(&mut samples);
        }
        let (gain, silent) = self.gain(&samples);
        let clipped = samples.iter().filter(|x| (*x * gain).abs() > self.limit).count();
        self.scale(&mut samples, gain);
        Normalized { samples, gain, clipped, silent }
    }

    /// The gain to the target, and whether the clip counts as silent.
    pub fn gain<N: Number>(&self, samples: &[N]) -> (N, bool) {
        let square = dc::sum(samples, |x| x * x) / N::of(samples.len().max(1) as f32);
        let rms = square.sqrt();
        let floor = N::of(self.floor);
        let silent = !rms.exceeds(floor);
        (N::of(self.target) / if silent { floor } else { rms }, silent)
    }

    /// Multiplies all samples and cuts them at the limit.
    pub fn scale<N: Number>(&self, samples: &mut [N], gain: N) {
        let (low, high) = (N::of(-self.limit), N::of(self.limit));
        samples.iter_mut().for_each(|x| *x = (*x * gain).within(low, high));
    }

    /// What [`Rms::clip`] takes for `n` samples.
    pub fn operations(&self, n: u64) -> Operations {
        let dc = if self.dc { dc::operations(n) } else { Operations::default() };
        dc + Operations {
            adds: dc::sum_adds(n),
            multiplies: 2 * n,
            compares: 2 * n + 1,
            divides: 2,
            roots: 1,
            ..Operations::default()
        }
    }

    /// Normalizes a clip in Q15.
    ///
    /// The sum of squares is exact in 64 bits, the root has 8 fraction bits, the gain 16. Rounded to nearest, halves
    /// up (the root down); saturated at the limit.
    pub fn clip_fixed(&self, samples: &[i16]) -> Normalized<i16> {
        let mut wide: Vec<i64> = samples.iter().map(|&x| i64::from(x)).collect();
        if self.dc {
            dc::remove_mean_fixed(&mut wide);
        }
        let (gain, silent) = self.gain_fixed(&wide);
        let limit = to_fixed(self.limit);
        let clipped = wide.iter().filter(|x| (**x * gain).shr_rounded(16).abs() > limit).count();
        self.scale_fixed(&mut wide, gain);
        let gain = gain as f32 / 65_536.0;
        Normalized { samples: wide.iter().map(|&x| x as i16).collect(), gain, clipped, silent }
    }

    /// The gain with 16 fraction bits, and whether the clip counts as silent.
    pub fn gain_fixed<W: Whole>(&self, samples: &[W]) -> (W, bool) {
        let sum = samples.iter().fold(W::of(0), |sum, &x| sum + x * x);
        let rms = sum.over(W::of(samples.len().max(1) as i64)).shl(16).root();
        let floor = W::of(to_fixed(self.floor) << 8);
        let silent = !rms.exceeds(floor);
        (W::of(to_fixed(self.target)).shl(24).over(if silent { floor } else { rms }), silent)
    }

    /// Multiplies by a gain with 16 fraction bits and cuts at the limit.
    pub fn scale_fixed<W: Whole>(&self, samples: &mut [W], gain: W) {
        let limit = to_fixed(self.limit);
        let (low, high) = (W::of(-limit), W::of(limit.min(i64::from(i16::MAX))));
        samples.iter_mut().for_each(|x| *x = (*x * gain).shr_rounded(16).smaller(high).larger(low));
    }

    /// What [`Rms::clip_fixed`] takes for `n` samples.
    pub fn operations_fixed(&self, n: u64) -> Operations {
        let dc = if self.dc { dc::operations_fixed(n) } else { Operations::default() };
        dc + Operations {
            adds: 2 * n + 2,
            multiplies: 2 * n,
            compares: 2 * n + 1,
            shifts: n + 4,
            divides: 2,
            roots: 1,
            ..Operations::default()
        }
    }
}

/// RMS normalization of a stream: an exponential mean of squares, which starts at the target, so the gain at 1.
#[derive(Debug, Clone)]
pub struct Follower<N> {
    rms: Rms,
    part: N,
    square: N,
}

impl<N: Number> Follower<N> {
    /// With these options, at `rate` in hertz.
    pub fn new(settings: &Settings, rate: u32) -> Self {
        let rms = Rms::new(settings);
        let part = part(settings.number("time") * f64::from(rate)) as f32;
        Self { rms, part: N::of(part), square: N::of(rms.target * rms.target) }
    }

    /// The next sample.
    pub fn step(&mut self, x: N) -> N {
        self.square = self.square + self.part * (x * x - self.square);
        let gain = N::of(self.rms.target) / self.square.sqrt().larger(N::of(self.rms.floor));
        (x * gain).within(N::of(-self.rms.limit), N::of(self.rms.limit))
    }

    /// What `n` steps take.
    pub fn operations(n: u64) -> Operations {
        Operations { adds: 2 * n, multiplies: 3 * n, compares: 3 * n, divides: n, roots: n, ..Operations::default() }
    }

    /// Bytes that a microcontroller keeps.
    pub const STATE_BYTES: u64 = 4;
}

impl Stream<f32> for Follower<f32> {
    fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        out.extend(samples.iter().map(|&x| self.step(x)));
    }
    fn reset(&mut self) {
        self.square = self.rms.target * self.rms.target;
    }
}

/// RMS normalization of a stream in Q15; mean square and coefficient have 30 fraction bits.
#[derive(Debug, Clone)]
pub struct FollowerFixed<W> {
    target: W,
    floor: W,
    low: W,
    high: W,
    part: W,
    square: W,
}

impl<W: Whole> FollowerFixed<W> {
    /// With these options, at `rate` in hertz.
    pub fn new(settings: &Settings, rate: u32) -> Self {
        let rms = Rms::new(settings);
        let (target, limit) = (to_fixed(rms.target), to_fixed(rms.limit));
        let part = libm::round(part(settings.number("time") * f64::from(rate)) * 1_073_741_824.0) as i64;
        Self {
            target: W::of(target),
            floor: W::of(to_fixed(rms.floor) << 8),
            low: W::of(-limit),
            high: W::of(limit.min(i64::from(i16::MAX))),
            part: W::of(part),
            square: W::of(target * target),
        }
    }

    /// The next sample.
    pub fn step(&mut self, x: W) -> W {
        self.square = self.square + (self.part * (x * x - self.square)).shr_rounded(30);
        let rms = self.square.shl(16).root().larger(self.floor);
        let gain = self.target.shl(24).over(rms);
        (x * gain).shr_rounded(16).smaller(self.high).larger(self.low)
    }

    /// What `n` steps take.
    pub fn operations(n: u64) -> Operations {
        Operations {
            adds: 5 * n,
            multiplies: 3 * n,
            compares: 3 * n,
            shifts: 5 * n,
            divides: n,
            roots: n,
            ..Operations::default()
        }
    }
}

impl Stream<i16> for FollowerFixed<i64> {
    fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        out.extend(samples.iter().map(|&x| self.step(i64::from(x)) as i16));
    }
    fn reset(&mut self) {
        self.square = self.target * self.target;
    }
}
