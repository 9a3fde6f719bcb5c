//! Listening: the same events whatever the blocks, and the right ones.

use std::cell::Cell;
use std::fs;
use std::sync::OnceLock;

use crate::common;
use milliwatt::audio::resample::resample;
use milliwatt::compress;
use milliwatt::format::{npy, tflite};
use milliwatt::lab::files::KEYWORDS;
use milliwatt::lab::live::{Live, settings};
use milliwatt::lab::{Bench, files};
use milliwatt::model::op::{FullyConnected, Op};
use milliwatt::model::{Model, Node, Value};
use milliwatt::progress::Silent;
use milliwatt::report::Task;
use milliwatt::report::sound::{LiveEvent, LiveSettings};
use milliwatt::tensor::{DType, Tensor};

const MACHINE: &str = "www/public/samples/machine/model.tflite";

/// What listening needs of a side: the file, its threshold, its classes.
type Ear = (Vec<u8>, f64, Vec<String>);

/// The sample and its int8 form, with their measured thresholds.
fn ears() -> &'static [Ear] {
    static EARS: OnceLock<Vec<Ear>> = OnceLock::new();
    EARS.get_or_init(|| {
        let mut bench = Bench::new();
        bench.open(&fs::read(MACHINE).unwrap(), "machine").unwrap();
        bench.set_generated("machine", 3).unwrap();
        let mut ear = |name: &str| {
            let recipe = compress::presets().into_iter().find(|preset| preset.name == name).unwrap().recipe;
            bench.apply(&recipe, &mut Silent).unwrap();
            (bench.candidate_bytes().unwrap().to_vec(), bench.threshold().unwrap(), bench.class_names())
        };
        vec![ear("original"), ear("int8")]
    })
}

/// Two sides that hear machines.
fn machine(rate: u32) -> Live {
    let mut live = Live::new(rate, settings(Task::Reconstruction)).unwrap();
    for (side, (file, threshold, classes)) in ears().iter().enumerate() {
        live.set_side(side, file, *threshold, classes.clone()).unwrap();
    }
    live
}

/// Everything that happens when sound comes in blocks of one size, each at its end.
fn heard(live: &mut Live, samples: &[f32], block: usize) -> Vec<LiveEvent> {
    samples.chunks(block).flat_map(|block| live.push(block, 0.0, &|| 0.0).unwrap()).collect()
}

fn detections(events: &[LiveEvent]) -> Vec<(u32, &str, f64)> {
    let detection = |event: &'_ LiveEvent| matches!(event, LiveEvent::Detection { .. });
    events
        .iter()
        .filter(|event| detection(event))
        .map(|event| match event {
            LiveEvent::Detection { at_s, side, label, .. } => (*side, label.as_str(), *at_s),
            _ => unreachable!("filtered"),
        })
        .collect()
}

/// A generated clip of each kind: a healthy machine and a faulty one.
fn sounds() -> (Vec<f32>, Vec<f32>) {
    let inputs = files::generated("machine", 11).unwrap();
    let of = |label: usize| {
        let item = inputs.test.iter().map(|&item| &inputs.items[item]).find(|item| item.label == Some(label)).unwrap();
        match &item.source {
            milliwatt::lab::inputs::Source::Sound { samples, .. } => samples.clone(),
            _ => unreachable!("generated clips are sound"),
        }
    };
    (of(0), of(1))
}

