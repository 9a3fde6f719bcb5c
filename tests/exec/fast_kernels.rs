//! Fast kernels against the obvious ones: the same bits on random operators, on real models and under every rule.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use crate::common;
use milliwatt::exec::{Executor, Kernels, Options};
use milliwatt::model::op::{Activation, Conv2d, DepthwiseConv2d, FullyConnected, Padding, Pool2d};
use milliwatt::model::{Model, Node, Op, Value, ValueId, shape};
use milliwatt::quant::{Arithmetic, Quantization};
use milliwatt::tensor::{DType, Tensor};
use proptest::prelude::*;

const ARITHMETICS: [Arithmetic; 3] = [Arithmetic::Tflm, Arithmetic::Single, Arithmetic::Xnnpack];

/// Numbers that look random and are the same on every run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    fn bytes(&mut self, count: usize) -> Vec<i8> {
        (0..count).map(|_| self.next() as i8).collect()
    }

    fn weights(&mut self, count: usize) -> Vec<i8> {
        self.bytes(count).into_iter().map(|weight| weight.max(-127)).collect()
    }

    fn reals(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| (self.next() % 20_001) as f32 / 10_000.0 - 1.0).collect()
    }
}

fn run(model: &Model, inputs: &[Tensor], arithmetic: Arithmetic, kernels: Kernels) -> Vec<Tensor> {
    let mut executor = Executor::new(model, Options { arithmetic, kernels }).expect("a model that runs");
    executor.run(inputs).expect("inputs of the model")
}

fn assert_same_bytes(model: &Model, inputs: &[Tensor]) {
    for arithmetic in ARITHMETICS {
        let expected = run(model, inputs, arithmetic, Kernels::Reference);
        let found = run(model, inputs, arithmetic, Kernels::Fast);
        assert!(found == expected, "{arithmetic:?}: {} differs", model.nodes[0].op.name());
    }
}

fn int8(name: &str, shape: &[usize], scale: f32, zero_point: i64) -> Value {
    Value::activation(name, DType::Int8, shape).with_quantization(Quantization::per_tensor(scale, zero_point))
}

fn int8_constant(name: &str, shape: &[usize], data: &[i8], quantization: Quantization) -> Value {
    Value::constant(name, DType::Int8, shape, bytemuck::cast_slice(data).to_vec()).with_quantization(quantization)
}

/// A model of one node, whose output shape follows from its inputs.
fn single(op: Op, inputs: Vec<Value>, output: impl Fn(&[usize]) -> Value) -> Model {
    let mut model = Model::default();
    let ids: Vec<ValueId> = inputs.into_iter().map(|value| model.add_value(value)).collect();
    let y = model.add_value(output(&[1]));
    model.inputs = ids.iter().copied().filter(|&id| !model.values[id].is_constant()).collect();
    model.outputs = vec![y];
    model.nodes.push(Node::new(op, &ids, &[y]));
    let found = shape::infer(&model, 0).expect("a shape").remove(0);
    model.values[y] = output(&found);
    model
}

#[derive(Debug, Clone)]
struct Problem {
    image: [usize; 4],
    filters: usize,
    filter: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    padding: Padding,
    activation: Activation,
    zero_points: [i64; 2],
    /// Binary orders of magnitude that weight scales spread over.
    spread: i32,
    seed: u64,
}

fn problems() -> impl Strategy<Value = Problem> {
    let geometry = (1usize..3, 1usize..14, 1usize..14, 1usize..36, 1usize..36);
    let window =
        ([1usize..6, 1usize..6], [1usize..4, 1usize..4], prop_oneof![3 => Just([1, 1]), 1 => [1usize..3, 1usize..3]]);
    let rest = (
        prop_oneof![Just(Padding::Same), Just(Padding::Valid)],
        prop_oneof![Just(Activation::None), Just(Activation::Relu), Just(Activation::Relu6)],
        [-128i64..128, -128i64..128],
        0i32..12,
        any::<u64>(),
    );
    (geometry, window, rest).prop_map(|((b, h, w, c, d), (filter, stride, dilation), rest)| {
        let (padding, activation, zero_points, spread, seed) = rest;
        let reach = |axis: usize| (filter[axis] - 1) * dilation[axis] + 1;
        let image = [b, h.max(reach(0)), w.max(reach(1)), c];
        Problem { image, filters: d, filter, stride, dilation, padding, activation, zero_points, spread, seed }
    })
}

impl Problem {
    fn scales(&self, noise: &mut Noise, channels: usize) -> Vec<f32> {
        let mut scale = || 0.004 * 2f32.powi(-(noise.next() as i32 % (self.spread + 1)).abs());
        (0..channels).map(|_| scale()).collect()
    }

    fn bias(&self, noise: &mut Noise, channels: usize) -> Vec<i32> {
        (0..channels).map(|_| (noise.next() % 20_000) as i32 - 10_000).collect()
    }

    fn input(&self, noise: &mut Noise) -> Tensor {
        Tensor::from_i8(&self.image, noise.bytes(self.image.iter().product())).expect("a tensor")
    }

