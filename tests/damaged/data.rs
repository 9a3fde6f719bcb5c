//! Thousands of damaged recordings, arrays, archives and recipes: each is read or refused in a sentence, and
//! nothing panics, hangs or swallows memory.

use std::io::{Cursor, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use milliwatt::audio;
use milliwatt::compress::{self, recipe::Recipe};
use milliwatt::error::{Error, Kind};
use milliwatt::format::{npy, wav};
use milliwatt::lab::files::{self, Target};
use milliwatt::model::op::{FullyConnected, Op};
use milliwatt::model::{Model, Node, Value};
use milliwatt::progress::Silent;
use milliwatt::report::Task;
use milliwatt::tensor::{DType, Tensor};

use crate::damage::{Damage, peak_memory_kib};

/// Variants of each file.
const VARIANTS: usize = 1_500;
/// Longest that one damaged file may take, on a slow machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most memory that the whole test may take.
const MEMORY_KIB: usize = 1 << 20;

/// A recording in another encoding than our own writer's.
fn recording(spec: hound::WavSpec) -> Vec<u8> {
    let mut bytes = Cursor::new(vec![]);
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for at in 0..2_000 {
        match spec.sample_format {
            hound::SampleFormat::Float => writer.write_sample((at as f32 * 0.05).sin()).unwrap(),
            hound::SampleFormat::Int => writer.write_sample(at % 100).unwrap(),
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(vec![]));
    for (name, content) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn data_files() -> Vec<(&'static str, Vec<u8>)> {
    let spec = |channels, bits_per_sample, sample_format| hound::WavSpec {
        channels,
        sample_rate: 22_050,
        bits_per_sample,
        sample_format,
    };
    let plain = wav::write(16_000, &[0.25; 3_000]).unwrap();
    let array = |tensor: &Tensor| npy::write(tensor).unwrap();
    let features = array(&Tensor::from_f32(&[6, 490], vec![0.5; 6 * 490]).unwrap());
    let labels = array(&Tensor::from_i8(&[6], vec![0, 1, 2, 0, 1, 2]).unwrap());
    vec![
        ("plain.wav", plain.clone()),
        ("stereo 24-bit.wav", recording(spec(2, 24, hound::SampleFormat::Int))),
        ("8-bit.wav", recording(spec(1, 8, hound::SampleFormat::Int))),
        ("float.wav", recording(spec(1, 32, hound::SampleFormat::Float))),
        ("features.npy", features.clone()),
        ("set.npz", archive(&[("x.npy", &features), ("y.npy", &labels)])),
        ("clips.zip", archive(&[("yes/a.wav", &plain), ("no/b.wav", &plain), ("notes.txt", b"hello")])),
    ]
}

/// A text with one to three of its words or numbers exchanged, and now and then a byte damaged.
fn reworded(variant: usize, file: usize, text: &[u8]) -> Vec<u8> {
    const WORDS: [&str; 24] = [
        "-1",
        "0",
        "1",
        "0.95",
        "-0.0",
        "1e300",
        "1e-300",
        "99999999999999999999",
        "null",
        "true",
        "[]",
        "{}",
        "\"\"",
        "\"global\"",
        "\"per_layer\"",
        "\"per_channel\"",
        "\"per_tensor\"",
        "\"mse\"",
        "\"kl\"",
        "\"min_max\"",
        "\"percentile\"",
        "\"prune\"",
        "\"quantize\"",
        "\"calibration\"",
    ];
    let mut damage = Damage::new(variant, file);
    let mut text = String::from_utf8_lossy(text).into_owned();
    for _ in 0..1 + damage.below(3) {
        let parts: Vec<&str> = text.split_inclusive([':', ',', '{', '}', '[', ']']).collect();
        let chosen = damage.below(parts.len());
        let word = WORDS[damage.below(WORDS.len())];
        let changed =
            parts.iter().enumerate().map(|(at, part)| match part.trim_end_matches([':', ',', '{', '}', '[', ']']) {
                inner if at == chosen && !inner.is_empty() => part.replacen(inner, word, 1),
                _ => (*part).to_owned(),
            });
        text = changed.collect();
    }
    if damage.below(8) == 0 { damage.of(text.as_bytes()) } else { text.into_bytes() }
}

/// Reads one damaged file, by its name.
type UseOne<'a> = dyn FnMut(&str, &[u8]) -> Result<(), Error> + 'a;

/// Runs every variant; `use_one` says whether it was taken. Fails on panics, long waits, and damage that tells nothing.
fn survive(files: &[(&str, Vec<u8>)], damage: fn(usize, usize, &[u8]) -> Vec<u8>, use_one: &mut UseOne<'_>) {
    let mut failures = vec![];
    let mut slowest = (Duration::ZERO, String::new());
    for (index, (name, bytes)) in files.iter().enumerate() {
        let mut taken = 0;
        for variant in 0..VARIANTS {
            let damaged = damage(variant, index, bytes);
            let start = Instant::now();
            match catch_unwind(AssertUnwindSafe(|| use_one(name, &damaged))) {
                Ok(Ok(())) => taken += 1,
                Ok(Err(error)) => {
                    let words = error.message();
                    if words.is_empty() || words.len() > 20_000 || error.kind() == Kind::Cancelled {
                        failures.push(format!("{name}, variant {variant}: {words:?}"));
                    }
                }
                Err(panic) => {
                    let words = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                    failures.push(format!("{name}, variant {variant} panics: {words}"));
                }
            }
            if start.elapsed() > slowest.0 {
                slowest = (start.elapsed(), format!("{name}, variant {variant}"));
            }
        }
        println!("{name}: {taken} of {VARIANTS} variants taken, the others refused");
        if !(VARIANTS / 100..VARIANTS - VARIANTS / 100).contains(&taken) {
            failures.push(format!("{name}: damage is too weak or too strong to tell anything"));
        }
    }
    println!("slowest {:?}: {}", slowest.0, slowest.1);
    assert!(
        failures.is_empty(),
        "{} failures, the first:\n{}",
        failures.len(),
        failures[..failures.len().min(10)].join("\n")
    );
    assert!(slowest.0 < PATIENCE, "{} took {:?}", slowest.1, slowest.0);
    assert!(peak_memory_kib().is_none_or(|peak| peak < MEMORY_KIB), "peak memory {:?} KiB", peak_memory_kib());
}

#[test]
fn damaged_recordings_arrays_and_archives_are_used_or_refused() {
    let front_end = audio::front_end("mlperf-kws").unwrap();
    let target = Target {
        known: &[],
        task: Task::Classification,
        outputs: 12,
        sample_rate: Some(front_end.sample_rate),
        front_end: Some(front_end.name),
        input: &[49, 10, 1],
        pixels: None,
    };
    survive(&data_files(), |variant, file, bytes| Damage::new(variant, file).of(bytes), &mut |name, bytes| {
        let inputs =
            files::inputs(vec![(name.to_owned(), bytes.to_vec())], target, milliwatt::lab::inputs::Split::of(1))?;
        assert!(!inputs.test.is_empty() && inputs.card().test_items as usize == inputs.test.len());
        let mut windows = 0;
        for item in &inputs.items {
            assert!(item.label.is_none_or(|label| label < inputs.classes.len()), "a label without a class");
            for window in item.windows(Some(front_end))? {
                windows += 1;
                assert!(
                    !name.ends_with("wav") || window.to_f32_vec().iter().all(|x| x.is_finite()),
                    "endless features"
                );
            }
        }
        assert!(windows > 0);
        Ok(())
    });
}

/// A layer of four numbers to three.
fn small_model() -> Model {
    let mut model = Model::default();
    let x = model.add_value(Value::activation("x", DType::Float32, &[1, 4]));
    let w = model.add_value(Value::float_constant("w", &[3, 4], &[0.5; 12]));
    let y = model.add_value(Value::activation("y", DType::Float32, &[1, 3]));
    model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    model
}

#[test]
fn damaged_recipes_are_applied_or_refused() {
    let texts = [
        r#"{"version":1,"steps":[{"step":"prune","sparsity":0.5,"scope":"global"}]}"#,
        r#"{"version":1,"steps":[{"step":"quantize","granularity":"per_tensor","calibration":{"method":"percentile","percent":99.9}}]}"#,
        r#"{"version":1,"steps":[{"step":"prune","sparsity":0.25,"scope":"per_layer"},{"step":"quantize"}]}"#,
    ];
    let files: Vec<(&str, Vec<u8>)> = texts.iter().map(|text| (*text, text.as_bytes().to_vec())).collect();
    let model = small_model();
    let windows = [vec![Tensor::from_f32(&[1, 4], vec![0.5, -1.0, 2.0, 0.0]).unwrap()]];
    survive(&files, reworded, &mut |_, bytes| {
        let recipe = Recipe::from_json(&String::from_utf8_lossy(bytes))?;
        assert_eq!(Recipe::from_json(&recipe.to_json()).unwrap(), recipe);
        compress::apply(&model, &recipe, &windows, &mut Silent).map(|_| ())
    });
}
