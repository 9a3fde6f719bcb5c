//! The user's own clips: a labelled set that is saved as a ZIP of WAV files in folders by label, and opened again.
//!
//! What is tested on the bench is the archive itself, so that a set that was saved and dropped again is the same set,
//! sample for sample and split for split.

use std::collections::BTreeSet;

use super::{Bench, files};
use crate::error::{Error, Result};
use crate::format::{Kind, kind_of, wav, zip};
use crate::limits;
use crate::report::Task;

/// Longest name of a file or folder, in characters: what every file system takes, with room for a number.
const NAME: usize = 80;

/// One clip of sound with its name and label.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// Its name, without an ending.
    pub name: String,
    /// Its label; empty where it has none.
    pub label: String,
    /// Samples each second.
    pub sample_rate: u32,
    /// Mono samples, full scale 1.
    pub samples: Vec<f32>,
}

/// A set of clips, in the user's order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clips(pub Vec<Clip>);

impl Clips {
    /// The clips of dropped WAV files and archives of them; what is no WAV file is left out.
    ///
    /// The folder is the label; for reconstruction a name that begins with *normal* or *anomal* says it too.
    ///
    /// # Errors
    /// Those of reading the files; `Parameter` when there is no sound among them.
    pub fn from_files(files: Vec<(String, Vec<u8>)>, task: Task) -> Result<Self> {
        let mut clips = Vec::new();
        for (path, bytes) in files::unpacked(files)? {
            if kind_of(&bytes) != Some(Kind::Wav) {
                continue;
            }
            let wav::Wav { sample_rate, samples, .. } = wav::read(&bytes).map_err(|error| error.at(&path))?;
            let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
            let name = without_ending(file).to_owned();
            clips.push(Clip { name, label: files::word(&path, task).unwrap_or_default(), sample_rate, samples });
        }
        match clips.is_empty() {
            true => Err(Error::parameter("There is no WAV file among these, so there are no clips to edit")),
            false => Ok(Self(clips)),
        }
    }

    /// Where each clip stands in the archive: `label/name.wav`, each path once.
    ///
    /// Letters that file systems refuse become `_`; a name that stands already gets a number.
    pub fn paths(&self) -> Vec<String> {
        let mut taken = BTreeSet::new();
        let mut path = |clip: &Clip| {
            let folder = tame(&clip.label).to_ascii_lowercase();
            let folder = if folder.is_empty() { folder } else { folder + "/" };
            let name = Some(tame(without_ending(&clip.name))).filter(|name| !name.is_empty());
            let name = name.unwrap_or_else(|| "clip".into());
            let numbered = (2..).map(|number| format!("{folder}{name} ({number}).wav"));
            let mut candidates = std::iter::once(format!("{folder}{name}.wav")).chain(numbered);
            // Some file systems do not tell large letters from small ones.
            candidates.find(|path| taken.insert(path.to_ascii_lowercase())).unwrap_or_default()
        };
        self.0.iter().map(&mut path).collect()
    }

    /// The set as a ZIP of 16-bit WAV files in folders by label.
    ///
    /// # Errors
    /// `Parameter` for an empty set, and those of [`wav::write`] and [`zip::write`].
    pub fn archive(&self) -> Result<Vec<u8>> {
        if self.0.is_empty() {
            return Err(Error::parameter("There are no clips to save"));
        }
        limits::check("clips in the set", self.0.len(), limits::ZIP_ENTRIES)?;
        let paths = self.paths();
        let file = |(clip, path): (&Clip, String)| {
            Ok((path.clone(), wav::write(clip.sample_rate, &clip.samples).map_err(|error| error.at(&path))?))
        };
        let files: Result<Vec<_>> = self.0.iter().zip(paths).map(file).collect();
        zip::write(&files?)
    }
}

