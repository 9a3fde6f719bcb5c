//! Post-training quantization on small networks that are built here.

use milliwatt::compress::recipe::{Calibration, Granularity, QuantizeOptions, Recipe, Scheme, Step};
use milliwatt::compress::{self};
use milliwatt::exec::{Executor, Options};
use milliwatt::metrics::SignalNoise;
use milliwatt::model::op::{Activation, Conv2d, FullyConnected, Op, Padding, Pool2d};
use milliwatt::model::{Model, Node, Value, ValueId};
use milliwatt::progress::Silent;
use milliwatt::quant::Quantization;
use milliwatt::random::Random;
use milliwatt::tensor::{DType, Tensor};

struct Builder {
    model: Model,
    random: Random,
}

impl Builder {
    fn new(input: &[usize]) -> Self {
        let mut model = Model::default();
        let input = model.add_value(Value::activation("input", DType::Float32, input));
        model.inputs = vec![input];
        Self { model, random: Random::new(5) }
    }

    fn weights(&mut self, name: &str, shape: &[usize], size: f64) -> ValueId {
        let elements: usize = shape.iter().product();
        let data: Vec<f32> = (0..elements).map(|_| (self.random.normal() * size) as f32).collect();
        self.model.add_value(Value::float_constant(name, shape, &data))
    }

    fn node(&mut self, op: Op, inputs: &[ValueId], name: &str, shape: &[usize]) -> ValueId {
        let output = self.model.add_value(Value::activation(name, DType::Float32, shape));
        self.model.nodes.push(Node::new(op, inputs, &[output]));
        output
    }

    fn finish(mut self, output: ValueId) -> Model {
        self.model.outputs = vec![output];
        milliwatt::model::validate::validate(&self.model).unwrap();
        self.model
    }
}

fn conv(activation: Activation) -> Op {
    Op::Conv2d(Conv2d { padding: Padding::Same, stride: [1, 1], dilation: [1, 1], activation })
}

/// Convolution, batch normalization as MUL and ADD, RELU, pooling, dense layer, softmax.
fn small_network() -> Model {
    let mut b = Builder::new(&[1, 8, 8, 3]);
    let (w, bias) = (b.weights("w", &[4, 3, 3, 3], 0.3), b.weights("bias", &[4], 0.1));
    let (gamma, beta) = (b.weights("gamma", &[4], 1.0), b.weights("beta", &[4], 0.2));
    let x = b.node(conv(Activation::None), &[0, w, bias], "conv", &[1, 8, 8, 4]);
    let x = b.node(Op::Mul { activation: Activation::None }, &[x, gamma], "scaled", &[1, 8, 8, 4]);
    let x = b.node(Op::Add { activation: Activation::None, pot_scale_int16: false }, &[x, beta], "bn", &[1, 8, 8, 4]);
    let x = b.node(Op::Relu, &[x], "relu", &[1, 8, 8, 4]);
    let pool = Pool2d { padding: Padding::Valid, stride: [2, 2], filter: [2, 2], activation: Activation::None };
    let x = b.node(Op::AveragePool2d(pool), &[x], "pool", &[1, 4, 4, 4]);
    let x = b.node(Op::Reshape { new_shape: Some(vec![1, 64]) }, &[x], "flat", &[1, 64]);
    let (w, bias) = (b.weights("w2", &[5, 64], 0.2), b.weights("bias2", &[5], 0.1));
    let x = b.node(Op::FullyConnected(FullyConnected::default()), &[x, w, bias], "dense", &[1, 5]);
    let x = b.node(Op::Softmax { beta: 1.0 }, &[x], "softmax", &[1, 5]);
    b.finish(x)
}

fn inputs(model: &Model, n: usize) -> Vec<Vec<Tensor>> {
    let mut random = Random::new(11);
    let shape = &model.values[model.inputs[0]].shape;
    let one = |random: &mut Random| {
        let values = (0..shape.iter().product()).map(|_| random.normal() as f32).collect();
        vec![Tensor::from_f32(shape, values).unwrap()]
    };
    (0..n).map(|_| one(&mut random)).collect()
}

