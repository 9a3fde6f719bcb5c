//! Mel-frequency cepstral coefficients, as the MLPerf Tiny keyword spotter was trained with.

use std::f64::consts::PI;

use super::frames::Frames;
use super::mel::MelBank;
use super::spectrum::Spectrum;
use super::window::hann;
use crate::error::Result;

/// Samples in a frame: 30 ms.
pub const WINDOW: usize = 480;
/// Samples from one frame to the next: 20 ms.
pub const HOP: usize = 320;
/// Coefficients of a frame.
pub const COEFFICIENTS: usize = 10;
const TRANSFORM: usize = 512;
const BANDS: usize = Mfcc::BANDS;

/// Makes ten coefficients of a frame of 480 samples at 16 kHz.
///
/// The steps: Hann window, magnitude spectrum, 40 HTK mel bands from 20 to 4000 Hz, `ln(x + 1e-6)`, DCT-II. The
/// normalization of a clip comes before, see [`super::level`].
///
/// *Source*: mlcommons/tiny, `benchmark/training/keyword_spotting/get_dataset.py`; TensorFlow's `tf.signal`.
pub struct Mfcc {
    spectrum: Spectrum,
    bank: MelBank,
    basis: Vec<[f32; COEFFICIENTS]>,
    magnitude: Vec<f32>,
    energies: Vec<f32>,
}

impl Mfcc {
    /// Mel bands of a frame.
    pub const BANDS: usize = 40;

    /// Plans and tables.
    ///
    /// # Errors
    /// Those of planning a transform.
    pub fn new() -> Result<Self> {
        let spectrum = Spectrum::new(hann(WINDOW), TRANSFORM)?;
        let bank = MelBank::htk(BANDS, spectrum.bins(), 16_000.0, 20.0, 4000.0);
        Ok(Self {
            // Bins that no band hears need no magnitude.
            magnitude: Vec::with_capacity(bank.end()),
            energies: vec![0.0; BANDS],
            basis: dct_basis(BANDS),
            spectrum,
            bank,
        })
    }
}

impl Mfcc {
    /// The magnitude in each mel band of a frame, before the logarithm.
    ///
    /// *Shapes*: [`WINDOW`] samples to [`Mfcc::BANDS`] energies.
    ///
    /// # Errors
    /// Those of the Fourier transform.
    pub fn energies(&mut self, samples: &[f32]) -> Result<&[f32]> {
        let power = self.spectrum.power(samples)?;
        self.magnitude.clear();
        self.magnitude.extend(power.iter().take(self.bank.end()).map(|&power| libm::sqrtf(power)));
        self.bank.apply(&self.magnitude, &mut self.energies);
        Ok(&self.energies)
    }

    /// The compression of an energy that the reference takes.
    pub fn log(energy: f32) -> f32 {
        libm::logf(energy + 1e-6)
    }

    /// The coefficients of compressed energies, one for each band.
    pub fn coefficients(&self, compressed: impl Iterator<Item = f32>) -> [f32; COEFFICIENTS] {
        // One coefficient after the other would wait for each addition; side by side they are the same sums.
        let mut coefficients = [0.0f32; COEFFICIENTS];
        for (energy, basis) in compressed.zip(&self.basis) {
            for (coefficient, basis) in coefficients.iter_mut().zip(basis) {
                *coefficient += basis * energy;
            }
        }
        coefficients
    }
}

impl Frames for Mfcc {
    fn frame(&mut self, samples: &[f32], features: &mut Vec<f32>) -> Result<()> {
        self.energies(samples)?;
        features.extend_from_slice(&self.coefficients(self.energies.iter().copied().map(Self::log)));
        Ok(())
    }
}

/// For each band its part in every coefficient: the DCT of type II, scaled as TensorFlow's
/// `mfccs_from_log_mel_spectrograms`, by `sqrt(2 / bands)` in all rows.
fn dct_basis(bands: usize) -> Vec<[f32; COEFFICIENTS]> {
    let scale = libm::sqrt(2.0 / bands as f64);
    let angle = |row: usize, band: usize| PI / bands as f64 * (band as f64 + 0.5) * row as f64;
    let part = |band: usize| std::array::from_fn(|row| (scale * libm::cos(angle(row, band))) as f32);
    (0..bands).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_gives_the_logarithms_floor() {
        let mut features = Vec::new();
        Mfcc::new().unwrap().frame(&[0.0; WINDOW], &mut features).unwrap();
        // ln(1e-6) in 40 bands: the first coefficient is 40 * sqrt(2/40) * ln(1e-6), the others vanish.
        assert!((features[0] - 40.0 * 0.223_606_8 * -13.815_511).abs() < 1e-3);
        assert!(features[1..].iter().all(|coefficient| coefficient.abs() < 1e-4));
    }
}
