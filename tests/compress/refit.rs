//! Channels that others can stand in for are hardly missed, and layers are fitted to do without the rest.

use std::fs;

use crate::common;
use milliwatt::compress::apply;
use milliwatt::compress::channels::{remove, remove_on};
use milliwatt::compress::recipe::{ChannelsOptions, Importance, PruneScope, Recipe};
use milliwatt::exec::{Executor, Options};
use milliwatt::format::{npy, tflite};
use milliwatt::model::Model;
use milliwatt::progress::Silent;
use milliwatt::random::Random;
use milliwatt::tensor::Tensor;
use milliwatt::train::Parameters;
use milliwatt::train::architecture::{Architecture, Kind};

fn refitted(keep: f64) -> ChannelsOptions {
    let measure = Importance::Reconstruction;
    ChannelsOptions { keep, measure, refit: true, multiple: 1, ..ChannelsOptions::default() }
}

fn drawn(model: &Model, count: usize, seed: u64) -> Vec<Vec<Tensor>> {
    let mut random = Random::new(seed);
    let shape = &model.values[model.inputs[0]].shape;
    let n: usize = shape.iter().product();
    let mut one = || vec![Tensor::from_f32(shape, (0..n).map(|_| random.normal() as f32).collect()).unwrap()];
    (0..count).map(|_| one()).collect()
}

fn answers(model: &Model, inputs: &[Vec<Tensor>]) -> Vec<Vec<f32>> {
    let mut executor = Executor::new(model, Options::default()).unwrap();
    inputs.iter().map(|sample| executor.run(sample).unwrap()[0].to_f32_vec()).collect()
}

/// The mean squared difference of answers, as a share of their mean square.
fn difference(of: &[Vec<f32>], from: &[Vec<f32>]) -> f64 {
    let (mut lost, mut all) = (0.0, 0.0);
    for (a, b) in of.iter().flatten().zip(from.iter().flatten()) {
        lost += f64::from(a - b).powi(2);
        all += f64::from(*b).powi(2);
    }
    lost / all
}

/// A network whose every layer makes each channel twice, the second time `factor` times as large.
fn doubled(kind: Kind, factor: f32) -> Model {
    let model = Architecture::of(kind).build(4).unwrap();
    let mut parameters = Parameters::of(&model).unwrap();
    let last = model.nodes.iter().rposition(|node| node.op.weights_input().is_some()).unwrap();
    for node in model.nodes[..last].iter().filter(|node| node.op.weights_input().is_some()) {
        let weights = node.input(1).unwrap();
        let is_depthwise = node.op.weights_channel_axis() == Some(3);
        let shape = model.values[weights].shape.clone();
        let channels = if is_depthwise { shape[3] } else { shape[0] };
        let numbers = parameters.get_mut(weights).unwrap();
        let inner = numbers.len() / channels;
        for channel in 0..channels / 2 {
            for at in 0..inner {
                let place = |channel: usize| if is_depthwise { at * channels + channel } else { channel * inner + at };
                // A depthwise filter is given the factor already.
                let factor = if is_depthwise { 1.0 } else { factor };
                numbers[place(channels / 2 + channel)] = factor * numbers[place(channel)];
            }
        }
        if let Some(bias) = node.input(2).and_then(|id| parameters.get_mut(id)) {
            bias.fill(0.0);
        }
    }
    parameters.put_into(&model)
}

#[test]
fn channels_that_are_multiples_of_others_are_not_missed() {
    for kind in [Kind::DsCnn, Kind::Autoencoder, Kind::SmallConvolution] {
        let model = doubled(kind, 0.5);
        let (inputs, others) =
            (drawn(&model, if kind == Kind::Autoencoder { 600 } else { 40 }, 1), drawn(&model, 20, 2));
        let expected = answers(&model, &others);
        let thin = remove_on(&model, &refitted(0.5), &inputs, &mut Silent).unwrap();
        assert!(Parameters::of(&thin).unwrap().count() * 3 < Parameters::of(&model).unwrap().count() * 2, "{kind:?}");
        let lost = difference(&answers(&thin, &others), &expected);
        assert!(lost < 0.05, "{kind:?}: {lost} of the answers is lost");
        let plain = ChannelsOptions { multiple: 1, ..ChannelsOptions::default() };
        let cut = difference(&answers(&remove(&model, &plain).unwrap(), &others), &expected);
        assert!(cut > 10.0 * lost, "{kind:?}: {cut} is lost without, {lost} with what makes up for it");
    }
}

