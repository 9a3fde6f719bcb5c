//! The built-in samples as they are shipped.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::Path;

use milliwatt::audio;
use milliwatt::data::Dataset;
use milliwatt::data::sample::Sample;
use milliwatt::exec::{Executor, Options};
use milliwatt::format::tflite;
use milliwatt::progress::Silent;
use milliwatt::train::Loss;
use milliwatt::train::architecture::ANOMALY_AUTOENCODER;

fn folder() -> &'static Path {
    Path::new("www/public/samples/machine")
}

fn sample() -> Sample {
    Sample::read(&fs::read(folder().join("sample.json")).unwrap()).unwrap()
}

#[test]
fn the_machine_sample_is_the_network_that_its_source_file_says() {
    let model = tflite::read(&fs::read(folder().join(sample().model)).unwrap()).unwrap().model;
    let widths: Vec<usize> = model.nodes.iter().map(|node| model.values[node.outputs[0]].shape[1]).collect();
    assert_eq!(widths, ANOMALY_AUTOENCODER);
    let parameters: usize = model.values.iter().filter(|value| value.is_constant()).map(|value| value.elements()).sum();
    // MLPerf Tiny's has 265,864 once its batch normalisation is folded.
    assert_eq!(parameters, 265_864);
    let front_end = audio::front_end_for(&model.values[model.inputs[0]].shape).unwrap();
    assert_eq!(front_end.name, sample().front_end);
}

#[test]
fn the_machine_sample_tells_faulty_machines_from_healthy_ones_it_never_heard() {
    let sample = sample();
    let model = tflite::read(&fs::read(folder().join(&sample.model)).unwrap()).unwrap().model;
    let mut executor = Executor::new(&model, Options::default()).unwrap();
    let front_end = audio::front_end(&sample.front_end).unwrap();
    let features = |samples: &[f32], rate| front_end.tensors(samples, rate);
    let clips = sample.test.clips().unwrap();
    let data = Dataset::from_clips(&clips, &sample.classes, &features, &mut Silent).unwrap();
    assert_eq!(data.class_counts(), [60, 60]);
    let mut scores = [Vec::new(), Vec::new()];
    for item in &data.items {
        let loss = |window: &milliwatt::tensor::Tensor| {
            let output = executor.run(std::slice::from_ref(window)).unwrap()[0].to_f32_vec();
            Loss::MeanSquaredError.of(&output, &window.to_f32_vec(), 1).unwrap().0
        };
        let sum: f64 = item.windows.iter().map(loss).sum();
        scores[item.label.unwrap()].push(sum / item.windows.len() as f64);
    }
    let pairs = scores[0].iter().flat_map(|normal| scores[1].iter().map(move |anomalous| anomalous > normal));
    let auc = pairs.filter(|&right| right).count() as f64 / 3600.0;
    println!("AUC {auc:.4}");
    // Neither guessing nor so easy that compression could not be seen.
    assert!((0.92..0.97).contains(&auc), "the AUC is {auc}");
}
