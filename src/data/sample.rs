//! What stands beside a built-in model: how it is heard, and how to make the clips to try it on.
//!
//! The clips are not shipped: [`ClipSet::clips`] makes them anew, the same everywhere.

use serde::{Deserialize, Serialize};

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
        classes: machine_sound::CLASSES.map(String::from).to_vec(),
        training: ClipSet::MachineSound { seed: seed | machine_sound::TRAINING, normal: 240, anomalous: 0 },
        calibration: ClipSet::MachineSound { seed: seed | machine_sound::CALIBRATION, normal: 40, anomalous: 0 },
        test: ClipSet::MachineSound { seed, normal: 60, anomalous: 60 },
    }
}

impl ClipSet {
    /// How many clips there are.
    pub fn len(&self) -> usize {
        match *self {
            Self::MachineSound { normal, anomalous, .. } => normal.saturating_add(anomalous),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes them.
    ///
    /// # Errors
    /// `Limits` above [`limits::ZIP_ENTRIES`].
    ///
    /// ```
    /// use milliwatt::data::sample::ClipSet;
    /// let set = ClipSet::MachineSound { seed: 2, normal: 1, anomalous: 1 };
    /// assert_eq!(set.clips().unwrap()[1].label, Some(1));
    /// ```
    pub fn clips(&self) -> Result<Vec<Clip>> {
        limits::check("clips in a set", self.len(), limits::ZIP_ENTRIES)?;
        Ok(match *self {
            Self::MachineSound { seed, normal, anomalous } => machine_sound::test_set(seed, normal, anomalous),
        })
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
        assert_eq!(set.clips().unwrap_err().kind(), crate::error::Kind::Limits);
    }
}
