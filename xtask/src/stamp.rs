//! Skipping what is already done: a stamp is a hash of a step's inputs, written when the step succeeds.
//!
//! A step whose way of working changes gets a new name for its stamp.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::step::root;

/// The state of a step's inputs.
pub struct Stamp {
    file: PathBuf,
    hash: String,
}

impl Stamp {
    /// Hashes the content of `inputs` (files, or folders with all that is in them), in order of their names.
    ///
    /// What is made rather than written is never an input: see [`MADE`].
    pub fn of(name: &str, inputs: &[PathBuf]) -> Result<Self> {
        Self::in_file(root().join("target/xtask").join(name), inputs)
    }

    /// The same, kept in `file`.
    pub fn in_file(file: PathBuf, inputs: &[PathBuf]) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        for input in inputs {
            for file in files(input)? {
                file.strip_prefix(root()).unwrap_or(&file).hash(&mut hasher);
                fs::read(&file)?.hash(&mut hasher);
            }
        }
        Ok(Self { file, hash: format!("{:016x}", hasher.finish()) })
    }

    /// Whether the step was done with exactly these inputs, and `output` is still there.
    pub fn is_current(&self, output: &Path) -> bool {
        output.exists() && fs::read_to_string(&self.file).is_ok_and(|text| text == self.hash)
    }

    /// Forgets that the step was done: its output is about to become another.
    pub fn forget(&self) -> Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Remembers that the step was done.
    pub fn write(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, &self.hash)?;
        Ok(())
    }
}

/// Folders that hold nothing which a person wrote.
const MADE: &[&str] = &[".git", "__pycache__", "dist", "node_modules", "screenshots", "target"];

/// All files in `path`, sorted; without those that were made, see [`MADE`].
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(path, &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let name = entry.file_name();
            if !MADE.iter().any(|skipped| name == *skipped) {
                collect(&entry.path(), found)?;
            }
        }
    } else if path.is_file() {
        found.push(path.to_owned());
    }
    Ok(())
}
