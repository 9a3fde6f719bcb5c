//! What the native command refuses, and what it makes of data.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common;
use milliwatt::format::{npy, wav, zip};
use milliwatt::random::Random;
use milliwatt::tensor::Tensor;

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// What the command says when it fails.
fn refusal(arguments: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_milliwatt")).args(arguments).output().unwrap();
    assert!(!done.status.success(), "{arguments:?} succeeds");
    String::from_utf8(done.stderr).unwrap()
}

#[test]
fn a_broken_model_is_refused_even_where_nothing_is_to_be_changed() {
    let out = folder("broken").join("out.tflite");
    let out = out.to_str().unwrap();
    let said = refusal(&["compress", "tests/bad/root_far_outside.tflite", "--preset", "original", "-o", out]);
    assert!(said.starts_with("milliwatt: ") && said.trim_end().lines().count() == 1, "{said}");
    assert!(!fs::exists(out).unwrap(), "nothing was written");
}

#[test]
fn labels_beside_clips_are_refused_because_folders_name_them() {
    let folder = folder("labels");
    let clips = folder.join("clip.wav");
    fs::write(&clips, wav::write(16_000, &[0.25; 16_000]).unwrap()).unwrap();
    let clips = clips.to_str().unwrap();
    let model = "www/public/samples/machine/model.tflite";
    let said = refusal(&["report", model, "--data", clips, "--labels", clips]);
    assert!(said.contains("--labels goes with an array"), "{said}");
}

/// Runs the command and returns what it prints.
fn says(arguments: &[&str], folder: &Path) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_milliwatt")).args(arguments).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// A folder with the keyword sample and data of every kind that the command reads.
fn data_folder(name: &str) -> PathBuf {
    let folder = folder(name);
    fs::copy("www/public/samples/keywords/model.tflite", folder.join("my model.tflite")).unwrap();
    let mut random = Random::new(9);
    let values = (0..30 * 490).map(|_| random.normal() as f32 * 20.0).collect();
    let rows = npy::write(&Tensor::from_f32(&[30, 49, 10, 1], values).unwrap()).unwrap();
    let labels = Tensor::Int64(ndarray::Array1::from_iter((0..30).map(|row| row % 12)).into_dyn());
    let labels = npy::write(&labels).unwrap();
    fs::write(folder.join("x.npy"), &rows).unwrap();
    fs::write(folder.join("y.npy"), &labels).unwrap();
    fs::write(folder.join("x.npz"), zip::write(&[("x.npy".into(), rows.clone())]).unwrap()).unwrap();
    fs::write(folder.join("xy.npz"), zip::write(&[("x.npy".into(), rows), ("y.npy".into(), labels)]).unwrap()).unwrap();
    let clip = |at: usize| {
        let word = ["yes", "no", "up", "down"][at % 4];
        let sound: Vec<f32> = (0..16_000).map(|n| 0.3 * ((n * (at + 3)) as f32 * 0.02).sin()).collect();
        (format!("{word}/{at}.wav"), wav::write(16_000, &sound).unwrap())
    };
    fs::write(folder.join("clips.zip"), zip::write(&(0..20).map(clip).collect::<Vec<_>>()).unwrap()).unwrap();
    folder
}

#[test]
fn the_same_inputs_give_the_same_file_from_an_array_from_an_archive_and_from_every_command() {
    let folder = data_folder("same-file");
    let made = |arguments: &[&str]| {
        let mut all = vec!["compress", "my model.tflite", "--preset", "int8", "-o", "made.tflite"];
        all.extend(arguments);
        says(&all, &folder);
        fs::read(folder.join("made.tflite")).unwrap()
    };
    let drawn = made(&[]);
    let unlabelled = made(&["--data", "x.npy"]);
    assert_ne!(unlabelled, drawn, "the array sets the ranges");
    assert!(made(&["--data", "x.npz"]) == unlabelled);
    let labelled = made(&["--data", "x.npy", "--labels", "y.npy"]);
    assert!(made(&["--data", "xy.npz"]) == labelled);
    let bundled = |data: &[&str]| {
        let mut all = vec!["bundle", "my model.tflite", "--preset", "int8", "-o", "bundle.zip"];
        all.extend(data);
        says(&all, &folder);
        let files = zip::entries(&fs::read(folder.join("bundle.zip")).unwrap()).unwrap();
        files.into_iter().find(|(name, _)| name == "model.tflite").unwrap().1
    };
    assert!(bundled(&["--data", "x.npy"]) == unlabelled);
    assert!(bundled(&["--data", "x.npy", "--labels", "y.npy"]) == labelled);
}

#[test]
fn the_command_in_a_bundles_readme_makes_its_model_again() {
    let folder = data_folder("again");
    let train = r#"{"version":1,"steps":[{"step":"train","plan":{"epochs":1,"batch":4}},{"step":"quantize"}]}"#;
    fs::write(folder.join("train.json"), train).unwrap();
    for (made, data) in [
        (["--preset", "int8"], &["--data", "x.npy"][..]),
        (["--preset", "int8"], &["--data", "x.npy", "--labels", "y.npy"]),
        (["--preset", "int8"], &["--data", "xy.npz"]),
        (["--preset", "int8-fitted"], &["--data", "clips.zip"]),
        (["--preset", "slim-tflm"], &[]),
        (["--preset", "int8"], &[]),
        (["--recipe", "train.json"], &["--data", "clips.zip"]),
    ] {
        let mut all = vec!["bundle", "my model.tflite", "-o", "bundle.zip"];
        all.extend(made);
        all.extend(data);
        says(&all, &folder);
        let files = zip::entries(&fs::read(folder.join("bundle.zip")).unwrap()).unwrap();
        let file = |wanted: &str| &files.iter().find(|(name, _)| name == wanted).unwrap().1;
        fs::write(folder.join("recipe.json"), file("recipe.json")).unwrap();
        let readme = String::from_utf8(file("README.md").clone()).unwrap();
        let line = readme.lines().find(|line| line.starts_with("    milliwatt compress")).unwrap();
        let words = line.trim().replace("'my model.tflite'", "my model.tflite").replace("my model", "my\u{a0}model");
        let words: Vec<String> = words.split(' ').map(|word| word.replace('\u{a0}', " ")).collect();
        says(&words[1..].iter().map(String::as_str).collect::<Vec<_>>(), &folder);
        assert!(fs::read(folder.join("again.tflite")).unwrap() == *file("model.tflite"), "{line}");
    }
}

#[test]
fn an_array_and_an_archive_set_the_same_ranges_in_a_bundle() {
    let Some(model) = common::shared("cases/dead_regression.tflite") else { return };
    let model = fs::canonicalize(model).unwrap();
    let cases = model.parent().unwrap().to_owned();
    let folder = folder("dead");
    let scale = |data: &str, out: &str| {
        let data = cases.join(data);
        let (data, model) = (data.to_str().unwrap(), model.to_str().unwrap());
        says(&["bundle", model, "--preset", "int8", "--data", data, "-o", out], &folder);
        let files = zip::entries(&fs::read(folder.join(out)).unwrap()).unwrap();
        let bytes = &files.iter().find(|(name, _)| name == "model.tflite").unwrap().1;
        let model = milliwatt::format::tflite::read(bytes).unwrap().model;
        model.values[model.inputs[0]].quantization.as_ref().unwrap().single().unwrap().0
    };
    let (npy, npz) = (scale("dead_regression_x.npy", "a.zip"), scale("dead_regression.npz", "b.zip"));
    assert_eq!(npy, npz);
    assert!((npy - 78.1726).abs() < 1e-3, "the ranges are those of the data: {npy}");
}
