//! Files that are slim and packed: how small they are, and that they compute the same.

use crate::common;
use milliwatt::compress::recipe::Recipe;
use milliwatt::compress::{apply, deliver, presets};
use milliwatt::cost;
use milliwatt::exec::{Executor, Options};
use milliwatt::format::tflite;
use milliwatt::model::Model;
use milliwatt::progress::Silent;
use milliwatt::tensor::Tensor;

fn preset(name: &str) -> Recipe {
    presets().into_iter().find(|preset| preset.name == name).unwrap().recipe
}

fn file(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(common::shared(&format!("mlperf/models/{name}.tflite"))?).unwrap())
}

/// The file that a recipe makes of a model.
fn made(model: &Model, recipe: &Recipe) -> Vec<u8> {
    deliver(&apply(model, recipe, &[], &mut Silent).unwrap(), recipe, &[]).unwrap()
}

/// Model, preset, and how many bytes of a thousand it must at least save.
const SAVED: [(&str, &str, usize); 9] = [
    ("kws01_int8", "slim-tflm", 433),
    ("kws01_int8", "slim-portable", 217),
    ("vww01_int8", "slim-tflm", 282),
    ("vww01_int8", "slim-portable", 117),
    ("ic01_int8", "slim-tflm", 144),
    ("ic01_int8", "slim-portable", 74),
    ("ad01_int8", "slim-tflm", 10),
    ("ad01_int8", "huffman", 325),
    ("vww01_int8", "huffman", 700),
];

#[test]
fn lossless_presets_save_what_they_promise_and_answer_with_the_bytes_of_the_device() {
    for (name, preset_name, thousandths) in SAVED {
        let (Some(original), Some(golden)) = (file(name), common::shared(&format!("mlperf/golden/{name}.npz"))) else {
            return;
        };
        let bytes = made(&tflite::read(&original).unwrap().model, &preset(preset_name));
        let saved = 1000 - 1000 * bytes.len() / original.len();
        println!("{name} {preset_name}: {} bytes became {}", original.len(), bytes.len());
        assert!(saved >= thousandths, "{name} {preset_name} saves {saved} of 1000");
        let model = tflite::read(&bytes).unwrap().model;
        let mut executor = Executor::new(&model, Options::default()).unwrap();
        let (x, y): (Vec<i8>, Vec<i8>) = (common::array(&golden, "x"), common::array(&golden, "y_tflm"));
        let input = &model.values[model.inputs[0]].shape;
        let size: usize = input.iter().product();
        let answers: Vec<f32> = x
            .chunks_exact(size)
            .flat_map(|x| executor.run(&[Tensor::from_i8(input, x.to_vec()).unwrap()]).unwrap()[0].to_f32_vec())
            .collect();
        assert!(answers.iter().zip(&y).all(|(a, b)| *a == f32::from(*b)) && answers.len() == y.len(), "{name}");
    }
}

#[test]
fn sixteen_values_a_channel_make_the_keyword_spotter_small_and_cost_little() {
    let (Some(original), Some(data)) = (file("kws01_int8"), common::shared("mlperf/data/kws_dev.npz")) else { return };
    let model = tflite::read(&original).unwrap().model;
    let bytes = made(&model, &preset("codebook4"));
    let small = tflite::read(&bytes).unwrap().model;
    let (x, y): (Vec<i8>, Vec<u8>) = (common::array(&data, "mfcc"), common::array(&data, "y"));
    // The same 400 clips on which the other recipes are measured, which calibrate on the first hundred.
    let accuracy = |model: &Model| {
        let mut executor = Executor::new(model, Options::default()).unwrap();
        let right = (100..500).filter(|&clip| {
            let input = Tensor::from_i8(&[1, 49, 10, 1], x[clip * 490..(clip + 1) * 490].to_vec()).unwrap();
            let scores = executor.run(&[input]).unwrap()[0].to_f32_vec();
            milliwatt::metrics::top(&scores) == Some(y[clip].into())
        });
        right.count() as f64 / 4.0
    };
    let (before, after) = (accuracy(&model), accuracy(&small));
    println!("{} bytes, {before} % became {after} %", bytes.len());
    assert!(bytes.len() <= 28_200 && after >= before - 1.3, "{} bytes, {before} % became {after} %", bytes.len());
}

#[test]
fn slim_twice_is_slim_once() {
    for name in ["slim-tflm", "slim-portable", "huffman", "codebook4"] {
        let Some(original) = file("kws01_int8") else { return };
        let once = made(&tflite::read(&original).unwrap().model, &preset(name));
        let twice = made(&tflite::read(&once).unwrap().model, &preset(name));
        assert_eq!(once, twice, "{name}");
    }
}

#[test]
fn bytes_of_packed_weights_are_counted_as_weights() {
    let Some(original) = file("ad01_int8") else { return };
    let model = tflite::read(&original).unwrap().model;
    let bytes = made(&model, &preset("huffman"));
    let flash = cost::flash(&tflite::read(&bytes).unwrap().model, &bytes).unwrap();
    let before = cost::flash(&model, &original).unwrap();
    assert_eq!(flash.bias_bytes, before.bias_bytes);
    let rest = flash.file_bytes.0 - flash.weight_bytes.0 - flash.bias_bytes.0;
    assert!(rest < 6_000, "{flash:?}");
}

#[test]
fn unpacking_takes_arena_for_the_largest_packed_tensor() {
    let Some(original) = file("ad01_int8") else { return };
    let model = tflite::read(&original).unwrap().model;
    let packed = tflite::read(&made(&model, &preset("huffman"))).unwrap().model;
    // 768 bytes before, and what the wheel tflite-micro prints for the packed file.
    assert_eq!(cost::memory(&model).head_bytes.0, 768);
    let memory = cost::memory_on(&packed, cost::Runtime::Wheel);
    assert_eq!((memory.head_bytes.0, memory.tail_bytes.0), (82_688, 4_752));
    assert_eq!((memory.live_bytes.len(), packed.nodes.len()), (10, 10));
}

#[test]
fn a_model_that_calls_another_subgraph_is_slimmed_and_packed_and_its_other_subgraphs_come_along() {
    for (name, preset_name, thousandths) in
        [("hey_jarvis", "slim-tflm", 270), ("hey_jarvis", "huffman", 280), ("v2__vad", "slim-tflm", 340)]
    {
        let Some(path) = common::shared(&format!("corpus/models/mww__{name}.tflite")) else { return };
        let original = std::fs::read(path).unwrap();
        let model = tflite::read(&original).unwrap().model;
        let bytes = made(&model, &preset(preset_name));
        let saved = 1000 - 1000 * bytes.len() / original.len();
        println!("{name} {preset_name}: {} bytes became {}", original.len(), bytes.len());
        assert!(saved >= thousandths, "{name} {preset_name} saves {saved} of 1000");
        let made = tflite::read(&bytes).unwrap().model;
        let ops = |model: &Model| -> Vec<Vec<String>> {
            let graphs = std::iter::once(model).chain(&model.subgraphs);
            graphs.map(|graph| graph.nodes.iter().map(|node| format!("{:?}", node.op)).collect()).collect()
        };
        assert_eq!(ops(&made), ops(&model), "what handles are called and which subgraph is called, byte for byte");
        let first = |model: &Model| model.subgraphs[0].values.iter().filter_map(|v| v.data.clone()).collect::<Vec<_>>();
        assert_eq!(first(&made), first(&model), "what the variables begin with");
        let parts = cost::flash(&made, &bytes).unwrap();
        assert_eq!(parts.parts().iter().map(|part| part.2.0).sum::<u64>(), bytes.len() as u64);
    }
}
