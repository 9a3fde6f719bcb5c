//! How many operations a piece of sound arithmetic takes: counted from the structure of the code, exactly.
//!
//! The same counts are taken by running the code on numbers that count (`tests/audio/counts.rs`), so a formula here
//! that no longer fits its loop fails a test. Loads, stores, addresses and loop counters are not operations; the cost
//! model adds them (`cost::sound`).

use std::ops::{Add, Mul};

use serde::Serialize;

use super::mel::MelBank;

/// Numbers of operations, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Operations {
    /// Additions and subtractions.
    pub adds: u64,
    /// Multiplications.
    pub multiplies: u64,
    /// Comparisons; the larger or smaller of two numbers, a magnitude and a limit are one each.
    pub compares: u64,
    /// Shifts, of whole numbers only.
    pub shifts: u64,
    /// Divisions.
    pub divides: u64,
    /// Square roots.
    pub roots: u64,
    /// Logarithms: `ln(x)`, `ln(1 + x)`, to any base.
    pub logs: u64,
    /// Exponentials: `exp(x)`, `exp(x) - 1`. A power is a logarithm, a multiplication and an exponential.
    pub exps: u64,
}

impl Operations {
    /// All of them, whatever they cost.
    pub fn total(&self) -> u64 {
        self.adds + self.multiplies + self.compares + self.shifts + self.divides + self.roots + self.logs + self.exps
    }

    /// The same work with each logarithm and exponential replaced by the operations inside it.
    ///
    /// *Source*: counted along the longest ordinary path of `log1pf` and `expm1f` of the crate libm 0.2.16 (FreeBSD's
    /// msun), the dearer of each kind; their bit manipulation counts as additions and compares.
    pub fn expanded(&self) -> Self {
        let log = Self { adds: 17, multiplies: 11, compares: 5, divides: 2, shifts: 1, ..Self::default() };
        let exp = Self { adds: 16, multiplies: 12, compares: 6, divides: 1, shifts: 2, ..Self::default() };
        Self { logs: 0, exps: 0, ..*self } + log * self.logs + exp * self.exps
    }
}

impl Add for Operations {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            adds: self.adds + other.adds,
            multiplies: self.multiplies + other.multiplies,
            compares: self.compares + other.compares,
            shifts: self.shifts + other.shifts,
            divides: self.divides + other.divides,
            roots: self.roots + other.roots,
            logs: self.logs + other.logs,
            exps: self.exps + other.exps,
        }
    }
}

impl Mul<u64> for Operations {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self {
            adds: self.adds * times,
            multiplies: self.multiplies * times,
            compares: self.compares * times,
            shifts: self.shifts * times,
            divides: self.divides * times,
            roots: self.roots * times,
            logs: self.logs * times,
            exps: self.exps * times,
        }
    }
}

/// What one second of sound costs, whoever the processor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// Operations for each second of sound; counted.
    pub operations: Operations,
    /// Bytes kept from sample to sample: filters, windows, delayed samples; for a whole clip, the clip itself.
    pub state_bytes: u64,
    /// Seconds of sound that must be heard before the first of them can be given out.
    pub lookahead_seconds: f64,
}

/// The Fourier transform of `length` real numbers, as a scalar processor computes it: that of the crate `realfft`, which
/// stands for the many of its kind. The transform in this crate lays four numbers side by side and adds in another order.
///
/// *Source*: taken by running it on numbers that count; `None` for a length that no front end uses.
pub fn real_transform(length: usize) -> Option<Operations> {
    let (adds, multiplies) = match length {
        512 => FFT_512,
        1024 => FFT_1024,
        _ => return None,
    };
    Some(Operations { adds, multiplies, ..Operations::default() })
}

const FFT_512: (u64, u64) = (6_745, 3_254);
const FFT_1024: (u64, u64) = (15_033, 7_414);

/// A front end with a known count, reduced to what decides it.
#[derive(Debug, Clone, Copy)]
struct Shape {
    window: u64,
    hop: u64,
    transform: usize,
    /// Whether a root is taken of each power.
    magnitude: bool,
    /// Cepstral coefficients, 0 where the mel energies are the features.
    coefficients: u64,
    /// Operations on each sample before the first window.
    before: Operations,
}

/// What a front end costs for each second of sound at 16 kHz, by its name in `audio::FRONT_ENDS`.
///
/// Only whole frames that start within the second count, as in a stream: 50 for `mlperf-kws`, 31.25 for `log-mel-ad`,
/// which makes the counts of a second those of its hops. `mlperf-kws` divides every sample by the clip's maximum, as
/// its reference does. The level in decibels of `log-mel-ad` counts as one logarithm in 32 bits.
///
/// *Source*: counted, see the module.
pub fn front_end(name: &str) -> Option<Cost> {
    let none = Operations::default();
    let (shape, bank) = match name {
        "mlperf-kws" | "mlperf-kws-corrected" | "mlperf-kws-plain" => (
            Shape {
                window: 480,
                hop: 320,
                transform: 512,
                magnitude: true,
                coefficients: 10,
                before: if name.ends_with("plain") { none } else { Operations { compares: 1, divides: 1, ..none } },
            },
            MelBank::htk(40, 257, 16_000.0, 20.0, 4000.0),
        ),
        "log-mel-ad" => (
            Shape { window: 1024, hop: 512, transform: 1024, magnitude: false, coefficients: 0, before: none },
            MelBank::slaney(128, 513, 16_000.0, 0.0, 8000.0),
        ),
        _ => return None,
    };
    let rate = 16_000;
    let frame = frame(&shape, &bank)?;
    // Rounded to the nearest whole number of operations a second.
    let each = |count: u64| (count * rate + shape.hop / 2) / shape.hop;
    let frames = Operations {
        adds: each(frame.adds),
        multiplies: each(frame.multiplies),
        compares: each(frame.compares),
        shifts: each(frame.shifts),
        divides: each(frame.divides),
        roots: each(frame.roots),
        logs: each(frame.logs),
        exps: each(frame.exps),
    };
    let bands = bank.len() as u64;
    Some(Cost {
        operations: frames + shape.before * rate,
        // One window of samples, its weights, the transform's input and output, the bank, the basis.
        state_bytes: 4
            * (2 * shape.window
                + 2 * shape.transform as u64
                + 2
                + bank.weights() as u64
                + bands
                + shape.coefficients * bands),
        lookahead_seconds: shape.window as f64 / rate as f64,
    })
}

/// One frame: window, transform, power, perhaps magnitude, mel bands, logarithm, perhaps cosine transform.
fn frame(shape: &Shape, bank: &MelBank) -> Option<Operations> {
    let none = Operations::default();
    // Bins that no band hears need no power.
    let bins = bank.end() as u64;
    let weights = bank.weights() as u64;
    let bands = bank.len() as u64;
    let window = Operations { multiplies: shape.window, ..none };
    let power = Operations { multiplies: 2 * bins, adds: bins, roots: if shape.magnitude { bins } else { 0 }, ..none };
    let mel = Operations { multiplies: weights, adds: weights, ..none };
    let log = Operations { adds: bands, logs: bands, multiplies: if shape.magnitude { 0 } else { bands }, ..none };
    let cosine = Operations { multiplies: shape.coefficients * bands, adds: shape.coefficients * bands, ..none };
    Some(window + real_transform(shape.transform)? + power + mel + log + cosine)
}
