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

/// The lowest and highest sample in each of `columns` parts of a clip, in turn: what a waveform is drawn from.
///
/// *Shapes*: `[samples]` to `[columns, 2]`, with fewer columns where there are fewer samples.
pub fn waveform(samples: &[f32], columns: usize) -> Vec<f32> {
    let columns = columns.min(samples.len());
    let part = |column: usize| &samples[column * samples.len() / columns..(column + 1) * samples.len() / columns];
    let extremes = |part: &[f32]| {
        let low = part.iter().copied().fold(f32::INFINITY, f32::min);
        [low, part.iter().copied().fold(f32::NEG_INFINITY, f32::max)]
    };
    (0..columns).flat_map(|column| extremes(part(column))).collect()
}

/// The mean of channels that stand one behind the other, as a decoder gives them; one channel stays as it is.
///
/// *Shapes*: `[channels, samples]` to `[samples]`.
pub fn mix(planes: &[f32], channels: usize) -> Vec<f32> {
    if channels <= 1 {
        return planes.to_vec();
    }
    let (length, share) = (planes.len() / channels, 1.0 / channels as f32);
    (0..length).map(|n| (0..channels).map(|channel| planes[channel * length + n]).sum::<f32>() * share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waveform_holds_the_extremes_of_each_part() {
        let samples = [0.0, 0.5, -0.25, -1.0, 0.125, 0.0];
        assert_eq!(waveform(&samples, 2), [-0.25, 0.5, -1.0, 0.125]);
        assert_eq!(waveform(&samples[..2], 9), [0.0, 0.0, 0.5, 0.5], "no more columns than samples");
        assert!(waveform(&[], 9).is_empty());
    }

    #[test]
    fn channels_one_behind_the_other_are_averaged_as_those_of_a_wav_file() {
        assert_eq!(mix(&[0.5, 0.0, 1.0, -0.5], 2), [0.75, -0.25]);
        assert_eq!(mix(&[0.5, 0.1], 1), [0.5, 0.1]);
        assert!(mix(&[], 2).is_empty());
    }
}
