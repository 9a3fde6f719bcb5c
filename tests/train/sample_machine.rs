//! The built-in samples as they are shipped.

use std::fs;
use std::path::Path;

use milliwatt::audio;
use milliwatt::data::Dataset;
use milliwatt::data::sample::{self, Sample};
use milliwatt::exec::{Executor, Options};
use milliwatt::format::tflite;
use milliwatt::metrics;
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
fn the_shipped_description_of_the_machine_sample_is_the_one_that_the_page_makes_clips_from() {
    assert_eq!(sample(), sample::machine(1));
}

#[test]
fn no_clip_that_the_machine_sample_learned_from_or_is_calibrated_on_judges_it() {
    let sample = sample();
    let sets = [&sample.training, &sample.calibration, &sample.test].map(|set| set.clips(&[]).unwrap());
    for (left, right) in [(0, 1), (0, 2), (1, 2)] {
        let shared = sets[left].iter().find(|a| sets[right].iter().any(|b| a.samples == b.samples));
        assert_eq!(shared.map(|clip| &clip.name), None, "sets {left} and {right}");
    }
}

#[test]
fn the_machine_sample_tells_faulty_machines_from_healthy_ones_it_never_heard() {
    let sample = sample();
    let model = tflite::read(&fs::read(folder().join(&sample.model)).unwrap()).unwrap().model;
    let mut executor = Executor::new(&model, Options::default()).unwrap();
    let front_end = audio::front_end(&sample.front_end).unwrap();
    let features = |samples: &[f32], rate| front_end.tensors(samples, rate);
    let clips = sample.test.clips(&[]).unwrap();
    let data = Dataset::from_clips(&clips, &sample.classes, &features, &mut Silent).unwrap();
    assert_eq!(data.class_counts(), [60, 60]);
    let mut scores = Vec::new();
    for item in &data.items {
        let loss = |window: &milliwatt::tensor::Tensor| {
            let output = executor.run(std::slice::from_ref(window)).unwrap()[0].to_f32_vec();
            Loss::MeanSquaredError.of(&output, &window.to_f32_vec(), 1).unwrap().0
        };
        let sum: f64 = item.windows.iter().map(loss).sum();
        scores.push((sum / item.windows.len() as f64, item.label == Some(1)));
    }
    let auc = metrics::auc(&scores).unwrap().value;
    println!("AUC {auc:.4}");
    // Neither guessing nor so easy that compression could not be seen.
    assert!((0.92..0.97).contains(&auc), "the AUC is {auc}");
}
