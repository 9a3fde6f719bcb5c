//! `milliwatt audio` as it is used from a terminal.

use std::path::PathBuf;
use std::process::{Command, Output};

use milliwatt::format::wav;

fn milliwatt(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_milliwatt")).arg("audio").args(arguments).output().unwrap()
}

/// A WAV file of a quiet tone, under a name of its own.
fn sound(name: &str) -> (PathBuf, PathBuf) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (input, output) = (folder.join(format!("{name}.wav")), folder.join(format!("{name}.out.wav")));
    let samples: Vec<f32> = (0..16_000).map(|n| 0.25 * libm::sinf(n as f32 * 0.1)).collect();
    std::fs::write(&input, wav::write(16_000, &samples).unwrap()).unwrap();
    (input, output)
}

fn largest(path: &PathBuf) -> f32 {
    let wav = wav::read(&std::fs::read(path).unwrap()).unwrap();
    wav.samples.iter().fold(0.0, |largest: f32, x| largest.max(x.abs()))
}

#[test]
fn normalizing_writes_the_sound_and_says_gain_levels_and_cost() {
    for (name, more) in [("float", &[][..]), ("fixed", &["--fixed"])] {
        let (input, output) = sound(name);
        let mut arguments = vec!["normalize", input.to_str().unwrap(), "--option", "target=-6", "--json", "-o"];
        arguments.push(output.to_str().unwrap());
        arguments.extend(more);
        let done = milliwatt(&arguments);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let said: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        // From -12.04 to -6 dBFS.
        assert!((said["gain_db"].as_f64().unwrap() - 6.04).abs() < 0.01, "{}", said["gain_db"]);
        assert!((said["before"]["peak_dbfs"].as_f64().unwrap() + 12.04).abs() < 0.01);
        assert!((said["after"]["peak_dbfs"].as_f64().unwrap() + 6.0).abs() < 0.01);
        assert_eq!(said["cost"]["operations"]["multiplies"], 16_000);
        assert_eq!(said["devices"].as_array().unwrap().len(), milliwatt::cost::devices().len());
        assert!((largest(&output) - 0.501_187).abs() < 1e-4);
    }
}

#[test]
fn a_stream_and_the_text_say_what_they_are() {
    let (input, output) = sound("stream");
    let done = milliwatt(&["normalize", input.to_str().unwrap(), "--stream", "-o", output.to_str().unwrap()]);
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(said.contains("gain        follows the sound"), "{said}");
    for kind in ["[measured]", "[counted]", "[modelled]"] {
        assert!(said.contains(kind), "{said}");
    }
    let list = String::from_utf8(milliwatt(&["normalizers"]).stdout).unwrap();
    assert!(list.contains("percentile") && list.contains("pcen"), "{list}");
}

#[test]
fn what_is_not_possible_is_one_sentence() {
    let (input, output) = sound("errors");
    let (input, output) = (input.to_str().unwrap(), output.to_str().unwrap());
    for (more, sentence) in [
        (["--method", "pcen"], "pcen acts on the energies of bands, not on samples"),
        (["--option", "target"], "an option is NAME=VALUE, not \"target\""),
        (["--option", "target=9"], "target is a number from -60 to 0 dBFS, not \"9\""),
    ] {
        let done = milliwatt(&[&["normalize", input, "-o", output], &more[..]].concat());
        assert!(!done.status.success());
        assert_eq!(String::from_utf8_lossy(&done.stderr).trim(), format!("milliwatt: {sentence}"));
    }
}