#[test]
fn the_size_of_blocks_changes_nothing() {
    let (sound, _) = sounds();
    let sound = &sound[..32_000];
    // How late an answer is does depend on the block that its window ends in.
    let timeless = |block: usize| {
        let mut events = heard(&mut machine(16_000), sound, block);
        for event in &mut events {
            if let LiveEvent::Answer { latency, .. } = event {
                latency.value = 0.0;
            }
        }
        events
    };
    let expected = timeless(320);
    for block in [1, 128, 441, 5000] {
        let events = timeless(block);
        assert_eq!(events.len(), expected.len(), "blocks of {block}");
        for (event, expected) in events.iter().zip(&expected) {
            assert_eq!(event, expected, "blocks of {block}");
        }
    }
    let count = |kind: fn(&LiveEvent) -> bool| expected.iter().filter(|event| kind(event)).count();
    // Two seconds: a reading every 50 ms, a column every 20 ms once a frame of 32 ms is full, an answer every 100 ms once
    // a window of 192 ms is full.
    assert_eq!(count(|event| matches!(event, LiveEvent::Level { .. })), 40);
    assert_eq!(count(|event| matches!(event, LiveEvent::Column { .. })), 99);
    assert_eq!(count(|event| matches!(event, LiveEvent::Answer { .. })), 19);
}

#[test]
fn a_fault_is_detected_by_both_sides_and_a_healthy_machine_by_none() {
    let (well, faulty) = sounds();
    let mut live = machine(16_000);
    assert_eq!(detections(&heard(&mut live, &well, 512)), []);
    let events = heard(&mut live, &[&faulty[..], &faulty[..]].concat(), 512);
    let found = detections(&events);
    assert!(found.iter().any(|&(side, label, _)| (side, label) == (0, "anomalous")), "{found:?}");
    assert!(found.iter().any(|&(side, label, _)| (side, label) == (1, "anomalous")), "{found:?}");
    let LiveEvent::Answer { answers, latency, .. } =
        events.iter().rev().find(|event| matches!(event, LiveEvent::Answer { .. })).unwrap()
    else {
        unreachable!("found as one")
    };
    assert_eq!(answers.len(), 2);
    assert!(answers.iter().flatten().all(|answer| answer.bars[0].fraction > 0.5), "over the line in the middle");
    assert_eq!(latency.kind, milliwatt::report::FigureKind::Measured);
    assert_eq!(latency.n, Some(50), "the last fifty");
}

#[test]
fn a_spoken_word_is_detected_once_by_both_sides_at_every_rate() {
    let (Some(int8), Some(float), Some(clips)) = (
        common::shared("mlperf/models/kws01_int8.tflite"),
        common::shared("mlperf/models/kws01_fp32_qualcomm.tflite"),
        common::shared("mlperf/data/kws_dev.npz"),
    ) else {
        return;
    };
    let arrays = npy::read_npz(&fs::read(clips).unwrap()).unwrap();
    let array = |name: &str| &arrays.iter().find(|(known, _)| known == name).unwrap().1;
    let (Tensor::Int16(audio), labels, Tensor::Int8(scores)) = (array("audio"), array("y"), array("y_tflm")) else {
        panic!("the arrays have other types");
    };
    let labels = labels.to_f32_vec();
    for word in ["yes", "stop", "left"] {
        let class = KEYWORDS.iter().position(|known| *known == word).unwrap();
        // The clearest clip of the word, as the published features have it.
        let clip = (0..labels.len())
            .filter(|&clip| labels[clip] as usize == class)
            .max_by_key(|&clip| scores[[clip, class]])
            .unwrap();
        let mut sound = vec![0.0f32; 16_000];
        sound.extend(audio.index_axis(ndarray::Axis(0), clip).iter().map(|&sample| f32::from(sample) / 32768.0));
        sound.resize(48_000, 0.0);
        for rate in [16_000, 44_100, 48_000] {
            let mut live = Live::new(rate, settings(Task::Classification)).unwrap();
            for (side, file) in [&float, &int8].into_iter().enumerate() {
                let classes = KEYWORDS.map(str::to_owned).to_vec();
                live.set_side(side, &fs::read(file).unwrap(), 0.0, classes).unwrap();
            }
            let sound = if rate == 16_000 { sound.clone() } else { resample(&sound, 16_000, rate).unwrap() };
            let events = heard(&mut live, &sound, 128);
            for side in 0..2 {
                let of_side: Vec<&str> =
                    detections(&events).iter().filter(|found| found.0 == side).map(|found| found.1).collect();
                assert_eq!(of_side, [word], "side {side} at {rate} Hz");
            }
        }
    }
}

