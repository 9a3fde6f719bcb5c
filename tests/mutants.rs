//! A hundred thousand damaged models: each opens or is refused, and nothing panics, hangs or swallows memory.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on shall stop")]

mod common;
#[path = "common/ops.rs"]
mod ops;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use milliwatt::error::Kind;
use milliwatt::exec::{Executor, Options};
use milliwatt::format::tflite;
use milliwatt::model::{Model, Node, Op, counts, validate};
use milliwatt::tensor::Tensor;
use rand_core::Rng;
use rand_pcg::Pcg64;

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
    models
}

struct Damage {
    random: Pcg64,
}

impl Damage {
    fn below(&mut self, bound: usize) -> usize {
        (self.random.next_u64() % bound.max(1) as u64) as usize
    }

    /// A place: mostly in the parts that give the file its form, which lie at its ends.
    fn place(&mut self, length: usize) -> usize {
        match self.below(4) {
            0 => self.below(length),
            1 => length - 1 - self.below(length.min(6_000)),
            _ => self.below(length.min(6_000)),
        }
    }

    fn once(&mut self, bytes: &mut Vec<u8>) {
        if bytes.len() < 16 {
            return;
        }
        let length = bytes.len();
        let at = self.place(length);
        match self.below(9) {
            0 | 1 => bytes[at] ^= 1 << self.below(8),
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
            3 | 4 => {
                // A length, an offset or an id.
                let at = (at & !3).min(length - 4);
                let old = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
                let near = [old.wrapping_add(1), old.wrapping_sub(1), old.wrapping_mul(2), old.wrapping_add(4)];
                let strange = [0, 1, u32::MAX, i32::MAX as u32, 1 << 31, length as u32, length as u32 - at as u32];
                let choice = self.below(near.len() + strange.len());
                let new = near.iter().chain(&strange).nth(choice).copied().unwrap();
                bytes[at..at + 4].copy_from_slice(&new.to_le_bytes());
            }
            5 => {
                // A field table: sizes and field offsets are 16-bit.
                let at = (at & !1).min(length - 2);
                let new = [0, 2, 4, 6, 8, 12, 16, 0xffff, 0x7fff][self.below(9)] as u16;
                bytes[at..at + 2].copy_from_slice(&new.to_le_bytes());
            }
            6 => {
                let from = self.place(length);
                let count = 1 + self.below(64.min(length - from.max(at)));
                bytes.copy_within(from..from + count, at);
            }
            7 => {
                let count = 1 + self.below(16.min(length - at));
                bytes.drain(at..at + count);
            }
            _ => {
                let count = 1 + self.below(16);
                let filling = bytes[at];
                bytes.splice(at..at, std::iter::repeat_n(filling, count));
            }
        }
    }
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
            assert_eq!(again.model.values.len(), model.values.len());
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

/// The most memory this process ever held, where the system says so.
fn peak_memory_kib() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok())
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
            let mut damage = Damage { random: Pcg64::new(variant as u128, index as u128) };
            let mut damaged = bytes.clone();
            for _ in 0..1 + damage.below(3) {
                damage.once(&mut damaged);
            }
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
