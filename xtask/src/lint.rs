//! The rules of the house that no other tool knows.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::stamp::files;
use crate::step::root;

mod layers;
mod page;
mod words;

/// Above this a file is usually two things; it is named, not refused.
const LONG: usize = 400;

/// What is wrong at one place, in a sentence.
type Complaint = String;

pub fn run() -> Result<()> {
    let mut complaints: Vec<Complaint> = Vec::new();
    let mut long = Vec::new();
    let mut page = Vec::new();
    let root = root();
    for file in files(root)? {
        let Some(path) = file.strip_prefix(root).ok().and_then(Path::to_str).map(|path| path.replace('\\', "/")) else {
            continue;
        };
        // The bindings are wasm-bindgen's to write.
        if path.starts_with("www/src/engine/wasm/") {
            continue;
        }
        let Ok(text) = fs::read_to_string(&file) else { continue };
        complaints.extend(words::complaints(&path, &text));
        if path.starts_with("src/") && path.ends_with(".rs") {
            complaints.extend(layers::complaints(&path, &text));
        }
        if path.ends_with("/mod.rs") && path != "tests/common/mod.rs" {
            complaints.push(format!("{path}: modules are `foo.rs` beside `foo/`, never `mod.rs`"));
        }
        let is_code = [".rs", ".ts", ".mjs", ".css"].iter().any(|end| path.ends_with(end));
        let lines = text.lines().count();
        if is_code && lines > LONG {
            long.push((lines, path.clone()));
        }
        if page::is_here(&path) {
            page.push((path, text));
        }
    }
    complaints.extend(page::complaints(&page));
    if !long.is_empty() {
        long.sort_by(|a, b| b.cmp(a));
        println!("    longer than {LONG} lines, so perhaps two things:");
        for (lines, path) in long {
            println!("    {lines:>5}  {path}");
        }
    }
    if complaints.is_empty() {
        return Ok(());
    }
    for complaint in &complaints {
        eprintln!("    {complaint}");
    }
    bail!("{} places break the rules above", complaints.len())
}
