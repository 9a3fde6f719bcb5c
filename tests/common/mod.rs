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