#[test]
fn layers_of_every_kind_of_network_lose_less_when_they_make_up_for_what_goes() {
    for kind in [Kind::DsCnn, Kind::ResNet8, Kind::Autoencoder, Kind::SmallConvolution] {
        let model = Architecture::of(kind).build(2).unwrap();
        let (inputs, others) =
            (drawn(&model, if kind == Kind::Autoencoder { 600 } else { 40 }, 3), drawn(&model, 20, 4));
        let expected = answers(&model, &others);
        for scope in [PruneScope::PerLayer, PruneScope::Global] {
            let lost = |refit: bool| {
                let options = ChannelsOptions { scope, refit, multiple: 4, ..refitted(0.75) };
                let thin = remove_on(&model, &options, &inputs, &mut Silent).unwrap();
                difference(&answers(&thin, &others), &expected)
            };
            let (with, without) = (lost(true), lost(false));
            assert!(with < without, "{kind:?}, {scope:?}: {with} with, {without} without");
        }
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let model = Architecture::of(Kind::DsCnn).build(2).unwrap();
    let inputs = drawn(&model, 10, 5);
    let file =
        |options: &ChannelsOptions| tflite::write(&remove_on(&model, options, &inputs, &mut Silent).unwrap()).unwrap();
    assert_eq!(file(&refitted(0.5)), file(&refitted(0.5)));
    assert_ne!(file(&refitted(0.5)), file(&ChannelsOptions { refit: false, ..refitted(0.5) }));
}

#[test]
fn a_keyword_spotter_that_lost_half_of_its_channels_still_hears_without_learning() {
    let (Some(file), Some(data)) =
        (common::shared("mlperf/models/kws01_fp32_qualcomm.tflite"), common::shared("mlperf/data/kws_dev.npz"))
    else {
        return;
    };
    let model = tflite::read(&fs::read(file).unwrap()).unwrap().model;
    let arrays = npy::read_npz(&fs::read(data).unwrap()).unwrap();
    let array = |name: &str| arrays.iter().find(|(found, _)| found == name).unwrap().1.to_f32_vec();
    let labels: Vec<usize> = array("y").iter().map(|&label| label as usize).collect();
    let shape = &model.values[model.inputs[0]].shape;
    // The scale and zero point of the published features.
    let clip = |row: &[f32]| row.iter().map(|byte| (byte - 83.0) * 0.584_702_9).collect();
    let clips: Vec<Vec<Tensor>> =
        array("mfcc").chunks_exact(490).map(|row| vec![Tensor::from_f32(shape, clip(row)).unwrap()]).collect();
    let right = |options: &ChannelsOptions| {
        let thin = remove_on(&model, options, &clips[..200], &mut Silent).unwrap();
        let largest = |y: &Vec<f32>| (1..y.len()).fold(0, |best, at| if y[at] > y[best] { at } else { best });
        let answers = answers(&thin, &clips[200..]);
        answers.iter().zip(&labels[200..]).filter(|(y, label)| largest(y) == **label).count()
    };
    let half = ChannelsOptions { multiple: 8, ..refitted(0.5) };
    let [cut, fitted] = [ChannelsOptions { multiple: 8, ..ChannelsOptions::default() }, half].map(|half| right(&half));
    println!("of 300 clips {fitted} are heard right, {cut} where nothing makes up for the channels");
    assert!(cut < 60 && fitted > 195, "{cut} and {fitted} of 300");
}

#[test]
fn what_cannot_make_up_for_channels_says_what_to_do_instead() {
    let model = Architecture::of(Kind::DsCnn).build(2).unwrap();
    let error = remove(&model, &refitted(0.5)).unwrap_err().to_string();
    assert!(error.contains("example inputs"), "{error}");
    // A recipe without data draws inputs, as other steps do.
    let recipe = r#"{"version":1,"steps":[{"step":"channels","keep":0.5,"refit":true}]}"#;
    apply(&model, &Recipe::from_json(recipe).unwrap(), &[], &mut Silent).unwrap();
    let after = r#"{"version":1,"steps":[{"step":"quantize"},{"step":"channels","keep":0.5,"refit":true}]}"#;
    let error = apply(&model, &Recipe::from_json(after).unwrap(), &[], &mut Silent).unwrap_err().to_string();
    assert!(error.contains("before the model is quantized"), "{error}");
}
