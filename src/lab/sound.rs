//! Sound as the page shows it.

use crate::audio::spectrogram as spectrum;
use crate::error::Result;
use crate::format::wav;
use crate::report::{ClipView, SpectrogramView};

/// Columns of the picture.
const COLUMNS: usize = 256;
/// Decibels from black to white.
const RANGE_DB: f32 = 80.0;

/// The spectrogram of a clip, brightest where it is loudest, over 80 dB below the loudest point.
///
/// # Errors
/// Those of the transform: too short or too long a clip.
pub fn spectrogram(samples: &[f32], sample_rate: u32) -> Result<SpectrogramView> {
    let picture = spectrum::spectrogram(samples, sample_rate, COLUMNS)?;
    let loudest = picture.levels_db.iter().fold(f32::NEG_INFINITY, |max, &level| max.max(level));
    let level = |frame: usize, bin: usize| {
        let db = picture.levels_db[frame * picture.bins + bin];
        (((db - loudest) / RANGE_DB + 1.0).clamp(0.0, 1.0) * 255.0) as u8
    };
    let rows = (0..picture.bins).rev();
    let levels = rows.flat_map(|bin| (0..picture.frames).map(move |frame| (frame, bin)));
    Ok(SpectrogramView {
        width: picture.frames as u32,
        height: picture.bins as u32,
        levels: levels.map(|(frame, bin)| level(frame, bin)).collect(),
        seconds: samples.len() as f32 / sample_rate.max(1) as f32,
        top_hz: picture.bin_hertz * picture.bins as f32,
    })
}

/// A WAV file as a mono clip.
///
/// # Errors
/// Those of reading the file.
pub fn decode_wav(bytes: &[u8], name: &str) -> Result<ClipView> {
    let wav = wav::read(bytes)?;
    Ok(ClipView { name: name.into(), label: None, sample_rate: wav.sample_rate, samples: wav.samples })
}
