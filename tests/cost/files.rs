//! Costs of real files: the arena that TFLM plans, where the bytes of a file go, what a device takes.

use std::path::Path;

use crate::common::shared;
use milliwatt::cost::{self, Runtime};
use milliwatt::format::tflite;
use milliwatt::model::Model;

/// Arena sizes that the wheel `tflite-micro` 0.dev20261023182759 (64-bit) prints: head, tail.
const ARENAS: [(&str, u64, u64); 12] = [
    ("ad01_fp32", 3072, 3152),
    ("ad01_int8", 768, 3216),
    ("ad01_int8_floatio", 3200, 3392),
    ("ic01_fp32", 196_608, 6768),
    ("ic01_int8", 49_152, 6832),
    ("ic01large_fp32", 491_520, 10_800),
    ("ic01large_int8", 122_880, 10_864),
    ("kws01_fp32_qualcomm", 64_000, 8064),
    ("kws01_int8", 16_000, 8272),
    ("sww01_int8", 6656, 9984),
    ("vww01_fp32", 294_912, 29_888),
    ("vww01_int8", 73_728, 29_952),
];

fn open(name: &str) -> Option<(Vec<u8>, Model)> {
    let bytes = std::fs::read(shared(&format!("mlperf/models/{name}.tflite"))?).unwrap();
    let model = tflite::read(&bytes).unwrap().model;
    Some((bytes, model))
}

#[test]
fn arena_of_mlperf_models_is_what_tflm_prints() {
    for (name, head, tail) in ARENAS {
        let Some((_, model)) = open(name) else { continue };
        let memory = cost::memory_on(&model, Runtime::Wheel);
        assert_eq!((memory.head_bytes.0, memory.tail_bytes.0), (head, tail), "{name}, head and tail");
    }
}

#[test]
fn arena_of_every_operator_is_what_tflm_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/ops");
    let text = std::fs::read_to_string(folder.join("arena.json")).unwrap();
    let golden: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut checked = 0;
    for (name, row) in golden["models"].as_object().unwrap() {
        let (group, case) = name.split_once('/').unwrap();
        let file = std::fs::read(folder.join(format!("{group}.bin"))).unwrap();
        let model = tflite::read(case_model(&file, case)).unwrap().model;
        let memory = cost::memory_on(&model, Runtime::Wheel);
        let counted = |key: &str| row[key].as_u64().unwrap();
        let printed = (counted("head_bytes"), counted("tail_bytes"));
        assert_eq!((memory.head_bytes.0, memory.tail_bytes.0), printed, "{name}, head and tail");
        checked += 1;
    }
    assert!(checked > 100, "only {checked} arenas");
}

/// The model of a named case; the layout of the file is told in the folder's README.
fn case_model<'a>(file: &'a [u8], wanted: &str) -> &'a [u8] {
    fn number(rest: &mut &[u8]) -> usize {
        let (head, tail) = rest.split_at(4);
        *rest = tail;
        u32::from_le_bytes(head.try_into().unwrap()) as usize
    }
    fn blob<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
        let length = number(rest);
        let (head, tail) = rest.split_at(length);
        *rest = tail;
        head
    }
    let rest = &mut &file[8..];
    for _ in 0..number(rest) {
        let (name, model) = (blob(rest), blob(rest));
        if name == wanted.as_bytes() {
            return model;
        }
        for _ in 0..number(rest) {
            for _ in 0..2 {
                for _ in 0..number(rest) {
                    blob(rest);
                }
            }
        }
    }
    panic!("{wanted} is not in the file");
}

#[test]
fn parts_of_a_file_add_up_and_weights_are_those_of_the_model() {
    for entry in ["ad01_dynrange", "kws01_dynrange", "micro_speech_uint8"].into_iter().chain(ARENAS.map(|row| row.0)) {
        let Some((bytes, model)) = open(entry) else { continue };
        let flash = cost::flash(&model, &bytes).unwrap();
        let counts = milliwatt::model::counts::model(&model);
        assert_eq!(flash.parts().iter().map(|part| part.2.0).sum::<u64>(), bytes.len() as u64, "{entry}");
        assert_eq!(flash.file_bytes.0, bytes.len() as u64);
        // Biases that are all zero share one buffer in this file: three tensors of 512 bytes are stored once.
        let shared = if entry == "sww01_int8" { 1024 } else { 0 };
        assert_eq!(flash.weight_bytes, counts.weight_bytes, "{entry}");
        assert_eq!(flash.bias_bytes.0 + shared, counts.bias_bytes.0, "{entry}");
        assert!(flash.name_bytes.0 > 0 && flash.graph_bytes.0 > 0, "{entry}: {flash:?}");
    }
}

