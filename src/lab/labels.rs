//! Which output is which: the names of a model's classes, and the words of data matched to them by name, never by count.

use std::collections::BTreeSet;

use crate::data::{keywords, machine_sound};
use crate::error::{Error, Result};
use crate::format::zip;
use crate::model::{Model, counts};
use crate::report::Task;

use super::inputs::class_of;

/// A published network whose file names no classes: known by the numbers that its input takes, its outputs, and its
/// multiply-accumulates.
struct Published {
    input: usize,
    macs: u64,
    classes: &'static [&'static str],
}

/// *Source*: mlcommons/tiny, `benchmark/training/{image_classification,visual_wake_words}`: the order of CIFAR-10's label
/// files, and the alphabetical order of the two folders; tensorflow/tflite-micro, `examples/micro_speech`.
const PUBLISHED: &[Published] = &[
    Published { input: 32 * 32 * 3, macs: 12_501_632, classes: CIFAR_10 },
    Published { input: 32 * 32 * 3, macs: 76_473_920, classes: CIFAR_10 },
    Published { input: 96 * 96 * 3, macs: 7_489_664, classes: &["non_person", "person"] },
    Published { input: 49 * 40, macs: 336_000, classes: &["silence", "unknown", "yes", "no"] },
];

const CIFAR_10: &[&str] = &["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// The front ends of MLPerf Tiny's keyword benchmark: a model of twelve outputs behind one has the benchmark's classes.
const KEYWORD_FRONT_ENDS: &str = "mlperf-kws";

/// The class names that a model's file says, or that are published of it, in the order of its outputs; empty where nothing
/// says them.
pub(super) fn known(model: &Model, bytes: &[u8], task: Task, front_end: Option<&str>) -> Vec<String> {
    let elements = |ports: &[usize]| ports.first().map_or(0, |&id| model.values[id].elements());
    let (input, outputs) = (elements(&model.inputs), elements(&model.outputs));
    if task == Task::Reconstruction {
        return machine_sound::CLASSES.map(str::to_owned).to_vec();
    }
    if let Some(names) = attached(bytes, outputs) {
        return names;
    }
    let owned = |classes: &[&str]| classes.iter().map(|&class| class.to_owned()).collect();
    if outputs == keywords::CLASSES.len() && front_end.is_some_and(|name| name.starts_with(KEYWORD_FRONT_ENDS)) {
        return owned(&keywords::CLASSES);
    }
    let macs = counts::model(model).macs.0;
    let same = |row: &&Published| row.input == input && row.classes.len() == outputs && row.macs == macs;
    PUBLISHED.iter().find(same).map_or_else(Vec::new, |row| owned(row.classes))
}

/// The label file that TFLite's metadata attaches as a ZIP behind the model: the text with a line for each output.
///
/// *Source*: tensorflow.org, *Adding metadata to TensorFlow Lite models*, "Pack the associated files".
fn attached(bytes: &[u8], outputs: usize) -> Option<Vec<String>> {
    let files = zip::entries(bytes).ok()?;
    let lists: Vec<Vec<String>> = files.iter().filter_map(|(_, text)| lines(text, outputs)).collect();
    match &lists[..] {
        // Several differ where labels are translated: then nothing says which is meant.
        [names, others @ ..] if others.iter().all(|other| other == names) => Some(names.clone()),
        _ => None,
    }
}

/// A text with one name in each line, as many as a model has outputs.
fn lines(text: &[u8], outputs: usize) -> Option<Vec<String>> {
    let text = std::str::from_utf8(text).ok()?;
    let names: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    (outputs > 1 && names.len() == outputs).then_some(names)
}

/// Whether a file beside the data may say the classes: what it is called is the only thing that tells it from notes.
pub fn is_list(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    matches!(
        name.as_str(),
        "labels.txt" | "classes.txt" | "labels.json" | "classes.json" | "sample.json" | "manifest.json"
    )
}

/// The class names in such a file: a name in each line, or JSON with a list called `classes` or `labels`.
pub(super) fn list(text: &[u8], outputs: usize) -> Option<Vec<String>> {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(text) else { return lines(text, outputs) };
    let list = json.get("classes").or_else(|| json.get("labels")).unwrap_or(&json);
    let names: Option<Vec<String>> = list.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect();
    names.filter(|names| names.len() == outputs)
}

/// Checks class names that the user states in the order of the outputs.
///
/// # Errors
/// `Parameter` where there are not as many as outputs, or one is empty or stands twice.
pub(super) fn check(stated: &[String], outputs: usize) -> Result<()> {
    let mut once = BTreeSet::new();
    let twice = stated.iter().find(|name| name.trim().is_empty() || !once.insert(key(name)));
    if let Some(name) = twice {
        return Err(Error::parameter(format!("The class {name:?} is empty or stands twice; name each output once")));
    }
    if stated.len() == outputs {
        return Ok(());
    }
    Err(Error::parameter(format!(
        "{} classes are named and the model has {outputs} outputs; name each output once, in their order",
        stated.len()
    )))
}

/// What two names of one class have in common: letters of either case, blanks or dashes for underscores.
///
/// Speech Commands writes `_silence_` and `_unknown_`.
pub(super) fn key(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace([' ', '-'], "_").trim_matches('_').to_owned()
}

/// The classes that words are counted as: those of the model, where at least one word is one of them; empty otherwise.
///
/// What was left without a label, and why, is added to the remarks.
pub(super) fn matched(
    words: &[Option<String>],
    names: &[String],
    outputs: usize,
    remarks: &mut Vec<String>,
) -> Vec<String> {
    let mut found: BTreeSet<&str> = BTreeSet::new();
    found.extend(words.iter().flatten().map(String::as_str));
    if found.is_empty() {
        return Vec::new();
    }
    let keys: Vec<String> = names.iter().map(|name| key(name)).collect();
    let (same, strange): (Vec<&str>, Vec<&str>) = found.iter().partition(|word| keys.contains(&key(word)));
    if names.is_empty() {
        remarks.push(format!(
            "Nothing says which of the model's {outputs} outputs the folders ({}) are: only agreement is measured. Put a file \
             labels.txt beside the folders, one class name a line in the order of the outputs; the command has --classes, too",
            some(&strange)
        ));
        return Vec::new();
    }
    if same.is_empty() {
        remarks.push(format!(
            "No folder ({}) is called as one of the model's classes ({}): only agreement is measured until the folders are \
             called so",
            some(&strange),
            some(names)
        ));
        return Vec::new();
    }
    if !strange.is_empty() {
        let unknown = class_of(strange.first().copied(), names).is_some();
        let how = if unknown { "Counted as unknown" } else { "Without a label, because the model has no such class" };
        remarks.push(format!("{how}: {}", some(&strange)));
    }
    names.to_vec()
}

/// Names as far as a sentence holds them.
fn some(names: &[impl AsRef<str>]) -> String {
    const MOST: usize = 12;
    let shown: Vec<&str> = names.iter().take(MOST).map(AsRef::as_ref).collect();
    let more = if names.len() > MOST { format!(" and {} more", names.len() - MOST) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<Option<String>> {
        words.iter().map(|&word| Some(word.to_owned())).collect()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn as_many_folders_as_outputs_are_no_match() {
        let mut remarks = Vec::new();
        assert!(matched(&words(&["cat", "dog", "owl"]), &[], 3, &mut remarks).is_empty());
        assert!(remarks[0].contains("(cat, dog, owl)") && remarks[0].contains("only agreement"), "{remarks:?}");
        let mut remarks = Vec::new();
        assert!(matched(&words(&["cat", "dog"]), &names(&["yes", "no"]), 2, &mut remarks).is_empty());
        assert!(remarks[0].contains("one of the model's classes (yes, no)"), "{remarks:?}");
    }

    #[test]
    fn names_match_whatever_their_case_and_their_blanks() {
        let classes = names(&["Great White Shark", "tench"]);
        let mut remarks = Vec::new();
        assert_eq!(matched(&words(&["great_white_shark", "cod"]), &classes, 2, &mut remarks), classes);
        assert_eq!(remarks, ["Without a label, because the model has no such class: cod"]);
        assert_eq!(class_of(Some("great-white-shark"), &classes), Some(0));
        assert_eq!(class_of(Some("cod"), &classes), None);
    }

    #[test]
    fn a_label_file_behind_the_model_names_its_outputs() {
        let tail = zip::write(&[("labels.txt".into(), b"cat\ndog\n".to_vec())]).unwrap();
        let file = [b"any model", &tail[..]].concat();
        assert_eq!(attached(&file, 2), Some(names(&["cat", "dog"])));
        assert_eq!(attached(&file, 3), None, "another number of outputs");
        assert_eq!(attached(b"any model", 2), None);
    }

    #[test]
    fn a_list_beside_the_data_is_lines_or_json() {
        assert_eq!(list(b"cat\r\n\ndog\n", 2), Some(names(&["cat", "dog"])));
        assert_eq!(list(br#"{"classes":["cat","dog"]}"#, 2), Some(names(&["cat", "dog"])));
        assert_eq!(list(br#"["cat"]"#, 2), None);
        assert!(is_list("set/labels.txt") && !is_list("set/notes.txt"));
    }

    #[test]
    fn stated_classes_name_each_output_once() {
        assert!(check(&names(&["a", "b"]), 2).is_ok());
        assert!(check(&names(&["a", "b"]), 3).unwrap_err().to_string().contains("the model has 3 outputs"));
        assert!(check(&names(&["a", "A"]), 2).unwrap_err().to_string().contains("twice"));
    }
}
