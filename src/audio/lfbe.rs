//! Log filter bank energies, as the MLPerf Tiny streaming wake word was trained with.

use super::frames::Frames;
use super::mel::MelBank;
use super::spectrum::Spectrum;
use super::window::hamming;
use crate::error::Result;

/// Bands of a frame.
pub const BANDS: usize = 40;
/// `1 - 2^-5`.
const PRE_EMPHASIS: f32 = 0.96875;
/// No power is below it, so that its logarithm is a number.
const FLOOR: f32 = 1e-30;

/// Makes 40 energies between 0 and 1 of a frame at 16 kHz.
///
/// The steps: `y[n] = x[n] - (1 - 2^-5) x[n - 1]`, symmetric Hamming window, power divided by the window's length,
/// 40 HTK mel bands to 8000 Hz, `(10 log10(x) + 52) / 64`, clipped to 0 and 1. The power is floored at 1e-30 before the
/// bands are summed, as in training; the reference's device code floors the sums, which is the same once clipped.
///
/// *Source*: mlcommons/tiny, `benchmark/training/streaming_wakeword/get_dataset.py` and the reference submission's
/// `th_compute_lfbe_f32`; TensorFlow's `tf.signal`.
pub struct Lfbe {
    spectrum: Spectrum,
    bank: MelBank,
    emphasised: Vec<f32>,
    power: Vec<f32>,
    energies: Vec<f32>,
}

impl Lfbe {
    /// Plans for frames of `window` samples; a frame comes with the sample before it.
    ///
    /// # Errors
    /// `Parameter` for a window of no samples.
    pub fn new(window: usize) -> Result<Self> {
        let spectrum = Spectrum::new(hamming(window), window.next_power_of_two())?;
        let bank = MelBank::htk(BANDS, spectrum.bins(), 16_000.0, 0.0, 8000.0);
        Ok(Self {
            emphasised: vec![0.0; window],
            power: Vec::with_capacity(bank.end()),
            energies: vec![0.0; BANDS],
            spectrum,
            bank,
        })
    }
}

impl Frames for Lfbe {
    fn frame(&mut self, samples: &[f32], features: &mut Vec<f32>) -> Result<()> {
        for (emphasised, pair) in self.emphasised.iter_mut().zip(samples.windows(2)) {
            *emphasised = pair[1] - PRE_EMPHASIS * pair[0];
        }
        let share = 1.0 / self.emphasised.len() as f32;
        let power = self.spectrum.power(&self.emphasised)?;
        self.power.clear();
        self.power.extend(power.iter().take(self.bank.end()).map(|&power| (share * power).max(FLOOR)));
        self.bank.apply(&self.power, &mut self.energies);
        features.extend(self.energies.iter().map(|&energy| {
            let decibels = 10.0 * (libm::logf(energy) / std::f32::consts::LN_10);
            ((decibels + 52.0) / 64.0).clamp(0.0, 1.0)
        }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_zero_and_the_loudest_sound_is_one() {
        let mut lfbe = Lfbe::new(1024).unwrap();
        let mut features = Vec::new();
        lfbe.frame(&[0.0; 1025], &mut features).unwrap();
        assert_eq!(features, [0.0; BANDS]);
        let loud: Vec<f32> = (0..1025).map(|n| 100.0 * libm::sinf(n as f32 * 0.8)).collect();
        features.clear();
        lfbe.frame(&loud, &mut features).unwrap();
        assert_eq!(features.iter().fold(0.0f32, |most, &feature| most.max(feature)), 1.0);
    }
}
