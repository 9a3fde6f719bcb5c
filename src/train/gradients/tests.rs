//! Every gradient against central differences: move one number, see how the loss moves.
//!
//! All in `f32`, the loss summed in `f64`. The step is 2e-3, and a gradient may differ by 2e-3 plus 1 %. Where a number
//! stands so near a kink (of a clamp, of a maximum) that the differences to its two sides disagree, it is left out; at
//! most a fifth may be. Every operator stands behind a layer with weights, so that its own gradient by its input is on
//! the way.

use crate::model::op::{Activation, Conv2d, DepthwiseConv2d, FullyConnected, Op, Padding, Pool2d, TransposeConv};
use crate::model::{Model, Node, Value, ValueId, shape};
use crate::random::Random;
use crate::tensor::DType;
use crate::train::norm;
use crate::train::tape::Overlay;
use crate::train::{Loss, Parameters, Tape, architecture};

const BATCH: usize = 3;

/// Compares the gradient of every parameter with `(loss(p + h) - loss(p - h)) / 2h`.
fn check(model: &Model) {
    check_with(model, &mut Parameters::of(model).unwrap(), None, "");
}

fn check_with(model: &Model, parameters: &mut Parameters, overlay: Option<&Overlay>, name: &str) {
    let mut random = Random::new(11);
    let elements = |id: usize| model.values[id].elements() * BATCH;
    let input: Vec<f32> = (0..elements(model.inputs[0])).map(|_| random.normal() as f32).collect();
    let target: Vec<f32> = (0..elements(model.outputs[0])).map(|_| random.normal() as f32).collect();
    let run = |parameters: &Parameters| {
        let tape = Tape::run(model, parameters, overlay, &input, BATCH, true).unwrap();
        Loss::MeanSquaredError.of(tape.output(), &target, BATCH).unwrap().0
    };
    let gradients = {
        let tape = Tape::run(model, parameters, overlay, &input, BATCH, true).unwrap();
        let (_, wrongness) = Loss::MeanSquaredError.of(tape.output(), &target, BATCH).unwrap();
        tape.backward(wrongness).unwrap()
    };
    let (mut checked, mut alive, mut left_out) = (0, 0, 0);
    let middle = run(parameters);
    for id in 0..parameters.slots.len() {
        for i in 0..parameters.get(id).map_or(0, <[f32]>::len) {
            let h = 2e-3;
            let mut moved = |by: f32| {
                parameters.get_mut(id).unwrap()[i] += by;
                let loss = run(parameters);
                parameters.get_mut(id).unwrap()[i] -= by;
                loss
            };
            let (above, below) = (moved(h), moved(-h));
            let expected = (above - below) / (2.0 * f64::from(h));
            let bend = (above - 2.0 * middle + below).abs() / f64::from(h);
            let got = f64::from(gradients.get(id).unwrap()[i]);
            let tolerance = 2e-3 + 1e-2 * expected.abs();
            if (got - expected).abs() > tolerance && bend > tolerance {
                left_out += 1;
                continue;
            }
            assert!((got - expected).abs() <= tolerance, "{name} value {id}[{i}]: {got}, not {expected}");
            checked += 1;
            alive += usize::from(got != 0.0);
        }
    }
    assert!(left_out * 5 <= checked, "{name}: {left_out} numbers stand on a kink, {checked} do not");
    assert!(
        checked > 0 && alive * 4 > checked,
        "{name}: {alive} of {checked} gradients are not 0: the test sees too little"
    );
}

/// A graph under construction, its constants random.
struct Net {
    model: Model,
    random: Random,
    at: ValueId,
}

impl Net {
    fn new(input: &[usize]) -> Self {
        let mut model = Model::default();
        let at = model.add_value(Value::activation("x", DType::Float32, input));
        model.inputs = vec![at];
        Self { model, random: Random::new(5), at }
    }

    /// A graph whose input has gone through a layer with weights already.
    fn image(height: usize, width: usize, channels: usize) -> Self {
        let mut net = Self::new(&[1, height, width, 2]);
        let weights = net.random(&[channels, 1, 1, 2]);
        let op = Conv2d { padding: Padding::Valid, stride: [1, 1], dilation: [1, 1], activation: Activation::None };
        net.then(Op::Conv2d(op), &[weights]);
        net
    }