    fn int8_conv(&self, noise: &mut Noise) -> Model {
        let ([_, _, _, c], d, [k, l]) = (self.image, self.filters, self.filter);
        let scales = Quantization::per_channel(self.scales(noise, d), 0);
        let weights = noise.weights(d * k * l * c);
        let Self { padding, stride, dilation, activation, .. } = *self;
        let op = Op::Conv2d(Conv2d { padding, stride, dilation, activation });
        let inputs = vec![
            int8("x", &self.image, 0.05, self.zero_points[0]),
            int8_constant("w", &[d, k, l, c], &weights, scales),
            Value::int_constant("b", &[d], &self.bias(noise, d)),
        ];
        single(op, inputs, |shape| int8("y", shape, 0.04, self.zero_points[1]))
    }

    fn int8_depthwise(&self, noise: &mut Noise, multiplier: usize) -> Model {
        let ([_, _, _, c], [k, l]) = (self.image, self.filter);
        let d = c * multiplier;
        let scales = Quantization::per_channel(self.scales(noise, d), 3);
        let weights = noise.weights(d * k * l);
        let Self { padding, stride, dilation, activation, .. } = *self;
        let op = Op::DepthwiseConv2d(DepthwiseConv2d {
            padding,
            stride,
            dilation,
            depth_multiplier: multiplier,
            activation,
        });
        let inputs = vec![
            int8("x", &self.image, 0.05, self.zero_points[0]),
            int8_constant("w", &[1, k, l, d], &weights, scales),
            Value::int_constant("b", &[d], &self.bias(noise, d)),
        ];
        single(op, inputs, |shape| int8("y", shape, 0.02, self.zero_points[1]))
    }
}

impl Problem {
    fn float_input(&self, noise: &mut Noise) -> Tensor {
        Tensor::from_f32(&self.image, noise.reals(self.image.iter().product())).expect("a tensor")
    }

    fn float_conv(&self, noise: &mut Noise) -> Model {
        let ([_, _, _, c], d, [k, l]) = (self.image, self.filters, self.filter);
        let Self { padding, stride, dilation, activation, .. } = *self;
        let op = Op::Conv2d(Conv2d { padding, stride, dilation, activation });
        let inputs = vec![
            Value::activation("x", DType::Float32, &self.image),
            Value::float_constant("w", &[d, k, l, c], &noise.reals(d * k * l * c)),
            Value::float_constant("b", &[d], &noise.reals(d)),
        ];
        single(op, inputs, |shape| Value::activation("y", DType::Float32, shape))
    }

    fn float_depthwise(&self, noise: &mut Noise, multiplier: usize) -> Model {
        let ([_, _, _, c], [k, l]) = (self.image, self.filter);
        let d = c * multiplier;
        let Self { padding, stride, dilation, activation, .. } = *self;
        let op = Op::DepthwiseConv2d(DepthwiseConv2d {
            padding,
            stride,
            dilation,
            depth_multiplier: multiplier,
            activation,
        });
        let inputs = vec![
            Value::activation("x", DType::Float32, &self.image),
            Value::float_constant("w", &[1, k, l, d], &noise.reals(d * k * l)),
            Value::float_constant("b", &[d], &noise.reals(d)),
        ];
        single(op, inputs, |shape| Value::activation("y", DType::Float32, shape))
    }
}

