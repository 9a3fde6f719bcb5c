//! What the native command refuses.
#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

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
    fs::write(&clips, milliwatt::format::wav::write(16_000, &[0.25; 16_000]).unwrap()).unwrap();
    let clips = clips.to_str().unwrap();
    let model = "www/public/samples/machine/model.tflite";
    let said = refusal(&["report", model, "--data", clips, "--labels", clips]);
    assert!(said.contains("--labels goes with an array"), "{said}");
}
