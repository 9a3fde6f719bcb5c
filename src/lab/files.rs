//! Dropped files become inputs: WAV files and archives of them, NPY and NPZ arrays.
//!
//! The folder of a recording is its label, as in Speech Commands. What cannot be used is left out and named.

use super::inputs::{Inputs, Item, Source, Split, class_of};
use super::labels;
use crate::data::keywords;
use crate::data::sample::{self, Sample};
use crate::data::{Clip, Dataset, machine_sound};
use crate::error::{Error, Result};
use crate::format::{self, Kind, npy, wav, zip};
use crate::order;
use crate::report::Task;
use crate::tensor::Tensor;

mod fits;

pub use crate::data::keywords::CLASSES as KEYWORDS;

/// The seed that splits dropped files, on the page and for the command: the same files give the same candidate.
pub const SEED: u64 = 1;

/// What is said of pixels that a model of real numbers takes.
const UNKNOWN_PIXELS: &str =
    "The model does not say which numbers pixels are to it: black was taken as 0 and white as 1";

/// What the inputs are for: decides how labels map to outputs.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The task.
    pub task: Task,
    /// Number of outputs.
    pub outputs: usize,
    /// The names of the classes in the order of the outputs, as the model says them; empty where nothing does.
    pub known: &'a [String],
    /// Rate at which the front end takes sound, where there is one; arrays of samples are taken at that rate.
    pub sample_rate: Option<u32>,
    /// The front end's name.
    pub front_end: Option<&'a str>,
    /// The shape of the model's input, without its batch.
    pub input: &'a [usize],
    /// The real numbers that the darkest and the brightest pixel are to the model; `None` where its file does not say.
    pub pixels: Option<(f32, f32)>,
}

/// A file by its path inside what was dropped.
type File = (String, Vec<u8>);

/// Reads inputs from files and splits them: the one way in for the page and for every command.
///
/// # Errors
/// `Parameter` when nothing among the files can be used; those of reading a file that alone was dropped.
pub fn inputs(files: Vec<File>, target: Target, split: Split) -> Result<Inputs> {
    labelled(files, Labels::default(), target, split)
}

/// What the user says of labels beside the data itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Labels {
    /// An NPY array with a class number for each row of an array.
    pub numbers: Option<File>,
    /// The names of the classes in the order of the model's outputs; empty where the user does not state them.
    pub classes: Vec<String>,
}

/// Reads inputs of whose labels the user says more than stands in the files.
///
/// # Errors
/// Those of [`inputs`]; `Parameter` for labels beside clips, or beside an array that brings its own, and for classes that do
/// not name each output once.
pub fn labelled(files: Vec<File>, labels: Labels, target: Target, split: Split) -> Result<Inputs> {
    let (name, mut arguments) = match &files[..] {
        [] => return Err(Error::parameter("No files were given")),
        [(path, _)] => (path.clone(), format!("--data {}", super::bundle::quoted(path))),
        // An archive of the same paths holds the same items in the same order.
        several => (format!("{} files", several.len()), "--data FILES.zip".into()),
    };
    if let Some((path, _)) = &labels.numbers {
        arguments.push_str(&format!(" --labels {}", super::bundle::quoted(path)));
    }
    if !labels.classes.is_empty() {
        labels::check(&labels.classes, target.outputs)?;
        arguments.push_str(&format!(" --classes {}", super::bundle::quoted(&labels.classes.join(","))));
    }
    if split.seed != SEED {
        arguments.push_str(&format!(" --data-seed {}", split.seed));
    }
    Ok(Inputs { arguments, ..read(name, files, labels, target, split)? })
}

