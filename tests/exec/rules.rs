//! What must hold of execution whatever the model: operators that are special cases of others agree, hostile models are
//! refused in words.

use milliwatt::exec::{Executor, Kernels, Options};
use milliwatt::model::op::{Activation, Conv2d, DepthwiseConv2d, FullyConnected, Opaque, Padding, Pool2d};
use milliwatt::model::{Model, Node, Op, Value};
use milliwatt::quant::Quantization;
use milliwatt::tensor::{DType, Tensor};
use ndarray::{ArrayD, IxDyn};
use proptest::collection::vec;
use proptest::prelude::*;

/// A model of one int8 node with weights and a bias, all scales chosen so that outputs use their range.
fn weighted(op: Op, input: &[usize], weights: (&[usize], &[i8], usize), bias: &[i32], output: &[usize]) -> Model {
    let mut model = Model::default();
    let (shape, data, axis) = weights;
    let x = activation(&mut model, input, 0.05, -3);
    let scales = (0..bias.len()).map(|channel| 0.01 + 0.002 * channel as f32).collect();
    let data: Vec<u8> = data.iter().map(|&weight| weight as u8).collect();
    let w = Value::constant("w", DType::Int8, shape, data).with_quantization(Quantization::per_channel(scales, axis));
    let w = model.add_value(w);
    let b = model.add_value(Value::int_constant("b", &[bias.len()], bias));
    let y = activation(&mut model, output, 0.2, 5);
    model.nodes.push(Node::new(op, &[x, w, b], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    model
}

fn activation(model: &mut Model, shape: &[usize], scale: f32, zero_point: i64) -> usize {
    let value = Value::activation("", DType::Int8, shape);
    model.add_value(value.with_quantization(Quantization::per_tensor(scale, zero_point)))
}

fn conv(padding: Padding, stride: [usize; 2]) -> Op {
    Op::Conv2d(Conv2d { padding, stride, dilation: [1, 1], activation: Activation::Relu })
}

fn depthwise(depth_multiplier: usize) -> Op {
    let (padding, stride, dilation) = (Padding::Same, [1, 1], [1, 1]);
    Op::DepthwiseConv2d(DepthwiseConv2d { padding, stride, dilation, depth_multiplier, activation: Activation::None })
}

/// The output elements, which must be the same with both sets of kernels.
fn run(model: &Model, x: &[i8]) -> Vec<i8> {
    let shape = &model.values[model.inputs[0]].shape;
    let x = Tensor::from_i8(shape, x.to_vec()).unwrap();
    let [a, b] = [Kernels::Reference, Kernels::Fast].map(|kernels| {
        let mut executor = Executor::new(model, Options { kernels, ..Options::default() }).unwrap();
        let first = executor.run(std::slice::from_ref(&x)).unwrap();
        executor.invoke().unwrap();
        let bytes: &[i8] = bytemuck::cast_slice(executor.output_bytes(0));
        let Tensor::Int8(array) = &first[0] else { panic!("the output is int8") };
        assert!(array.iter().eq(bytes), "a second run on the same input gives something else");
        bytes.to_vec()
    });
    assert_eq!(a, b, "the fast kernel differs from the obvious one");
    a
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn convolution_of_one_pixel_is_a_matrix_product(
        x in vec(any::<i8>(), 12), w in vec(-127i8..=127, 5 * 12), b in vec(-9999i32..9999, 5)
    ) {
        let op = Op::FullyConnected(FullyConnected { activation: Activation::Relu, ..Default::default() });
        let product = weighted(op, &[1, 12], (&[5, 12], &w, 0), &b, &[1, 5]);
        let one_pixel =
            weighted(conv(Padding::Valid, [1, 1]), &[1, 1, 1, 12], (&[5, 1, 1, 12], &w, 0), &b, &[1, 1, 1, 5]);
        prop_assert_eq!(run(&product, &x), run(&one_pixel, &x));
    }

    #[test]
    fn depthwise_convolution_is_a_dense_one_with_zeros_between_channels(
        x in vec(any::<i8>(), 4 * 3 * 2), w in vec(-127i8..=127, 3 * 3 * 4), b in vec(-9999i32..9999, 4)
    ) {
        // Two channels, each filtered twice: filter d reads channel d / 2.
        let mut dense = vec![0i8; 4 * 3 * 3 * 2];
        for d in 0..4 {
            for tap in 0..9 {
                dense[(d * 9 + tap) * 2 + d / 2] = w[tap * 4 + d];
            }
        }
        let shape = [1, 4, 3, 4];
        let separate = weighted(depthwise(2), &[1, 4, 3, 2], (&[1, 3, 3, 4], &w, 3), &b, &shape);
        let op = Op::Conv2d(Conv2d {
            padding: Padding::Same, stride: [1, 1], dilation: [1, 1], activation: Activation::None,
        });
        let joint = weighted(op, &[1, 4, 3, 2], (&[4, 3, 3, 2], &dense, 0), &b, &shape);
        prop_assert_eq!(run(&separate, &x), run(&joint, &x));
    }

    #[test]
    fn same_padding_is_a_border_of_zero_points(
        x in vec(any::<i8>(), 5 * 4 * 3), w in vec(-127i8..=127, 2 * 3 * 3 * 3), b in vec(-9999i32..9999, 2)
    ) {
        // Five rows at a stride of 2 need one row above and below; four columns at a stride of 1 one on each side.
        let weights: (&[usize], &[i8], usize) = (&[2, 3, 3, 3], &w, 0);
        let same = weighted(conv(Padding::Same, [2, 1]), &[1, 5, 4, 3], weights, &b, &[1, 3, 4, 2]);
        let mut padded = weighted(conv(Padding::Valid, [2, 1]), &[1, 7, 6, 3], weights, &b, &[1, 3, 4, 2]);
        let small = activation(&mut padded, &[1, 5, 4, 3], 0.05, -3);
        let paddings = padded.add_value(Value::int_constant("p", &[4, 2], &[0, 0, 1, 1, 1, 1, 0, 0]));
        padded.nodes.insert(0, Node::new(Op::Pad, &[small, paddings], &[padded.inputs[0]]));
        padded.inputs = vec![small];
        prop_assert_eq!(run(&same, &x), run(&padded, &x));
    }

    #[test]
    fn addition_is_symmetric(a in vec(any::<i8>(), 24), b in vec(any::<i8>(), 24)) {
        let sum = |swap: bool| {
            let mut model = Model::default();
            let first = activation(&mut model, &[2, 3, 4], 0.05, -3);
            let second = activation(&mut model, &[2, 3, 4], 0.11, 100);
            let y = activation(&mut model, &[2, 3, 4], 0.13, 7);
            let op = Op::Add { activation: Activation::None, pot_scale_int16: false };
            let inputs = if swap { [second, first] } else { [first, second] };
            model.nodes.push(Node::new(op, &inputs, &[y]));
            (model.inputs, model.outputs) = (vec![first, second], vec![y]);
            let tensors = [&a, &b].map(|values| Tensor::from_i8(&[2, 3, 4], values.clone()).unwrap());
            Executor::new(&model, Options::default()).unwrap().run(&tensors).unwrap()
        };
        prop_assert_eq!(sum(false), sum(true));
    }
}

#[test]
fn an_operator_that_is_only_shown_is_named_as_what_stops_execution() {
    let mut model = Model::default();
    let x = activation(&mut model, &[1, 4], 0.1, 0);
    let y = activation(&mut model, &[1, 4], 0.1, 0);
    let op = Opaque { builtin_code: 83, name: "CUMSUM".into(), ..Opaque::default() };
    model.nodes.push(Node::new(Op::Opaque(op), &[x], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    let error = Executor::new(&model, Options::default()).err().unwrap();
    assert_eq!(error.to_string(), "node 0 (CUMSUM): Milliwatt shows this operator but does not execute it");
}

#[test]
fn a_pool_that_would_freeze_the_page_is_refused() {
    let mut model = Model::default();
    let x = activation(&mut model, &[1, 1500, 1500, 1], 0.1, 0);
    let y = activation(&mut model, &[1, 1500, 1500, 1], 0.1, 0);
    let (padding, activation) = (Padding::Same, Activation::None);
    let op = Op::MaxPool2d(Pool2d { padding, stride: [1, 1], filter: [1500, 1500], activation });
    model.nodes.push(Node::new(op, &[x], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    let error = Executor::new(&model, Options::default()).err().unwrap();
    assert_eq!(error.kind(), milliwatt::error::Kind::Limits, "{error}");
    assert!(error.to_string().starts_with("node 0 (MAX_POOL_2D): "), "{error}");
}

#[test]
fn float16_weights_behind_a_dequantize_are_decoded_once() {
    // 1.0, -2.0 in half precision, as converters write them: a constant, DEQUANTIZE, then the operator.
    let mut model = Model::default();
    let x = model.add_value(Value::activation("x", DType::Float32, &[1, 2]));
    let half = model.add_value(Value::constant("h", DType::Float16, &[1, 2], vec![0x00, 0x3c, 0x00, 0xc0]));
    let w = model.add_value(Value::activation("w", DType::Float32, &[1, 2]));
    let y = model.add_value(Value::activation("y", DType::Float32, &[1, 1]));
    model.nodes.push(Node::new(Op::Dequantize, &[half], &[w]));
    model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    let x = Tensor::Float32(ArrayD::from_shape_vec(IxDyn(&[1, 2]), vec![3.0, 0.5]).unwrap());
    let mut executor = Executor::new(&model, Options::default()).unwrap();
    assert_eq!(executor.run(&[x]).unwrap()[0].to_f32_vec(), [2.0]);
}
