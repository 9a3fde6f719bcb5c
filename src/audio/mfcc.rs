//! Mel-frequency cepstral coefficients, as the MLPerf Tiny keyword spotter was trained with.

use std::f64::consts::PI;

use super::mel::MelBank;
use super::spectrum::Spectrum;
use super::window::hann;
use crate::error::Result;

const CLIP: usize = 16_000;
const WINDOW: usize = 480;
const HOP: usize = 320;
const TRANSFORM: usize = 512;
const BANDS: usize = 40;
const COEFFICIENTS: usize = 10;

/// The features of one second at 16 kHz: 49 frames of 10 coefficients.
///
/// The steps, in the reference's order: divide by the largest sample (*signed*: a clip whose largest excursion is
/// negative then exceeds 1; a quirk that a model trained with it expects), pad with zeros to one second, Hann window
/// of 30 ms every 20 ms, magnitude spectrum, 40 HTK mel bands from 20 to 4000 Hz, `ln(x + 1e-6)`, DCT-II.
/// A silent clip, for which the reference divides by zero, stays as it is. Of a clip longer than a second the
/// loudest second is taken, which the reference never meets.
///
/// *Shapes*: `[samples]` to `[49, 10]`.
///
/// *Errors*: none for finite samples.
///
/// *Source*: mlcommons/tiny, `benchmark/training/keyword_spotting/get_dataset.py`; TensorFlow's `tf.signal`.
pub fn mlperf_kws(samples: &[f32]) -> Result<Vec<f32>> {
    let clip = normalized(loudest_second(samples));
    let mut spectrum = Spectrum::new(hann(WINDOW), HOP, TRANSFORM)?;
    let bank = MelBank::htk(BANDS, spectrum.bins(), 16_000.0, 20.0, 4000.0);
    let basis = dct_basis(BANDS, COEFFICIENTS);
    let frames = spectrum.frames(CLIP);
    let mut features = Vec::with_capacity(frames * COEFFICIENTS);
    for frame in 0..frames {
        let magnitude: Vec<f32> = spectrum.power(&clip, frame)?.map(libm::sqrtf).collect();
        let log_mel: Vec<f32> = bank.apply(&magnitude).map(|energy| libm::logf(energy + 1e-6)).collect();
        let coefficient = |row: &[f32]| row.iter().zip(&log_mel).map(|(basis, mel)| basis * mel).sum::<f32>();
        features.extend(basis.chunks_exact(BANDS).map(coefficient));
    }
    Ok(features)
}

/// The samples divided by their signed maximum, then padded with zeros to one second.
fn normalized(samples: &[f32]) -> Vec<f32> {
    let max = samples.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let divisor = if max == 0.0 { 1.0 } else { max };
    let mut clip: Vec<f32> = samples.iter().map(|sample| sample / divisor).collect();
    clip.resize(CLIP, 0.0);
    clip
}

/// The second with the most energy, found in steps of 10 ms.
fn loudest_second(samples: &[f32]) -> &[f32] {
    const STEP: usize = 160;
    let energy: Vec<f64> =
        samples.chunks(STEP).map(|chunk| chunk.iter().map(|&x| f64::from(x) * f64::from(x)).sum()).collect();
    let starts = samples.len().saturating_sub(CLIP) / STEP;
    let loudness = |start: usize| energy.iter().skip(start).take(CLIP / STEP).sum::<f64>();
    // The first of equals, so that the choice is a function of the samples alone.
    let best = (0..=starts).fold((0, f64::NEG_INFINITY), |best, start| {
        let loudness = loudness(start);
        if loudness > best.1 { (start, loudness) } else { best }
    });
    let start = best.0 * STEP;
    &samples[start..samples.len().min(start + CLIP)]
}

/// Rows of the DCT of type II, scaled as TensorFlow's `mfccs_from_log_mel_spectrograms`: `sqrt(2 / bands)` in all rows.
fn dct_basis(bands: usize, coefficients: usize) -> Vec<f32> {
    let scale = libm::sqrt(2.0 / bands as f64);
    let angle = |row: usize, band: usize| PI / bands as f64 * (band as f64 + 0.5) * row as f64;
    (0..coefficients * bands).map(|i| (scale * libm::cos(angle(i / bands, i % bands))) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalization_divides_by_the_signed_maximum_and_pads_afterwards() {
        let clip = normalized(&[0.25, -1.0, 0.5]);
        assert_eq!(clip[..4], [0.5, -2.0, 1.0, 0.0]);
        assert_eq!(clip.len(), CLIP);
        assert!(normalized(&[0.0, -0.5]).iter().all(|sample| sample.is_finite()));
    }

    #[test]
    fn a_silent_clip_gives_the_features_of_the_logarithms_floor() {
        let features = mlperf_kws(&[0.0; 100]).unwrap();
        assert_eq!(features.len(), 490);
        // ln(1e-6) in 40 bands: the first coefficient is 40 * sqrt(2/40) * ln(1e-6), the others vanish.
        assert!((features[0] - 40.0 * 0.223_606_8 * -13.815_511).abs() < 1e-3);
        assert!(features[1..10].iter().all(|coefficient| coefficient.abs() < 1e-4));
    }

    #[test]
    fn the_loudest_second_of_a_long_clip_is_heard() {
        let mut clip = vec![0.0f32; 48_000];
        for (n, sample) in clip[20_000..30_000].iter_mut().enumerate() {
            *sample = libm::sinf(n as f32 * 0.2);
        }
        let second = loudest_second(&clip);
        assert_eq!(second.len(), CLIP);
        let energy = |samples: &[f32]| samples.iter().map(|x| x * x).sum::<f32>();
        assert!((energy(second) - energy(&clip)).abs() < 1e-3);
    }
}
