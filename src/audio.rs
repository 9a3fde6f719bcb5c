//! From sound to the numbers that a model eats.
//!
//! A *front end* is the fixed arithmetic in front of a network: it turns samples into features. A model's accuracy
//! holds only with the front end it was trained with, so each one here is a row of [`FRONT_ENDS`] that reproduces a
//! published reference, quirks included, and is found by the model's input shape.
//!
//! All of them cut sound into *frames* ([`frames`]), make a *row* of features of each, and give the model a *window* of
//! rows. A whole clip becomes windows in [`extractor`], endless sound in [`stream`], with the same bits.

pub mod counts;
pub mod disturb;
pub mod extractor;
mod fft;
pub mod frames;
pub mod level;
pub mod lfbe;
pub mod logmel;
pub mod mel;
pub mod mfcc;
pub mod microfrontend;
pub mod normalize;
pub mod resample;
pub mod spectrogram;
pub mod spectrum;
pub mod stream;
pub mod window;

use crate::error::{Error, Result};
use crate::tensor::Tensor;
use extractor::Extractor;
use frames::Frames;
use level::Level;

/// One way from samples to a model's input.
#[derive(Debug, Clone, Copy)]
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
    /// How the reference turns features into the integers of a quantized input.
    pub rounding: Rounding,
    /// Zeros in front of the first sample, which its frame looks back to.
    lead: usize,
    /// Samples that a frame sees.
    frame: usize,
    /// Samples from one frame to the next.
    hop: usize,
    /// Rows in a window.
    frames: usize,
    clip: Clip,
    make: fn() -> Result<Box<dyn Frames>>,
}

/// What of a clip becomes windows.
#[derive(Debug, Clone, Copy)]
enum Clip {
    /// Every whole frame of it: windows slide by one frame.
    Slide,
    /// One second, the loudest of a longer clip: one window.
    Second(Level),
    /// The same of a labelled clip; as features, windows slide over a longer clip, which is brought to the level as a whole.
    Stream(Level),
}

/// How real features become the integers of a quantized input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To nearest, ties away from zero, as the device code of the anomaly benchmark and TFLM's `QUANTIZE` do.
    Nearest,
    /// `x / scale + zero point`, cut off towards zero: the bytes that the keyword benchmark's devices are sent, and the
    /// device code of the streaming one. Measured on 500 clips, the published int8 keyword model answers 89.8 % right
    /// on such bytes, as published, and 91.0 % on bytes rounded to nearest: what is reproduced here costs accuracy.
    TowardsZero,
    /// The integer formula of `micro_speech`, see [`microfrontend::to_int8`]; to nearest for an input of another scale.
    MicroSpeech,
}

impl Rounding {
    /// The integer of a real feature, before it is clipped to the input's type.
    ///
    /// The references wrap around where a feature is beyond the type's range; here it is clipped.
    ///
    /// *Source*: mlcommons/tiny, `keyword_spotting/make_bin_files.py`, `util/quantization_helpers.h` and the streaming
    /// reference submission; tensorflow/tflite-micro, `examples/micro_speech`.
    pub fn integer(self, real: f32, scale: f32, zero_point: i32) -> f64 {
        let steps = f64::from(real) / f64::from(scale);
        let is_byte_scale = || (scale / microfrontend::BYTE_SCALE - 1.0).abs() < 0.01;
        match self {
            Self::TowardsZero => libm::trunc(f64::from(real / scale + zero_point as f32)),
            Self::MicroSpeech if is_byte_scale() => {
                f64::from(i32::from(microfrontend::real_to_int8(real)) + 128 + zero_point)
            }
            _ => libm::round(steps) + f64::from(zero_point),
        }
    }
}

const SIGNED: Clip = Clip::Second(Level::SignedPeak);
const PEAK: Clip = Clip::Second(Level::Peak);
const AS_IS: Clip = Clip::Second(Level::AsIs);

/// What the three front ends of the keyword benchmark share.
const KEYWORDS: FrontEnd = FrontEnd {
    name: "mlperf-kws",
    label: "MFCC 49x10 (MLPerf Tiny keyword spotting)",
    sentence: "Ten mel-frequency cepstral coefficients of 49 frames over one second; of a longer clip the loudest second is taken",
    sample_rate: 16_000,
    input_shape: &[49, 10, 1],
    rounding: Rounding::TowardsZero,
    lead: 0,
    frame: mfcc::WINDOW,
    hop: mfcc::HOP,
    frames: 49,
    clip: SIGNED,
    make: || Ok(Box::new(mfcc::Mfcc::new()?)),
};