impl Bench {
    /// The clips of dropped files, labelled as they would be for the model on the bench.
    ///
    /// # Errors
    /// Those of [`Clips::from_files`].
    pub fn clips_of(&self, files: Vec<(String, Vec<u8>)>) -> Result<Clips> {
        Clips::from_files(files, self.original.as_ref().map_or(Task::Classification, |side| side.card.task))
    }

    /// The labels that the model on the bench knows; none where nothing says them.
    pub fn labels(&self) -> Vec<String> {
        match &self.inputs {
            Some(inputs) if !inputs.classes.is_empty() => inputs.classes.clone(),
            _ => self.known.clone(),
        }
    }

    /// The names of the items that ranges are measured on, as the set has them; all others are tested on.
    pub fn calibration_names(&self) -> Vec<String> {
        let Some(inputs) = &self.inputs else { return Vec::new() };
        inputs.calibration.iter().map(|&item| inputs.items[item].name.clone()).collect()
    }
}

/// The name without the ending of a sound file.
fn without_ending(name: &str) -> &str {
    const ENDINGS: [&str; 7] = ["wav", "flac", "mp3", "ogg", "opus", "m4a", "oga"];
    match name.rsplit_once('.') {
        Some((name, ending)) if ENDINGS.contains(&ending.to_ascii_lowercase().as_str()) => name,
        _ => name,
    }
}

/// A name that every file system takes: no separators, no control characters, no dots or blanks at the ends.
fn tame(name: &str) -> String {
    let refused = |letter: char| letter.is_control() || r#"/\:*?"<>|"#.contains(letter);
    let tame: String = name.chars().map(|letter| if refused(letter) { '_' } else { letter }).take(NAME).collect();
    tame.trim_matches(|letter: char| letter == '.' || letter.is_whitespace()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn clip(name: &str, label: &str, seed: u64) -> Clip {
        let mut random = Random::new(seed);
        let samples = (0..400).map(|_| libm::roundf(random.between(-32768.0, 32767.0) as f32) / 32768.0).collect();
        Clip { name: name.into(), label: label.into(), sample_rate: 16_000, samples }
    }

    #[test]
    fn a_saved_set_opens_as_the_same_set() {
        let set = Clips(vec![clip("Ada 1", "yes", 1), clip("Ada 2", "no", 2), clip("hum", "", 3)]);
        let archive = set.archive().unwrap();
        let mut again = Clips::from_files(vec![("set.zip".into(), archive.clone())], Task::Classification).unwrap();
        again.0.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(again, set);
        let mut shuffled = set.clone();
        shuffled.0.reverse();
        assert_ne!(shuffled.archive().unwrap(), archive, "the order is the user's");
    }

    #[test]
    fn names_become_paths_that_every_file_system_takes() {
        let clips = ["a/b", "..", "", "A/B", "tone.flac", "dr. who"].map(|name| clip(name, "Up*", 1));
        let paths = Clips(clips.to_vec()).paths();
        let expected = ["a_b", "clip", "clip (2)", "A_B (2)", "tone", "dr. who"];
        assert_eq!(paths, expected.map(|name| format!("up_/{name}.wav")));
    }

    #[test]
    fn machine_clips_are_labelled_by_their_names_too() {
        let bytes = wav::write(16_000, &[0.5; 100]).unwrap();
        let files = vec![("anomaly_1.wav".into(), bytes.clone()), ("x/normal_1.wav".into(), bytes)];
        let clips = Clips::from_files(files, Task::Reconstruction).unwrap();
        assert_eq!(clips.0.iter().map(|clip| &clip.label[..]).collect::<Vec<_>>(), ["anomalous", "normal"]);
    }

    #[test]
    fn nothing_to_save_and_nothing_to_open_are_sentences() {
        assert_eq!(Clips::default().archive().unwrap_err().to_string(), "There are no clips to save");
        let error = Clips::from_files(vec![("x.txt".into(), b"x".to_vec())], Task::Other).unwrap_err();
        assert!(error.to_string().contains("no WAV file"), "{error}");
    }
}
