//! The whole pipeline: a model and a recipe on the bench, and what the report says.

use std::fs;

use crate::common;
use milliwatt::compress::{self, recipe::Recipe};
use milliwatt::format::{npy, tflite, wav};
use milliwatt::lab::inputs::Split;
use milliwatt::lab::{Bench, compare, files};
use milliwatt::metrics;
use milliwatt::model::op::{FullyConnected, Op};
use milliwatt::model::{Model, Node, Value};
use milliwatt::progress::Silent;
use milliwatt::random::Random;
use milliwatt::report::{Report, Task};
use milliwatt::tensor::{DType, Tensor};

/// A classifier of four numbers into three classes, as a file.
fn small_file() -> Vec<u8> {
    let mut random = Random::new(3);
    let mut weights = |n: usize| -> Vec<f32> { (0..n).map(|_| random.normal() as f32).collect() };
    let mut model = Model::default();
    let x = model.add_value(Value::activation("x", DType::Float32, &[1, 4]));
    let w = model.add_value(Value::float_constant("w", &[3, 4], &weights(12)));
    let logits = model.add_value(Value::activation("logits", DType::Float32, &[1, 3]));
    let y = model.add_value(Value::activation("y", DType::Float32, &[1, 3]));
    model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[logits]));
    model.nodes.push(Node::new(Op::Softmax { beta: 1.0 }, &[logits], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    tflite::write(&model).unwrap()
}

/// Two hundred inputs and a class for each, as files.
fn small_data() -> Vec<(String, Vec<u8>)> {
    let mut random = Random::new(4);
    let inputs = (0..800).map(|_| random.normal() as f32).collect();
    let labels: Vec<f32> = (0..200).map(|_| random.below(3) as f32).collect();
    let array = |shape: &[usize], values| npy::write(&Tensor::from_f32(shape, values).unwrap()).unwrap();
    vec![("x.npy".into(), array(&[200, 4], inputs)), ("y.npy".into(), array(&[200], labels))]
}

fn preset(name: &str) -> Recipe {
    compress::presets().into_iter().find(|preset| preset.name == name).unwrap().recipe
}

fn reported(bench: &mut Bench, recipe: &Recipe) -> Report {
    bench.apply(recipe, &mut Silent).unwrap();
    let part = bench.evaluate(0, bench.test_items()).unwrap();
    bench.add_evaluation(part);
    bench.measure_layers(16).unwrap();
    bench.report("nucleo-l4r5zi", 1.0).unwrap()
}

#[test]
fn the_original_agrees_with_itself_and_no_layer_differs() {
    let mut bench = Bench::new();
    bench.open(&small_file(), "small.tflite").unwrap();
    bench.set_files(small_data(), Split::of(1)).unwrap();
    let report = reported(&mut bench, &Recipe::original());
    assert_eq!(report.strip.agreement.unwrap().value, 100.0);
    assert!(report.layers.iter().all(|layer| layer.identical == Some(true)));
    assert!(report.evaluation.unwrap().flips.is_empty());
}

#[test]
fn int8_candidate_is_smaller_and_every_layer_has_its_original() {
    let mut bench = Bench::new();
    let card = bench.open(&small_file(), "small.tflite").unwrap();
    assert_eq!(card.task, Task::Classification);
    bench.set_files(small_data(), Split::of(1)).unwrap();
    let a = reported(&mut bench, &Recipe::original());
    let b = reported(&mut bench, &preset("int8"));
    assert!(b.layers.iter().all(|layer| layer.original_node.is_some() && layer.sqnr.is_some()), "{:?}", b.layers);
    let agreement = b.strip.agreement.clone().unwrap();
    assert!(agreement.value > 95.0, "{agreement:?}");
    assert_eq!(b.evaluation.as_ref().unwrap().confusion.iter().flatten().sum::<u32>(), 160);
    let compared = compare::compare(&(&a).into(), &(&b).into());
    assert!(compared.deltas.iter().any(|delta| delta.of == "agreement"), "{compared:?}");
}

#[test]
fn parts_of_the_flash_add_up_to_the_file_on_both_sides() {
    let mut bench = Bench::new();
    bench.open(&small_file(), "small.tflite").unwrap();
    bench.set_files(small_data(), Split::of(1)).unwrap();
    for name in ["original", "int8", "prune-50", "prune-50-int8", "int8-per-tensor"] {
        let report = reported(&mut bench, &preset(name));
        let parts: f64 = report.flash.iter().map(|part| part.bytes.value).sum();
        assert_eq!(parts, report.strip.flash.value, "{name}");
        assert_eq!(parts, bench.candidate_bytes().unwrap().len() as f64, "{name}");
    }
}

#[test]
fn evaluation_in_parts_is_the_evaluation_of_the_whole() {
    let mut bench = Bench::new();
    bench.open(&small_file(), "small.tflite").unwrap();
    bench.set_files(small_data(), Split::of(1)).unwrap();
    let whole = reported(&mut bench, &preset("int8"));
    bench.apply(&preset("int8"), &mut Silent).unwrap();
    for (from, to) in [(100, 160), (0, 30), (30, 100)] {
        let part = bench.evaluate(from, to).unwrap();
        bench.add_evaluation(part);
    }
    assert_eq!(bench.report("nucleo-l4r5zi", 1.0).unwrap().evaluation, whole.evaluation);
}

#[test]
fn pruned_weights_are_counted_as_sparsity() {
    let mut bench = Bench::new();
    bench.open(&small_file(), "small.tflite").unwrap();
    bench.set_files(small_data(), Split::of(1)).unwrap();
    let report = reported(&mut bench, &preset("prune-50"));
    assert_eq!(report.layers[0].sparsity.as_ref().unwrap().value, 50.0);
}

#[test]
fn a_file_that_is_no_model_is_refused_in_a_sentence() {
    let error = Bench::new().open(b"RIFF....WAVE", "clip.wav").unwrap_err();
    assert!(error.to_string().contains("not a TFLite model"), "{error}");
}

#[test]
fn a_device_that_does_not_exist_is_refused_with_those_that_do() {
    let mut bench = Bench::new();
    bench.open(&small_file(), "small.tflite").unwrap();
    bench.apply(&Recipe::original(), &mut Silent).unwrap();
    let error = bench.report("toaster", 1.0).unwrap_err();
    assert!(error.to_string().contains("nucleo-l4r5zi"), "{error}");
}

#[test]
fn int8_keyword_spotter_from_real_clips_beats_the_reference_and_its_file_is_not_larger() {
    let (Some(model), Some(clips), Some(reference)) = (
        common::shared("mlperf/models/kws01_fp32_qualcomm.tflite"),
        common::shared("mlperf/data/kws_dev.npz"),
        common::shared("mlperf/models/kws01_int8.tflite"),
    ) else {
        return;
    };
    let clips = fs::read(clips).unwrap();
    let mut bench = Bench::new();
    bench.open(&fs::read(model).unwrap(), "kws01_fp32_qualcomm.tflite").unwrap();
    let data = bench.set_files(vec![("kws_dev.npz".into(), clips.clone())], Split::of(1)).unwrap();
    assert_eq!((data.calibration_items, data.test_items), (100, 400));
    let float = reported(&mut bench, &Recipe::original());
    let int8 = reported(&mut bench, &preset("int8"));

    // The reference's answers on the same 400 clips, from its published features.
    let known = files::KEYWORDS.map(str::to_owned);
    let target = files::Target {
        task: Task::Classification,
        outputs: 12,
        known: &known,
        sample_rate: Some(16_000),
        front_end: Some("mlperf-kws"),
        input: &[49, 10, 1],
        pixels: None,
    };
    let arrays = npy::read_npz(&clips).unwrap();
    let array = |name: &str| &arrays.iter().find(|(known, _)| known == name).unwrap().1;
    let answers = array("y_tflm").to_f32_vec();
    let test = files::inputs(vec![("kws_dev.npz".into(), clips.clone())], target, Split::of(1)).unwrap();
    let right = |&item: &usize| metrics::top(&answers[item * 12..(item + 1) * 12]) == test.items[item].label;
    let hits = test.test.iter().filter(|item| right(item)).count();
    let reference_accuracy = 100.0 * hits as f64 / test.test.len() as f64;

    let accuracy = |report: &Report| report.strip.score.as_ref().unwrap().value;
    println!(
        "float {:.2} %, our int8 {:.2} %, reference int8 {reference_accuracy:.2} %; {} bytes, reference {}",
        accuracy(&float),
        accuracy(&int8),
        int8.strip.flash.value,
        fs::metadata(&reference).unwrap().len()
    );
    assert!(accuracy(&int8) >= reference_accuracy);
    assert!(int8.strip.flash.value <= fs::metadata(&reference).unwrap().len() as f64);
}

#[test]
fn inputs_that_the_model_does_not_take_are_refused_with_both_shapes_and_those_before_them_stay() {
    let array = |tensor: &Tensor| npy::write(tensor).unwrap();
    let floats = |shape: &[usize]| array(&Tensor::zeros(DType::Float32, shape).unwrap());
    let mut bench = Bench::new();
    bench.open(&small_file(), "small.tflite").unwrap();
    bench.set_files(small_data(), Split::of(1)).unwrap();
    bench.apply(&preset("int8"), &mut Silent).unwrap();
    let tested = bench.test_items();
    let strange: [(&str, Vec<u8>, &[&str]); 4] = [
        ("image.npy", floats(&[32, 32, 3]), &["[32, 32, 3]", "[4]"]),
        ("long.npy", floats(&[7, 5]), &["[7, 5]", "[n, 4]"]),
        ("bytes.npy", array(&Tensor::zeros(DType::Uint8, &[9, 4]).unwrap()), &["uint8", "float32"]),
        ("clip.wav", wav::write(16_000, &[0.1; 16_000]).unwrap(), &["sound"]),
    ];
    for (name, bytes, words) in strange {
        let error = bench.set_files(vec![(name.into(), bytes)], Split::of(1)).unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{name}: {error}");
        assert_eq!(bench.test_items(), tested, "{name}");
        assert!(bench.evaluate(0, 1).is_ok(), "{name}: the candidate stays too");
    }
}

#[test]
fn one_item_is_one_item_with_or_without_its_batch() {
    let mut bench = Bench::new();
    bench.open(&small_file(), "small.tflite").unwrap();
    for shape in [&[4][..], &[1, 4], &[4, 1], &[1, 1, 4]] {
        let item = npy::write(&Tensor::zeros(DType::Float32, shape).unwrap()).unwrap();
        let card = bench.set_files(vec![("item.npy".into(), item)], Split::of(1)).unwrap();
        assert_eq!(card.test_items, 1, "{shape:?}");
        bench.apply(&preset("int8"), &mut Silent).unwrap();
        assert!(bench.evaluate(0, 1).is_ok(), "{shape:?}");
    }
}

#[test]
fn an_image_of_bytes_is_one_item_of_an_image_model_and_many_in_one_array_are_as_many() {
    let Some(path) = common::shared("mlperf/models/ic01_int8.tflite") else { return };
    let mut bench = Bench::new();
    bench.open(&fs::read(path).unwrap(), "ic01_int8.tflite").unwrap();
    for (shape, items) in [(&[32, 32, 3][..], 1), (&[1, 32, 32, 3], 1), (&[10, 32, 32, 3], 10)] {
        let images = npy::write(&Tensor::zeros(DType::Uint8, shape).unwrap()).unwrap();
        let card = bench.set_files(vec![("images.npy".into(), images)], Split::of(1)).unwrap();
        assert_eq!(card.test_items, items, "{shape:?}");
    }
    let turned = npy::write(&Tensor::zeros(DType::Uint8, &[3, 32, 32]).unwrap()).unwrap();
    let error = bench.set_files(vec![("turned.npy".into(), turned)], Split::of(1)).unwrap_err().to_string();
    assert!(error.contains("[3, 32, 32]") && error.contains("[32, 32, 3]"), "{error}");
}

#[test]
fn a_model_of_another_tool_is_refused_with_the_way_to_one_that_is_read() {
    let cases: [(&[u8], &str); 3] = [
        (b"\x08\x08\x12\x07pytorch", "onnx2tf"),
        (b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0c\0\0\0net/data.pkl", "litert"),
        (b"\x89HDF\r\n\x1a\n\0\0", "TFLiteConverter"),
    ];
    for (bytes, tool) in cases {
        let error = Bench::new().open(bytes, "model").unwrap_err().to_string();
        assert!(error.contains(tool) && error.contains(".tflite"), "{error}");
    }
}
