//! Files that nobody should make: each is refused with a sentence.
#![allow(clippy::indexing_slicing, reason = "a test that cannot go on shall stop")]

use std::collections::BTreeSet;
use std::path::Path;

use crate::make;
use milliwatt::error::Kind;
use milliwatt::format::{Severity, tflite};

const FOLDER: &str = "tests/bad";

#[test]
fn each_bad_file_is_refused_with_its_sentence() {
    let table = std::fs::read_to_string(Path::new(FOLDER).join("expected.txt")).unwrap();
    let mut failures = vec![];
    let mut listed = BTreeSet::new();
    for line in table.lines().filter(|line| !line.is_empty()) {
        let [name, kind, sentence] = line.splitn(3, '\t').collect::<Vec<_>>()[..] else {
            panic!("a row needs a file, a kind and a sentence, parted by tabs: {line:?}");
        };
        listed.insert(name.to_owned());
        let bytes = std::fs::read(Path::new(FOLDER).join(name)).unwrap();
        match tflite::read(&bytes) {
            Ok(_) => failures.push(format!("{name} opens")),
            Err(error) if format!("{:?}", error.kind()) != kind || error.message() != sentence => {
                failures.push(format!("{name}\t{:?}\t{error}", error.kind()));
            }
            Err(_) => {}
        }
    }
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".tflite") && !listed.contains(&name) {
            failures.push(format!("{name} has no row in expected.txt"));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn bad_files_are_those_that_make_rs_makes() {
    for (name, bytes) in make::all() {
        assert!(std::fs::read(Path::new(FOLDER).join(name)).unwrap() == bytes, "{name} is not what make.rs makes");
    }
}

#[test]
fn the_model_that_the_bad_files_break_is_sound() {
    let opened = tflite::read(&make::sound_file()).unwrap();
    assert_eq!(opened.model.nodes.len(), 1);
}

#[test]
fn weights_in_blocks_open_but_neither_run_nor_lose_their_blocks() {
    let opened = tflite::read(&make::blockwise_file()).unwrap();
    assert_eq!(opened.findings[0].severity, Severity::Blocks);
    assert!(opened.findings[0].sentence.starts_with("1 tensor is quantized in blocks"), "{:?}", opened.findings);
    assert!(!opened.findings.iter().any(|finding| finding.sentence.contains("does not know what")));
    assert!(!opened.model.nodes[0].op.is_known());
    assert_eq!(tflite::write(&opened.model).unwrap_err().kind(), Kind::Unsupported);
}

#[test]
fn truncation_at_any_byte_is_an_error() {
    let bytes = make::sound_file();
    for length in 0..bytes.len() {
        assert!(tflite::read(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
    // In a file of our own writer the constants stand last, so that no byte of the tail is without meaning.
    let written = tflite::write(&tflite::read(&bytes).unwrap().model).unwrap();
    for length in 0..written.len() {
        assert!(tflite::read(&written[..length]).is_err(), "{length} of {} bytes", written.len());
    }
}

#[test]
#[ignore = "writes the files of tests/bad and prints their rows"]
fn write_the_bad_files() {
    for (name, bytes) in make::all() {
        std::fs::write(Path::new(FOLDER).join(name), &bytes).unwrap();
        match tflite::read(&bytes) {
            Ok(_) => println!("{name}\tOPENS"),
            Err(error) => println!("{name}\t{:?}\t{error}", error.kind()),
        }
    }
}