fn read(name: String, files: Vec<File>, labels: Labels, target: Target, split: Split) -> Result<Inputs> {
    let mut remarks = Vec::new();
    let (mut clips, mut arrays, mut left_out) = (Vec::new(), Vec::new(), 0);
    let mut listed = None;
    for (path, bytes) in unpacked(files)? {
        match format::kind_of(&bytes) {
            Some(Kind::Wav) => match wav::read(&bytes) {
                Ok(wav) => clips.push((path, wav)),
                Err(error) => remarks.push(format!("Left out: {}", error.at(&path))),
            },
            Some(Kind::Npy) => arrays.push((path.clone(), npy::read(&bytes).map_err(|error| error.at(&path))?)),
            Some(Kind::Npz) => arrays.extend(npy::read_npz(&bytes).map_err(|error| error.at(&path))?),
            _ if labels::is_list(&path) && listed.is_none() => {
                listed = labels::list(&bytes, target.outputs);
                if listed.is_none() {
                    remarks
                        .push(format!("{path} does not name the model's {} outputs and was left out", target.outputs));
                }
            }
            _ => left_out += 1,
        }
    }
    // What the user states counts before what lies beside the data, and that before what the model says.
    let known = if labels.classes.is_empty() { listed.unwrap_or_default() } else { labels.classes };
    let target = Target { known: if known.is_empty() { target.known } else { &known }, ..target };
    let labels = labels.numbers;
    if left_out > 0 {
        remarks.push(format!("{left_out} files are neither WAV nor NPY and were left out"));
    }
    // One array with labels in a file of their own keeps them.
    let has_windows = arrays.len() > usize::from(labels.is_some())
        && arrays.iter().all(|(_, tensor)| fits::is_one(tensor.shape(), target.input));
    if labels.is_some() && (has_windows || !clips.is_empty()) {
        return Err(Error::parameter("--labels goes with an array; clips and images have the labels of their folders"));
    }
    if !clips.is_empty() {
        return Ok(from_clips(name, clips, target, remarks, split));
    }
    if has_windows {
        return Ok(from_windows(name, arrays, target, remarks, split));
    }
    if !arrays.is_empty() {
        let labels = labels.map(|(path, bytes)| npy::read(&bytes).map_err(|error| error.at(&path))).transpose()?;
        return from_arrays(name, arrays, labels, target, remarks, split);
    }
    match remarks.first() {
        Some(first) => Err(Error::format(format!("There is nothing to use here. {first}"))),
        None => Err(Error::parameter("There is nothing to use here; drop WAV files, a ZIP of them, or NPY arrays")),
    }
}

/// The files themselves and what stands in archives among them, in a fixed order.
pub(super) fn unpacked(files: Vec<File>) -> Result<Vec<File>> {
    let mut all = Vec::new();
    for (path, bytes) in files {
        if format::kind_of(&bytes) == Some(Kind::Zip) {
            all.extend(zip::entries(&bytes).map_err(|error| error.at(&path))?);
        } else {
            all.push((path, bytes));
        }
    }
    // Browsers list folders in no fixed order; the split by seed needs one.
    let order = order::of(all.len(), &|a, b| all[a].0.cmp(&all[b].0));
    Ok(order.into_iter().map(|at| std::mem::take(&mut all[at])).collect())
}

/// Arrays of one input each, such as images that the browser has decoded; their folders are their labels.
fn from_windows(
    name: String,
    arrays: Vec<(String, Tensor)>,
    target: Target,
    mut remarks: Vec<String>,
    split: Split,
) -> Inputs {
    let words: Vec<Option<String>> = arrays.iter().map(|(path, _)| word(path, target.task)).collect();
    let classes = classes(&words, target, &mut remarks);
    if target.pixels.is_none() && arrays.iter().any(|(_, tensor)| matches!(tensor, Tensor::Uint8(_))) {
        remarks.push(UNKNOWN_PIXELS.into());
    }
    let items = arrays.into_iter().zip(&words).map(|((path, tensor), word)| Item {
        name: path,
        label: class_of(word.as_deref(), &classes),
        source: Source::Windows(vec![real_pixels(tensor, target.pixels.unwrap_or((0.0, 1.0)))]),
    });
    let items = items.collect();
    Inputs { words, ..Inputs::new(name, items, classes, remarks, split) }
}

/// Pixels as real numbers from the darkest to the brightest; other arrays as they are.
fn real_pixels(tensor: Tensor, (dark, bright): (f32, f32)) -> Tensor {
    match tensor {
        Tensor::Uint8(pixels) => {
            Tensor::Float32(pixels.mapv(|pixel| dark + (bright - dark) * (f32::from(pixel) / 255.0)))
        }
        other => other,
    }
}

fn from_clips(
    name: String,
    clips: Vec<(String, wav::Wav)>,
    target: Target,
    mut remarks: Vec<String>,
    split: Split,
) -> Inputs {
    let words: Vec<Option<String>> = clips.iter().map(|(path, _)| word(path, target.task)).collect();
    let classes = classes(&words, target, &mut remarks);
    let items = clips
        .into_iter()
        .zip(&words)
        .map(|((path, wav), word)| Item {
            name: path,
            label: class_of(word.as_deref(), &classes),
            source: Source::Sound { samples: wav.samples, sample_rate: wav.sample_rate },
        })
        .collect();
    Inputs { words, ..Inputs::new(name, items, classes, remarks, split) }
}

