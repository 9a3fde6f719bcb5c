//! Every operator against the real TFLM, on the vectors of `tests/golden/ops`, and against the two other arithmetics, on
//! those of `tests/golden/arithmetic`.

use std::collections::BTreeSet;

use crate::ops;
use milliwatt::exec::Kernels;
use milliwatt::quant::Arithmetic;

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
    println!("{} cases", ops::check_all(Arithmetic::Tflm, Kernels::Reference));
}

#[test]
fn fast_kernels_equal_tflm_on_every_vector() {
    println!("{} cases", ops::check_all(Arithmetic::Tflm, Kernels::Fast));
}

#[test]
fn both_sets_of_kernels_equal_the_build_of_tflm_that_rounds_once() {
    for kernels in [Kernels::Reference, Kernels::Fast] {
        println!("{} cases, {kernels:?}", ops::check_all(Arithmetic::Single, kernels));
    }
}

#[test]
fn both_sets_of_kernels_equal_xnnpack() {
    for kernels in [Kernels::Reference, Kernels::Fast] {
        println!("{} cases, {kernels:?}", ops::check_all(Arithmetic::Xnnpack, kernels));
    }
}

#[test]
fn the_vectors_of_each_arithmetic_tell_it_from_tflm() {
    assert_eq!([Arithmetic::Single, Arithmetic::Xnnpack].map(ops::telling), [102, 118]);
}