    fn row(length: usize) -> Self {
        let mut net = Self::new(&[1, 3]);
        let (weights, bias) = (net.random(&[length, 3]), net.random(&[length]));
        net.then(Op::FullyConnected(FullyConnected::default()), &[weights, bias]);
        net
    }

    fn random(&mut self, shape: &[usize]) -> ValueId {
        let numbers: Vec<f32> = (0..shape.iter().product()).map(|_| self.random.normal() as f32 * 0.6).collect();
        self.model.add_value(Value::float_constant("w", shape, &numbers))
    }

    fn integers(&mut self, shape: &[usize], numbers: &[i32]) -> ValueId {
        self.model.add_value(Value::int_constant("i", shape, numbers))
    }

    fn node(&mut self, op: Op, inputs: &[ValueId]) -> ValueId {
        let to = self.model.add_value(Value::activation("y", DType::Float32, &[]));
        self.model.nodes.push(Node::new(op, inputs, &[to]));
        let shape = shape::infer(&self.model, self.model.nodes.len() - 1).unwrap().remove(0);
        self.model.values[to].shape = shape;
        (self.at, self.model.outputs) = (to, vec![to]);
        to
    }

    /// An operator on what came last, and constants.
    fn then(&mut self, op: Op, constants: &[ValueId]) -> ValueId {
        let inputs = [&[self.at], constants].concat();
        self.node(op, &inputs)
    }

    fn shape(&self) -> &[usize] {
        &self.model.values[self.at].shape
    }
}

fn dense_then(tail: &[Op]) -> Model {
    let mut net = Net::row(4);
    for op in tail {
        net.then(op.clone(), &[]);
    }
    net.model
}

#[test]
fn fully_connected_gradients_equal_finite_differences_through_several_layers() {
    check(&architecture::dense("test", 6, &[5, 7, 6], 2).unwrap());
}

#[test]
fn fully_connected_without_bias_has_a_gradient() {
    let mut model = dense_then(&[]);
    model.nodes[0].inputs.pop();
    check(&model);
}

#[test]
fn every_fused_clamp_has_the_gradient_of_a_clamp() {
    for activation in [Activation::Relu, Activation::Relu6, Activation::ReluN1To1] {
        let mut model = dense_then(&[]);
        model.nodes[0].op = Op::FullyConnected(FullyConnected { activation, ..FullyConnected::default() });
        check(&model);
        let mut net = Net::image(3, 4, 3);
        let filter = net.random(&[2, 2, 2, 3]);
        net.then(
            Op::Conv2d(Conv2d { padding: Padding::Same, stride: [1, 2], dilation: [1, 1], activation }),
            &[filter],
        );
        check(&net.model);
    }
}

#[test]
fn convolutions_have_gradients_at_every_stride_padding_and_dilation() {
    for padding in [Padding::Same, Padding::Valid] {
        for (size, stride, dilation) in [
            ([3, 2], [1, 1], [1, 1]),
            ([2, 3], [2, 3], [1, 1]),
            ([2, 2], [1, 2], [2, 3]),
            ([1, 1], [1, 1], [1, 1]),
            ([1, 1], [2, 2], [1, 1]),
        ] {
            let activation = Activation::None;
            let mut net = Net::image(7, 6, 3);
            let (filter, bias) = (net.random(&[5, size[0], size[1], 3]), net.random(&[5]));
            net.then(Op::Conv2d(Conv2d { padding, stride, dilation, activation }), &[filter, bias]);
            check_with(
                &net.model,
                &mut Parameters::of(&net.model).unwrap(),
                None,
                &format!("conv {size:?} {stride:?} {dilation:?} {padding:?}"),
            );
            for multiplier in [1, 2] {
                let mut net = Net::image(7, 6, 3);
                let (filter, bias) =
                    (net.random(&[1, size[0], size[1], 3 * multiplier]), net.random(&[3 * multiplier]));
                let op = DepthwiseConv2d { padding, stride, dilation, depth_multiplier: multiplier, activation };
                net.then(Op::DepthwiseConv2d(op), &[filter, bias]);
                check_with(
                    &net.model,
                    &mut Parameters::of(&net.model).unwrap(),
                    None,
                    &format!("depthwise {multiplier} {size:?} {stride:?} {dilation:?} {padding:?}"),
                );
            }
        }
    }
}

