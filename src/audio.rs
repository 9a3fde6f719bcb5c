//! From sound to the numbers that a model eats.
//!
//! A *front end* is the fixed arithmetic in front of a network: it turns samples into features. A model's accuracy
//! holds only with the front end it was trained with, so each one here is a row of [`FRONT_ENDS`] that reproduces a
//! published reference, quirks included, and is found by the model's input shape.

pub mod counts;
pub mod disturb;
pub mod logmel;
pub mod mel;
pub mod mfcc;
pub mod normalize;
pub mod resample;
pub mod spectrogram;
pub mod spectrum;
pub mod window;

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::limits;
use crate::tensor::Tensor;

/// One way from samples to a model's input.
#[derive(Debug)]
pub struct FrontEnd {
    /// The name in links and recipes.
    pub name: &'static str,
    /// The name on the page.
    pub label: &'static str,
    /// What it does, in one sentence.
    pub sentence: &'static str,
    /// The sample rate it works at, in hertz; other rates are converted.
    pub sample_rate: u32,
    /// The input that it feeds, without the batch.
    pub input_shape: &'static [usize],
    /// Samples at [`FrontEnd::sample_rate`] to windows, one after the other.
    compute: fn(&[f32]) -> Result<Vec<f32>>,
}

/// All front ends.
pub const FRONT_ENDS: &[FrontEnd] = &[
    FrontEnd {
        name: "mlperf-kws",
        label: "MFCC 49x10 (MLPerf Tiny keyword spotting)",
        sentence: "Ten mel-frequency cepstral coefficients of 49 frames over one second; of a longer clip the loudest second is taken",
        sample_rate: 16_000,
        input_shape: &[49, 10, 1],
        compute: mfcc::mlperf_kws,
    },
    FrontEnd {
        name: "log-mel-ad",
        label: "Log-mel 5x128 (MLPerf Tiny anomaly detection)",
        sentence: "128 log-mel energies of five frames in a row, slid over the clip frame by frame",
        sample_rate: 16_000,
        input_shape: &[640],
        compute: logmel::mlperf_ad,
    },
];

/// The front end that feeds a model with this input shape (with its batch), `None` where no known one does.
///
/// Dimensions of 1 are ignored: `[1, 49, 10, 1]` and `[49, 10]` are the same input.
///
/// ```
/// use milliwatt::audio;
/// assert_eq!(audio::front_end_for(&[1, 49, 10, 1]).unwrap().name, "mlperf-kws");
/// assert!(audio::front_end_for(&[1, 96, 96, 3]).is_none());
/// ```
pub fn front_end_for(shape: &[usize]) -> Option<&'static FrontEnd> {
    let core = |shape: &[usize]| shape.iter().copied().filter(|&dim| dim != 1).collect::<Vec<_>>();
    FRONT_ENDS.iter().find(|front_end| core(front_end.input_shape) == core(shape))
}

/// Finds a front end by its name.
///
/// # Errors
/// `Parameter` with the known names.
pub fn front_end(name: &str) -> Result<&'static FrontEnd> {
    FRONT_ENDS.iter().find(|front_end| front_end.name == name).ok_or_else(|| {
        let known: Vec<&str> = FRONT_ENDS.iter().map(|front_end| front_end.name).collect();
        Error::parameter(format!("no front end is called {name:?}; there are {}", known.join(" and ")))
    })
}

impl FrontEnd {
    /// The number of features in one window, that is, in one input of the model.
    pub fn window_len(&self) -> usize {
        self.input_shape.iter().product()
    }

    /// The features of a mono clip at any sample rate, window after window.
    ///
    /// *Shapes*: the result holds `windows * window_len()` values, row-major in [`FrontEnd::input_shape`].
    ///
    /// *Units*: samples have full scale 1; `rate` is in hertz.
    ///
    /// # Errors
    /// `Limits` for a clip over [`limits::CLIP_SECONDS`], `Numeric` for a sample that is not a number, `Parameter` for
    /// an empty clip, one too short for a single window, or a strange rate.
    pub fn features(&self, samples: &[f32], rate: u32) -> Result<Vec<f32>> {
        if samples.is_empty() {
            return Err(Error::parameter("the clip has no samples"));
        }
        resample::check_rate(rate)?;
        limits::check("samples in a clip", samples.len(), limits::CLIP_SECONDS * rate as usize)?;
        if let Some(bad) = samples.iter().position(|sample| !sample.is_finite()) {
            return Err(Error::numeric(format!("sample {bad} of the clip is not a finite number")));
        }
        let samples: Cow<'_, [f32]> = match rate == self.sample_rate {
            true => Cow::Borrowed(samples),
            false => Cow::Owned(resample::resample(samples, rate, self.sample_rate)?),
        };
        (self.compute)(&samples)
    }

    /// The features as inputs of a model, one tensor for each window, with a batch of 1 in front.
    ///
    /// # Errors
    /// Those of [`FrontEnd::features`].
    pub fn tensors(&self, samples: &[f32], rate: u32) -> Result<Vec<Tensor>> {
        let shape: Vec<usize> = std::iter::once(1).chain(self.input_shape.iter().copied()).collect();
        let features = self.features(samples, rate)?;
        features.chunks_exact(self.window_len()).map(|window| Tensor::from_f32(&shape, window.to_vec())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_front_end_fills_its_input_shape_from_one_second_at_any_rate() {
        for front_end in FRONT_ENDS {
            for rate in [8_000, 16_000, 44_100, 48_000] {
                let clip: Vec<f32> = (0..rate).map(|n| 0.3 * libm::sinf(n as f32 * 0.1)).collect();
                let tensors = front_end.tensors(&clip, rate).unwrap();
                assert!(!tensors.is_empty());
                for tensor in tensors {
                    assert_eq!(&tensor.shape()[1..], front_end.input_shape);
                    assert!(tensor.to_f32_vec().iter().all(|feature| feature.is_finite()));
                }
            }
        }
    }

    #[test]
    fn a_clip_that_is_empty_too_long_or_not_a_number_is_an_error_sentence() {
        let kws = front_end("mlperf-kws").unwrap();
        assert_eq!(kws.features(&[], 16_000).unwrap_err().to_string(), "the clip has no samples");
        let nan = kws.features(&[0.0, f32::NAN], 16_000).unwrap_err();
        assert_eq!(nan.to_string(), "sample 1 of the clip is not a finite number");
        let long = kws.features(&vec![0.0; 61 * 8_000], 8_000).unwrap_err();
        assert_eq!(long.kind(), crate::error::Kind::Limits);
        assert!(kws.features(&[0.0], 0).unwrap_err().to_string().starts_with("a sample rate of 0 Hz"));
        assert!(front_end("nothing").unwrap_err().to_string().contains("mlperf-kws and log-mel-ad"));
    }

    #[test]
    fn front_ends_are_found_by_the_shape_of_the_models_they_feed() {
        for front_end in FRONT_ENDS {
            let shape: Vec<usize> = std::iter::once(1).chain(front_end.input_shape.iter().copied()).collect();
            assert_eq!(front_end_for(&shape).unwrap().name, front_end.name);
        }
        assert!(front_end_for(&[1, 30, 1, 40]).is_none());
    }
}
