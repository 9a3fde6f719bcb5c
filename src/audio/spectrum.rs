//! The spectrum of a frame: window, zero-pad, Fourier transform.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use crate::error::{Error, Result};

/// Takes the spectra of frames of one length, `hop` samples apart.
///
/// The transform is `realfft` without its vector paths. Its twiddle factors come from the platform's sine, but are
/// rounded from 64 to 32 bits; a test below checks that the rounding leaves no trace of the platform.
pub struct Spectrum {
    window: Vec<f32>,
    hop: usize,
    transform: Arc<dyn RealToComplex<f32>>,
    frame: Vec<f32>,
    bins: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Spectrum {
    /// Plans transforms of `length` samples for frames as long as `window`, zero-padded behind.
    ///
    /// # Errors
    /// `Parameter` when the window is empty or longer than the transform, or `hop` is 0.
    pub fn new(window: Vec<f32>, hop: usize, length: usize) -> Result<Self> {
        if window.is_empty() || window.len() > length || hop == 0 {
            return Err(Error::parameter(format!(
                "frames of {} samples every {hop} do not fit a transform of {length}",
                window.len()
            )));
        }
        let transform = RealFftPlanner::<f32>::new().plan_fft_forward(length);
        Ok(Self {
            window,
            hop,
            frame: transform.make_input_vec(),
            bins: transform.make_output_vec(),
            scratch: transform.make_scratch_vec(),
            transform,
        })
    }

    /// The number of values in a spectrum: half the transform's length and one.
    pub fn bins(&self) -> usize {
        self.bins.len()
    }

    /// The number of whole frames in so many samples.
    pub fn frames(&self, samples: usize) -> usize {
        match samples.checked_sub(self.window.len()) {
            Some(rest) => rest / self.hop + 1,
            None => 0,
        }
    }

    /// The power `|X|^2` at each frequency of the frame that starts at sample `frame * hop`.
    ///
    /// # Errors
    /// `Parameter` when the frame is not wholly inside `samples`.
    pub fn power(&mut self, samples: &[f32], frame: usize) -> Result<impl Iterator<Item = f32>> {
        let start = frame * self.hop;
        let samples = samples.get(start..start + self.window.len()).ok_or_else(|| {
            Error::parameter(format!("frame {frame} ends behind the clip's {} samples", samples.len()))
        })?;
        self.frame.fill(0.0);
        for ((into, sample), weight) in self.frame.iter_mut().zip(samples).zip(&self.window) {
            *into = sample * weight;
        }
        self.transform
            .process_with_scratch(&mut self.frame, &mut self.bins, &mut self.scratch)
            .map_err(|error| Error::numeric(format!("the Fourier transform failed: {error}")))?;
        Ok(self.bins.iter().map(|bin| bin.re * bin.re + bin.im * bin.im))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::window::hann;
    use std::f64::consts::TAU;

    #[test]
    fn spectrum_equals_the_sum_that_defines_it() {
        let samples: Vec<f32> = (0..480).map(|n| libm::sinf(n as f32 * 0.37) + 0.2).collect();
        let window = hann(480);
        let mut spectrum = Spectrum::new(window.clone(), 320, 512).unwrap();
        let power: Vec<f32> = spectrum.power(&samples, 0).unwrap().collect();
        for (bin, &power) in power.iter().enumerate() {
            let (mut re, mut im) = (0.0, 0.0);
            for n in 0..480 {
                let angle = TAU * (bin * n % 512) as f64 / 512.0;
                re += f64::from(samples[n] * window[n]) * libm::cos(angle);
                im -= f64::from(samples[n] * window[n]) * libm::sin(angle);
            }
            let expected = re * re + im * im;
            assert!((f64::from(power) - expected).abs() < 1e-2 + 1e-5 * expected, "bin {bin}: {power}, not {expected}");
        }
    }

    #[test]
    fn twiddle_factors_do_not_depend_on_the_platforms_sine() {
        // realfft and rustfft compute them in f64 from the platform and round to f32; in the browser the platform
        // is libm. All angles of all transform lengths in use must round to the same f32.
        for length in [512usize, 1024, 2048] {
            for index in 0..length {
                let angle = -2f64 * std::f64::consts::PI / length as f64 * index as f64;
                assert_eq!((angle.cos() as f32).to_bits(), (libm::cos(angle) as f32).to_bits(), "cos {index}/{length}");
                assert_eq!((angle.sin() as f32).to_bits(), (libm::sin(angle) as f32).to_bits(), "sin {index}/{length}");
            }
        }
    }

    #[test]
    fn a_frame_behind_the_end_is_an_error() {
        let mut spectrum = Spectrum::new(hann(480), 320, 512).unwrap();
        assert_eq!(spectrum.frames(479), 0);
        assert_eq!(spectrum.frames(16_000), 49);
        assert!(spectrum.power(&[0.0; 800], 2).is_err());
    }
}
