//! A front end made ready: tables and buffers are made once, then clip after clip becomes features.

use std::borrow::Cow;

use super::frames::{self, Frames};
use super::{Clip, FrontEnd, resample};
use crate::error::{Error, Result};
use crate::limits;
use crate::tensor::Tensor;

/// A front end at work on whole clips. For sound that does not end, see [`super::stream::Stream`].
///
/// ```
/// let front_end = milliwatt::audio::front_end("mlperf-kws").unwrap();
/// let mut extractor = front_end.extractor().unwrap();
/// assert_eq!(extractor.features(&[0.1; 16_000], 16_000).unwrap().len(), 49 * 10);
/// ```
pub struct Extractor {
    front_end: FrontEnd,
    frames: Box<dyn Frames>,
    /// A second of sound at its level, with the silence that a frame may look back to.
    second: Vec<f32>,
}

impl Extractor {
    pub(super) fn new(front_end: FrontEnd) -> Result<Self> {
        Ok(Self { front_end, frames: (front_end.make)()?, second: Vec::new() })
    }

    /// The front end.
    pub fn front_end(&self) -> &FrontEnd {
        &self.front_end
    }

    /// The features of a mono clip at any sample rate, window after window; see [`FrontEnd::features`].
    ///
    /// # Errors
    /// Those of [`FrontEnd::features`].
    pub fn features(&mut self, samples: &[f32], rate: u32) -> Result<Vec<f32>> {
        let samples = self.checked(samples, rate)?;
        match self.front_end.clip {
            Clip::Stream(level) if samples.len() > self.front_end.second() => {
                let mut samples = samples.into_owned();
                level.apply(&mut samples);
                self.slid(&samples)
            }
            _ => self.answered(&samples),
        }
    }

    /// What stands for a labelled clip, as inputs of a model; see [`FrontEnd::tensors`].
    ///
    /// # Errors
    /// Those of [`FrontEnd::features`].
    pub fn tensors(&mut self, samples: &[f32], rate: u32) -> Result<Vec<Tensor>> {
        let samples = self.checked(samples, rate)?;
        let features = self.answered(&samples)?;
        let shape: Vec<usize> = std::iter::once(1).chain(self.front_end.input_shape.iter().copied()).collect();
        features
            .chunks_exact(self.front_end.window_len())
            .map(|window| Tensor::from_f32(&shape, window.to_vec()))
            .collect()
    }

    /// The rows of all whole frames of a clip, at the level that it has: what a stream of frames gives.
    ///
    /// *Shapes*: `[samples]` to `[frames, row_len]`.
    ///
    /// # Errors
    /// Those of [`FrontEnd::features`].
    pub fn frames(&mut self, samples: &[f32], rate: u32) -> Result<Vec<f32>> {
        let samples = self.checked(samples, rate)?;
        self.rows(&samples)
    }

    /// Samples at the front end's own rate, if they are what a clip may be.
    fn checked<'a>(&self, samples: &'a [f32], rate: u32) -> Result<Cow<'a, [f32]>> {
        if samples.is_empty() {
            return Err(Error::parameter("the clip has no samples"));
        }
        resample::check_rate(rate)?;
        limits::check("samples in a clip", samples.len(), limits::CLIP_SECONDS * rate as usize)?;
        check_finite(samples, 0)?;
        Ok(match rate == self.front_end.sample_rate {
            true => Cow::Borrowed(samples),
            false => Cow::Owned(resample::resample(samples, rate, self.front_end.sample_rate)?),
        })
    }

    /// The windows that stand for a labelled clip.
    fn answered(&mut self, samples: &[f32]) -> Result<Vec<f32>> {
        if let Clip::Slide = self.front_end.clip {
            return self.slid(samples);
        }
        let mut features = Vec::new();
        self.second(loudest_second(samples, self.front_end.second()), &mut features)?;
        Ok(features)
    }

    /// All windows of a clip at the level that it has, each a frame behind the one before.
    fn slid(&mut self, samples: &[f32]) -> Result<Vec<f32>> {
        let rows = self.rows(samples)?;
        let (row, window) = (self.front_end.row_len(), self.front_end.window_len());
        let windows = (rows.len() + row).saturating_sub(window) / row;
        if windows == 0 {
            return Err(Error::parameter(format!(
                "the clip has {} samples at {} Hz, but one window of {} frames needs {}",
                samples.len(),
                self.front_end.sample_rate,
                self.front_end.frames,
                self.front_end.window_samples()
            )));
        }
        let mut features = Vec::with_capacity(windows * window);
        for start in 0..windows {
            features.extend_from_slice(&rows[start * row..start * row + window]);
        }
        Ok(features)
    }

    /// The one window of at most a second of sound, at the front end's level.
    pub(super) fn second(&mut self, samples: &[f32], features: &mut Vec<f32>) -> Result<()> {
        let Self { front_end, frames, second } = self;
        second.clear();
        second.resize(front_end.lead, 0.0);
        second.extend_from_slice(samples);
        front_end.level().apply(&mut second[front_end.lead..]);
        // Silence is added behind the level is set, in the reference's order.
        second.resize(front_end.lead + front_end.second(), 0.0);
        frames.reset();
        for frame in second.windows(front_end.frame).step_by(front_end.hop).take(front_end.frames) {
            frames.frame(frame, features)?;
        }
        Ok(())
    }

    fn rows(&mut self, samples: &[f32]) -> Result<Vec<f32>> {
        let front_end = self.front_end;
        let padded;
        let samples = match front_end.lead {
            0 => samples,
            lead => {
                padded = [&vec![0.0; lead], samples].concat();
                &padded
            }
        };
        let count = frames::count(samples.len(), front_end.frame, front_end.hop);
        let mut rows = Vec::with_capacity(count * front_end.row_len());
        self.frames.reset();
        for frame in samples.windows(front_end.frame).step_by(front_end.hop) {
            self.frames.frame(frame, &mut rows)?;
        }
        Ok(rows)
    }
}

