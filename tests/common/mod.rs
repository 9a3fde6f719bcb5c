//! What several test files need.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test, which is its purpose")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::io::Read;
use std::path::{Path, PathBuf};

/// A file of the folder of real models and data beside the project, `None` (said aloud) where it is not there.
///
/// The folder is `../shared`, or the one that the variable `MILLIWATT_SHARED` names.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MILLIWATT_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    println!("skipped: ../shared/{path} is not here");
    None
}

/// An array of an NPZ archive.
pub fn array<T: npyz::Deserialize>(path: &Path, name: &str) -> Vec<T> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut bytes = Vec::new();
    archive.by_name(&format!("{name}.npy")).unwrap().read_to_end(&mut bytes).unwrap();
    npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap()
}

/// The models of the first `most` cases of each file of operator vectors, named after file and case.
///
/// The layout is told in tests/golden/ops/README.md.
pub fn operator_models(folder: &str, most: usize) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "bin"));
    files.sort();
    let mut models = vec![];
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let file = path.file_stem().unwrap().to_string_lossy();
        // Magic and version come first.
        let mut rest = &bytes[8..];
        for _ in 0..word(&mut rest).min(most) {
            let name = String::from_utf8_lossy(blob(&mut rest)).into_owned();
            models.push((format!("{file} {name}"), blob(&mut rest).to_vec()));
            for _ in 0..word(&mut rest) {
                // The inputs of a run, then its outputs.
                for _ in 0..2 {
                    for _ in 0..word(&mut rest) {
                        blob(&mut rest);
                    }
                }
            }
        }
    }
    models
}

fn word(rest: &mut &[u8]) -> usize {
    let (word, after) = rest.split_first_chunk().unwrap();
    *rest = after;
    u32::from_le_bytes(*word) as usize
}

fn blob<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let length = word(rest);
    let (blob, after) = rest.split_at(length);
    *rest = after;
    blob
}
