//! The archive for the board: the same bytes each time, C++ that compiles and compares, and vectors that hold.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common;
use milliwatt::cost::{Runtime, memory_on};
use milliwatt::exec::{Executor, Options};
use milliwatt::format::{tflite, zip};
use milliwatt::lab::card::sha256;

const MODEL: &str = "www/public/samples/keywords/model.tflite";

/// What the command packs with a preset, unpacked into a folder of its own; the archive's bytes.
fn packed(name: &str, preset: &str) -> (PathBuf, Vec<u8>) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bundle").join(name);
    fs::create_dir_all(&folder).unwrap();
    let archive = folder.join("bundle.zip");
    let data = folder.join("data.npy");
    fs::write(&data, inputs()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_milliwatt"));
    command.args(["bundle", MODEL, "--preset", preset, "--data"]).arg(&data).arg("-o").arg(&archive);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let bytes = fs::read(&archive).unwrap();
    for (name, content) in zip::entries(&bytes).unwrap() {
        fs::write(folder.join(name), content).unwrap();
    }
    (folder, bytes)
}

/// Inputs of the sample's shape, drawn from a seed, as a ZIP of arrays would hold them: 40 of them, so that they are split.
fn inputs() -> Vec<u8> {
    let mut random = milliwatt::random::Random::new(5);
    let values = (0..40 * 490).map(|_| random.normal() as f32 * 10.0).collect();
    let rows = milliwatt::tensor::Tensor::from_f32(&[40, 49, 10, 1], values).unwrap();
    let array = milliwatt::format::npy::write(&rows).unwrap();
    zip::write(&[("inputs.npy".to_owned(), array)]).unwrap()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    zip::entries(&fs::read(folder.join("bundle.zip")).unwrap()).unwrap().into_iter().collect()
}

#[test]
fn an_archive_is_the_same_bytes_each_time_and_its_sums_are_right() {
    let (folder, once) = packed("same", "int8");
    let (_, twice) = packed("same-again", "int8");
    assert!(once == twice);
    let files = files(&folder);
    let sums = String::from_utf8(files["SHA256SUMS"].clone()).unwrap();
    assert_eq!(sums.lines().count(), files.len() - 1);
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        assert_eq!(sha256(&files[name]), sum, "{name}");
    }
    let report = String::from_utf8(files["report.html"].clone()).unwrap();
    assert!(report.contains(&sha256(&files["model.tflite"])), "the report names the model's hash");
    assert!(!report.contains("http") && !report.contains("<script"), "the report needs nothing from elsewhere");
    for word in ["counted", "measured", "modelled", "Source"] {
        assert!(report.contains(word), "{word}");
    }
}

#[test]
fn the_vectors_are_what_the_file_answers() {
    for preset in ["int8", "codebook4", "original"] {
        let (folder, _) = packed(&format!("vectors-{preset}"), preset);
        let files = files(&folder);
        let model = tflite::read(&files["model.tflite"]).unwrap().model;
        let mut executor = Executor::new(&model, Options::default()).unwrap();
        let text = String::from_utf8(files["test_vectors.cc"].clone()).unwrap();
        let (inputs, outputs) = text.split_once("milliwatt_output_0").unwrap();
        let (inputs, outputs) = (vectors(inputs), vectors(outputs));
        assert_eq!((inputs.len(), outputs.len()), (4, 4));
        for (input, output) in inputs.iter().zip(&outputs) {
            executor.input_bytes_mut(0).copy_from_slice(input);
            executor.invoke().unwrap();
            assert_eq!(executor.output_bytes(0), &output[..], "{preset}");
        }
    }
}

#[test]
fn the_header_names_the_smallest_arena_of_each_build() {
    for preset in ["int8", "huffman"] {
        let (folder, _) = packed(&format!("arena-{preset}"), preset);
        let files = files(&folder);
        let model = tflite::read(&files["model.tflite"]).unwrap().model;
        let smallest = |runtime| memory_on(&model, runtime).total_bytes().0;
        let (header, readme) = (&files["model.h"], &files["README.md"]);
        let header = String::from_utf8(header.clone()).unwrap();
        let named: Vec<u64> = header
            .lines()
            .filter_map(|line| line.strip_prefix("constexpr std::size_t kMilliwattArenaBytes = ")?.strip_suffix(';'))
            .map(|number| number.parse().unwrap())
            .collect();
        let order = [
            Runtime::Wheel,
            Runtime::Reference64,
            Runtime::CmsisNnMveSmall,
            Runtime::CmsisNnMve,
            Runtime::CmsisNn,
            Runtime::CmsisNnScalar,
            Runtime::EspNnS3,
            Runtime::Reference,
            Runtime::ReferenceWideEnums,
        ];
        assert_eq!(named, order.map(smallest), "{preset}");
        let readme = String::from_utf8(readme.clone()).unwrap();
        for runtime in order {
            assert!(readme.contains(&format!("| {} | {} |", runtime.label(), smallest(runtime))), "{preset}");
        }
    }
}

/// The rows of an array in C++, by its inner braces.
fn vectors(text: &str) -> Vec<Vec<u8>> {
    let body = text.split_once("= {").unwrap().1;
    let inner = body.split('{').skip(1).map(|part| part.split('}').next().unwrap());
    let byte = |word: &str| word.trim().strip_prefix("0x").map(|hex| u8::from_str_radix(hex, 16).unwrap());
    inner.map(|part| part.split(',').filter_map(byte).collect()).collect()
}

#[test]
fn the_program_compiles_and_tells_right_answers_from_wrong_ones() {
    let Some(compiler) =
        ["c++", "g++", "clang++"].into_iter().find(|name| Command::new(name).arg("--version").output().is_ok())
    else {
        common::skipped("needs a C++ compiler");
        return;
    };
    let stub = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bundle");
    for preset in ["int8", "int4", "huffman"] {
        let (folder, _) = packed(&format!("compiled-{preset}"), preset);
        for spoiled in [false, true] {
            let program = folder.join(if spoiled { "spoiled" } else { "program" });
            let mut build = Command::new(compiler);
            build.args(["-std=c++17", "-Wall", "-Wextra", "-Werror", "-O1", "-I"]).arg(&stub).arg("-I").arg(&folder);
            build.args(spoiled.then_some("-DSPOILED")).arg("-o").arg(&program).arg(stub.join("answers.cc"));
            build.args(["model.cc", "test_vectors.cc", "main.cc"].map(|name| folder.join(name)));
            let built = build.output().unwrap();
            assert!(built.status.success(), "{preset}: {}", String::from_utf8_lossy(&built.stderr));
            let ran = Command::new(&program).output().unwrap();
            let said = String::from_utf8_lossy(&ran.stdout);
            // Huffman codes leave this float model a float one: its last bit is within the tolerance, an integer's is not.
            let agrees = !spoiled || preset == "huffman";
            assert_eq!(ran.status.success(), agrees, "{preset}: {said}");
            assert!(said.contains(if agrees { "4 of 4 vectors agree" } else { "0 of 4 vectors agree" }), "{said}");
        }
    }
}
