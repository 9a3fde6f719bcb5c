//! Levels: how loud samples are, and the factors between decibels and amplitudes.

use serde::Serialize;

use super::{loudness, true_peak};
use crate::error::Result;

/// The amplitude of a level in decibels relative to full scale: 0 dBFS is 1.
pub fn amplitude(decibels: f64) -> f32 {
    libm::pow(10.0, decibels / 20.0) as f32
}

/// The level of an amplitude in decibels relative to full scale, `None` for silence.
pub fn decibels(amplitude: f64) -> Option<f64> {
    (amplitude > 0.0).then(|| 20.0 * libm::log10(amplitude))
}

/// How loud a mono clip is, measured in four ways; `None` where there is nothing to measure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Levels {
    /// The largest sample, in dBFS.
    pub peak_dbfs: Option<f64>,
    /// The largest value between samples, in dBTP.
    pub true_peak_dbtp: Option<f64>,
    /// The root of the mean square, in dBFS: a full-scale sine has -3.
    pub rms_dbfs: Option<f64>,
    /// The gated loudness, in LUFS; `None` also for less than 0.4 s.
    pub loudness_lufs: Option<f64>,
    /// The mean of the samples, full scale 1.
    pub mean: f64,
}

impl Levels {
    /// Measures a mono clip.
    ///
    /// *Units*: samples have full scale 1, `rate` in hertz.
    ///
    /// # Errors
    /// `Parameter` for a sample rate outside 2 to 384 kHz.
    pub fn of(samples: &[f32], rate: u32) -> Result<Self> {
        let count = samples.len().max(1) as f64;
        let square: f64 = samples.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        Ok(Self {
            peak_dbfs: decibels(samples.iter().fold(0.0, |peak: f64, &x| peak.max(f64::from(x).abs()))),
            true_peak_dbtp: decibels(f64::from(true_peak::of(samples))),
            rms_dbfs: decibels(libm::sqrt(square / count)),
            loudness_lufs: loudness::integrated(&[samples], &[1.0], rate)?,
            mean: samples.iter().map(|&x| f64::from(x)).sum::<f64>() / count,
        })
    }
}