#[test]
fn a_depthwise_convolution_of_more_than_a_block_of_channels_has_a_gradient() {
    let mut net = Net::image(4, 3, 19);
    let filter = net.random(&[1, 2, 2, 19]);
    let (padding, activation) = (Padding::Same, Activation::None);
    let op = DepthwiseConv2d { padding, stride: [1, 1], dilation: [1, 1], depth_multiplier: 1, activation };
    net.then(Op::DepthwiseConv2d(op), &[filter]);
    check(&net.model);
}

#[test]
fn transposed_convolutions_have_gradients() {
    for (padding, stride, output) in
        [(Padding::Same, [2, 2], [5, 6]), (Padding::Valid, [1, 2], [5, 7]), (Padding::Same, [1, 1], [3, 3])]
    {
        let mut net = Net::image(3, 3, 2);
        let to = net.integers(&[4], &[1, output[0], output[1], 4]);
        let (filter, bias) = (net.random(&[4, 3, 2, 2]), net.random(&[4]));
        let op = TransposeConv { padding, stride, activation: Activation::None };
        let at = net.at;
        net.node(Op::TransposeConv(op), &[to, filter, at, bias]);
        check(&net.model);
    }
}

#[test]
fn pools_and_means_have_gradients() {
    for padding in [Padding::Same, Padding::Valid] {
        for (filter, stride) in [([2, 3], [1, 2]), ([3, 3], [2, 2])] {
            let op = Pool2d { padding, stride, filter, activation: Activation::None };
            for op in [Op::AveragePool2d(op), Op::MaxPool2d(op)] {
                let mut net = Net::image(5, 6, 8);
                net.then(op, &[]);
                check(&net.model);
            }
        }
    }
    for (axes, keep_dims) in [(&[1, 2][..], false), (&[-1][..], true), (&[2][..], false)] {
        let mut net = Net::image(3, 4, 2);
        let axes = net.integers(&[axes.len()], axes);
        net.then(Op::Mean { keep_dims }, &[axes]);
        check(&net.model);
    }
}

fn sums() -> [Op; 3] {
    let (activation, pot_scale_int16) = (Activation::None, false);
    [Op::Add { activation, pot_scale_int16 }, Op::Sub { activation, pot_scale_int16 }, Op::Mul { activation }]
}

#[test]
fn sums_differences_and_products_have_gradients_with_and_without_broadcasting() {
    for op in sums() {
        // With itself run through another layer, with a row of channels, with one number.
        let mut net = Net::image(3, 2, 4);
        let (first, filter) = (net.at, net.random(&[4, 1, 1, 4]));
        let same = Conv2d { padding: Padding::Same, stride: [1, 1], dilation: [1, 1], activation: Activation::None };
        let second = net.then(Op::Conv2d(same), &[filter]);
        net.node(op.clone(), &[first, second]);
        let mean = net.integers(&[2], &[1, 2]);
        let joined = net.at;
        let means = net.then(Op::Mean { keep_dims: true }, &[mean]);
        net.node(op.clone(), &[means, joined]);
        let constant = net.random(&[4]);
        net.then(op, &[constant]);
        check(&net.model);
    }
}

#[test]
fn a_value_that_two_nodes_read_gets_the_sum_of_their_gradients() {
    // y = relu(z) + z with z = dense(x): both readers of z send a gradient back.
    let mut net = Net::row(4);
    let z = net.at;
    let relu = net.then(Op::Relu, &[]);
    net.node(Op::Add { activation: Activation::None, pot_scale_int16: false }, &[relu, z]);
    check(&net.model);
}