/// What the two front ends of the streaming wake word share.
const WAKE_WORD: FrontEnd = FrontEnd {
    name: "lfbe",
    label: "LFBE 30x40 (MLPerf Tiny streaming wake word)",
    sentence: "40 log filter bank energies of 30 frames over one second, slid over a longer clip frame by frame; the clip's mean is taken away and its peak brought to full scale",
    sample_rate: 16_000,
    input_shape: &[30, 1, 40],
    rounding: Rounding::TowardsZero,
    lead: 1,
    frame: 1025,
    hop: 512,
    frames: 30,
    clip: Clip::Stream(Level::CentredPeak),
    make: || Ok(Box::new(lfbe::Lfbe::new(1024)?)),
};

/// All front ends. Where several feed the same input, the first is the one that a model of this shape is taken to want.
pub const FRONT_ENDS: &[FrontEnd] = &[
    KEYWORDS,
    FrontEnd {
        name: "mlperf-kws-corrected",
        label: "MFCC 49x10, peak of the magnitude",
        sentence: "The same, but divided by the largest magnitude instead of the largest signed sample",
        clip: PEAK,
        ..KEYWORDS
    },
    FrontEnd {
        name: "mlperf-kws-plain",
        label: "MFCC 49x10, level as it is",
        sentence: "The same without normalization of the clip, so that a stream computes each frame once",
        clip: AS_IS,
        ..KEYWORDS
    },
    FrontEnd {
        name: "log-mel-ad",
        label: "Log-mel 5x128 (MLPerf Tiny anomaly detection)",
        sentence: "128 log-mel energies of five frames in a row, slid over the clip frame by frame",
        sample_rate: 16_000,
        input_shape: &[640],
        rounding: Rounding::Nearest,
        lead: 0,
        frame: logmel::WINDOW,
        hop: logmel::HOP,
        frames: 5,
        clip: Clip::Slide,
        make: || Ok(Box::new(logmel::LogMel::new()?)),
    },
    WAKE_WORD,
    FrontEnd {
        name: "lfbe-plain",
        label: "LFBE 30x40, level as it is",
        sentence: "The same without normalization of the clip, as the benchmark's device code hears a stream",
        clip: Clip::Stream(Level::AsIs),
        ..WAKE_WORD
    },
    FrontEnd {
        name: "micro-frontend",
        label: "Micro-frontend 49x40 (TFLM micro_speech)",
        sentence: "40 integer features of 49 frames over one second, with noise reduction and gain control, bit for bit as on the device",
        sample_rate: 16_000,
        input_shape: &[49, 40, 1],
        rounding: Rounding::MicroSpeech,
        lead: 0,
        frame: 480,
        hop: 320,
        frames: 49,
        clip: AS_IS,
        make: || Ok(Box::new(microfrontend::MicroFrontend::new(microfrontend::MICRO_SPEECH)?)),
    },
    FrontEnd {
        name: "lfbe-kws",
        label: "LFBE 49x40 (MLPerf Tiny keyword spotting, its other option)",
        sentence: "40 log filter bank energies of 49 frames over one second, divided by the largest signed sample",
        input_shape: &[49, 40, 1],
        frame: 481,
        hop: 320,
        frames: 49,
        clip: SIGNED,
        make: || Ok(Box::new(lfbe::Lfbe::new(480)?)),
        ..WAKE_WORD
    },
];

/// The front end that feeds a model with this input shape (with its batch), `None` where no known one does.
///
/// Dimensions of 1 are ignored: `[1, 49, 10, 1]` and `[49, 10]` are the same input, and so is the flat `[1, 490]`.
///
/// ```
/// use milliwatt::audio;
/// assert_eq!(audio::front_end_for(&[1, 49, 10, 1]).unwrap().name, "mlperf-kws");
/// assert!(audio::front_end_for(&[1, 96, 96, 3]).is_none());
/// ```
pub fn front_end_for(shape: &[usize]) -> Option<&'static FrontEnd> {
    let core = |shape: &[usize]| shape.iter().copied().filter(|&dim| dim != 1).collect::<Vec<_>>();
    let wanted = core(shape);
    FRONT_ENDS.iter().find(|front_end| wanted == core(front_end.input_shape) || wanted == [front_end.window_len()])
}

/// Finds a front end by its name.
///
/// # Errors
/// `Parameter` with the known names.
pub fn front_end(name: &str) -> Result<&'static FrontEnd> {
    FRONT_ENDS.iter().find(|front_end| front_end.name == name).ok_or_else(|| {
        let known: Vec<&str> = FRONT_ENDS.iter().map(|front_end| front_end.name).collect();
        Error::parameter(format!("no front end is called {name:?}; there are {}", known.join(", ")))
    })
}

impl FrontEnd {
    /// The number of features in one window, that is, in one input of the model.
    pub const fn window_len(&self) -> usize {
        let (mut product, mut axis) = (1, 0);
        while axis < self.input_shape.len() {
            product *= self.input_shape[axis];
            axis += 1;
        }
        product
    }

    /// The number of features in the row that one frame gives.
    pub const fn row_len(&self) -> usize {
        self.window_len() / self.frames
    }

    /// The level that the front end brings a clip to.
    pub const fn level(&self) -> Level {
        match self.clip {
            Clip::Second(level) | Clip::Stream(level) => level,
            Clip::Slide => Level::AsIs,
        }
    }

