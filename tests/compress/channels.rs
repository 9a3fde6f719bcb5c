//! Channels that give nothing but zeros can be removed, and nobody notices: on made and on published networks.

use std::fs;

use crate::common;
use milliwatt::compress::channels::{Channel, Channels, Measure, Norm, remove, remove_by};
use milliwatt::compress::recipe::{ChannelsOptions, PruneScope, Recipe, Step};
use milliwatt::exec::{Executor, Kernels, Options};
use milliwatt::format::tflite;
use milliwatt::model::{Model, Value, counts};
use milliwatt::progress::Silent;
use milliwatt::random::Random;
use milliwatt::tensor::{DType, Tensor};
use milliwatt::train::architecture::{Architecture, Kind};
use milliwatt::train::{Loss, Parameters, Tape, one_hot};

/// The networks of the shelf, with random numbers also in their biases.
fn shelf() -> Vec<(String, Model)> {
    [Kind::DsCnn, Kind::ResNet8, Kind::MobileNet, Kind::Autoencoder, Kind::SmallConvolution]
        .map(|kind| {
            let mut network = Architecture::of(kind);
            if kind == Kind::MobileNet {
                network.input = [32, 32, 3];
            }
            let mut model = network.build(3).unwrap();
            let mut random = Random::new(5);
            for value in model.values.iter_mut().filter(|value| value.is_constant() && value.shape.len() == 1) {
                let bias: Vec<f32> = (0..value.elements()).map(|_| random.between(-0.1, 0.3) as f32).collect();
                *value = Value::float_constant(value.name.clone(), &value.shape, &bias);
            }
            (format!("{kind:?}"), model)
        })
        .into()
}

fn published() -> Vec<(String, Model)> {
    let names = [
        "kws01_fp32_qualcomm",
        "kws01_int8",
        "kws01_dynrange",
        "ic01_fp32",
        "ic01_int8",
        "vww01_fp32",
        "vww01_int8",
        "ad01_fp32",
        "ad01_int8",
        "sww01_int8",
    ];
    let read = |name: &str| {
        let path = common::shared(&format!("mlperf/models/{name}.tflite"))?;
        Some((name.to_owned(), tflite::read(&fs::read(path).unwrap()).unwrap().model))
    };
    names.into_iter().filter_map(read).collect()
}

/// Half of the channels of every group, by chance.
fn half(channels: &Channels, seed: u64) -> Vec<Channel> {
    let mut random = Random::new(seed);
    let mut chosen = Vec::new();
    for group in channels.groups() {
        let mut group = group.clone();
        random.shuffle(&mut group);
        chosen.extend_from_slice(&group[..group.len() / 2]);
    }
    chosen
}

/// The model with the filters and biases of some channels at zero; the columns that read them stay as they are.
fn cleared(model: &Model, channels: &Channels, gone: &[Channel]) -> Model {
    let mut cleared = model.clone();
    for node in &model.nodes {
        let weights = node.op.weights_channel_axis().and_then(|axis| Some((node.input(1)?, axis)));
        let bias = node.op.bias_input().and_then(|position| Some((node.input(position)?, 0)));
        for (id, axis) in weights.into_iter().chain(bias) {
            let Some(along) = channels.along(id, axis) else { continue };
            let value = &mut cleared.values[id];
            let zero = value.quantization.as_ref().map_or(0, |q| q.zero_point_of(0)) as u8;
            let width = value.dtype.bytes_for(1).unwrap();
            let inner = width * value.shape[axis + 1..].iter().product::<usize>();
            let mut bytes = value.data.as_deref().unwrap().to_vec();
            for (at, slice) in bytes.chunks_exact_mut(inner).enumerate() {
                if gone.contains(&along[at % along.len()]) {
                    slice.fill(if width == 1 { zero } else { 0 });
                }
            }
            value.data = Some(bytes.into());
        }
    }
    cleared
}

fn answers(model: &Model, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    let mut executor = Executor::new(model, Options { kernels: Kernels::Reference, ..Options::default() }).unwrap();
    let mut answers = Vec::new();
    for _ in 0..2 {
        let tensors: Vec<Tensor> = model.inputs.iter().map(|&id| input(&model.values[id], &mut random)).collect();
        for output in executor.run(&tensors).unwrap() {
            answers.extend(output.to_f32_vec());
        }
    }
    answers
}

fn input(value: &Value, random: &mut Random) -> Tensor {
    let n = value.elements();
    match value.dtype {
        DType::Float32 => Tensor::from_f32(&value.shape, (0..n).map(|_| random.normal() as f32).collect()).unwrap(),
        _ => Tensor::from_i8(&value.shape, (0..n).map(|_| random.below(256) as u8 as i8).collect()).unwrap(),
    }
}

#[test]
fn removing_channels_that_are_zero_changes_no_answer() {
    for (name, model) in shelf().into_iter().chain(published()) {
        let channels = Channels::of(&model).unwrap();
        assert!(channels.groups().len() > 1, "{name}: {} groups", channels.groups().len());
        let gone = half(&channels, 11);
        let cleared = cleared(&model, &channels, &gone);
        let thin = channels.without(&cleared, &gone).unwrap();
        let (before, after) = (counts::model(&model).macs.0, counts::model(&thin).macs.0);
        assert!(after * 3 < before * 2, "{name}: {after} of {before} multiply-accumulates are left");
        let expected = answers(&cleared, 2);
        assert!(expected.iter().any(|&y| y != expected[0]), "{name} answers the same to everything");
        assert_eq!(answers(&thin, 2), expected, "{name}");
        // A file with it reads as the same model.
        let written = tflite::write(&thin).unwrap();
        assert_eq!(answers(&tflite::read(&written).unwrap().model, 2), expected, "{name}, read again");
    }
}

