//! TFLM's micro-frontend: integer features for microcontrollers without a floating point unit, bit for bit.
//!
//! Window, integer Fourier transform, mel bands, square root, noise reduction, gain (PCAN), logarithm. Noise reduction
//! remembers the frames before, so a stream of frames has a beginning: [`MicroFrontend::reset`].
//!
//! *Source*: tensorflow/tflite-micro, `tensorflow/lite/experimental/microfrontend/lib`, whose arithmetic is described
//! here in our own words; compared with that library in `tests/audio/golden.rs`.

mod fft;
mod filterbank;
mod gain;
mod log;

use std::f64::consts::PI;

use super::frames::Frames;
use crate::error::{Error, Result};
use fft::IntegerFft;
use filterbank::FilterBank;
use gain::{NoiseReduction, Pcan};
use log::Log;

/// Fraction bits of the window.
const WINDOW_BITS: u32 = 12;
/// Fraction bits that the filter bank's square root leaves.
const BANK_BITS: i32 = 6;

/// What the micro-frontend does, stage by stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Config {
    /// Samples in a second.
    pub sample_rate: u32,
    /// Length of a frame in milliseconds.
    pub window_ms: u32,
    /// From one frame to the next, in milliseconds.
    pub step_ms: u32,
    /// Mel bands.
    pub bands: usize,
    /// Lower end of the lowest band in hertz.
    pub low_hz: f32,
    /// Upper end of the highest band in hertz.
    pub high_hz: f32,
    /// Whether the slow part of each band is taken away.
    pub noise_reduction: bool,
    /// Whether each band is divided by a power of its noise.
    pub pcan: bool,
    /// Whether the logarithm is taken.
    pub log: bool,
    /// How precisely window and bands are computed before they are rounded to integers.
    pub tables: Precision,
}

/// TFLM and TensorFlow differ in how they compute the same tables: of 480 weights of the window in Q12 one comes out as
/// 54 or 53, and of the bands' weights a few differ by 1, which changes some features by a step or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// In 32-bit floats, as TFLM's library does on the device.
    Single,
    /// In 64-bit floats, as TensorFlow's training operator does.
    Double,
}

/// The library's own defaults.
pub const LIBRARY: Config = Config {
    sample_rate: 16_000,
    window_ms: 25,
    step_ms: 10,
    bands: 32,
    low_hz: 125.0,
    high_hz: 7500.0,
    noise_reduction: true,
    pcan: false,
    log: true,
    tables: Precision::Single,
};

/// Those of TFLM's example `micro_speech`.
pub const MICRO_SPEECH: Config = Config { window_ms: 30, step_ms: 20, bands: 40, pcan: true, ..LIBRARY };

/// A micro-frontend at work.
#[derive(Debug, Clone)]
pub struct MicroFrontend {
    config: Config,
    window: Vec<i16>,
    faded: Vec<i16>,
    fft: IntegerFft,
    bank: FilterBank,
    noise: NoiseReduction,
    pcan: Pcan,
    log: Log,
    correction: i32,
    features: Vec<u16>,
    /// Samples as the device has them, where they come as real numbers.
    samples: Vec<i16>,
}

impl MicroFrontend {
    /// Makes tables and buffers.
    ///
    /// # Errors
    /// `Parameter` for frames of no or too many samples, no bands, or bands beyond half the sample rate.
    pub fn new(config: Config) -> Result<Self> {
        let samples = |ms: u32| (u64::from(ms) * u64::from(config.sample_rate) / 1000) as usize;
        let (length, step) = (samples(config.window_ms), samples(config.step_ms));
        if !(2..=1 << 13).contains(&length) || !(1..=length).contains(&step) || !(1..=256).contains(&config.bands) {
            return Err(Error::parameter(format!(
                "the micro-frontend cannot make {} bands from {length} samples every {step}",
                config.bands
            )));
        }
        if !(config.low_hz >= 0.0 && config.high_hz > config.low_hz) {
            return Err(Error::parameter(format!(
                "bands from {} to {} Hz hold no frequency",
                config.low_hz, config.high_hz
            )));
        }
        let transform = length.next_power_of_two().max(4);
        let correction = transform.ilog2() as i32 - BANK_BITS;
        if !(0..=9).contains(&correction) {
            return Err(Error::parameter(format!(
                "the micro-frontend takes frames of 33 to 8192 samples, not {length}"
            )));
        }
        Ok(Self {
            config,
            window: window(length, config.tables),
            faded: vec![0; length],
            fft: IntegerFft::new(transform),
            bank: FilterBank::new(
                config.bands,
                config.low_hz,
                config.high_hz,
                config.sample_rate,
                transform / 2 + 1,
                config.tables,
            )?,
            noise: NoiseReduction::new(config.bands),
            pcan: Pcan::new(correction),
            log: Log::new(),
            correction,
            features: vec![0; config.bands],
            samples: Vec::with_capacity(length),
        })
    }

    /// Samples in a frame.
    pub fn frame_len(&self) -> usize {
        self.window.len()
    }

    /// Samples from one frame to the next.
    pub fn hop(&self) -> usize {
        (u64::from(self.config.step_ms) * u64::from(self.config.sample_rate) / 1000) as usize
    }

    /// Forgets the noise, as at the start of a recording.
    pub fn reset(&mut self) {
        self.noise.reset();
    }

