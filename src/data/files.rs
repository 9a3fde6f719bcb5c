//! Labelled clips from files: the folder that a file lies in is its class, as in Speech Commands.

use super::Clip;
use crate::error::{Error, Result};
use crate::format::{self, wav};
use crate::limits;
use crate::progress::{self, Progress};

/// Clips out of files, and what is worth knowing about how they were read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clips {
    /// The clips, in the files' order.
    pub clips: Vec<Clip>,
    /// The names of the classes that labels count.
    pub classes: Vec<String>,
    /// What was left out or taken otherwise than one might think, in sentences; names from outside stand last.
    pub notes: Vec<String>,
}

/// Reads WAV files and labels each by the folder it lies in.
///
/// Files at the top level have no label. Where the classes of the model are `known`, a folder that is none of them
/// counts as the class `unknown` if there is one, as the MLPerf Tiny keyword set does with other words, and as
/// unlabelled if not; where they are not known, the folders' names in alphabetical order are the classes.
/// Hidden files and folders, those whose name begins with `_` (background noise, `__MACOSX`), and files that are not
/// WAV are left out, and noted.
///
/// # Errors
/// `Parameter` when no file is a clip, `Limits` for too many files, what [`wav::read`] says of a broken file (with
/// its path), `Cancelled`.
pub fn labelled_clips(
    files: &[(String, Vec<u8>)],
    known: Option<&[String]>,
    progress: &mut dyn Progress,
) -> Result<Clips> {
    limits::check("files in a set", files.len(), limits::ZIP_ENTRIES)?;
    let (wanted, hidden): (Vec<_>, Vec<_>) = files.iter().partition(|(path, _)| !is_hidden(path));
    let (sounds, others): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|(_, bytes)| format::kind_of(bytes) == Some(format::Kind::Wav));
    if sounds.is_empty() {
        return Err(Error::parameter(format!(
            "none of the {} files is a WAV file; a labelled set is WAV files in folders named by their class",
            files.len()
        )));
    }
    let classes = match known {
        Some(known) => known.to_vec(),
        None => {
            let mut folders: Vec<String> =
                sounds.iter().filter_map(|(path, _)| folder(path)).map(String::from).collect();
            folders.sort_unstable();
            folders.dedup();
            folders
        }
    };
    let find = |name: &str| classes.iter().position(|class| class == name);
    let mut strangers: Vec<&str> = Vec::new();
    let mut clips = Vec::with_capacity(sounds.len());
    for (index, (path, bytes)) in sounds.iter().enumerate() {
        progress::step(progress, "Clips", index, sounds.len())?;
        let sound = wav::read(bytes).map_err(|error| error.at(path))?;
        let label = folder(path).and_then(|name| {
            find(name).or_else(|| {
                strangers.push(name);
                find("unknown")
            })
        });
        clips.push(Clip { name: path.clone(), samples: sound.samples, sample_rate: sound.sample_rate, label });
    }
    let mut notes = Vec::new();
    if !others.is_empty() {
        notes.push(format!("{} files are not WAV and were left out", others.len()));
    }
    if !hidden.is_empty() {
        notes.push(format!(
            "{} files are hidden or lie in a folder that begins with _, and were left out",
            hidden.len()
        ));
    }
    if !strangers.is_empty() {
        let count = strangers.len();
        strangers.sort_unstable();
        strangers.dedup();
        let taken = if find("unknown").is_some() { "count as the class unknown" } else { "have no label" };
        notes.push(format!(
            "{count} clips lie in folders that are none of the model's classes and {taken}: {}",
            strangers.join(", ")
        ));
    }
    Ok(Clips { clips, classes, notes })
}

/// The name of the folder that a file lies in; both slashes occur in archives.
fn folder(path: &str) -> Option<&str> {
    path.rsplit(['/', '\\']).nth(1).filter(|name| !name.is_empty() && *name != ".")
}

fn is_hidden(path: &str) -> bool {
    let mut parts = path.split(['/', '\\']).peekable();
    while let Some(part) = parts.next() {
        let is_file = parts.peek().is_none();
        if (part.starts_with('.') && part.len() > 1) || (part.starts_with('_') && !is_file) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    fn file(path: &str) -> (String, Vec<u8>) {
        (path.into(), wav::write(16_000, &[0.0, 0.5, -0.5]).unwrap())
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.into()).collect()
    }

    fn labels(found: &Clips) -> Vec<Option<usize>> {
        found.clips.iter().map(|clip| clip.label).collect()
    }

    #[test]
    fn the_folder_is_the_class_and_the_top_level_has_none() {
        let files = [file("set/yes/1.wav"), file("loose.wav"), file("set\\no\\2.wav"), file("./flat.wav")];
        let found = labelled_clips(&files, None, &mut Silent).unwrap();
        assert_eq!(found.classes, ["no", "yes"]);
        assert_eq!(labels(&found), [Some(1), None, Some(0), None]);
        assert!(found.notes.is_empty());
        assert_eq!(found.clips[0].samples.len(), 3);
    }

    #[test]
    fn classes_of_the_model_keep_their_order_and_other_words_are_unknown() {
        let files = [file("no/1.wav"), file("bed/1.wav"), file("yes/1.wav")];
        let known = names(&["yes", "no", "unknown"]);
        let found = labelled_clips(&files, Some(&known), &mut Silent).unwrap();
        assert_eq!(labels(&found), [Some(1), Some(2), Some(0)]);
        assert!(found.notes[0].ends_with("count as the class unknown: bed"), "{:?}", found.notes);
        let found = labelled_clips(&files, Some(&known[..2]), &mut Silent).unwrap();
        assert_eq!(labels(&found), [Some(1), None, Some(0)]);
        assert!(found.notes[0].ends_with("have no label: bed"), "{:?}", found.notes);
    }

    #[test]
    fn noise_hidden_files_and_texts_are_left_out_and_noted() {
        let mut files = vec![file("yes/1.wav"), file("_background_noise_/tap.wav"), file("__MACOSX/yes/._1.wav")];
        files.push(("README.md".into(), b"# clips".to_vec()));
        let found = labelled_clips(&files, None, &mut Silent).unwrap();
        assert_eq!((found.clips.len(), found.notes.len()), (1, 2));
    }

    #[test]
    fn a_set_without_clips_and_a_broken_clip_are_error_sentences() {
        let text = ("a.txt".to_string(), b"hello".to_vec());
        let error = labelled_clips(&[text], None, &mut Silent).unwrap_err();
        assert!(error.to_string().starts_with("none of the 1 files is a WAV file"), "{error}");
        let (path, mut bytes) = file("yes/1.wav");
        bytes.truncate(20);
        let error = labelled_clips(&[(path, bytes)], None, &mut Silent).unwrap_err();
        assert!(error.to_string().starts_with("yes/1.wav: "), "{error}");
    }
}
