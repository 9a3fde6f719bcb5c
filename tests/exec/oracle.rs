//! The committed vectors and the files that the `milliwatt` command writes, against the live TFLM (tests/oracle).
//!
//! Runs where a Python with the wheel `tflite-micro` is found: the one that `MILLIWATT_ORACLE_PYTHON` names, or `python3`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common;

#[test]
fn the_live_tflm_agrees_with_the_vectors_and_with_what_milliwatt_writes() {
    let Some(python) = python() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut check = Command::new(python);
    check.arg(root.join("tests/oracle/check.py"));
    // Cargo names the command even when it does not build it.
    if cfg!(feature = "cli") {
        check.arg("--milliwatt").arg(env!("CARGO_BIN_EXE_milliwatt"));
    } else {
        common::skipped("needs --features cli for the files that milliwatt writes");
    }
    if common::shared("mlperf").is_some() {
        check.arg("--shared").arg(common::folder());
    }
    let done = check.output().expect("Python starts");
    let said = String::from_utf8_lossy(&done.stdout);
    println!("{said}");
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
}

/// A Python that has the wheel, `None` where there is none.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("MILLIWATT_ORACLE_PYTHON").map(PathBuf::from);
    let python = named.clone().unwrap_or_else(|| "python3".into());
    let found = Command::new(&python).args(["-c", "import tflite_micro"]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    assert!(named.is_none(), "MILLIWATT_ORACLE_PYTHON names {python:?}, which cannot import tflite_micro");
    common::skipped("needs a Python with the wheel tflite-micro (tests/oracle/README.md)");
    None
}