/// The label that a path gives: its folder, or for machine sound the first word of the name.
pub(super) fn word(path: &str, task: Task) -> Option<String> {
    let mut parts = path.rsplit(['/', '\\']).filter(|part| !part.is_empty());
    let (file, folder) = (parts.next()?, parts.next());
    if task == Task::Reconstruction {
        let named = [folder.unwrap_or_default(), file].map(str::to_ascii_lowercase);
        if named.iter().any(|name| name.starts_with("anomal")) {
            return Some(machine_sound::CLASSES[1].into());
        }
        return named.iter().any(|name| name.starts_with("normal")).then(|| machine_sound::CLASSES[0].into());
    }
    folder.map(|folder| folder.trim_matches('_').to_ascii_lowercase()).filter(|folder| !folder.is_empty())
}

/// Class names in the order of the model's outputs; empty where labels cannot be matched to outputs.
fn classes(words: &[Option<String>], target: Target, remarks: &mut Vec<String>) -> Vec<String> {
    match target.task {
        Task::Reconstruction => machine_sound::CLASSES.map(str::to_owned).to_vec(),
        _ => labels::matched(words, target.known, target.outputs, remarks),
    }
}

fn from_arrays(
    name: String,
    arrays: Vec<(String, Tensor)>,
    given: Option<Tensor>,
    target: Target,
    mut remarks: Vec<String>,
    split: Split,
) -> Result<Inputs> {
    let chosen = fits::choose(&arrays, target.input, target.sample_rate)?;
    let (picked, tensor) = &arrays[chosen.inputs];
    if chosen.labels.is_some() && given.is_some() {
        return Err(Error::parameter(format!("{name} holds labels of its own; leave --labels out")));
    }
    if chosen.others > 0 {
        remarks.push(format!("Of {} arrays of inputs one is used: {picked}", chosen.others + 1));
    }
    let labels = chosen.labels.map(|at| &arrays[at].1).or(given.as_ref());
    let classes = (!target.known.is_empty()).then_some(target.known);
    let one = chosen.one.then(|| fits::with_batch(tensor));
    let dataset = Dataset::from_arrays(one.as_ref().unwrap_or(tensor), labels, classes)?;
    let pixels = fits::are_pixels(tensor, target.input) && target.front_end.is_none();
    if pixels && target.pixels.is_none() {
        remarks.push(UNKNOWN_PIXELS.into());
    }
    let items = dataset.items.into_iter().map(|item| {
        let source = match (&item.windows[..], target.sample_rate) {
            ([Tensor::Int16(samples)], Some(sample_rate)) if chosen.sound => Source::Sound {
                samples: samples.iter().map(|&sample| f32::from(sample) / 32768.0).collect(),
                sample_rate,
            },
            _ if pixels => {
                let range = target.pixels.unwrap_or((0.0, 1.0));
                Source::Windows(item.windows.into_iter().map(|window| real_pixels(window, range)).collect())
            }
            _ => Source::Windows(item.windows),
        };
        Item { name: item.name, label: item.label, source }
    });
    Ok(Inputs::new(name, items.collect(), dataset.classes, remarks, split))
}

/// Generated inputs: healthy machines to measure ranges on, healthy and faulty ones to test on.
///
/// # Errors
/// `Parameter` for a generator that does not exist.
pub fn generated(generator: &str, seed: u64) -> Result<Inputs> {
    if generator != "machine" {
        return Err(Error::parameter(format!("no generator is called {generator:?}; there is machine")));
    }
    let made = made(format!("generated machine sound, seed {seed}"), sample::machine(seed), &[])?;
    Ok(Inputs {
        remarks: vec!["Generated, not recorded: real machines are harder".into()],
        arguments: format!("--generated {generator} --data-seed {seed}"),
        ..made
    })
}

/// Spoken keywords, heard in rooms that the seed makes up: those of one voice to measure ranges on, those of others,
/// which the sample has not learned from, to test on. `words` is the sample's archive of dry words.
///
/// # Errors
/// Those of reading the archive; `Parameter` where a voice is missing.
pub fn spoken(words: &[u8], seed: u64) -> Result<Inputs> {
    let words = keywords::words(words)?;
    let made = made(format!("synthetic voices, seed {seed}"), sample::keywords(seed), &words)?;
    Ok(Inputs {
        remarks: vec!["Synthetic voices, not people: real speech is harder".into()],
        arguments: format!("--spoken words.zip --data-seed {seed}"),
        ..made
    })
}