/// Refuses samples that are no numbers; `before` were there already.
pub(super) fn check_finite(samples: &[f32], before: usize) -> Result<()> {
    // No branch for each sample: the place is looked for only when there is one.
    let is_strange = samples.iter().fold(false, |strange, sample| strange | !sample.is_finite());
    match is_strange.then(|| samples.iter().position(|sample| !sample.is_finite())).flatten() {
        Some(bad) => Err(Error::numeric(format!("sample {} of the clip is not a finite number", before + bad))),
        None => Ok(()),
    }
}

/// The second with the most energy, found in steps of a hundredth of it.
pub fn loudest_second(samples: &[f32], second: usize) -> &[f32] {
    if samples.len() <= second {
        return samples;
    }
    let step = second / 100;
    let energy: Vec<f64> =
        samples.chunks(step).map(|chunk| chunk.iter().map(|&x| f64::from(x) * f64::from(x)).sum()).collect();
    let starts = samples.len().saturating_sub(second) / step;
    let loudness = |start: usize| energy.iter().skip(start).take(100).sum::<f64>();
    // The first of equals, so that the choice is a function of the samples alone.
    let best = (0..=starts).fold((0, f64::NEG_INFINITY), |best, start| {
        let loudness = loudness(start);
        if loudness > best.1 { (start, loudness) } else { best }
    });
    let start = best.0 * step;
    &samples[start..samples.len().min(start + second)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loudest_second_of_a_long_clip_is_heard() {
        let mut clip = vec![0.0f32; 48_000];
        for (n, sample) in clip[20_000..30_000].iter_mut().enumerate() {
            *sample = libm::sinf(n as f32 * 0.2);
        }
        let second = loudest_second(&clip, 16_000);
        assert_eq!(second.len(), 16_000);
        let energy = |samples: &[f32]| samples.iter().map(|x| x * x).sum::<f32>();
        assert!((energy(second) - energy(&clip)).abs() < 1e-3);
    }

    #[test]
    fn the_level_is_set_before_silence_is_added() {
        let centred = crate::audio::front_end("lfbe").unwrap();
        let mut extractor = centred.extractor().unwrap();
        extractor.second(&[0.5, 0.75], &mut Vec::new()).unwrap();
        assert_eq!(extractor.second[..5], [0.0, -1.0, 1.0, 0.0, 0.0]);
        assert_eq!(extractor.second.len(), 16_001);
    }

    #[test]
    fn windows_of_a_stream_slide_over_a_long_clip_at_the_level_of_the_whole() {
        let clip: Vec<f32> = (0..160_000).map(|n| 0.1 + 0.4 * libm::sinf((n as f32) * (n as f32) * 1e-6)).collect();
        let stream = crate::audio::front_end("lfbe").unwrap();
        let features = stream.features(&clip, 16_000).unwrap();
        // (160000 - 1024) / 512 + 1 frames, of which each window takes 30.
        assert_eq!(features.len(), (311 - 30 + 1) * 1200);
        let (window, row) = (stream.window_len(), stream.row_len());
        assert_eq!(features[row..window], features[window..2 * window - row], "each window is one frame further");
        let mut levelled = clip.clone();
        stream.level().apply(&mut levelled);
        let plain = crate::audio::front_end("lfbe-plain").unwrap();
        assert_eq!(features, plain.features(&levelled, 16_000).unwrap());
        assert_eq!(stream.tensors(&clip, 16_000).unwrap().len(), 1, "a labelled clip is its loudest second");
    }

    #[test]
    fn an_extractor_forgets_the_clip_before() {
        for front_end in crate::audio::FRONT_ENDS {
            let clip: Vec<f32> = (0..20_000).map(|n| 0.4 * libm::sinf(n as f32 * 0.05)).collect();
            let mut used = front_end.extractor().unwrap();
            used.features(&vec![0.9; 30_000], 16_000).unwrap();
            assert_eq!(used.features(&clip, 16_000).unwrap(), front_end.features(&clip, 16_000).unwrap());
        }
    }
}
