//! What a normalizer costs, in operations for each second of sound: counted from the structure of its code.

use super::follow::{self, LookAhead};
use super::option::Settings;
use super::{Domain, Method, Normalizer, dc, loudness, peak, rms, statistics};
use crate::audio::counts::{Cost, Operations};
use crate::audio::normalize::pcen::Pcen;
use crate::error::{Error, Result};

/// How a normalizer is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Second-long clips, one after the other.
    Clip,
    /// A stream.
    Stream,
}

/// In which numbers a normalizer computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// 32-bit floating point.
    Float32,
    /// 16-bit fixed point.
    Q15,
}

impl Normalizer {
    /// What a second of sound costs.
    ///
    /// A clip is a second long. Where the number of operations depends on the sound, it is the highest: that of the
    /// dearest sound. Of a clip the state holds the samples themselves.
    ///
    /// *Units*: `rate` in hertz.
    ///
    /// # Errors
    /// Those of [`Normalizer::stream`] and [`Normalizer::stream_fixed`].
    pub fn cost(&self, rate: u32, form: Form, numbers: Numbers, settings: &Settings) -> Result<Cost> {
        self.check_samples(1, rate)?;
        if numbers == Numbers::Q15 {
            self.check_fixed()?;
        }
        let (n, float) = (u64::from(rate), numbers == Numbers::Float32);
        let sample = if float { 4 } else { 2 };
        let clip = form == Form::Clip;
        let none = Operations::default();
        let whole = |operations| (operations, n * sample);
        let (mut operations, mut state_bytes) = match (self.method, clip, float) {
            (Method::Dc, true, true) => whole(dc::operations(n)),
            (Method::Dc, true, false) => whole(dc::operations_fixed(n)),
            (Method::Dc, false, true) => (dc::HighPass::<f32>::operations(n), dc::HighPass::<f32>::STATE_BYTES),
            (Method::Dc, false, false) => (dc::HighPassFixed::<i64>::operations(n), 8),
            (Method::Peak, true, true) => {
                let (operations, bytes) = whole(peak::Peak::new(settings).operations(n));
                (operations, bytes + percentile_bytes(settings))
            }
            (Method::Peak, true, false) => {
                let (operations, bytes) = whole(peak::operations_fixed(&peak::Peak::new(settings), n));
                (operations, bytes + percentile_bytes(settings))
            }
            (Method::Peak, false, _) if settings.is("stream", "look-ahead") => {
                let bytes = follow::state_bytes(follow::reach(settings, rate), sample);
                match float {
                    true => (LookAhead::<follow::Float<f32>>::operations(n), bytes),
                    false => (LookAhead::<follow::Fixed<i64>>::operations_fixed(n), bytes),
                }
            }
            (Method::Peak, false, true) => {
                (follow::Follower::<f32>::operations(n), follow::Follower::<f32>::STATE_BYTES)
            }
            (Method::Peak, false, false) => (follow::FollowerFixed::<i64>::operations(n), 4),
            (Method::Rms, true, true) => whole(rms::Rms::new(settings).operations(n)),
            (Method::Rms, true, false) => whole(rms::Rms::new(settings).operations_fixed(n)),
            (Method::Rms, false, true) => (rms::Follower::<f32>::operations(n), rms::Follower::<f32>::STATE_BYTES),
            (Method::Rms, false, false) => (rms::FollowerFixed::<i64>::operations(n), 4),
            // One power for each step of 20 ms, kept until the gates are known.
            (Method::Loudness, true, _) => {
                let (operations, bytes) = whole(loudness::Loudness::new(settings).operations(n, rate));
                (operations, bytes + 4 * loudness::STEPS as u64)
            }
            (Method::Loudness, false, _) => {
                (loudness::stream_operations(settings, n, rate), loudness::stream_bytes(settings))
            }
            (Method::None | Method::Pcen | Method::Pcan | Method::Statistics, ..) => (none, 0),
        };
        if !clip && settings.flag("dc") {
            operations = operations
                + match float {
                    true => dc::HighPass::<f32>::operations(n),
                    false => dc::HighPassFixed::<i64>::operations(n),
                };
            state_bytes += dc::HighPass::<f32>::STATE_BYTES;
        }
        let looks_ahead = self.method == Method::Peak && settings.is("stream", "look-ahead");
        let lookahead_seconds = match (self.method, form) {
            (Method::None, _) => 0.0,
            (_, Form::Clip) => 1.0,
            (_, Form::Stream) if looks_ahead => follow::reach(settings, rate) as f64 / f64::from(rate),
            (_, Form::Stream) => 0.0,
        };
        Ok(Cost { operations, state_bytes, lookahead_seconds })
    }

    /// What a second of the energies of bands costs.
    ///
    /// *Units*: `frames` in a second.
    ///
    /// # Errors
    /// Those of [`Normalizer::band_stream`].
    pub fn band_cost(&self, bands: usize, frames: f64, form: Form, settings: &Settings) -> Result<Cost> {
        self.band_stream(bands, frames, settings)?;
        let (width, count) = (bands as u64, libm::round(frames) as u64);
        let clip = form == Form::Clip;
        let (operations, state_bytes) = match (self.method, clip) {
            // Each frame is on its own but for the means, so a clip costs what a stream costs.
            (Method::Pcen, _) => (Pcen::<f32>::new(settings, bands, frames).operations(width) * count, 4 * width),
            (Method::Statistics, true) => (statistics::operations(count, width), 4 * width * count),
            (Method::Statistics, false) => (statistics::Running::<f32>::operations(width) * count, 8 * width),
            _ => return Err(Error::unsupported(format!("the cost of {} is not known here", self.name))),
        };
        let lookahead_seconds = if clip && self.method == Method::Statistics { 1.0 } else { 0.0 };
        debug_assert_eq!(self.domain, Domain::Bands);
        Ok(Cost { operations, state_bytes, lookahead_seconds })
    }
}

/// The bins that a percentile is counted in.
fn percentile_bytes(settings: &Settings) -> u64 {
    if settings.number("percentile") < 100.0 { 4 * 256 } else { 0 }
}
