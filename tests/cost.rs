//! Costs of real files: the arena that TFLM plans, where the bytes of a file go, what a device takes.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a committed file that cannot be read is a failed test")]

mod common;

use std::path::Path;

use common::shared;
use milliwatt::cost;
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
    ("kws01_fp32_qualcomm", 64_000, 8072),
    ("kws01_int8", 16_000, 8272),
    ("sww01_int8", 6656, 9984),
    ("vww01_fp32", 294_912, 29_880),
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
        let memory = cost::memory(&model);
        assert_eq!(memory.head_bytes.0, head, "{name}, head");
        assert_tail(name, memory.persistent, tail);
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
        let memory = cost::memory(&model);
        let counted = |key: &str| row[key].as_u64().unwrap();
        assert_eq!(memory.head_bytes.0, counted("head_bytes"), "{name}, head");
        assert_tail(name, memory.persistent, counted("tail_bytes"));
        checked += 1;
    }
    assert!(checked > 100, "only {checked} arenas");
}

/// The tail is modelled: within one alignment step of what is printed.
fn assert_tail(name: &str, found: cost::memory::Persistent, printed: u64) {
    assert!(
        found.bytes_64_bit.0.abs_diff(printed) <= 16,
        "{name}, tail: {} where TFLM has {printed}",
        found.bytes_64_bit.0
    );
    assert!(found.bytes.0 < printed, "{name}: a 32-bit tail of {} is not smaller than {printed}", found.bytes.0);
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