/// What a sample is calibrated and tested on.
fn made(name: String, sample: Sample, words: &[keywords::Word]) -> Result<Inputs> {
    let mut clips = sample.calibration.clips(words)?;
    let calibration = clips.len();
    clips.extend(sample.test.clips(words)?);
    let item = |clip: Clip| Item {
        name: clip.name,
        label: clip.label,
        source: Source::Sound { samples: clip.samples, sample_rate: clip.sample_rate },
    };
    let items: Vec<Item> = clips.into_iter().map(item).collect();
    Ok(Inputs {
        name,
        calibration: (0..calibration).collect(),
        training: (0..calibration).collect(),
        test: (calibration..items.len()).collect(),
        items,
        classes: sample.classes,
        remarks: Vec::new(),
        ..Inputs::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(task: Task, known: &[String]) -> Target<'_> {
        Target {
            task,
            outputs: known.len(),
            known,
            sample_rate: Some(16_000),
            front_end: Some("mlperf-kws"),
            input: &[49, 10, 1],
            pixels: None,
        }
    }

    fn keywords() -> Vec<String> {
        keywords::CLASSES.map(str::to_owned).to_vec()
    }

    fn wav(level: f32) -> Vec<u8> {
        wav::write(16_000, &[level; 160]).unwrap()
    }

    #[test]
    fn folders_are_labels_and_strange_words_are_unknown() {
        let files =
            ["set/yes/a.wav", "set/no/b.wav", "set/marvin/c.wav", "d.wav"].map(|path| (path.to_string(), wav(0.1)));
        let inputs = inputs(files.to_vec(), target(Task::Classification, &keywords()), Split::of(1)).unwrap();
        let labels: Vec<_> =
            inputs.items.iter().map(|item| item.label.map(|label| &inputs.classes[label][..])).collect();
        assert_eq!(labels, [None, Some("unknown"), Some("no"), Some("yes")], "in the order of the paths");
        assert_eq!(inputs.remarks, ["Counted as unknown: marvin"]);
    }

    #[test]
    fn images_in_folders_become_the_numbers_that_the_model_takes_pixels_for() {
        let image = |level: u8| npy::write(&Tensor::Uint8(ndarray::ArrayD::from_elem(vec![2, 2, 3], level))).unwrap();
        let files =
            [("cat/1.npy", 255), ("dog/1.npy", 0), ("dog/2.npy", 51)].map(|(path, level)| (path.into(), image(level)));
        let known = ["cat", "dog"].map(str::to_owned);
        let shape = Target { input: &[2, 2, 3], pixels: Some((-1.0, 1.0)), ..target(Task::Classification, &known) };
        let inputs = inputs(files.to_vec(), shape, Split::of(1)).unwrap();
        assert_eq!(inputs.classes, ["cat", "dog"]);
        let firsts = inputs.items.iter().map(|item| match &item.source {
            Source::Windows(windows) => (item.label, windows[0].to_f32_vec()[0]),
            Source::Sound { .. } => panic!("an image is no sound"),
        });
        assert_eq!(firsts.collect::<Vec<_>>(), [(Some(0), 1.0), (Some(1), -1.0), (Some(1), -0.6)]);
        assert!(inputs.remarks.is_empty(), "{:?}", inputs.remarks);
    }

    #[test]
    fn folders_that_no_output_is_known_by_leave_the_items_without_labels() {
        let files = ["cat/a.wav", "dog/b.wav"].map(|path| (path.to_string(), wav(0.1)));
        let nameless = Target { outputs: 2, ..target(Task::Classification, &[]) };
        let inputs = inputs(files.to_vec(), nameless, Split::of(1)).unwrap();
        assert!(inputs.items.iter().all(|item| item.label.is_none()));
        assert_eq!(inputs.card().unmatched, ["cat", "dog"]);
        assert!(inputs.remarks[0].contains("2 outputs"), "{:?}", inputs.remarks);
    }

    #[test]
    fn machine_recordings_are_normal_or_anomalous_by_name() {
        let files = ["normal_id_01.wav", "anomaly_id_01.wav", "other.wav"].map(|path| (path.to_string(), wav(0.1)));
        let inputs = inputs(files.to_vec(), target(Task::Reconstruction, &[]), Split::of(1)).unwrap();
        assert_eq!(inputs.items.iter().map(|item| item.label).collect::<Vec<_>>(), [Some(1), Some(0), None]);
    }

    #[test]
    fn files_without_anything_to_use_are_refused_in_a_sentence() {
        let error =
            inputs(vec![("notes.txt".into(), b"hello".to_vec())], target(Task::Classification, &[]), Split::of(1))
                .unwrap_err();
        assert!(error.to_string().contains("neither WAV nor NPY"), "{error}");
    }

    #[test]
    fn generated_calibration_clips_are_all_normal_and_not_in_the_test() {
        let inputs = generated("machine", 3).unwrap();
        assert!(inputs.calibration.iter().all(|&item| inputs.items[item].label == Some(0)));
        assert!(inputs.calibration.iter().all(|item| !inputs.test.contains(item)));
    }
}
