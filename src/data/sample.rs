//! What stands beside a built-in model: how it is heard, and how to make the clips to try it on.
//!
//! The clips are not shipped: [`ClipSet::clips`] makes them anew, the same everywhere. Of speech the dry words are
//! shipped, and what is heard of them is made.

use serde::{Deserialize, Serialize};

use super::keywords::{self, Word};
use super::{Clip, machine_sound};
use crate::error::{Error, Result};
use crate::limits;

/// A built-in sample, as its `sample.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Its name in links: that of its folder.
    pub name: String,
    /// Its name on the page.
    pub label: String,
    /// What it is, in one sentence.
    pub sentence: String,
    /// The model's file, in the same folder.
    pub model: String,
    /// `classification` or `reconstruction`, as reports say it.
    pub task: String,
    /// The front end's name, see [`crate::audio::FRONT_ENDS`].
    pub front_end: String,
    /// The file of dry words, in the same folder, where clips are made of words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The classes that labels count.
    pub classes: Vec<String>,
    /// What the model learned from.
    pub training: ClipSet,
    /// What may set scales; nothing of it is in the test.
    pub calibration: ClipSet,
    /// What judges.
    pub test: ClipSet,
}

/// Clips that a generator makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "generator", rename_all = "snake_case")]
pub enum ClipSet {
    /// [`machine_sound::test_set`].
    MachineSound {
        /// Names the set.
        seed: u64,
        /// Clips of healthy machines, which come first.
        normal: usize,
        /// Clips of faulty ones.
        anomalous: usize,
    },
    /// [`keywords::clips`].
    Keywords {
        /// Names the set.
        seed: u64,
        /// Whose words are heard; all where none is named.
        voices: Vec<String>,
        /// How often each word is heard, and as much silence as one class has.
        copies: usize,
        /// What the words may meet.
        place: Place,
    },
}

/// What words may meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// [`keywords::LEARNED`].
    Learned,
    /// [`keywords::TESTED`].
    Tested,
}

/// The sample that hears faulty machines, with clips made from `seed`: what trains it, what sets its scales, what judges.
///
/// The `sample.json` that is shipped is this with the seed 1.
pub fn machine(seed: u64) -> Sample {
    Sample {
        name: "machine".into(),
        label: "Machine sound".into(),
        sentence: "Hears that a rotating machine is no longer healthy, having heard only healthy ones".into(),
        model: "model.tflite".into(),
        task: "reconstruction".into(),
        front_end: "log-mel-ad".into(),
        words: None,
        classes: machine_sound::CLASSES.map(String::from).to_vec(),
        training: ClipSet::MachineSound { seed: seed | machine_sound::TRAINING, normal: 240, anomalous: 0 },
        calibration: ClipSet::MachineSound { seed: seed | machine_sound::CALIBRATION, normal: 40, anomalous: 0 },
        test: ClipSet::MachineSound { seed, normal: 60, anomalous: 60 },
    }
}

/// The voice of the shipped words that sets scales; networks have learned from it.
pub const CALIBRATING_VOICE: &str = "slt";
/// The voices of the shipped words that judge; no network has heard them before.
pub const JUDGING_VOICES: [&str; 12] = [
    "en-029+steph",
    "en-gb-x-gbcwmd+pablo",
    "en-us+linda",
    "en-us+f5",
    "en-gb+m6",
    "en-us-nyc+Andrea",
    "en-gb-x-rp+Denis",
    "en-us+shelby",
    "en-gb+travis",
    "en-gb-x-gbclan+aunty",
    "en-us+klatt4",
    "en-gb-scotland+Gene",
];

/// The clips of some of [`JUDGING_VOICES`] that a spotter's accuracy is stated on: more of them than the page makes, of
/// another seed.
pub fn held_out(voices: &[&str]) -> ClipSet {
    words_of(voices, 2, 3)
}

/// Clips of the words of some voices, heard where words are tested.
fn words_of(voices: &[&str], seed: u64, copies: usize) -> ClipSet {
    let voices = voices.iter().map(ToString::to_string).collect();
    ClipSet::Keywords { seed, voices, copies, place: Place::Tested }
}