    /// The features of the next frame; a frame that is too short is heard as ending in silence.
    ///
    /// *Units*: with the logarithm, `64 ln(value)`.
    pub fn process(&mut self, samples: &[i16]) -> &[u16] {
        self.faded.fill(0);
        let mut loudest = 0i16;
        for ((faded, &sample), &weight) in self.faded.iter_mut().zip(samples).zip(&self.window) {
            *faded = ((i32::from(sample) * i32::from(weight)) >> WINDOW_BITS) as i16;
            // -32768 has no positive of 16 bits and does not count, as on the device.
            loudest = loudest.max(faded.wrapping_abs());
        }
        // As far left as the loudest sample allows; the bits are taken back after the square root.
        let shift = loudest.leading_zeros() - 1;
        let spectrum = self.fft.transform(&self.faded, shift);
        let bands = self.bank.apply(spectrum, shift);
        self.noise.apply(bands, !self.config.noise_reduction);
        if self.config.pcan {
            self.pcan.apply(bands, self.noise.estimate());
        }
        for (feature, &band) in self.features.iter_mut().zip(bands.iter()) {
            let value = if self.config.log { self.log.of(band << self.correction) } else { band };
            *feature = value.min(u32::from(u16::MAX)) as u16;
        }
        &self.features
    }

    /// All features of a recording from its start: one row for each whole frame.
    ///
    /// *Shapes*: `[samples]` to `[frames, bands]`.
    ///
    /// ```
    /// use milliwatt::audio::microfrontend::{MICRO_SPEECH, MicroFrontend};
    /// let mut front_end = MicroFrontend::new(MICRO_SPEECH).unwrap();
    /// assert_eq!(front_end.features(&[0; 16_000]), [0; 49 * 40]);
    /// ```
    pub fn features(&mut self, samples: &[i16]) -> Vec<u16> {
        self.reset();
        let (length, hop) = (self.frame_len(), self.hop());
        let mut features = Vec::new();
        for frame in samples.windows(length).step_by(hop) {
            features.extend_from_slice(self.process(frame));
        }
        features
    }
}

impl Frames for MicroFrontend {
    /// Features times 10 / 256, as the models of `micro_speech` are trained with.
    fn frame(&mut self, samples: &[f32], features: &mut Vec<f32>) -> Result<()> {
        let mut integers = std::mem::take(&mut self.samples);
        integers.clear();
        integers.extend(samples.iter().map(|&sample| to_int16(sample)));
        features.extend(self.process(&integers).iter().map(|&value| f32::from(value) * REAL));
        self.samples = integers;
        Ok(())
    }

    fn reset(&mut self) {
        MicroFrontend::reset(self);
    }
}

/// What a step of the integer features is worth to a model that takes real numbers.
const REAL: f32 = 10.0 / 256.0;

/// The real scale, within a hundredth, at which an input of eight bits takes the bytes of [`to_int8`]: 26 in 256 steps (the
/// published uint8 model says 26 in 255).
pub const BYTE_SCALE: f32 = 26.0 / 256.0;

/// A feature as `micro_speech` feeds it to its int8 model: `(256 v + 333) / 666 - 128`, at most 127.
///
/// *Source*: tensorflow/tflite-micro, `examples/micro_speech`.
pub fn to_int8(feature: u16) -> i8 {
    let byte = (256 * i32::from(feature) + 333) / 666 - 128;
    byte.clamp(-128, 127) as i8
}

/// The byte of a feature that the front end gave as a real number.
pub(super) fn real_to_int8(real: f32) -> i8 {
    to_int8(libm::roundf(real / REAL).clamp(0.0, 65_535.0) as u16)
}

/// Exact for what came from 16 bits.
fn to_int16(sample: f32) -> i16 {
    libm::roundf(sample * 32_768.0).clamp(-32_768.0, 32_767.0) as i16
}

/// Hann's window in Q12, its samples between those of the periodic one.
fn window(length: usize, precision: Precision) -> Vec<i16> {
    let angle = (2.0 * PI / length as f64) as f32;
    let scale = f64::from(1u32 << WINDOW_BITS);
    let weight = |n: usize| match precision {
        Precision::Single => {
            let hann = 0.5 - 0.5 * libm::cosf(angle * (n as f32 + 0.5));
            libm::floorf(hann * scale as f32 + 0.5) as i16
        }
        Precision::Double => {
            let hann = 0.5 - 0.5 * libm::cos(f64::from(angle) * (n as f64 + 0.5));
            libm::floor(f64::from(hann as f32) * scale + 0.5) as i16
        }
    };
    (0..length).map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_second_is_49_frames_of_40_bands_in_the_example_and_98_of_32_in_the_library() {
        let samples: Vec<i16> = (0..16_000).map(|n| (8_000.0 * libm::sinf(n as f32 * 0.2)) as i16).collect();
        assert_eq!(MicroFrontend::new(MICRO_SPEECH).unwrap().features(&samples).len(), 49 * 40);
        assert_eq!(MicroFrontend::new(LIBRARY).unwrap().features(&samples).len(), 98 * 32);
    }

    #[test]
    fn bytes_of_features_are_those_of_the_published_formula() {
        assert_eq!([0u16, 1, 2, 333, 663, 664, 65_535].map(to_int8), [-128, -128, -127, 0, 127, 127, 127]);
        for feature in 0..=700 {
            assert_eq!(real_to_int8(f32::from(feature) * REAL), to_int8(feature));
        }
    }

    #[test]
    fn what_no_frame_can_be_made_of_is_refused() {
        for config in [
            Config { window_ms: 0, ..LIBRARY },
            Config { step_ms: 0, ..LIBRARY },
            Config { window_ms: 60_000, ..LIBRARY },
            Config { bands: 0, ..LIBRARY },
            Config { high_hz: 8_100.0, ..LIBRARY },
            Config { low_hz: f32::NAN, ..LIBRARY },
            Config { sample_rate: 1_000, ..LIBRARY },
        ] {
            assert!(MicroFrontend::new(config).is_err(), "{config:?}");
        }
    }
}
