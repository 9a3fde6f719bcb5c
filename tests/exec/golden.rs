//! Whole models against the real TFLM: the MLPerf Tiny files, 16 random inputs each, every activation of the first two.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

use crate::common;
use milliwatt::exec::{Executor, Kernels, Options, View};
use milliwatt::lab::batch;
use milliwatt::quant::Arithmetic;
use milliwatt::tensor::{DType, Tensor};
use milliwatt::{Model, format};
use ndarray::{ArrayD, IxDyn};

const BOTH: [Kernels; 2] = [Kernels::Reference, Kernels::Fast];

/// The models that TFLM runs with integers inside, and those that are float throughout.
const INTEGER: [&str; 6] = ["kws01_int8", "ic01_int8", "ic01large_int8", "vww01_int8", "ad01_int8", "sww01_int8"];
const FLOAT: [&str; 5] = ["kws01_fp32_qualcomm", "ic01_fp32", "ic01large_fp32", "vww01_fp32", "ad01_fp32"];

#[test]
fn integer_models_equal_tflm_byte_for_byte_in_every_activation() {
    for name in INTEGER {
        check(name, "y_tflm", &mut |found, wanted, what| {
            assert_eq!(found, wanted, "{name}: {what} differs from TFLM");
        });
    }
}

#[test]
fn integer_model_with_float_inputs_and_outputs_equals_tflm() {
    check("ad01_int8_floatio", "y_tflm", &mut |found, wanted, what| match wanted {
        Tensor::Float32(_) => assert_close("ad01_int8_floatio", found, wanted, what, 1e-5),
        _ => assert_eq!(found, wanted, "{what} differs from TFLM"),
    });
}

#[test]
fn float_models_equal_tflm_to_one_part_in_a_hundred_thousand() {
    for name in FLOAT {
        check(name, "y_tflm", &mut |found, wanted, what| assert_close(name, found, wanted, what, 1e-5));
    }
}

#[test]
fn hybrid_models_stay_near_litert_which_also_quantizes_their_activations() {
    // LiteRT quantizes activations at run time, we dequantize weights: the answers agree as far as 8 bits carry, and no
    // bytes are promised.
    for name in ["kws01_dynrange", "ad01_dynrange"] {
        let (mut error, mut size) = (0.0, 0.0);
        check(name, "y_litert_ref", &mut |found, wanted, _| {
            for (a, b) in found.to_f32_vec().iter().zip(wanted.to_f32_vec()) {
                error += (a - b).abs();
                size += b.abs();
            }
        });
        println!("{name}: mean difference {} of the mean size", error / size);
        assert!(error <= 0.1 * size, "{name}: {error} of {size}");
    }
}

#[test]
fn old_uint8_scheme_stays_within_one_step_of_litert() {
    // LiteRT's reference FULLY_CONNECTED rounds once, in float64; TFLM has no uint8 kernels to follow.
    check("micro_speech_uint8", "y_litert_ref", &mut |found, wanted, what| {
        for (a, b) in found.to_f32_vec().iter().zip(wanted.to_f32_vec()) {
            assert!((a - b).abs() <= 1.0, "{what}: {a} beside {b}");
        }
    });
}

#[test]
fn keyword_spotter_hears_449_of_500_clips_with_the_bytes_of_tflm() {
    let Some(data) = common::shared("mlperf/data/kws_dev.npz") else { return };
    let Some(model) = model("kws01_int8") else { return };
    let data = arrays(&data);
    let (features, labels, wanted) = (rows(&data["mfcc"]), data["y"].to_f32_vec(), rows(&data["y_tflm"]));
    for kernels in BOTH {
        let mut executor = executor(&model, kernels);
        let mut correct = 0;
        for ((x, label), wanted) in features.iter().zip(&labels).zip(&wanted) {
            let y = executor.run(std::slice::from_ref(x)).unwrap().remove(0);
            assert_eq!(&y, wanted, "{kernels:?}");
            let scores = y.to_f32_vec();
            // The first of equal scores wins, as in NumPy.
            let best = (0..scores.len()).rev().max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
            correct += usize::from(best == *label as usize);
        }
        assert_eq!((correct, features.len()), (449, 500), "{kernels:?}");
    }
}

/// Compares all outputs and taps of a golden file with what both sets of kernels compute.
fn check(name: &str, key: &str, compare: &mut dyn FnMut(&Tensor, &Tensor, &str)) {
    let Some(golden) = common::shared(&format!("mlperf/golden/{name}.npz")) else { return };
    let Some(model) = model(name) else { return };
    let golden = arrays(&golden);
    let (inputs, outputs) = (rows(&golden["x"]), rows(&golden[key]));
    for kernels in BOTH {
        let mut executor = executor(&model, kernels);
        let mut taps = 0;
        for (index, (x, wanted)) in inputs.iter().zip(&outputs).enumerate() {
            let mut seen: BTreeMap<String, Tensor> = BTreeMap::new();
            let mut tap = |id: usize, view: View<'_>| {
                seen.insert(format!("tap{index}_{id:03}"), view.to_tensor().unwrap());
            };
            let found = executor.run_tapped(std::slice::from_ref(x), &mut tap).unwrap().remove(0);
            compare(&found, wanted, &format!("{kernels:?} output {index}"));
            for (tap, wanted) in golden.iter().filter(|(key, _)| key.starts_with(&format!("tap{index}_"))) {
                let found = seen.get(tap).unwrap_or_else(|| panic!("{name}: nothing was seen at {tap}"));
                compare(found, wanted, &format!("{kernels:?} {tap}"));
                taps += 1;
            }
        }
        println!("{name}, {kernels:?}: {} outputs and {taps} activations", inputs.len());
    }
}

