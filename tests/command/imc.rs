//! `milliwatt imc` as it is used from a terminal.

use std::path::PathBuf;
use std::process::{Command, Output};

use milliwatt::format::npy;
use milliwatt::tensor::Tensor;

fn milliwatt(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_milliwatt")).arg("imc").args(arguments).output().unwrap()
}

fn said(arguments: &[&str]) -> serde_json::Value {
    let done = milliwatt(arguments);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

fn file(name: &str, tensor: &Tensor) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, npy::write(tensor).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn two_arrays_are_multiplied_exactly_and_written() {
    let a = file("imc-a.npy", &Tensor::from_i8(&[2, 3], vec![1, -2, 3, -4, 5, -128]).unwrap());
    let b = file("imc-b.npy", &Tensor::from_i8(&[3, 1], vec![7, -8, 9]).unwrap());
    let out = file("imc-c.npy", &Tensor::from_i8(&[1], vec![0]).unwrap());
    let report = said(&["matmul", &a, &b, "--json", "--output", &out]);
    assert_eq!(report["values"], serde_json::json!([50.0, -1220.0]));
    assert_eq!(report["largest_error"]["value"], 0.0);
    assert_eq!(report["macs"]["value"], 6.0);
    assert!(report["break_even"].as_array().unwrap().len() > 3);
    let written = npy::read(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!((written.shape(), written.to_f32_vec()), (&[2, 1][..], vec![50.0, -1220.0]));
}

#[test]
fn knobs_that_do_not_exist_and_arrays_that_do_not_fit_are_named() {
    let a = file("imc-d.npy", &Tensor::from_i8(&[1, 2], vec![1, 2]).unwrap());
    for (arguments, words) in [
        (vec!["matmul", &a, &a], "as many columns as B has rows"),
        (vec!["matmul", &a, &a, "--knobs", "{\"colour\":1}"], "colour"),
        (vec!["matmul", &a, &a, "--macro", "nothing"], "generic-22nm"),
        (vec!["report", &a], "TFL3"),
    ] {
        let done = milliwatt(&arguments);
        let complaint = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && complaint.contains(words), "{arguments:?}: {complaint}");
    }
}

#[test]
fn macros_are_listed_with_what_their_constants_rest_on() {
    let cards = said(&["macros", "--json"]);
    let cards = cards.as_array().unwrap();
    assert_eq!(cards[0]["id"], "generic-22nm");
    assert_eq!(cards[0]["label"], "predicted");
    assert!(cards[1..].iter().all(|card| card["label"] == "calibrated"));
}

#[test]
fn validation_lists_every_point_and_every_variant() {
    let report = said(&["validate", "--json"]);
    let sets = report["sets"].as_array().unwrap();
    assert_eq!(sets.len(), 4);
    assert_eq!(sets[0]["points"].as_array().unwrap().len(), 22);
    assert_eq!(sets[0]["variants"].as_array().unwrap().len(), 40);
    assert_eq!(sets[2]["points"].as_array().unwrap().len(), 29);
    assert_eq!(sets[2]["variants"].as_array().unwrap().len(), 18);
}
