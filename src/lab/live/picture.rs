//! The rolling spectrogram, column by column, on a scale that does not depend on what comes later.

use crate::audio::spectrum::Spectrum;
use crate::audio::window::hann;
use crate::error::Result;

/// Rows of the picture.
pub const ROWS: usize = 128;
/// Length of a frame in milliseconds, as keyword front ends take.
const FRAME_MS: usize = 32;
/// The highest frequency shown, in hertz: half the rate at which front ends listen.
const TOP_HZ: usize = 8_000;
/// Decibels relative to a full-scale sine that are black and white.
const BLACK_DB: f32 = -95.0;
const WHITE_DB: f32 = -15.0;

/// Takes the spectra of frames and makes columns of them.
pub struct Picture {
    spectrum: Spectrum,
    frame: usize,
    /// Bins that are shown, and the frequency where they end.
    shown: usize,
    top_hz: f32,
}

impl Picture {
    /// *Units*: `rate` in hertz.
    ///
    /// # Errors
    /// `Parameter` for a rate that makes no frame.
    pub fn new(rate: u32) -> Result<Self> {
        let frame = (rate as usize * FRAME_MS / 1000).max(2);
        // Shorter transforms are not made; zeros behind the frame change nothing but how finely the rows lie.
        let length = frame.next_power_of_two().max(32);
        let spectrum = Spectrum::new(hann(frame), length)?;
        let shown = (TOP_HZ * length / rate.max(1) as usize).clamp(1, spectrum.bins());
        let top_hz = shown as f32 * rate as f32 / length as f32;
        Ok(Self { spectrum, frame, shown, top_hz: top_hz.min(rate as f32 / 2.0) })
    }

    /// Samples in a frame.
    pub fn frame(&self) -> usize {
        self.frame
    }

    /// The frequency at the top, in hertz.
    pub fn top_hz(&self) -> f32 {
        self.top_hz
    }

    /// The column of a frame: brightness 0 to 255, highest frequency first.
    ///
    /// # Errors
    /// `Parameter` for a frame of another length.
    pub fn column(&mut self, samples: &[f32]) -> Result<Vec<u8>> {
        // A sine of amplitude 1 has a peak of half the window's sum.
        let full_scale = (self.frame * self.frame) as f32 / 16.0;
        let power: Vec<f32> = self.spectrum.power(samples)?.iter().copied().take(self.shown).collect();
        let bright = |power: f32| {
            let db = 10.0 * libm::log10f(power / full_scale + 1e-12);
            (((db - BLACK_DB) / (WHITE_DB - BLACK_DB)).clamp(0.0, 1.0) * 255.0) as u8
        };
        let row = |row: usize| {
            let first = row * power.len() / ROWS;
            let last = ((row + 1) * power.len() / ROWS).clamp(first + 1, power.len());
            bright(power.get(first..last).unwrap_or_default().iter().copied().fold(0.0, f32::max))
        };
        Ok((0..ROWS).rev().map(row).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_bright_in_its_own_row_at_every_rate() {
        for rate in [8_000u32, 16_000, 44_100, 48_000] {
            let mut picture = Picture::new(rate).unwrap();
            let tone = |n: usize| 0.5 * libm::sinf(std::f32::consts::TAU * 2000.0 * n as f32 / rate as f32);
            let column = picture.column(&(0..picture.frame()).map(tone).collect::<Vec<_>>()).unwrap();
            assert_eq!(column.len(), ROWS);
            let top = 8_000.min(rate / 2) as usize;
            assert!((picture.top_hz() - top as f32).abs() < 40.0, "{} Hz", picture.top_hz());
            let expected = ROWS - 1 - 2000 * ROWS / top;
            let brightest = (0..ROWS).max_by_key(|&row| column[row]).unwrap();
            assert!(brightest.abs_diff(expected) <= 1, "{rate} Hz: row {brightest}, not {expected}");
            assert_eq!(column[brightest], 255);
            assert!(column[5] < 60, "{}", column[5]);
        }
    }

    #[test]
    fn silence_is_black() {
        let mut picture = Picture::new(48_000).unwrap();
        let silence = vec![0.0; picture.frame()];
        assert!(picture.column(&silence).unwrap().iter().all(|&level| level == 0));
    }
}
