//! Log-mel energies, as the MLPerf Tiny anomaly detector was trained with.

use super::frames::Frames;
use super::mel::MelBank;
use super::spectrum::Spectrum;
use super::window::hann;
use crate::error::Result;

/// Samples in a frame: 64 ms.
pub const WINDOW: usize = 1024;
/// Samples from one frame to the next: 32 ms.
pub const HOP: usize = 512;
const BANDS: usize = 128;

/// Makes 128 log-mel energies of a frame of 1024 samples at 16 kHz.
///
/// Hann window, power spectrum, 128 Slaney mel bands to 8000 Hz, `10 log10(x + 2^-52)` decibels (the reference's
/// `20 / power * log10`). The reference's library reflects or zero-pads half a frame at either end; here only whole
/// frames count, so frame `n` is the library's frame `n + 1`. The reference then keeps frames 50 to 250 of its
/// 11-second clips; here every frame of the clip counts.
///
/// *Units*: decibels relative to full scale 1.
///
/// *Source*: mlcommons/tiny, `benchmark/training/anomaly_detection/common.py`; librosa's `melspectrogram`.
pub struct LogMel {
    spectrum: Spectrum,
    bank: MelBank,
    energies: Vec<f32>,
}

impl LogMel {
    /// Plans and tables.
    ///
    /// # Errors
    /// Those of planning a transform.
    pub fn new() -> Result<Self> {
        let spectrum = Spectrum::new(hann(WINDOW), WINDOW)?;
        let bank = MelBank::slaney(BANDS, spectrum.bins(), 16_000.0, 0.0, 8000.0);
        Ok(Self { spectrum, bank, energies: vec![0.0; BANDS] })
    }
}

impl Frames for LogMel {
    fn frame(&mut self, samples: &[f32], features: &mut Vec<f32>) -> Result<()> {
        let power = self.spectrum.power(samples)?;
        self.bank.apply(power, &mut self.energies);
        features.extend(self.energies.iter().map(|&energy| decibels(energy)));
        Ok(())
    }
}

/// The floor is Python's `sys.float_info.epsilon`, as in the reference; it vanishes beside any sound that is heard.
fn decibels(energy: f32) -> f32 {
    (10.0 * libm::log10(f64::from(energy) + f64::EPSILON)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_at_the_references_floor() {
        let mut features = Vec::new();
        LogMel::new().unwrap().frame(&[0.0; WINDOW], &mut features).unwrap();
        assert!(features.iter().all(|&level| (level + 156.535_6).abs() < 1e-3));
    }
}