/// The largest difference, as a part of the largest number wanted.
fn assert_close(name: &str, found: &Tensor, wanted: &Tensor, what: &str, tolerance: f32) {
    assert_eq!(found.shape(), wanted.shape(), "{name}: {what}");
    let (found, wanted) = (found.to_f32_vec(), wanted.to_f32_vec());
    let largest = wanted.iter().fold(f32::MIN_POSITIVE, |max, v| max.max(v.abs()));
    let worst = found.iter().zip(&wanted).fold(0f32, |max, (a, b)| max.max((a - b).abs()));
    assert!(worst <= tolerance * largest, "{name}: {what} is off by {worst}, beside values up to {largest}");
}

fn executor(model: &Model, kernels: Kernels) -> Executor {
    Executor::new(model, Options { arithmetic: Arithmetic::Tflm, kernels }).unwrap()
}

fn model(name: &str) -> Option<Model> {
    let file = common::shared(&format!("mlperf/models/{name}.tflite"))?;
    Some(format::tflite::read(&std::fs::read(file).unwrap()).unwrap().model)
}

/// Every array of an NPZ file that holds numbers.
fn arrays(file: &Path) -> BTreeMap<String, Tensor> {
    let mut archive = zip::ZipArchive::new(Cursor::new(std::fs::read(file).unwrap())).unwrap();
    let mut arrays = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().trim_end_matches(".npy").to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if let Some(tensor) = array(&bytes) {
            arrays.insert(name, tensor);
        }
    }
    arrays
}

fn array(bytes: &[u8]) -> Option<Tensor> {
    let file = npyz::NpyFile::new(bytes).unwrap();
    let shape: Vec<usize> = file.shape().iter().map(|&n| n as usize).collect();
    let dims = IxDyn(&shape);
    let npyz::DType::Plain(dtype) = file.dtype() else { return None };
    Some(match dtype.to_string().trim_start_matches(['<', '|']) {
        "f4" => Tensor::Float32(ArrayD::from_shape_vec(dims, file.into_vec().unwrap()).unwrap()),
        "i1" => Tensor::Int8(ArrayD::from_shape_vec(dims, file.into_vec().unwrap()).unwrap()),
        "u1" => Tensor::Uint8(ArrayD::from_shape_vec(dims, file.into_vec().unwrap()).unwrap()),
        "i2" => Tensor::Int16(ArrayD::from_shape_vec(dims, file.into_vec().unwrap()).unwrap()),
        "i4" => Tensor::Int32(ArrayD::from_shape_vec(dims, file.into_vec().unwrap()).unwrap()),
        "i8" => Tensor::Int64(ArrayD::from_shape_vec(dims, file.into_vec().unwrap()).unwrap()),
        _ => return None,
    })
}

/// Each entry along the first axis, with that axis kept at length 1.
fn rows(tensor: &Tensor) -> Vec<Tensor> {
    fn split<T: Clone>(array: &ArrayD<T>) -> Vec<ArrayD<T>> {
        array.outer_iter().map(|row| row.to_owned().insert_axis(ndarray::Axis(0))).collect()
    }
    match tensor {
        Tensor::Float32(array) => split(array).into_iter().map(Tensor::Float32).collect(),
        Tensor::Int8(array) => split(array).into_iter().map(Tensor::Int8).collect(),
        Tensor::Uint8(array) => split(array).into_iter().map(Tensor::Uint8).collect(),
        other => panic!("a batch of {}", other.dtype()),
    }
}

#[test]
fn a_tensor_of_another_type_is_refused_in_words() {
    let Some(model) = model("kws01_int8") else { return };
    let x = Tensor::zeros(DType::Float32, &[1, 49, 10, 1]).unwrap();
    let error = executor(&model, Kernels::Reference).run(&[x]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "input 0: the tensor is float32 [1, 49, 10, 1], but the model takes int8 [1, 49, 10, 1]"
    );
}

#[test]
fn every_public_file_that_executes_gives_the_bytes_of_tflm_over_a_sequence() {
    let Some(folder) = common::shared("corpus/golden") else { return };
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut equal, mut refused) = (0, Vec::new());
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(folder.join(format!("../models/{name}.tflite"))).unwrap();
        let executor = format::tflite::read(&bytes)
            .and_then(|opened| Ok((Executor::new(&opened.model, Options::default())?, opened.model)));
        let Ok((mut executor, model)) = executor else {
            refused.push(name);
            continue;
        };
        let golden = format::npy::read_npz(&std::fs::read(&file).unwrap()).unwrap();
        let array = |name: String| &golden.iter().find(|(found, _)| *found == name).unwrap().1;
        let inputs: Vec<Tensor> = (0..model.inputs.len()).map(|port| array(format!("x{port}")).clone()).collect();
        let found = batch::run(&model, &mut executor, &inputs).unwrap();
        for (port, (_, found)) in found.iter().enumerate() {
            let wanted = array(format!("y{port}"));
            assert_eq!(found.dtype(), wanted.dtype(), "{name}");
            match wanted {
                Tensor::Float32(_) => {
                    let bits = |tensor: &Tensor| tensor.to_f32_vec().into_iter().map(f32::to_bits).collect::<Vec<_>>();
                    assert_eq!(bits(found), bits(wanted), "{name}");
                }
                _ => assert_eq!(found.to_f32_vec(), wanted.to_f32_vec(), "{name}"),
            }
        }
        equal += 1;
    }
    println!("{equal} files equal; {} do not execute here: {}", refused.len(), refused.join(", "));
    assert!(equal >= 38, "only {equal} files execute");
}