fn quantize(model: &Model, options: QuantizeOptions) -> Model {
    compress::apply(model, &Recipe::of(vec![Step::Quantize(options)]), &inputs(model, 50), &mut Silent).unwrap()
}

/// Signal to quantization noise of the first output of a model that keeps float inputs and outputs.
fn output_sqnr(float: &Model, quantized: &Model) -> f64 {
    let (mut a, mut b) =
        (Executor::new(float, Options::default()).unwrap(), Executor::new(quantized, Options::default()).unwrap());
    let mut ratio = SignalNoise::default();
    for sample in inputs(float, 60) {
        ratio.add(&a.run(&sample).unwrap()[0].to_f32_vec(), &b.run(&sample).unwrap()[0].to_f32_vec());
    }
    ratio.decibels().unwrap()
}

fn float_io() -> QuantizeOptions {
    QuantizeOptions { float_io: true, ..QuantizeOptions::default() }
}

#[test]
fn int8_network_answers_nearly_as_the_float_one() {
    let float = small_network();
    let sqnr = output_sqnr(&float, &quantize(&float, float_io()));
    assert!(sqnr > 30.0, "{sqnr} dB");
}

#[test]
fn batch_normalization_and_activation_vanish_into_the_convolution() {
    let names: Vec<String> = quantize(&small_network(), QuantizeOptions::default())
        .nodes
        .iter()
        .map(|node| node.op.name().to_string())
        .collect();
    assert_eq!(names, ["CONV_2D", "AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]);
}

#[test]
fn weights_are_symmetric_and_per_channel_along_the_outputs() {
    let model = quantize(&small_network(), QuantizeOptions::default());
    let weights = &model.values[model.nodes[0].inputs[1].unwrap()];
    let scale = weights.quantization.as_ref().unwrap();
    assert_eq!((weights.dtype, scale.scale.len(), scale.axis), (DType::Int8, 4, 0));
    assert!(scale.zero_point.iter().all(|&zero_point| zero_point == 0));
    let levels = weights.to_i8().unwrap();
    for channel in levels.chunks(27) {
        assert_eq!(channel.iter().map(|q| q.unsigned_abs()).max(), Some(127), "a channel must use its whole range");
    }
}

#[test]
fn per_tensor_weights_have_one_scale_and_answer_worse() {
    let float = small_network();
    let per_tensor = QuantizeOptions { granularity: Granularity::PerTensor, ..float_io() };
    let model = quantize(&float, per_tensor);
    let conv = model.nodes.iter().find(|node| node.op.name() == "CONV_2D").unwrap();
    let weights = &model.values[conv.inputs[1].unwrap()];
    assert_eq!(weights.quantization.as_ref().unwrap().scale.len(), 1);
    assert!(output_sqnr(&float, &model) > 25.0);
}

#[test]
fn bias_scale_is_the_product_of_input_and_weight_scale() {
    let model = quantize(&small_network(), QuantizeOptions::default());
    let scale_of = |id: ValueId| model.values[id].quantization.clone().unwrap().scale;
    for node in model.nodes.iter().filter(|node| node.op.weights_input().is_some()) {
        let [input, weights, bias] = [0, 1, 2].map(|position| scale_of(node.inputs[position].unwrap()));
        let products: Vec<f32> = weights.iter().map(|w| w * input[0]).collect();
        assert_eq!(bias, products);
    }
}

#[test]
fn int16_activations_answer_much_nearer_than_int8_ones() {
    let float = small_network();
    let wide = quantize(&float, QuantizeOptions { scheme: Scheme::Int16x8, ..float_io() });
    let conv = wide.nodes.iter().find(|node| node.op.name() == "CONV_2D").unwrap();
    let [x, w, b] = [0, 1, 2].map(|position| wide.values[conv.inputs[position].unwrap()].dtype);
    assert_eq!([x, w, b], [DType::Int16, DType::Int8, DType::Int64]);
    let [narrow, wide] = [quantize(&float, float_io()), wide].map(|model| output_sqnr(&float, &model));
    assert!(wide > narrow + 5.0, "{narrow} dB and {wide} dB");
}

#[test]
fn softmax_and_pooling_keep_the_scales_that_the_specification_fixes() {
    let model = quantize(&small_network(), QuantizeOptions::default());
    let of_output = |name: &str| {
        let node = model.nodes.iter().find(|node| node.op.name() == name).unwrap();
        (model.values[node.inputs[0].unwrap()].quantization.clone(), model.values[node.outputs[0]].quantization.clone())
    };
    assert_eq!(of_output("SOFTMAX").1, Some(Quantization::per_tensor(1.0 / 256.0, -128)));
    for same in ["AVERAGE_POOL_2D", "RESHAPE"] {
        let (input, output) = of_output(same);
        assert_eq!(input, output, "{same}");
    }
}

#[test]
fn a_softmax_that_is_concatenated_is_rescaled_and_does_not_clip_its_neighbour() {
    let mut b = Builder::new(&[1, 6]);
    let probabilities = b.node(Op::Softmax { beta: 1.0 }, &[0], "probabilities", &[1, 6]);
    let wide = b.weights("wide", &[6, 6], 3.0);
    let scores = b.node(Op::FullyConnected(FullyConnected::default()), &[0, wide], "scores", &[1, 6]);
    let joined = Op::Concatenation { axis: 1, activation: Activation::None };
    let joined = b.node(joined, &[probabilities, scores], "joined", &[1, 12]);
    let float = b.finish(joined);
    let model = quantize(&float, float_io());
    assert!(model.nodes.iter().filter(|node| node.op == Op::Quantize).count() == 2, "one at the border, one inside");
    assert!(output_sqnr(&float, &model) > 30.0);
}

#[test]
fn a_channel_without_weights_keeps_its_bias() {
    let mut b = Builder::new(&[1, 4]);
    let w = b.model.add_value(Value::float_constant("w", &[2, 1, 1, 4], &[0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 0.5, 0.25]));
    let bias = b.model.add_value(Value::float_constant("bias", &[2], &[0.7, 0.0]));
    let image = b.node(Op::Reshape { new_shape: Some(vec![1, 1, 1, 4]) }, &[0], "image", &[1, 1, 1, 4]);
    let out = b.node(conv(Activation::None), &[image, w, bias], "out", &[1, 1, 1, 2]);
    let float = b.finish(out);
    let model = quantize(&float, float_io());
    let mut executor = Executor::new(&model, Options::default()).unwrap();
    let output = executor.run(&inputs(&float, 1)[0]).unwrap()[0].to_f32_vec();
    assert!((output[0] - 0.7).abs() < 0.03, "{output:?}");
}

#[test]
fn every_way_of_calibrating_gives_a_network_that_works() {
    let float = small_network();
    for calibration in
        [Calibration::MinMax, Calibration::Percentile { percent: 99.99 }, Calibration::Mse, Calibration::Kl]
    {
        let sqnr = output_sqnr(&float, &quantize(&float, QuantizeOptions { calibration, ..float_io() }));
        assert!(sqnr > 20.0, "{calibration:?}: {sqnr} dB");
    }
}

#[test]
fn a_moving_average_clips_what_min_max_keeps() {
    let float = small_network();
    let input_scale = |calibration| {
        let model = quantize(&float, QuantizeOptions { calibration, ..QuantizeOptions::default() });
        model.values[model.inputs[0]].quantization.as_ref().unwrap().scale_of(0)
    };
    let (all, averaged) = (input_scale(Calibration::MinMax), input_scale(Calibration::MovingAverage));
    assert!(averaged > 0.5 * all && averaged < 0.95 * all, "{averaged} of {all}");
}

#[test]
fn a_recipe_without_inputs_draws_some_and_quantizing_itself_says_what_is_missing() {
    let (network, options) = (small_network(), QuantizeOptions::default());
    let error = compress::quantize::quantize(&network, &options, &[], &mut Silent).unwrap_err();
    assert!(error.to_string().contains("example inputs"), "{error}");
    let recipe = Recipe::of(vec![Step::Quantize(options.clone())]);
    let drawn = compress::drawn::inputs(&network).unwrap();
    let made = compress::apply(&network, &recipe, &[], &mut Silent).unwrap();
    assert_eq!(made, compress::quantize::quantize(&network, &options, &drawn, &mut Silent).unwrap());
}

#[test]
fn quantizing_twice_is_refused() {
    let once = quantize(&small_network(), QuantizeOptions::default());
    let recipe = Recipe::of(vec![Step::Quantize(QuantizeOptions::default())]);
    let error = compress::apply(&once, &recipe, &[], &mut Silent).unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
}

#[test]
fn activations_of_fewer_bits_take_few_levels_and_lose_more_with_each() {
    let float = small_network();
    let mut before = f64::INFINITY;
    for bits in [8, 6, 4, 2] {
        let model = quantize(&float, QuantizeOptions { activation_bits: bits, ..float_io() });
        let sqnr = output_sqnr(&float, &model);
        assert!(sqnr < before, "{bits} bits: {sqnr} dB after {before}");
        before = sqnr;
        let conv = model.nodes.iter().find(|node| node.op.name() == "CONV_2D").unwrap().outputs[0];
        let mut seen = std::collections::BTreeSet::new();
        let mut executor = Executor::new(&model, Options::default()).unwrap();
        for sample in inputs(&float, 8) {
            executor
                .run_tapped(&sample, &mut |id, view| {
                    if let (true, milliwatt::exec::Data::Int8(integers)) = (id == conv, &view.data) {
                        seen.extend(integers.iter().copied());
                    }
                })
                .unwrap();
        }
        // Rounding may step over the end of the range by one.
        assert!((2..=(1 << bits) + 1).contains(&seen.len()), "{bits} bits: {seen:?}");
    }
    let recipe = |bits| Recipe::of(vec![Step::Quantize(QuantizeOptions { activation_bits: bits, ..float_io() })]);
    assert!(recipe(0).check().unwrap_err().to_string().contains("1 to 8"));
    assert!(recipe(9).check().is_err() && recipe(1).check().is_ok());
}

#[test]
fn symmetric_activations_have_their_zero_in_the_middle() {
    let float = small_network();
    let model = quantize(&float, QuantizeOptions { symmetric: true, ..QuantizeOptions::default() });
    for node in model.nodes.iter().filter(|node| node.op.name() != "SOFTMAX") {
        let quantization = model.values[node.outputs[0]].quantization.as_ref().unwrap();
        assert_eq!(quantization.zero_point, [0], "{}", node.op.name());
    }
    let symmetric = output_sqnr(&float, &quantize(&float, QuantizeOptions { symmetric: true, ..float_io() }));
    let asymmetric = output_sqnr(&float, &quantize(&float, float_io()));
    assert!(symmetric > 25.0 && symmetric < asymmetric + 3.0, "{symmetric} and {asymmetric} dB");
}

#[test]
fn with_scales_everywhere_each_neuron_has_its_own_unless_its_weights_are_int4() {
    let float = small_network();
    let granularity = Granularity::EveryLayer;
    let dense_scales = |weight_bits| {
        let model = quantize(&float, QuantizeOptions { granularity, weight_bits, ..float_io() });
        let dense = model.nodes.iter().find(|node| node.op.name() == "FULLY_CONNECTED").unwrap();
        let weights = &model.values[dense.inputs[1].unwrap()];
        (weights.dtype, weights.quantization.as_ref().unwrap().scale.len(), weights.shape[0])
    };
    let (dtype, scales, neurons) = dense_scales(8);
    assert_eq!((dtype, scales), (DType::Int8, neurons));
    // Few levels, in a type that TFLM runs.
    let (dtype, scales, neurons) = dense_scales(4);
    assert_eq!((dtype, scales), (DType::Int8, neurons));
    let everywhere = output_sqnr(&float, &quantize(&float, QuantizeOptions { granularity, ..float_io() }));
    assert!(everywhere > 30.0, "{everywhere} dB");
}
