//! PCEN, per-channel energy normalization: each band is divided by its own slow mean, then compressed.
//!
//! `M[t] = (1 - b) M[t-1] + b S[t]`, `P = (S / (eps + M)^gain + bias)^power - bias^power`, with
//! `b = (sqrt(1 + 4 T^2) - 1) / (2 T^2)` and T the time constant in frames. The defaults are meant for sound whose full
//! scale is 2^31, *not* 1: the option `scale` multiplies the energies first. 2^31 is the factor for bands of magnitudes,
//! as in librosa's example; bands of squared magnitudes grow by its square.
//!
//! *Source*: Wang et al., arXiv 1607.05666; librosa 0.11, `librosa.pcen`, whose mean starts at 1 (`start` `one`), which
//! at its scale is silence. `first` starts at the first frame instead.

use super::Stream;
use super::number::Number;
use super::option::{Matters, OptionSpec, Settings, choice, number};
use crate::audio::counts::Operations;

/// The options of the method.
pub const OPTIONS: &[OptionSpec] = &[
    number("gain", "Gain: how much of the mean is divided away", [0.0, 0.98, 1.0], "", Matters::Always),
    number("bias", "Bias", [0.0, 2.0, 100.0], "", Matters::Always),
    number("power", "Power", [0.0, 0.5, 1.0], "", Matters::Always),
    number("time", "Time constant of the mean", [0.01, 0.4, 10.0], "s", Matters::Always),
    number("eps", "Floor of the mean", [1e-12, 1e-6, 1.0], "", Matters::Always),
    number("scale", "Factor before all else", [1e-6, 2_147_483_648.0, 1e19], "", Matters::Always),
    choice("start", "The mean starts at", &["one", "first"], Matters::Always),
];

/// PCEN of one band or of many: all bands share the constants.
#[derive(Debug, Clone)]
pub struct Pcen<N> {
    constants: Constants<N>,
    bands: usize,
    /// Whether the mean starts at the first frame.
    first: bool,
    means: Vec<N>,
    frame: Vec<N>,
}

#[derive(Debug, Clone)]
struct Constants<N> {
    scale: N,
    new: N,
    old: N,
    eps: N,
    less_gain: N,
    kind: Kind<N>,
}

/// The last step, in the three forms that need no logarithm of 0.
#[derive(Debug, Clone)]
enum Kind<N> {
    /// Power 0, of which the limit is a logarithm.
    Log,
    /// Bias 0.
    Power(N),
    /// Both: `bias^power * ((1 + x / bias)^power - 1)`.
    Both { bias: N, power: N, factor: N },
}

impl<N: Number> Pcen<N> {
    /// *Units*: `frames` in a second.
    pub fn new(settings: &Settings, bands: usize, frames: f64) -> Self {
        let [gain, bias, power] = ["gain", "bias", "power"].map(|name| settings.number(name));
        let time = settings.number("time") * frames;
        let part = (libm::sqrt(1.0 + 4.0 * time * time) - 1.0) / (2.0 * time * time);
        let of = |value: f64| N::of(value as f32);
        let kind = match (power, bias) {
            (0.0, _) => Kind::Log,
            (_, 0.0) => Kind::Power(of(power)),
            _ => Kind::Both { bias: of(1.0 / bias), power: of(power), factor: of(libm::pow(bias, power)) },
        };
        Self {
            constants: Constants {
                scale: of(settings.number("scale")),
                new: of(part),
                old: of(1.0 - part),
                eps: of(settings.number("eps")),
                less_gain: of(-gain),
                kind,
            },
            bands: bands.max(1),
            first: settings.is("start", "first"),
            means: vec![],
            frame: vec![],
        }
    }

    /// Takes one energy of the frame that is arriving; a whole frame is given out when its last band is there.
    fn take(&mut self, energy: N) -> bool {
        self.frame.push(energy);
        self.frame.len() == self.bands
    }

    /// Normalizes a frame where it is.
    pub fn frame(&mut self, frame: &mut [N]) {
        let Constants { scale, new, old, eps, less_gain, kind } = &self.constants;
        if self.means.len() != frame.len() {
            self.means = match self.first {
                true => frame.iter().map(|&energy| energy * *scale).collect(),
                false => vec![N::of(1.0); frame.len()],
            };
        }
        for (energy, mean) in frame.iter_mut().zip(&mut self.means) {
            let scaled = *energy * *scale;
            *mean = *old * *mean + *new * scaled;
            let smooth = (*less_gain * (*mean + *eps).ln()).exp();
            *energy = match kind {
                Kind::Log => (scaled * smooth).ln_1p(),
                Kind::Power(power) => (*power * (scaled * smooth).ln()).exp(),
                Kind::Both { bias, power, factor } => *factor * (*power * (scaled * smooth * *bias).ln_1p()).exp_m1(),
            };
        }
    }

    /// What a frame of so many bands takes.
    pub fn operations(&self, bands: u64) -> Operations {
        let common = Operations { adds: 2, multiplies: 5, logs: 1, exps: 1, ..Operations::default() };
        let last = match self.constants.kind {
            Kind::Log => Operations { logs: 1, ..Operations::default() },
            Kind::Power(_) => Operations { logs: 1, exps: 1, multiplies: 1, ..Operations::default() },
            Kind::Both { .. } => Operations { logs: 1, exps: 1, multiplies: 3, ..Operations::default() },
        };
        (common + last) * bands
    }
}

impl Stream<f32> for Pcen<f32> {
    fn push(&mut self, energies: &[f32], out: &mut Vec<f32>) {
        for &energy in energies {
            if self.take(energy) {
                let mut frame = std::mem::take(&mut self.frame);
                self.frame(&mut frame);
                out.append(&mut frame);
                self.frame = frame;
            }
        }
    }
    fn reset(&mut self) {
        self.means.clear();
        self.frame.clear();
    }
}
