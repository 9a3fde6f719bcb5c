//! A picture of sound: how loud each frequency is at each moment.

use serde::Serialize;

use super::frames;
use super::spectrum::Spectrum;
use super::window::hann;
use crate::error::{Error, Result};

/// The quietest level shown, in decibels; silence is not minus infinity.
pub const FLOOR: f32 = -100.0;

/// Loudness over time and frequency.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spectrogram {
    /// Columns: moments.
    pub frames: usize,
    /// Rows: frequencies, from 0 to half the sample rate.
    pub bins: usize,
    /// Levels in decibels, 0 for a full-scale sine, not below [`FLOOR`]; all frequencies of the first moment first.
    pub levels_db: Vec<f32>,
    /// Time from one column to the next, in seconds.
    pub frame_seconds: f32,
    /// Frequency from one row to the next, in hertz.
    pub bin_hertz: f32,
}

/// The spectrogram of mono sound, with frames of 512 samples and at most about `columns` of them.
///
/// *Shapes*: `levels_db` is `[frames, bins]`, `bins` is 257.
///
/// *Units*: `rate` in hertz; samples have full scale 1.
///
/// *Errors*: `Parameter` when `rate` or `columns` is 0.
pub fn spectrogram(samples: &[f32], rate: u32, columns: usize) -> Result<Spectrogram> {
    const LENGTH: usize = 512;
    if rate == 0 || columns == 0 {
        return Err(Error::parameter(format!("a spectrogram of {columns} columns at {rate} Hz shows nothing")));
    }
    // Overlapping frames by three quarters is as fine as the window lets one see.
    let hop = samples.len().div_ceil(columns).max(LENGTH / 4);
    let mut spectrum = Spectrum::new(hann(LENGTH), LENGTH)?;
    // A sine of amplitude 1 has a peak of half the window's sum, which is LENGTH / 2 for Hann.
    let full_scale = (LENGTH * LENGTH) as f32 / 16.0;
    let mut padded;
    let samples = match samples.len() < LENGTH {
        true => {
            padded = samples.to_vec();
            padded.resize(LENGTH, 0.0);
            &padded
        }
        false => samples,
    };
    let frames = frames::count(samples.len(), LENGTH, hop);
    let mut levels_db = Vec::with_capacity(frames * spectrum.bins());
    for frame in 0..frames {
        let level = |power: f32| (10.0 * libm::log10f(power / full_scale + 1e-12)).max(FLOOR);
        let power = spectrum.power(&samples[frame * hop..frame * hop + LENGTH])?;
        levels_db.extend(power.iter().map(|&power| level(power)));
    }
    Ok(Spectrogram {
        frames,
        bins: spectrum.bins(),
        levels_db,
        frame_seconds: hop as f32 / rate as f32,
        bin_hertz: rate as f32 / LENGTH as f32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_scale_sine_is_at_zero_decibels_in_its_row() {
        let rate = 16_000u32;
        let tone: Vec<f32> =
            (0..rate).map(|n| libm::sin(std::f64::consts::TAU * 1000.0 * f64::from(n) / 16_000.0) as f32).collect();
        let picture = spectrogram(&tone, rate, 200).unwrap();
        let row = (1000.0 / picture.bin_hertz) as usize;
        let column = &picture.levels_db[50 * picture.bins..51 * picture.bins];
        assert!(column[row].abs() < 0.01, "{} dB", column[row]);
        assert!(column[200] < -90.0);
    }

    #[test]
    fn silence_and_clips_shorter_than_a_frame_have_a_picture() {
        let picture = spectrogram(&[0.0; 10], 16_000, 100).unwrap();
        assert_eq!((picture.frames, picture.bins), (1, 257));
        assert!(picture.levels_db.iter().all(|&level| level == FLOOR));
        assert!(spectrogram(&[0.0; 10], 0, 100).is_err());
    }
}
