//! What several test programs need.
#![allow(dead_code, reason = "each test program uses a part")]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test, which is its purpose")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The folder of real models and data: `../shared`, or the one that the variable `MILLIWATT_SHARED` names.
pub fn folder() -> PathBuf {
    std::env::var_os("MILLIWATT_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from)
}

/// A file of that [`folder`]. Where it is not there, `None`, and the running test counts as skipped.
pub fn shared(path: &str) -> Option<PathBuf> {
    let file = folder().join(path);
    if file.exists() {
        return Some(file);
    }
    skipped(&format!("needs ../shared/{path}"));
    None
}

/// Notes that the running test skips what it is for, or a part of it.
///
/// Rust's own tests either pass or fail. `cargo xtask test` therefore names a file in `MILLIWATT_SKIPPED`, counts the tests that are
/// written there, and takes them off those that passed. Each line is a test, a tab, and the reason.
pub fn skipped(reason: &str) {
    let thread = std::thread::current();
    let test = format!("{}::{}", env!("CARGO_CRATE_NAME"), thread.name().unwrap_or("a thread of a test"));
    println!("skipped: {test} {reason}");
    if let Some(list) = std::env::var_os("MILLIWATT_SKIPPED") {
        let mut list = std::fs::OpenOptions::new().create(true).append(true).open(list).unwrap();
        // One write for the line: tests of several programs and threads append to the same file.
        list.write_all(format!("{test}\t{reason}\n").as_bytes()).unwrap();
    }
}

/// An array of an NPZ archive.
pub fn array<T: npyz::Deserialize>(path: &Path, name: &str) -> Vec<T> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut bytes = Vec::new();
    archive.by_name(&format!("{name}.npy")).unwrap().read_to_end(&mut bytes).unwrap();
    npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap()
}
