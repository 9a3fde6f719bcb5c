//! Real TFLite files: what they count, what is said of them, and that they survive being written.

use crate::{common, ops};
use milliwatt::format::{Opened, Severity, tflite};
use milliwatt::model::{Model, counts};
use milliwatt::units::{Bytes, Macs};

/// Name, parameters and MACs, as published in the reference table (0 where none is published).
const MODELS: [(&str, u64, u64); 15] = [
    ("kws01_int8", 22_604, 2_656_768),
    ("kws01_fp32_qualcomm", 22_604, 2_656_768),
    ("kws01_dynrange", 22_604, 2_656_768),
    ("ic01_int8", 77_706, 12_501_632),
    ("ic01_fp32", 77_706, 12_501_632),
    ("ic01large_int8", 480_330, 76_473_920),
    ("ic01large_fp32", 480_330, 76_473_920),
    ("vww01_int8", 210_850, 7_489_664),
    ("vww01_fp32", 210_850, 7_489_664),
    ("ad01_int8", 265_864, 264_192),
    ("ad01_int8_floatio", 265_864, 264_192),
    ("ad01_fp32", 265_864, 264_192),
    ("ad01_dynrange", 265_864, 264_192),
    ("sww01_int8", 46_883, 826_368),
    ("micro_speech_uint8", 16_652, 336_000),
];

fn bytes(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(common::shared(&format!("mlperf/models/{name}.tflite"))?).unwrap())
}

fn open(name: &str) -> Option<Opened> {
    Some(tflite::read(&bytes(name)?).unwrap_or_else(|error| panic!("{name}: {error}")))
}

#[test]
fn reference_models_count_what_is_published() {
    for (name, parameters, macs) in MODELS {
        let Some(opened) = open(name) else { return };
        let counts = counts::model(&opened.model);
        assert_eq!((counts.parameters, counts.macs), (parameters, Macs(macs)), "{name}");
    }
    let counts = counts::model(&open("kws01_int8").unwrap().model);
    assert_eq!((counts.weight_bytes, counts.bias_bytes), (Bytes(22_016), Bytes(2_352)));
}

#[test]
fn only_unused_operator_codes_of_reference_models_are_dropped() {
    for (name, ..) in MODELS {
        let Some(opened) = open(name) else { return };
        let expected: &[&str] = match name {
            "ic01_int8" | "vww01_int8" => &["an operator code that no node uses (2 times, first in QUANTIZE)"],
            _ => &[],
        };
        assert_eq!(opened.dropped, expected, "{name}");
    }
}

#[test]
fn findings_tell_which_reference_models_tflm_refuses() {
    for (name, ..) in MODELS {
        let Some(opened) = open(name) else { return };
        let blocks: Vec<&str> = opened
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Blocks)
            .map(|finding| finding.sentence.as_str())
            .collect();
        match name {
            "kws01_dynrange" => assert!(blocks[0].contains("the weights of 5 of its 10 weighted layers are int8")),
            "ad01_dynrange" => assert!(blocks[0].contains("the weights of 10 of its 10 weighted layers are int8")),
            "micro_speech_uint8" => assert!(blocks[0].contains("2 layers are in the old uint8 scheme")),
            _ => assert!(blocks.is_empty(), "{name}: {blocks:?}"),
        }
    }
}

/// What a model is expected to be after it was written and read again.
fn expected_after_writing(model: &Model) -> Model {
    let mut expected = model.clone();
    if expected.signatures.is_empty() {
        expected.signatures = vec![tflite::default_signature(model)];
    }
    expected
}

#[test]
fn every_reference_model_survives_being_written() {
    for (name, ..) in MODELS {
        let Some(original) = bytes(name) else { return };
        let opened = tflite::read(&original).unwrap();
        let written = tflite::write(&opened.model).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = tflite::read(&written).unwrap_or_else(|error| panic!("{name}: {error}"));
        println!("{name}: {} bytes became {}", original.len(), written.len());
        assert!(again.dropped.is_empty(), "{name}: {:?}", again.dropped);
        let mut expected = expected_after_writing(&opened.model);
        for (node, written) in expected.nodes.iter_mut().zip(&again.model.nodes) {
            assert!(written.version >= node.version, "{name}: {node:?} became version {}", written.version);
            node.version = written.version;
        }
        assert!(again.model == expected, "{name} changed");
        assert!(written.len() <= original.len(), "{name} grew from {} to {} bytes", original.len(), written.len());
        assert_eq!(written, tflite::write(&again.model).unwrap(), "{name} is not written the same twice");
    }
}

#[test]
fn every_operator_vector_survives_being_written() {
    let mut count = 0;
    let mut failures = vec![];
    for (name, model) in ops::models(usize::MAX) {
        count += 1;
        let opened = match tflite::read(model) {
            Ok(opened) => opened,
            Err(error) => {
                failures.push(format!("{name}: {error}"));
                continue;
            }
        };
        let again = tflite::read(&tflite::write(&opened.model).unwrap()).unwrap();
        let mut expected = expected_after_writing(&opened.model);
        for (node, written) in expected.nodes.iter_mut().zip(&again.model.nodes) {
            node.version = node.version.max(written.version);
        }
        if again.model != expected || !opened.dropped.is_empty() {
            failures.push(format!("{name} changed; dropped {:?}", opened.dropped));
        }
    }
    assert!(failures.is_empty(), "{} of {count}, the first: {:?}", failures.len(), &failures[..failures.len().min(5)]);
    assert!(count > 500, "only {count} models");
}