#[test]
fn more_than_half_of_the_reference_keyword_spotter_is_not_parameters() {
    let Some((bytes, model)) = open("kws01_int8") else { return };
    let flash = cost::flash(&model, &bytes).unwrap();
    assert_eq!((flash.weight_bytes.0, flash.bias_bytes.0), (22_016, 2352));
    assert!(flash.quantization_bytes.0 > 10_000, "{flash:?}");
}

#[test]
fn every_truncation_and_many_flips_of_a_small_file_are_survived() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/ops");
    let file = std::fs::read(folder.join("conv_2d_int8.bin")).unwrap();
    let bytes = case_model(&file, "1x1_w_int8_none_zp-7_11_gain1_bias_default").to_vec();
    let model = tflite::read(&bytes).unwrap().model;
    for length in 0..bytes.len() {
        // Whatever the answer, it is an answer.
        let _ = cost::flash(&model, &bytes[..length]);
    }
    for position in 0..bytes.len() {
        for bit in [0, 3, 7] {
            let mut flipped = bytes.clone();
            flipped[position] ^= 1 << bit;
            if let Ok(flash) = cost::flash(&model, &flipped) {
                assert_eq!(flash.parts().iter().map(|part| part.2.0).sum::<u64>(), bytes.len() as u64);
            }
        }
    }
}

#[test]
fn reference_files_are_recognised_and_come_near_their_published_results() {
    for (name, benchmark) in
        [("ad01_int8", 0), ("ad01_int8_floatio", 0), ("ic01_int8", 1), ("kws01_int8", 2), ("vww01_int8", 3)]
    {
        let Some((_, model)) = open(name) else { continue };
        for device in cost::devices() {
            let estimate = cost::estimate(&model, device).unwrap();
            let published = estimate.published.unwrap_or_else(|| panic!("{name} is not recognised"));
            assert_eq!(published.benchmark, cost::published::Benchmark::ALL[benchmark]);
            assert!(estimate.latency.low.0 < published.latency.0, "{name} on {}", device.name);
            assert!(published.latency.0 < estimate.latency.high.0, "{name} on {}", device.name);
            let (energy, measured) = (estimate.energy.unwrap(), published.energy.unwrap());
            assert!(energy.low.0 < measured.0 && measured.0 < energy.high.0, "{name} on {}", device.name);
        }
    }
}

#[test]
fn macs_of_layers_are_those_of_the_model() {
    for (name, ..) in ARENAS {
        let Some((_, model)) = open(name) else { continue };
        for node in 0..model.nodes.len() {
            let layer = cost::classes::Layer::of(&model, node).unwrap();
            assert_eq!(layer.macs(), milliwatt::model::counts::node(&model, node).macs, "{name}, node {node}");
        }
    }
}

#[test]
fn a_larger_network_than_any_measured_is_still_predicted() {
    let Some((_, model)) = open("ic01large_int8") else { return };
    let board = cost::device::find("nucleo-h7a3zi-q").unwrap();
    let estimate = cost::estimate(&model, board).unwrap();
    assert!(estimate.published.is_none());
    // Six times the MACs of ResNet-8, all in convolutions: about six times its 41 ms.
    assert!((0.2..0.3).contains(&estimate.latency.value.0), "{:?}", estimate.latency);
}

#[test]
fn published_facts_are_those_of_the_result_table() {
    let Some(path) = shared("reference/mlperf_tiny_results.csv") else { return };
    let table = std::fs::read_to_string(path).unwrap();
    for submission in cost::devices().iter().flat_map(|device| device.submissions) {
        for result in submission.results {
            let source = submission.source(result.benchmark);
            let row =
                table.lines().find(|line| line.contains(&source)).unwrap_or_else(|| panic!("{source} is missing"));
            let columns: Vec<&str> = row.split(',').collect();
            let number = |column: usize| columns[column].parse::<f64>().ok();
            assert_eq!(number(11), Some(result.rate.0), "{source}");
            let microjoules = result.energy.map(|energy| energy.0 * 1e6);
            match (number(12), microjoules) {
                (Some(published), Some(found)) => assert!((published / found - 1.0).abs() < 1e-9, "{source}"),
                (published, found) => assert_eq!(published, found, "{source}"),
            }
        }
    }
}