/// The keyword spotter, with clips made from `seed` of the words of `words.zip`: what sets its scales, what judges. It
/// learned from the words of many more voices, which are not shipped; their clips are more than [`ClipSet::clips`] makes at
/// once, and `examples/samples` makes them in parts.
///
/// The `sample.json` that is shipped is this with the seed 1.
pub fn keywords(seed: u64) -> Sample {
    Sample {
        name: "keywords".into(),
        label: "Keyword spotter".into(),
        sentence: "Tells ten spoken words from others and from silence, having heard synthetic voices only".into(),
        model: "model.tflite".into(),
        task: "classification".into(),
        front_end: "mlperf-kws".into(),
        words: Some("words.zip".into()),
        classes: keywords::CLASSES.map(String::from).to_vec(),
        training: ClipSet::Keywords {
            seed: seed | keywords::TRAINING,
            voices: Vec::new(),
            copies: 8,
            place: Place::Learned,
        },
        calibration: words_of(&[CALIBRATING_VOICE], seed | keywords::CALIBRATION, 3),
        test: words_of(&JUDGING_VOICES, seed, 1),
    }
}

impl ClipSet {
    /// Makes the clips; those of words from `words`, the others need none.
    ///
    /// # Errors
    /// `Limits` above [`limits::ZIP_ENTRIES`]; `Parameter` where a voice has no words.
    ///
    /// ```
    /// use milliwatt::data::sample::ClipSet;
    /// let set = ClipSet::MachineSound { seed: 2, normal: 1, anomalous: 1 };
    /// assert_eq!(set.clips(&[]).unwrap()[1].label, Some(1));
    /// ```
    pub fn clips(&self, words: &[Word]) -> Result<Vec<Clip>> {
        let check = |count| limits::check("clips in a set", count, limits::ZIP_ENTRIES);
        match self {
            &Self::MachineSound { seed, normal, anomalous } => {
                check(normal.saturating_add(anomalous))?;
                Ok(machine_sound::test_set(seed, normal, anomalous))
            }
            Self::Keywords { seed, voices, copies, place } => {
                if let Some(voice) = voices.iter().find(|voice| words.iter().all(|word| word.voice != **voice)) {
                    return Err(Error::parameter(format!("the voice {voice:?} says none of the words")));
                }
                let says = |word: &&Word| voices.is_empty() || voices.contains(&word.voice);
                let words: Vec<&Word> = words.iter().filter(says).collect();
                check(copies.saturating_mul(words.len() + words.len() / keywords::KEYWORDS))?;
                let place = match place {
                    Place::Learned => keywords::LEARNED,
                    Place::Tested => keywords::TESTED,
                };
                let mut clips = keywords::clips(&words, &place, *seed, *copies);
                // What is looked at first is a word: noise alone would be a dull beginning.
                if let Some(word) = clips.iter().position(|clip| clip.label != Some(keywords::SILENCE)) {
                    clips.swap(0, word);
                }
                Ok(clips)
            }
        }
    }
}

impl Sample {
    /// Reads a `sample.json`.
    ///
    /// # Errors
    /// `Format` with what is missing or wrong.
    pub fn read(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json)
            .map_err(|error| Error::format(format!("this is not a sample's description: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_that_lacks_something_says_what() {
        let error = Sample::read(b"{\"name\": \"machine\"}").unwrap_err().to_string();
        assert!(error.starts_with("this is not a sample's description: missing field `label`"), "{error}");
    }

    #[test]
    fn a_set_larger_than_anything_sensible_is_refused_before_it_is_made() {
        let set = ClipSet::MachineSound { seed: 1, normal: usize::MAX, anomalous: 1 };
        assert_eq!(set.clips(&[]).unwrap_err().kind(), crate::error::Kind::Limits);
    }

    #[test]
    fn the_first_clip_is_a_word_wherever_silence_falls() {
        let word = Word { word: "yes".into(), voice: "nobody".into(), samples: vec![0.5; 1_600] };
        for seed in 0..8 {
            let clips = words_of(&["nobody"], seed, 1).clips(&vec![word.clone(); 20]).unwrap();
            let silent: Vec<_> = clips.iter().filter(|clip| clip.label == Some(keywords::SILENCE)).collect();
            assert_eq!((clips.len(), silent.len(), clips[0].label), (22, 2, Some(9)), "seed {seed}");
        }
    }

    #[test]
    fn a_voice_without_words_is_named() {
        let error = keywords(1).test.clips(&[]).unwrap_err().to_string();
        assert_eq!(error, "the voice \"en-029+steph\" says none of the words");
    }
}
