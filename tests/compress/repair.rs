//! Repairing what quantization costs: each repair against the naive statement of what it does.

use milliwatt::compress::apply;
use milliwatt::compress::recipe::{EqualizeBy, EqualizeOptions, QuantizeOptions, Recipe, Rounding, Step};
use milliwatt::exec::{Executor, Options};
use milliwatt::model::{Model, Node, Op};
use milliwatt::progress::Silent;
use milliwatt::random::Random;
use milliwatt::tensor::Tensor;
use milliwatt::train::architecture::{Architecture, Kind};

/// A network of the shelf whose channels differ in size, as they do where a batch normalization was folded.
fn uneven(kind: Kind) -> Model {
    let mut model = Architecture { width: 0.25, ..Architecture::of(kind) }.build(3).unwrap();
    let mut random = Random::new(9);
    for node in model.nodes.clone() {
        let Some(position) = node.op.weights_input() else { continue };
        let id = node.input(position).unwrap();
        let shape = model.values[id].shape.clone();
        let axis = node.op.weights_channel_axis().unwrap();
        let after: usize = shape[axis + 1..].iter().product();
        let sizes: Vec<f32> = (0..shape[axis]).map(|_| (random.normal() as f32).exp()).collect();
        let weights = model.values[id].dequantized().unwrap();
        let scaled: Vec<f32> = weights.iter().enumerate().map(|(at, w)| w * sizes[at / after % shape[axis]]).collect();
        model.values[id].data = Some(bytemuck::cast_slice(&scaled).to_vec().into());
        if let Some(bias) = node.op.bias_input().and_then(|position| node.input(position)) {
            let reals: Vec<f32> = (0..shape[axis]).map(|_| random.normal() as f32 * 0.1).collect();
            model.values[bias].data = Some(bytemuck::cast_slice(&reals).to_vec().into());
        }
    }
    model
}

/// Inputs with a mean of one, as features and pixels have, so that what is lost has a mean too.
fn inputs(model: &Model, count: usize, seed: u64) -> Vec<Vec<Tensor>> {
    let mut random = Random::new(seed);
    let shape = model.values[model.inputs[0]].shape.clone();
    let mut one = || (0..shape.iter().product()).map(|_| 1.0 + random.normal() as f32).collect();
    (0..count).map(|_| vec![Tensor::from_f32(&shape, one()).unwrap()]).collect()
}

fn made(model: &Model, steps: Vec<Step>) -> Model {
    apply(model, &Recipe::of(steps), &inputs(model, 30, 1), &mut Silent).unwrap()
}

fn outputs(model: &Model, inputs: &[Vec<Tensor>]) -> Vec<Vec<f32>> {
    let mut executor = Executor::new(model, Options::default()).unwrap();
    inputs.iter().map(|input| executor.run(input).unwrap()[0].to_f32_vec()).collect()
}

fn largest(rows: &[Vec<f32>]) -> f32 {
    rows.iter().flatten().fold(0.0, |max, x| max.max(x.abs()))
}

const KINDS: [Kind; 4] = [Kind::DsCnn, Kind::ResNet8, Kind::MobileNet, Kind::Autoencoder];

#[test]
fn an_equalized_network_answers_as_before() {
    for kind in KINDS {
        let model = uneven(kind);
        let given = inputs(&model, 4, 2);
        let before = outputs(&model, &given);
        for by in [EqualizeBy::Weights, EqualizeBy::Activations, EqualizeBy::Both] {
            let equal = made(&model, vec![Step::Equalize(EqualizeOptions { by, powers_of_two: false })]);
            let after = outputs(&equal, &given);
            for (a, b) in before.iter().flatten().zip(after.iter().flatten()) {
                assert!((a - b).abs() <= 1e-5 * largest(&before), "{kind:?} {by:?}: {a} became {b}");
            }
        }
    }
}

