//! Per-band mean and variance: each band loses its mean and is divided by its standard deviation.
//!
//! Of a whole clip they are the band's own, over all frames. A stream has exponential means instead, which start at
//! the first frame with no variance, so the first frame becomes 0 and the next ones are large: it needs a while.

use super::Stream;
use super::follow::part;
use super::number::Number;
use super::option::{Matters, OptionSpec, Settings, number};
use crate::audio::counts::Operations;

/// The options of the method.
pub const OPTIONS: &[OptionSpec] = &[
    number("floor", "Smallest standard deviation", [1e-9, 1e-3, 1e3], "", Matters::Always),
    number("time", "Time constant of the means", [0.1, 3.0, 60.0], "s", Matters::Stream),
];

/// Normalizes all frames of a clip.
///
/// *Shapes*: `energies` is `[frames, bands]`, row-major.
pub fn clip<N: Number>(energies: &mut [N], bands: usize, floor: f32) {
    let frames = N::of((energies.len() / bands.max(1)).max(1) as f32);
    for band in 0..bands {
        let mut sum = N::of(0.0);
        energies.iter().skip(band).step_by(bands).for_each(|&energy| sum = sum + energy);
        let mean = sum / frames;
        let mut squares = N::of(0.0);
        for energy in energies.iter_mut().skip(band).step_by(bands) {
            *energy = *energy - mean;
            squares = squares + *energy * *energy;
        }
        let inverse = N::of(1.0) / (squares / frames).sqrt().larger(N::of(floor));
        energies.iter_mut().skip(band).step_by(bands).for_each(|energy| *energy = *energy * inverse);
    }
}

/// What [`clip`] takes.
pub fn operations(frames: u64, bands: u64) -> Operations {
    let each = Operations { adds: 3, multiplies: 2, ..Operations::default() };
    let band = Operations { divides: 3, roots: 1, compares: 1, ..Operations::default() };
    each * (frames * bands) + band * bands
}

/// The same of a stream, with exponential means.
#[derive(Debug, Clone)]
pub struct Running<N> {
    bands: usize,
    new: N,
    old: N,
    floor: N,
    /// Mean and variance of each band.
    bands_so_far: Vec<(N, N)>,
    frame: Vec<N>,
}

impl<N: Number> Running<N> {
    /// *Units*: `frames` in a second.
    pub fn new(settings: &Settings, bands: usize, frames: f64) -> Self {
        let part = part(settings.number("time") * frames);
        Self {
            bands: bands.max(1),
            new: N::of(part as f32),
            old: N::of((1.0 - part) as f32),
            floor: N::of(settings.number("floor") as f32),
            bands_so_far: vec![],
            frame: vec![],
        }
    }

    /// Normalizes a frame where it is.
    pub fn frame(&mut self, frame: &mut [N]) {
        if self.bands_so_far.len() != frame.len() {
            self.bands_so_far = frame.iter().map(|&energy| (energy, N::of(0.0))).collect();
        }
        for (energy, (mean, variance)) in frame.iter_mut().zip(&mut self.bands_so_far) {
            let distance = *energy - *mean;
            let step = self.new * distance;
            *mean = *mean + step;
            *variance = self.old * (*variance + distance * step);
            *energy = (*energy - *mean) / variance.sqrt().larger(self.floor);
        }
    }

    /// What a frame of so many bands takes.
    pub fn operations(bands: u64) -> Operations {
        let band = Operations { adds: 4, multiplies: 3, compares: 1, divides: 1, roots: 1, ..Operations::default() };
        band * bands
    }
}

impl Stream<f32> for Running<f32> {
    fn push(&mut self, energies: &[f32], out: &mut Vec<f32>) {
        for &energy in energies {
            self.frame.push(energy);
            if self.frame.len() == self.bands {
                let mut frame = std::mem::take(&mut self.frame);
                self.frame(&mut frame);
                out.append(&mut frame);
                self.frame = frame;
            }
        }
    }
    fn reset(&mut self) {
        self.bands_so_far.clear();
        self.frame.clear();
    }
}
