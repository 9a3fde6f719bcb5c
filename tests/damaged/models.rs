//! A hundred thousand damaged models: each opens or is refused, and nothing panics, hangs or swallows memory.
#![allow(clippy::indexing_slicing, reason = "a test that cannot go on shall stop")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::{common, ops};
use milliwatt::compress::prune;
use milliwatt::error::Kind;
use milliwatt::exec::{Executor, Options};
use milliwatt::format::tflite;
use milliwatt::model::{Encoding, Model, Node, Op, counts, validate};
use milliwatt::tensor::Tensor;

use crate::damage::{Damage, peak_memory_kib};

const VARIANTS: usize = 100_000;
/// Longest that one damaged file may take, on a slow machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most memory that the whole test may take.
const MEMORY_KIB: usize = 1 << 20;

/// Models, and how many variants each is worth: small ones break in their structure, large ones mostly in weights.
fn models() -> Vec<(String, Vec<u8>)> {
    let mut models: Vec<_> = ops::models(3).into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect();
    for name in ["micro_speech_uint8", "kws01_int8", "kws01_dynrange", "sww01_int8", "ic01_int8"] {
        let Some(path) = common::shared(&format!("mlperf/models/{name}.tflite")) else { break };
        let original = std::fs::read(path).unwrap();
        // Ours puts all constants last, the original has its own order: both deserve damage.
        let ours = tflite::write(&tflite::read(&original).unwrap().model).unwrap();
        models.extend([(name.to_owned(), original), (format!("{name} rewritten"), ours)]);
    }
    models.extend(packed());
    models
}

/// A small network with its weights packed in every way there is.
fn packed() -> Vec<(String, Vec<u8>)> {
    let case = ops::cases().into_iter().find(|case| case.group == "graph_int8" && case.name == "residual").unwrap();
    let file = |encoding| {
        let mut model = tflite::read(case.model).unwrap().model;
        for id in prune::weight_values(&model) {
            // Half of them zeros, as after pruning.
            let data = model.values[id].data.clone().unwrap();
            let sparse: Vec<u8> = data.iter().map(|&byte| if byte % 2 == 0 { byte } else { 0 }).collect();
            model.values[id].data = Some(sparse.into());
            if tflite::pack(&model.values[id], encoding).is_ok() {
                model.values[id].encoding = Some(encoding);
            }
        }
        assert!(model.values.iter().any(|value| value.encoding.is_some()), "{encoding:?} takes nothing");
        (format!("{} packed as {encoding:?}", case.name), tflite::write(&model).unwrap())
    };
    [Encoding::Codebook, Encoding::Huffman, Encoding::Bitmap].map(file).into()
}

/// Opens a file and does with it all that the page would do.
fn use_file(bytes: &[u8]) -> Outcome {
    let opened = match tflite::read(bytes) {
        Ok(opened) => opened,
        Err(error) => {
            assert!(!error.message().is_empty());
            assert!(error.message().len() < 20_000, "a sentence of {} bytes", error.message().len());
            assert!(!matches!(error.kind(), Kind::Cancelled | Kind::Parameter), "{error}");
            return Outcome::Refused;
        }
    };
    let model = &opened.model;
    assert!(opened.dropped.len() < 200, "{} lines of dropped fields", opened.dropped.len());
    validate::validate(model).unwrap();
    let counted = counts::model(model);
    // The sum over constants is bounded by the file, however often it points to the same bytes.
    assert!(held_bytes(model) <= 8 * bytes.len() + (4 << 20), "{} bytes held", held_bytes(model));
    match tflite::write(model) {
        Ok(written) => {
            let again = tflite::read(&written).unwrap();
            // Every further reader of a packed constant gets a copy of its own in the file.
            let is_packed = model.values.iter().any(|value| value.encoding.is_some());
            assert!(again.model.values.len() == model.values.len() || is_packed);
        }
        Err(error) => assert!(matches!(error.kind(), Kind::Unsupported | Kind::Limits), "{error}"),
    }
    let Ok(mut executor) = Executor::new(model, Options::default()) else { return Outcome::Opened };
    if counted.macs.0.saturating_add(pool_steps(model)) > 300_000 {
        return Outcome::Opened;
    }
    let inputs: Result<Vec<Tensor>, _> =
        model.inputs.iter().map(|&id| Tensor::zeros(model.values[id].dtype, &model.values[id].shape)).collect();
    match inputs.map(|inputs| executor.run(&inputs)) {
        Ok(Ok(outputs)) => {
            assert_eq!(outputs.len(), model.outputs.len());
            Outcome::Ran
        }
        _ => Outcome::Opened,
    }
}

/// Comparisons and additions of pools, which are no MACs but can be as many.
fn pool_steps(model: &Model) -> u64 {
    let steps = |node: &Node| match &node.op {
        Op::AveragePool2d(op) | Op::MaxPool2d(op) => {
            let written: usize = node.outputs.iter().map(|&id| model.values[id].elements()).sum();
            (written as u64).saturating_mul(op.filter[0] as u64).saturating_mul(op.filter[1] as u64)
        }
        _ => 0,
    };
    model.nodes.iter().map(steps).fold(0, u64::saturating_add)
}

#[derive(Clone, Copy)]
enum Outcome {
    Refused,
    Opened,
    Ran,
}

fn held_bytes(model: &Model) -> usize {
    let mut seen = std::collections::BTreeSet::new();
    let data = model.values.iter().filter_map(|value| value.data.as_ref());
    data.filter(|data| seen.insert(data.as_ptr())).map(|data| data.len()).sum()
}

#[test]
fn damaged_models_open_or_are_refused() {
    let models = models();
    // A large model takes longer for less news.
    let weights: Vec<usize> = models.iter().map(|(_, bytes)| if bytes.len() < 20_000 { 20 } else { 3 }).collect();
    let total: usize = weights.iter().sum();
    let mut outcomes = [0usize; 3];
    let mut failures = vec![];
    let mut slowest = (Duration::ZERO, String::new());
    let mut made = 0;
    for (index, ((name, bytes), weight)) in models.iter().zip(&weights).enumerate() {
        let share = if index + 1 == models.len() { VARIANTS - made } else { VARIANTS * weight / total };
        made += share;
        for variant in 0..share {
            let damaged = Damage::new(variant, index).of(bytes);
            let start = Instant::now();
            let result = catch_unwind(AssertUnwindSafe(|| use_file(&damaged)));
            let took = start.elapsed();
            match result {
                Ok(outcome) => outcomes[outcome as usize] += 1,
                Err(panic) => {
                    let words = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                    failures.push(format!("{name} (model {index}, variant {variant}): {words}"));
                }
            }
            if took > slowest.0 {
                slowest = (took, format!("{name} (model {index}, variant {variant})"));
            }
        }
    }
    let [refused, opened, ran] = outcomes;
    println!("{made} variants of {} models: {refused} refused, {opened} opened, {ran} ran", models.len());
    println!("slowest {:?}: {}", slowest.0, slowest.1);
    println!("peak memory {:?} KiB", peak_memory_kib());
    assert!(
        failures.is_empty(),
        "{} failures, the first:\n{}",
        failures.len(),
        failures[..failures.len().min(10)].join("\n")
    );
    assert!(refused > VARIANTS / 10 && ran > VARIANTS / 100, "damage is too weak or too strong to tell anything");
    assert!(slowest.0 < PATIENCE, "{} took {:?}", slowest.1, slowest.0);
    assert!(peak_memory_kib().is_none_or(|peak| peak < MEMORY_KIB), "peak memory {:?} KiB", peak_memory_kib());
}