#[test]
fn powers_of_two_change_no_bit_of_the_answers() {
    for kind in KINDS {
        let model = uneven(kind);
        let given = inputs(&model, 4, 2);
        let options = EqualizeOptions { by: EqualizeBy::Activations, powers_of_two: true };
        let equal = made(&model, vec![Step::Equalize(options)]);
        assert_ne!(equal, model, "{kind:?}");
        assert_eq!(outputs(&model, &given), outputs(&equal, &given), "{kind:?}");
    }
}

#[test]
fn equalized_weights_and_biases_that_make_a_channel_are_as_large_as_those_that_read_it() {
    let model = uneven(Kind::Autoencoder);
    let equal = made(&model, vec![Step::Equalize(EqualizeOptions::default())]);
    let dense: Vec<&Node> = equal.nodes.iter().filter(|node| matches!(node.op, Op::FullyConnected(_))).collect();
    for pair in dense.windows(2) {
        let of = |node: &Node, position: usize| &equal.values[node.input(position).unwrap()];
        let (inner, outer) = (of(pair[0], 1).shape[1], of(pair[1], 1).shape[1]);
        let [makes, bias, reads] = [(0, 1), (0, 2), (1, 1)].map(|(at, input)| of(pair[at], input).to_f32().unwrap());
        for channel in 0..outer {
            let filter = makes[channel * inner..][..inner].iter().chain(&bias[channel..=channel]);
            let made = filter.fold(0.0f32, |max, w| max.max(w.abs()));
            let read = reads.iter().skip(channel).step_by(outer).fold(0.0f32, |max, w| max.max(w.abs()));
            assert!((made / read - 1.0).abs() < 0.1, "channel {channel}: {made} and {read}");
        }
    }
}

#[test]
fn an_integer_network_is_not_equalized() {
    let model = made(&uneven(Kind::DsCnn), vec![Step::Quantize(QuantizeOptions::default())]);
    let recipe = Recipe::of(vec![Step::Equalize(EqualizeOptions::default())]);
    let error = apply(&model, &recipe, &[], &mut Silent).unwrap_err();
    assert!(error.to_string().contains("no channel of this model can be scaled"), "{error}");
}

/// How far the mean of the outputs moves when weights have so many bits, over all outputs.
fn shift(model: &Model, options: QuantizeOptions) -> f64 {
    let given = inputs(model, 60, 5);
    let float_io = QuantizeOptions { float_io: true, ..options };
    let after = outputs(&made(model, vec![Step::Quantize(float_io)]), &given);
    let before = outputs(model, &given);
    let mean =
        |rows: &[Vec<f32>], at: usize| rows.iter().map(|row| f64::from(row[at])).sum::<f64>() / rows.len() as f64;
    (0..before[0].len()).map(|at| (mean(&before, at) - mean(&after, at)).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn correcting_biases_brings_the_mean_of_the_outputs_back() {
    let model = uneven(Kind::Autoencoder);
    let options = QuantizeOptions { weight_bits: 4, ..QuantizeOptions::default() };
    let (before, after) =
        (shift(&model, options.clone()), shift(&model, QuantizeOptions { correct_bias: true, ..options }));
    assert!(after < 0.5 * before, "{before} became {after}");
}

#[test]
fn adaptive_rounding_loses_less_than_rounding_to_the_nearest() {
    for bits in [3, 4] {
        let model = uneven(Kind::Autoencoder);
        let given = inputs(&model, 60, 5);
        let truth = outputs(&model, &given);
        let [nearest, adaptive] = [Rounding::Nearest, Rounding::Adaptive].map(|rounding| {
            let options = QuantizeOptions { weight_bits: bits, rounding, float_io: true, ..QuantizeOptions::default() };
            let found = outputs(&made(&model, vec![Step::Quantize(options)]), &given);
            let pairs = truth.iter().flatten().zip(found.iter().flatten());
            pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
        });
        assert!(adaptive < 0.7 * nearest, "{bits} bits: {nearest} became {adaptive}");
    }
}