#[test]
fn channels_that_are_zero_are_the_first_to_go() {
    // Published networks have dead channels of their own.
    for (name, model) in shelf() {
        let channels = Channels::of(&model).unwrap();
        let gone = half(&channels, 7);
        let cleared = cleared(&model, &channels, &gone);
        for measure in [Norm::L1, Norm::L2] {
            let options = ChannelsOptions { keep: 0.5, multiple: 1, ..ChannelsOptions::default() };
            let mut least = channels.least_important(&cleared, &options, Measure::Magnitude(measure)).unwrap();
            // Groups of an odd number keep one more or less.
            least.retain(|channel| !gone.contains(channel));
            assert!(least.len() <= channels.groups().len(), "{name}: {} others would go", least.len());
        }
    }
}

#[test]
fn published_networks_lose_half_of_their_channels_in_every_layer_between_input_and_output() {
    let Some(path) = common::shared("mlperf/models/kws01_fp32_qualcomm.tflite") else { return };
    let model = tflite::read(&fs::read(path).unwrap()).unwrap().model;
    let recipe = Recipe::from_json(r#"{"version":1,"steps":[{"step":"channels","keep":0.5,"multiple":8}]}"#).unwrap();
    let thin = milliwatt::compress::apply(&model, &recipe, &[], &mut Silent).unwrap();
    let parameters = |model: &Model| Parameters::of(model).unwrap().count();
    // 32 channels throughout: 32 x 40 + 32, four blocks of 9 x 32 + 32 + 32 x 32 + 32, and 12 x 32 + 12.
    assert_eq!((parameters(&model), parameters(&thin)), (22_604, 7_212));
    assert_eq!(thin.values[thin.inputs[0]].shape, model.values[model.inputs[0]].shape);
    assert_eq!(thin.values[thin.outputs[0]].shape, model.values[model.outputs[0]].shape);
}

#[test]
fn keeping_all_changes_nothing_and_the_same_options_give_the_same_bytes() {
    for (name, model) in shelf() {
        let all = ChannelsOptions { keep: 1.0, ..ChannelsOptions::default() };
        assert_eq!(remove(&model, &all).unwrap(), model, "{name}");
        for scope in [PruneScope::Global, PruneScope::PerLayer] {
            let options = ChannelsOptions { keep: 0.6, scope, ..ChannelsOptions::default() };
            let [once, again] = [(); 2].map(|()| tflite::write(&remove(&model, &options).unwrap()).unwrap());
            assert_eq!(once, again, "{name}");
        }
    }
}

#[test]
fn channels_stay_multiples_and_none_vanishes() {
    let model = Architecture::of(Kind::ResNet8).build(1).unwrap();
    for (keep, multiple) in [(0.0, 8), (0.3, 4), (0.3, 8), (0.9, 16)] {
        for scope in [PruneScope::Global, PruneScope::PerLayer] {
            let options = ChannelsOptions { keep, scope, multiple, ..ChannelsOptions::default() };
            let thin = remove(&model, &options).unwrap();
            let inner = thin.nodes.iter().map(|node| &thin.values[node.outputs[0]]).filter(|y| y.shape.len() == 4);
            let widths: Vec<usize> = inner.map(|y| y.shape[3]).collect();
            assert!(widths.iter().all(|&width| width >= multiple && width % multiple == 0), "{keep}: {widths:?}");
        }
    }
}

#[test]
fn channels_that_the_loss_does_not_feel_go_first_where_gradients_are_given() {
    let model = Architecture::of(Kind::DsCnn).build(2).unwrap();
    let mut parameters = Parameters::of(&model).unwrap();
    let reader = model.nodes[2].input(1).unwrap();
    // Nothing reads the first 32 channels of the first block, so that no gradient comes back to them.
    for row in parameters.get_mut(reader).unwrap().chunks_exact_mut(64) {
        row[..32].fill(0.0);
    }
    let model = parameters.put_into(&model);
    let mut random = Random::new(3);
    let inputs: Vec<f32> = (0..8 * 490).map(|_| random.normal() as f32).collect();
    let targets = one_hot(&[0, 1, 2, 3, 4, 5, 6, 7], 12).unwrap();
    let tape = Tape::forward(&model, &parameters, &inputs, 8).unwrap();
    let (_, dy) = Loss::MeanSquaredError.of(tape.output(), &targets, 8).unwrap();
    let gradients = tape.backward(dy).unwrap();
    let options = ChannelsOptions { keep: 0.5, multiple: 1, ..ChannelsOptions::default() };
    let thin = remove_by(&model, &options, Measure::Taylor(&|id| gradients.get(id))).unwrap();
    let columns = Parameters::of(&thin).unwrap();
    let columns = columns.get(thin.nodes[2].input(1).unwrap()).unwrap();
    assert!(columns.iter().all(|&w| w != 0.0), "columns that read nothing are left");
}

#[test]
fn a_step_with_a_value_out_of_range_is_refused_by_name() {
    for (options, named) in [(r#""keep":1.5"#, "keep"), (r#""keep":0.5,"multiple":0"#, "multiple")] {
        let text = format!(r#"{{"version":1,"steps":[{{"step":"channels",{options}}}]}}"#);
        let error = Recipe::from_json(&text).unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
    let Step::Channels(options) =
        &Recipe::from_json(r#"{"version":1,"steps":[{"step":"channels","keep":0.5}]}"#).unwrap().steps[0]
    else {
        panic!("the step is read as another");
    };
    assert_eq!(*options, ChannelsOptions::default());
}
