//! Log-mel energies, as the MLPerf Tiny anomaly detector was trained with.

use super::mel::MelBank;
use super::spectrum::Spectrum;
use super::window::hann;
use crate::error::{Error, Result};

const WINDOW: usize = 1024;
const HOP: usize = 512;
const BANDS: usize = 128;
/// Frames in a row that make one input.
const FRAMES: usize = 5;

/// The features of a clip at 16 kHz: windows of five frames of 128 log-mel energies, slid frame by frame.
///
/// Hann window of 64 ms every 32 ms, power spectrum, 128 Slaney mel bands to 8000 Hz, `10 log10(x + 2^-52)` decibels
/// (the reference's `20 / power * log10`). The reference's library reflects or zero-pads half a frame at either end;
/// here only whole frames count, so frame `n` is the library's frame `n + 1`. The reference then keeps frames 50 to
/// 250 of its 11-second clips; here every frame of the clip counts.
///
/// *Shapes*: `[samples]` to `[windows, 5 * 128]`, the earliest frame first.
///
/// *Units*: decibels relative to full scale 1.
///
/// *Errors*: `Parameter` for a clip shorter than 3072 samples.
///
/// *Source*: mlcommons/tiny, `benchmark/training/anomaly_detection/common.py`; librosa's `melspectrogram`.
pub fn mlperf_ad(samples: &[f32]) -> Result<Vec<f32>> {
    let frames = log_mel(samples)?;
    let windows = (frames.len() / BANDS + 1).saturating_sub(FRAMES);
    if windows == 0 {
        return Err(Error::parameter(format!(
            "the clip has {} samples at 16 kHz, but one window of {FRAMES} frames needs {}",
            samples.len(),
            WINDOW + (FRAMES - 1) * HOP
        )));
    }
    Ok((0..windows).flat_map(|window| &frames[window * BANDS..(window + FRAMES) * BANDS]).copied().collect())
}

/// Frame after frame of 128 log-mel energies in decibels.
fn log_mel(samples: &[f32]) -> Result<Vec<f32>> {
    let mut spectrum = Spectrum::new(hann(WINDOW), HOP, WINDOW)?;
    let bank = MelBank::slaney(BANDS, spectrum.bins(), 16_000.0, 0.0, 8000.0);
    let mut features = Vec::with_capacity(spectrum.frames(samples.len()) * BANDS);
    for frame in 0..spectrum.frames(samples.len()) {
        let power: Vec<f32> = spectrum.power(samples, frame)?.collect();
        features.extend(bank.apply(&power).map(decibels));
    }
    Ok(features)
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
        assert!(mlperf_ad(&[0.0; 3072]).unwrap().iter().all(|&level| (level + 156.535_6).abs() < 1e-3));
    }

    #[test]
    fn windows_slide_by_one_frame() {
        let clip: Vec<f32> = (0..16_000).map(|n| libm::sinf(n as f32 * n as f32 * 1e-5)).collect();
        let frames = log_mel(&clip).unwrap();
        let windows = mlperf_ad(&clip).unwrap();
        assert_eq!(frames.len() / BANDS, 30);
        assert_eq!(windows.len() / (FRAMES * BANDS), 26);
        assert_eq!(windows[..640], frames[..640]);
        assert_eq!(windows[640..1280], frames[128..768]);
    }

    #[test]
    fn a_clip_shorter_than_five_frames_is_an_error_that_says_how_long_it_must_be() {
        assert!(mlperf_ad(&[0.0; 3071]).unwrap_err().to_string().contains("3072"));
        assert_eq!(mlperf_ad(&[0.0; 3072]).unwrap().len(), 640);
    }
}