    /// The same front end, bringing clips to another level; one whose windows slide over a clip brings it to none.
    pub const fn at_level(mut self, level: Level) -> Self {
        self.clip = match self.clip {
            Clip::Second(_) => Clip::Second(level),
            Clip::Stream(_) => Clip::Stream(level),
            Clip::Slide => Clip::Slide,
        };
        self
    }

    /// Whether its features are the cepstral coefficients of [`mfcc::Mfcc`].
    pub fn is_mfcc(&self) -> bool {
        self.row_len() == mfcc::COEFFICIENTS && self.frame == mfcc::WINDOW
    }

    /// Samples, at its own rate, that a frame sees.
    pub const fn frame_len(&self) -> usize {
        self.frame
    }

    /// Samples, at its own rate, from one frame to the next.
    pub const fn hop(&self) -> usize {
        self.hop
    }

    /// Samples, at its own rate, that one window is made of: a whole second where the clip is brought to a level.
    pub const fn window_samples(&self) -> usize {
        match self.sets_level() {
            true => self.second(),
            false => self.frame - self.lead + (self.frames - 1) * self.hop,
        }
    }

    const fn second(&self) -> usize {
        self.sample_rate as usize
    }

    /// Whether a second is brought to a level before its frames are taken; else every frame stands alone.
    const fn sets_level(&self) -> bool {
        !matches!(self.level(), Level::AsIs)
    }

    /// The front end with its tables and buffers made, for many clips.
    ///
    /// # Errors
    /// Those of planning a transform.
    pub fn extractor(&self) -> Result<Extractor> {
        Extractor::new(*self)
    }

    /// The features of a mono clip at any sample rate, window after window; a streaming front end slides over all of it.
    ///
    /// *Shapes*: the result holds `windows * window_len()` values, row-major in [`FrontEnd::input_shape`].
    ///
    /// *Units*: samples have full scale 1; `rate` is in hertz.
    ///
    /// # Errors
    /// `Limits` for a clip over [`crate::limits::CLIP_SECONDS`], `Numeric` for a sample that is not a number, `Parameter`
    /// for an empty clip, one too short for a single window, or a strange rate.
    pub fn features(&self, samples: &[f32], rate: u32) -> Result<Vec<f32>> {
        self.extractor()?.features(samples, rate)
    }

    /// What stands for a labelled clip as inputs of a model, one tensor for each window, with a batch of 1 in front: the same
    /// windows, but of a front end that hears a second the loudest second alone.
    ///
    /// # Errors
    /// Those of [`FrontEnd::features`].
    pub fn tensors(&self, samples: &[f32], rate: u32) -> Result<Vec<Tensor>> {
        self.extractor()?.tensors(samples, rate)
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
        assert!(front_end("nothing").unwrap_err().to_string().contains("log-mel-ad, lfbe"));
    }

    #[test]
    fn front_ends_are_found_by_the_shape_of_the_models_they_feed() {
        for (shape, name) in [
            (&[1, 49, 10, 1][..], "mlperf-kws"),
            (&[1, 490], "mlperf-kws"),
            (&[1, 640], "log-mel-ad"),
            (&[1, 30, 1, 40], "lfbe"),
            (&[1, 49, 40, 1], "micro-frontend"),
            (&[1, 1960], "micro-frontend"),
        ] {
            assert_eq!(front_end_for(shape).unwrap().name, name, "{shape:?}");
        }
        assert!(front_end_for(&[1, 10, 49, 1]).is_none());
    }

    #[test]
    fn names_are_unique_and_rows_fill_windows() {
        for (index, front_end) in FRONT_ENDS.iter().enumerate() {
            assert!(FRONT_ENDS[..index].iter().all(|other| other.name != front_end.name));
            assert_eq!(front_end.row_len() * front_end.frames, front_end.window_len(), "{}", front_end.name);
        }
    }

    #[test]
    fn features_become_integers_as_each_reference_makes_them() {
        let all = [Rounding::Nearest, Rounding::TowardsZero, Rounding::MicroSpeech];
        let integers = |real, scale, zero_point| all.map(|rounding| rounding.integer(real, scale, zero_point));
        // 3.5 steps above and below a zero point of 2.
        assert_eq!(integers(1.75, 0.5, 2), [6.0, 5.0, 6.0]);
        assert_eq!(integers(-1.75, 0.5, 2), [-2.0, -1.0, -2.0]);
        // Feature 334 of micro_speech is byte 128 of 256, though 334 * 10 / 26 is 128.46.
        assert_eq!(integers(334.0 * 10.0 / 256.0, 26.0 / 256.0, -128), [0.0, 0.0, 0.0]);
        assert_eq!(integers(460.0 * 10.0 / 256.0, 26.0 / 256.0, 0)[2], f64::from((256 * 460 + 333) / 666));
    }
}
