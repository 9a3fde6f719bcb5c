//! The spectrum of a frame: window, zero-pad, Fourier transform.

use super::fft::RealFft;
use crate::error::{Error, Result};

/// Takes the spectra of frames of one length.
pub struct Spectrum {
    window: Vec<f32>,
    transform: RealFft,
    power: Vec<f32>,
}

impl Spectrum {
    /// Plans transforms of `length` samples for frames as long as `window`, zero-padded behind.
    ///
    /// # Errors
    /// `Parameter` when the window is empty or longer than the transform, or the transform's length is no power of two
    /// from 32 on.
    pub fn new(window: Vec<f32>, length: usize) -> Result<Self> {
        if window.is_empty() || window.len() > length || !length.is_power_of_two() || length < RealFft::SHORTEST {
            return Err(Error::parameter(format!(
                "frames of {} samples do not fit a transform of {length}",
                window.len()
            )));
        }
        let transform = RealFft::new(length);
        Ok(Self { window, power: vec![0.0; transform.bins()], transform })
    }

    /// The number of values in a spectrum: half the transform's length and one.
    pub fn bins(&self) -> usize {
        self.power.len()
    }

    /// The power `|X|^2` at each frequency of a frame.
    ///
    /// # Errors
    /// `Parameter` when the frame is not as long as the window.
    pub fn power(&mut self, samples: &[f32]) -> Result<&[f32]> {
        if samples.len() != self.window.len() {
            return Err(Error::parameter(format!(
                "the frame has {} samples, the window {}",
                samples.len(),
                self.window.len()
            )));
        }
        self.transform.power(samples, &self.window, &mut self.power);
        Ok(&self.power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::window::hann;
    use std::f64::consts::TAU;

    #[test]
    fn spectra_of_all_lengths_equal_the_sums_that_define_them() {
        for (window, length) in [(32, 32), (50, 64), (128, 128), (256, 256), (480, 512), (1024, 1024), (2048, 2048)] {
            let samples: Vec<f32> = (0..window).map(|n| libm::sinf(n as f32 * 0.37) + 0.2).collect();
            let fade = hann(window);
            let mut spectrum = Spectrum::new(fade.clone(), length).unwrap();
            // Twice, because nothing of the first frame may be left in the second.
            spectrum.power(&vec![1.0; window]).unwrap();
            let power = spectrum.power(&samples).unwrap();
            let total: f64 = power.iter().map(|&power| f64::from(power)).sum();
            assert_eq!(power.len(), length / 2 + 1);
            for (bin, &power) in power.iter().enumerate() {
                let (mut re, mut im) = (0.0, 0.0);
                for n in 0..window {
                    let angle = TAU * (bin * n % length) as f64 / length as f64;
                    re += f64::from(samples[n] * fade[n]) * libm::cos(angle);
                    im -= f64::from(samples[n] * fade[n]) * libm::sin(angle);
                }
                let expected = re * re + im * im;
                // An error of a few units in the last place of the largest value.
                let near = 1e-6 * (expected * total).sqrt() + 1e-12 * total;
                assert!((f64::from(power) - expected).abs() < near, "bin {bin} of {length}: {power}, not {expected}");
            }
        }
    }

    #[test]
    fn a_frame_of_another_length_is_an_error() {
        let mut spectrum = Spectrum::new(hann(480), 512).unwrap();
        assert!(spectrum.power(&[0.0; 479]).is_err());
        assert!(Spectrum::new(hann(513), 512).is_err());
        assert!(Spectrum::new(hann(480), 500).is_err());
        assert!(Spectrum::new(hann(16), 16).is_err());
    }
}