fn fully_connected(activation: Activation) -> Op {
    Op::FullyConnected(FullyConnected { activation, ..FullyConnected::default() })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn int8_convolutions_give_the_bytes_of_the_obvious_loop(problem in problems()) {
        let mut noise = Noise(problem.seed);
        assert_same_bytes(&problem.int8_conv(&mut noise), &[problem.input(&mut noise)]);
    }

    #[test]
    fn int8_depthwise_convolutions_give_the_bytes_of_the_obvious_loop(problem in problems(), multiplier in 1usize..3) {
        let mut noise = Noise(problem.seed);
        assert_same_bytes(&problem.int8_depthwise(&mut noise, multiplier), &[problem.input(&mut noise)]);
    }

    #[test]
    fn int8_filters_on_one_channel_give_the_bytes_of_the_obvious_loop(problem in problems(), multiplier in 1usize..20) {
        let mut noise = Noise(problem.seed);
        let problem = Problem { image: [problem.image[0], problem.image[1], problem.image[2], 1], ..problem };
        assert_same_bytes(&problem.int8_depthwise(&mut noise, multiplier), &[problem.input(&mut noise)]);
    }

    #[test]
    fn float_convolutions_give_the_bits_of_the_obvious_loop(problem in problems()) {
        let mut noise = Noise(problem.seed);
        assert_same_bytes(&problem.float_conv(&mut noise), &[problem.float_input(&mut noise)]);
    }

    #[test]
    fn float_depthwise_convolutions_give_the_bits_of_the_obvious_loop(problem in problems(), multiplier in 1usize..3) {
        let mut noise = Noise(problem.seed);
        assert_same_bytes(&problem.float_depthwise(&mut noise, multiplier), &[problem.float_input(&mut noise)]);
    }

    #[test]
    fn int8_matrix_products_give_the_bytes_of_the_obvious_loop(
        (rows, inputs, outputs) in (1usize..4, 1usize..90, 1usize..70),
        per_channel in any::<bool>(),
        problem in problems(),
    ) {
        let mut noise = Noise(problem.seed);
        let scales = problem.scales(&mut noise, if per_channel { outputs } else { 1 });
        let bias_scale = Quantization::per_tensor(0.05 * scales[0], 0);
        let bias = Value::int_constant("b", &[outputs], &problem.bias(&mut noise, outputs));
        let weights = noise.weights(outputs * inputs);
        let values = vec![
            int8("x", &[rows, inputs], 0.05, problem.zero_points[0]),
            int8_constant("w", &[outputs, inputs], &weights, Quantization::per_channel(scales, 0)),
            if per_channel { bias } else { bias.with_quantization(bias_scale) },
        ];
        let op = fully_connected(problem.activation);
        let model = single(op, values, |shape| int8("y", shape, 0.03, problem.zero_points[1]));
        let input = Tensor::from_i8(&[rows, inputs], noise.bytes(rows * inputs)).unwrap();
        assert_same_bytes(&model, &[input]);
    }

    #[test]
    fn float_matrix_products_give_the_bits_of_the_obvious_loop(
        (rows, inputs, outputs) in (1usize..4, 1usize..90, 1usize..70),
        seed in any::<u64>(),
    ) {
        let mut noise = Noise(seed);
        let values = vec![
            Value::activation("x", DType::Float32, &[rows, inputs]),
            Value::float_constant("w", &[outputs, inputs], &noise.reals(outputs * inputs)),
            Value::float_constant("b", &[outputs], &noise.reals(outputs)),
        ];
        let op = fully_connected(Activation::Relu);
        let model = single(op, values, |shape| Value::activation("y", DType::Float32, shape));
        let input = Tensor::from_f32(&[rows, inputs], noise.reals(rows * inputs)).unwrap();
        assert_same_bytes(&model, &[input]);
    }

    #[test]
    fn int8_sums_give_the_bytes_of_the_obvious_loop(
        count in 1usize..70,
        scales in [0.01f32..0.2, 0.01f32..0.2, 0.05f32..0.3],
        problem in problems(),
    ) {
        let mut noise = Noise(problem.seed);
        let values = (0..2).map(|i| int8("x", &[1, count], scales[i], problem.zero_points[i])).collect();
        let op = Op::Add { activation: problem.activation, pot_scale_int16: false };
        let model = single(op, values, |shape| int8("y", shape, scales[2], -7));
        let inputs = [(); 2].map(|()| Tensor::from_i8(&[1, count], noise.bytes(count)).unwrap());
        assert_same_bytes(&model, &inputs);
    }

    #[test]
    fn float_sums_give_the_bits_of_the_obvious_loop(count in 1usize..70, problem in problems()) {
        let mut noise = Noise(problem.seed);
        let values = (0..2).map(|_| Value::activation("x", DType::Float32, &[1, count])).collect();
        let op = Op::Add { activation: problem.activation, pot_scale_int16: false };
        let model = single(op, values, |shape| Value::activation("y", DType::Float32, shape));
        let inputs = [(); 2].map(|()| Tensor::from_f32(&[1, count], noise.reals(count)).unwrap());
        assert_same_bytes(&model, &inputs);
    }

    #[test]
    fn pools_give_the_bits_of_the_obvious_loop(problem in problems(), is_max in any::<bool>()) {
        let mut noise = Noise(problem.seed);
        let Problem { padding, stride, filter, activation, zero_points: [zero_point, _], .. } = problem;
        let pool = Pool2d { padding, stride, filter, activation };
        let op = if is_max { Op::MaxPool2d(pool) } else { Op::AveragePool2d(pool) };
        let value = |shape: &[usize]| int8("x", shape, 0.1, zero_point);
        assert_same_bytes(&single(op.clone(), vec![value(&problem.image)], value), &[problem.input(&mut noise)]);
        let value = |shape: &[usize]| Value::activation("x", DType::Float32, shape);
        assert_same_bytes(&single(op, vec![value(&problem.image)], value), &[problem.float_input(&mut noise)]);
    }
}

#[test]
fn real_models_give_the_bytes_of_the_obvious_loops() {
    let names = ["kws01_int8", "ic01_int8", "vww01_int8", "ad01_int8", "sww01_int8"];
    for name in names.into_iter().chain(["kws01_fp32_qualcomm", "ic01_fp32", "vww01_fp32", "ad01_fp32"]) {
        let Some(path) = common::shared(&format!("mlperf/models/{name}.tflite")) else { continue };
        let model = milliwatt::format::tflite::read(&std::fs::read(path).unwrap()).unwrap().model;
        let input = &model.values[model.inputs[0]];
        let mut noise = Noise(7);
        let tensor = match input.dtype {
            DType::Int8 => Tensor::from_i8(&input.shape, noise.bytes(input.elements())),
            _ => Tensor::from_f32(&input.shape, noise.reals(input.elements())),
        };
        assert_same_bytes(&model, &[tensor.unwrap()]);
    }
}