#[test]
fn operators_that_only_move_numbers_have_gradients() {
    let mut net = Net::image(2, 3, 2);
    let paddings = net.integers(&[4, 2], &[0, 0, 1, 2, 0, 1, 0, 0]);
    net.then(Op::Pad, &[paddings]);
    let order = net.integers(&[4], &[0, 2, 3, 1]);
    net.then(Op::Transpose, &[order]);
    assert_eq!(net.shape(), [1, 4, 2, 5]);
    let first = net.at;
    let second = net.then(Op::Tanh, &[]);
    net.node(Op::Concatenation { axis: -2, activation: Activation::None }, &[first, second]);
    net.then(Op::Reshape { new_shape: Some(vec![1, 1, 80]) }, &[]);
    net.then(Op::Squeeze { dims: vec![1] }, &[]);
    let axis = net.integers(&[], &[1]);
    net.then(Op::ExpandDims, &[axis]);
    check(&net.model);
    let mut net = Net::image(2, 2, 1);
    let (paddings, border) = (net.integers(&[4, 2], &[0, 0, 0, 1, 1, 0, 0, 0]), net.random(&[1]));
    net.then(Op::PadV2, &[paddings, border]);
    check(&net.model);
}

#[test]
fn activations_have_gradients() {
    let alpha = 0.2;
    let ops = [
        Op::Relu,
        Op::Relu6,
        Op::LeakyRelu { alpha },
        Op::HardSwish,
        Op::Logistic,
        Op::Tanh,
        Op::Softmax { beta: 1.5 },
    ];
    for op in ops {
        check(&dense_then(&[op]));
    }
    let mut net = Net::row(6);
    let slopes = net.random(&[6]);
    net.then(Op::Prelu, &[slopes]);
    check(&net.model);
}

#[test]
fn batch_normalization_has_a_gradient_and_folds_into_the_convolution() {
    let mut net = Net::image(4, 5, 3);
    let filter = net.random(&[4, 2, 2, 3]);
    let op = Conv2d { padding: Padding::Same, stride: [1, 1], dilation: [1, 1], activation: Activation::Relu };
    net.then(Op::Conv2d(op), &[filter]);
    norm::give_biases(&mut net.model);
    let mut parameters = Parameters::of(&net.model).unwrap();
    let mut overlay = Overlay { norms: norm::attach(&net.model, &mut parameters), quantization: None };
    check_with(&net.model, &mut parameters, Some(&overlay), "normalized");
    // What was seen on average is what is folded: the same answers without the layer.
    let input: Vec<f32> = (0..BATCH * 40).map(|i| libm::sinf(i as f32)).collect();
    let learning = overlay.clone();
    let tape = Tape::run(&net.model, &parameters, Some(&learning), &input, BATCH, true).unwrap();
    for (norm, seen) in overlay.norms.iter_mut().zip(tape.seen()) {
        (0..3).for_each(|_| {
            let [mean, variance] = seen.as_ref().unwrap().moments();
            norm.as_mut().unwrap().observe(&mean, &variance);
        });
    }
    let before = Tape::run(&net.model, &parameters, Some(&overlay), &input, BATCH, false).unwrap().output().to_vec();
    let mut folded = parameters.clone();
    for (node, norm) in overlay.norms.iter().enumerate() {
        norm.as_ref().unwrap().fold(&net.model, node, &mut folded).unwrap();
    }
    let after = Tape::forward(&net.model, &folded, &input, BATCH).unwrap().output().to_vec();
    assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() < 1e-5) && before.iter().any(|&y| y > 0.1));
}

#[test]
fn an_operator_without_a_gradient_is_named() {
    let model = dense_then(&[Op::L2Normalization { activation: Activation::None }]);
    let error = Tape::forward(&model, &Parameters::of(&model).unwrap(), &[0.0; 3], 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "node 1 (L2_NORMALIZATION): L2_NORMALIZATION has no gradient here yet, so a model with it cannot be trained"
    );
}

#[test]
fn what_does_not_learn_gets_no_gradient() {
    let model = architecture::dense("test", 6, &[5, 7, 6], 2).unwrap();
    let mut parameters = Parameters::of(&model).unwrap();
    let first: Vec<ValueId> = model.nodes[0].inputs.iter().skip(1).flatten().copied().collect();
    first.iter().for_each(|&id| parameters.freeze(id));
    let tape = Tape::forward(&model, &parameters, &[0.5; 6], 1).unwrap();
    let gradients = tape.backward(vec![1.0; 6]).unwrap();
    assert!(first.iter().all(|&id| gradients.get(id).is_none()));
    assert!(gradients.get(model.nodes[1].input(1).unwrap()).is_some_and(|g| g.iter().any(|&g| g != 0.0)));
    check_with(&model, &mut parameters, None, "frozen");
}
