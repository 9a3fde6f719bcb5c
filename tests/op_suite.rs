//! Every operator against the real TFLM, on the vectors of `tests/golden/ops`.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::print_stdout, reason = "tests say what they counted")]

#[path = "common/ops.rs"]
mod ops;

use std::collections::BTreeSet;

use milliwatt::exec::Kernels;

#[test]
fn every_file_of_the_folder_is_compiled_in() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/ops");
    let found: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "bin"))
        .map(|path| path.file_stem().expect("files have names").to_string_lossy().into_owned())
        .collect();
    let listed: BTreeSet<String> = ops::GROUPS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, listed, "the list in tests/common/ops.rs and the folder differ");
}

#[test]
fn obvious_kernels_equal_tflm_on_every_vector() {
    println!("{} cases", ops::check_all(Kernels::Reference));
}

#[test]
fn fast_kernels_equal_tflm_on_every_vector() {
    println!("{} cases", ops::check_all(Kernels::Fast));
}
