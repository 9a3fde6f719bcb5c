//! Sound that does not end: samples go in as the microphone gives them, windows for the model come out.
//!
//! Where every frame stands alone, a frame is computed once and a window is the last rows. Where the reference brings
//! a clip to a level, the window is the last second, brought to its own level, as if it were a clip.

use super::FrontEnd;
use super::extractor::{Extractor, check_finite};
use super::frames::Frames;
use super::resample::Resampler;
use crate::error::{Error, Result};

/// A front end that listens.
///
/// The windows are, bit for bit, those of the whole clip ([`Extractor::frames`], or [`FrontEnd::features`] of each
/// second where a level is set), however the samples are cut into pieces.
///
/// ```
/// use milliwatt::audio::{self, stream::Stream};
/// let front_end = audio::front_end("mlperf-kws-plain").unwrap();
/// let mut stream = Stream::new(front_end, 16_000, 1).unwrap();
/// let mut windows = 0;
/// stream.push(&[0.0; 16_000], &mut |_| windows += 1).unwrap();
/// // The 49 frames of a second end with sample 15,840; the fiftieth with 16,160.
/// assert_eq!(windows, 1);
/// stream.push(&[0.0; 160], &mut |_| windows += 1).unwrap();
/// assert_eq!(windows, 2);
/// ```
pub struct Stream {
    front_end: FrontEnd,
    resampler: Resampler,
    /// Samples at the front end's rate that just came.
    fresh: Vec<f32>,
    /// Those that a later frame or window still needs, from `start` on.
    kept: Vec<f32>,
    start: usize,
    /// How many frames are left until the next window.
    wait: usize,
    every: usize,
    received: usize,
    work: Work,
    window: Vec<f32>,
}

/// How a window comes about.
enum Work {
    /// From the rows of the frames.
    Rows(Box<dyn Frames>),
    /// From a second of samples.
    Seconds(Extractor),
}

impl Stream {
    /// Listens at `rate` and gives a window every `every` frames.
    ///
    /// *Units*: `rate` in hertz.
    ///
    /// # Errors
    /// `Parameter` for a rate that makes no sense, or `every` 0.
    pub fn new(front_end: &FrontEnd, rate: u32, every: usize) -> Result<Self> {
        if every == 0 {
            return Err(Error::parameter("a stream that gives a window every 0 frames gives none"));
        }
        let work = match front_end.sets_level() {
            true => Work::Seconds(front_end.extractor()?),
            false => Work::Rows((front_end.make)()?),
        };
        let mut stream = Self {
            front_end: *front_end,
            resampler: Resampler::new(rate, front_end.sample_rate)?,
            fresh: Vec::new(),
            kept: Vec::new(),
            start: 0,
            wait: 0,
            every,
            received: 0,
            work,
            window: Vec::new(),
        };
        stream.reset();
        Ok(stream)
    }

    /// The front end.
    pub fn front_end(&self) -> &FrontEnd {
        &self.front_end
    }

    /// Forgets what was heard.
    pub fn reset(&mut self) {
        // Finishing starts the resampler anew; what it still gives is not wanted.
        self.fresh.clear();
        self.resampler.finish(&mut self.fresh);
        self.fresh.clear();
        self.kept.clear();
        self.start = 0;
        self.window.clear();
        (self.received, self.wait) = (0, 0);
        if let Work::Rows(frames) = &mut self.work {
            frames.reset();
            self.kept.resize(self.front_end.lead, 0.0);
        }
    }

    /// Hears samples, and calls `take` with each window that they complete.
    ///
    /// *Shapes*: a window holds [`FrontEnd::window_len`] features.
    ///
    /// # Errors
    /// `Numeric` for a sample that is not a number; nothing of that piece is heard.
    pub fn push(&mut self, samples: &[f32], take: &mut dyn FnMut(&[f32])) -> Result<()> {
        check_finite(samples, self.received)?;
        self.received = self.received.saturating_add(samples.len());
        self.fresh.clear();
        self.resampler.push(samples, &mut self.fresh);
        self.kept.extend_from_slice(&self.fresh);
        let heard = match self.work {
            Work::Rows(_) => self.rows(take),
            Work::Seconds(_) => self.seconds(take),
        };
        // Moving what is left to the front now and then is cheaper than a ring that wraps inside a frame.
        if self.start > self.kept.len() / 2 {
            self.kept.drain(..self.start);
            self.start = 0;
        }
        heard
    }

    fn rows(&mut self, take: &mut dyn FnMut(&[f32])) -> Result<()> {
        let Work::Rows(frames) = &mut self.work else { return Ok(()) };
        let (row, window) = (self.front_end.row_len(), self.front_end.window_len());
        while let Some(frame) = self.kept.get(self.start..self.start + self.front_end.frame) {
            if self.window.len() == window {
                self.window.drain(..row);
            }
            frames.frame(frame, &mut self.window)?;
            self.start += self.front_end.hop;
            if self.window.len() == window {
                if self.wait == 0 {
                    take(&self.window);
                    self.wait = self.every;
                }
                self.wait -= 1;
            }
        }
        Ok(())
    }

    fn seconds(&mut self, take: &mut dyn FnMut(&[f32])) -> Result<()> {
        let Work::Seconds(extractor) = &mut self.work else { return Ok(()) };
        while let Some(second) = self.kept.get(self.start..self.start + self.front_end.second()) {
            self.window.clear();
            extractor.second(second, &mut self.window)?;
            take(&self.window);
            self.start += self.front_end.hop * self.every;
        }
        Ok(())
    }
}