#[test]
fn an_answer_that_would_come_too_late_is_left_out_and_counted() {
    let mut live = machine(16_000);
    let now = Cell::new(0.0);
    let second = vec![0.1f32; 16_000];
    let answers = |live: &mut Live, captured: f64| {
        let events = live.push(&second, captured, &|| now.get()).unwrap();
        let answer = |event: &LiveEvent| match event {
            LiveEvent::Answer { skipped, latency, .. } => Some((*skipped, latency.value)),
            _ => None,
        };
        events.iter().filter_map(answer).collect::<Vec<_>>()
    };
    now.set(1005.0);
    let on_time = answers(&mut live, 1000.0);
    // The block ends now, so that windows early in it are as late as the block is long.
    assert_eq!(on_time.len(), 4, "windows of the last 400 ms: {on_time:?}");
    assert_eq!(on_time.last(), Some(&(5, 205.0)), "the median of 305, 205, 105 and 5 ms");
    now.set(9000.0);
    assert_eq!(answers(&mut live, 2000.0), [], "seven seconds late");
}

#[test]
fn the_meters_show_what_a_normalizer_does_to_a_quiet_sound() {
    let tone: Vec<f32> = (0..48_000).map(|n| 0.01 * (n as f32 * 0.3).sin()).collect();
    let last = |normalize: &str| {
        let mut live = machine(16_000);
        live.configure(LiveSettings { normalize: normalize.into(), ..settings(Task::Reconstruction) }).unwrap();
        let level = |event: LiveEvent| match event {
            LiveEvent::Level { before, after } => Some((before.peak_dbfs, after.peak_dbfs)),
            _ => None,
        };
        heard(&mut live, &tone, 480).into_iter().filter_map(level).next_back().unwrap()
    };
    for untouched in ["trained", "none"] {
        let (before, after) = last(untouched);
        assert!((before + 40.0).abs() < 0.1 && before == after, "{untouched}: {before} and {after} dBFS");
    }
    let (before, after) = last("peak");
    assert!((before + 40.0).abs() < 0.1 && after > -1.0, "{before} and {after} dBFS");
}

#[test]
fn what_cannot_be_listened_to_is_a_sentence() {
    let keyword = settings(Task::Classification);
    assert!(Live::new(100, keyword.clone()).err().unwrap().to_string().contains("100 Hz"));
    let wrong = LiveSettings { hop_ms: 1.0, ..keyword.clone() };
    assert!(Live::new(16_000, wrong).err().unwrap().to_string().contains("between 20 and 1000"));
    let wrong = LiveSettings { normalize: "magic".into(), ..keyword.clone() };
    assert!(Live::new(16_000, wrong).err().unwrap().to_string().contains("\"magic\"; there are trained, none"));

    let mut model = Model::default();
    let x = model.add_value(Value::activation("x", DType::Float32, &[1, 4]));
    let w = model.add_value(Value::float_constant("w", &[2, 4], &[0.5; 8]));
    let y = model.add_value(Value::activation("y", DType::Float32, &[1, 2]));
    model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    let mut live = Live::new(16_000, keyword).unwrap();
    let error = live.set_side(0, &tflite::write(&model).unwrap(), 0.0, Vec::new()).unwrap_err();
    assert!(error.to_string().contains("does not take any of the sound features"), "{error}");
    assert!(live.push(&[f32::NAN], 0.0, &|| 0.0).unwrap_err().to_string().contains("finite"));
}

#[test]
fn what_was_just_heard_can_be_kept_as_a_clip() {
    let mut live = machine(16_000);
    let ramp: Vec<f32> = (0..400_000).map(|n| (n % 1000) as f32 / 1000.0).collect();
    heard(&mut live, &ramp, 1024);
    assert_eq!(live.last_clip(), ramp[400_000 - 160_000..], "the last ten seconds");
}
