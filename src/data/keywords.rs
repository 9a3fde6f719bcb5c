//! Spoken keywords: words of synthetic voices, heard in rooms that a seed makes up.
//!
//! The words themselves are *dry*: said by a speech synthesizer, without a room or noise. They come from outside, as
//! [`words`] reads them from an archive; what is shipped holds those of a few voices, and `examples/samples` makes many
//! more for training. All else is made here from a seed: the pace and size of the speaker, the microphone, the room,
//! noise, voices in the background, when in the second the word comes, and how loud.
//!
//! A synthesizer says a word much the same way each time, and all voices of one synthesizer share its faults: clips made
//! here are easier than people, and no network is proven on real speech by them.

mod noise;
mod room;

pub use noise::Noise;
pub use room::{LEARNED, Place, TESTED, heard};

use super::Clip;
use crate::error::{Error, Result};
use crate::format::{wav, zip};
use crate::random::Random;

/// The classes, in the order of MLPerf Tiny's outputs.
///
/// *Source*: mlcommons/tiny, `benchmark/training/keyword_spotting/get_dataset.py`.
pub const CLASSES: [&str; 12] =
    ["down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes", "silence", "unknown"];
/// The classes that are words.
pub const KEYWORDS: usize = 10;
/// The class of noise without a word.
pub const SILENCE: usize = 10;
const UNKNOWN: usize = 11;

/// Samples in a second.
pub const SAMPLE_RATE: u32 = 16_000;
/// Samples in a clip: one second.
pub const CLIP_SAMPLES: usize = 16_000;

/// Joined to the seed of a set that a network learns from. Seeds of tests are smaller (links carry 32 bits).
pub const TRAINING: u64 = 1 << 41;
/// Joined to the seed of a set that is calibrated on.
pub const CALIBRATION: u64 = 1 << 40;

/// How far below its peak the sound at the ends of a word is silence: 40 dB.
const SILENT: f32 = 0.01;
/// Samples that are left at both ends of a word: 10 ms.
const MARGIN: usize = 160;

/// A dry word.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// What is said.
    pub word: String,
    /// Who says it.
    pub voice: String,
    /// The sound at [`SAMPLE_RATE`]; full scale is 1.
    pub samples: Vec<f32>,
}

impl Word {
    /// The index of the class that it belongs to; a word that is none of them is unknown.
    pub fn label(&self) -> usize {
        CLASSES[..KEYWORDS].iter().position(|class| *class == self.word).unwrap_or(UNKNOWN)
    }
}

/// The dry words of an archive of WAV files, `word/voice.wav`.
///
/// # Errors
/// Those of reading the files; `Format` for sound of another rate or a name that is not of this form.
///
/// ```
/// use milliwatt::data::keywords::{Word, archive, words};
/// let all = [Word { word: "yes".into(), voice: "nobody".into(), samples: vec![0.0; 1_600] }];
/// assert_eq!(words(&archive(&all).unwrap()).unwrap()[0].label(), 9);
/// ```
pub fn words(archive: &[u8]) -> Result<Vec<Word>> {
    let word = |(path, bytes): (String, Vec<u8>)| {
        let wav = wav::read(&bytes).map_err(|error| error.at(&path))?;
        let named = path.strip_suffix(".wav").and_then(|path| path.rsplit_once('/'));
        match named.filter(|_| wav.sample_rate == SAMPLE_RATE) {
            Some((word, voice)) => Ok(Word { word: word.into(), voice: voice.into(), samples: wav.samples }),
            None => Err(Error::format(format!("this is not word/voice.wav at {SAMPLE_RATE} Hz: {path:?}"))),
        }
    };
    zip::entries(archive)?.into_iter().map(word).collect()
}

/// The archive that [`words`] reads, at four bits a sample.
///
/// # Errors
/// Those of writing the files.
pub fn archive(words: &[Word]) -> Result<Vec<u8>> {
    let file =
        |word: &Word| Ok((format!("{}/{}.wav", word.word, word.voice), wav::write_small(SAMPLE_RATE, &word.samples)?));
    zip::write(&words.iter().map(file).collect::<Result<Vec<_>>>()?)
}

/// A word without the silence around it.
pub fn trimmed(samples: &[f32]) -> &[f32] {
    let peak = samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    let sounds = |sample: &f32| sample.abs() > SILENT * peak;
    let (Some(first), Some(last)) = (samples.iter().position(sounds), samples.iter().rposition(sounds)) else {
        return &[];
    };
    &samples[first.saturating_sub(MARGIN)..(last + 1 + MARGIN).min(samples.len())]
}

/// Clips of one second: every word so many times, each time in other surroundings, and as much silence (noise without a
/// word) as one class has on average; in an order that the seed names.
///
/// Different seeds give clips that have nothing in common but the dry words.
///
/// *Shapes*: [`CLIP_SAMPLES`] samples in each clip; full scale is 1.
pub fn clips(words: &[&Word], place: &Place, seed: u64, copies: usize) -> Vec<Clip> {
    let mut random = Random::new(seed);
    let silent = words.len() / KEYWORDS;
    // A keyword in the background would be one that is said, too.
    let others: Vec<&Word> = words.iter().copied().filter(|word| word.label() == UNKNOWN).collect();
    let mut order: Vec<(usize, Option<&Word>)> = Vec::with_capacity(copies * (words.len() + silent));
    for copy in 1..=copies {
        order.extend(words.iter().map(|&word| (copy, Some(word))));
        order.extend((0..silent).map(|index| ((copy - 1) * silent + index + 1, None)));
    }
    random.shuffle(&mut order);
    let mut clip = |(number, word): (usize, Option<&Word>)| Clip {
        name: match word {
            Some(Word { word, voice, .. }) => format!("{word}, {voice}, {number}"),
            None => format!("silence, {number}"),
        },
        samples: heard(word, &others, place, &mut random.branch()),
        sample_rate: SAMPLE_RATE,
        label: Some(word.map_or(SILENCE, Word::label)),
    };
    order.into_iter().map(&mut clip).collect()
}

#[cfg(test)]
mod tests;
