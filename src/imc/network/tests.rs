use super::*;
use crate::model::op::{Activation, Conv2d, DepthwiseConv2d, FullyConnected, Padding};
use crate::model::{Node, Value};
use crate::quant::Quantization;
use crate::random::Random;
use crate::tensor::DType;

fn int8(name: &str, shape: &[usize], scale: f32, zero_point: i64) -> Value {
    Value::activation(name, DType::Int8, shape).with_quantization(Quantization::per_tensor(scale, zero_point))
}

fn random_constant(random: &mut Random, shape: &[usize], scale: f32) -> Value {
    let data: Vec<u8> =
        (0..shape.iter().product()).map(|_| random.below(256) as u8).map(|b| if b == 128 { 129 } else { b }).collect();
    Value::constant("w", DType::Int8, shape, data).with_quantization(Quantization::per_tensor(scale, 0))
}

/// A strided convolution with borders, a depthwise one with two filters for each channel, and a matrix product.
fn model() -> Model {
    let mut random = Random::new(9);
    let mut model = Model::default();
    let x = model.add_value(int8("x", &[1, 7, 6, 3], 0.1, -5));
    let w1 = model.add_value(random_constant(&mut random, &[8, 3, 3, 3], 0.02));
    let b1 = model.add_value(Value::int_constant("b", &[8], &[100, -200, 300, 0, 5, -7, 9, 11]));
    let h1 = model.add_value(int8("h1", &[1, 4, 3, 8], 0.3, 3));
    let w2 = model.add_value(random_constant(&mut random, &[1, 3, 3, 16], 0.03));
    let h2 = model.add_value(int8("h2", &[1, 4, 3, 16], 0.5, -100));
    let w3 = model.add_value(random_constant(&mut random, &[5, 192], 0.01));
    let y = model.add_value(int8("y", &[1, 5], 0.9, 0));
    let stride =
        |stride| Conv2d { padding: Padding::Same, stride: [stride; 2], dilation: [1, 1], activation: Activation::None };
    let depthwise = DepthwiseConv2d {
        padding: Padding::Same,
        stride: [1, 1],
        dilation: [1, 1],
        depth_multiplier: 2,
        activation: Activation::Relu,
    };
    model.nodes.push(Node::new(Op::Conv2d(stride(2)), &[x, w1, b1], &[h1]));
    model.nodes.push(Node::new(Op::DepthwiseConv2d(depthwise), &[h1, w2], &[h2]));
    model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[h2, w3], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    model
}

fn input(seed: u64) -> Tensor {
    let mut random = Random::new(seed);
    Tensor::from_i8(&[1, 7, 6, 3], (0..126).map(|_| (random.below(256) as i32 - 128) as i8).collect()).unwrap()
}

#[test]
fn a_digital_array_of_any_height_gives_the_bytes_of_the_executor() {
    let model = model();
    let mut reference = Executor::new(&model, Options::default()).unwrap();
    for rows in [1, 10, 64, 1000] {
        let mut network = Network::new(&model, rows, &Mode::Digital, Options::default()).unwrap();
        for seed in 0..5 {
            let x = [input(seed)];
            assert_eq!(network.run(&x).unwrap(), reference.run(&x).unwrap(), "{rows} rows");
        }
        let tallies = network.tallies();
        assert_eq!(tallies.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(tallies.iter().all(|(_, tally)| tally.toggles.leaves > 0 && tally.toggles.roots > 0));
        // Every multiply-accumulate is 64 products of bits.
        let macs: u64 = crate::model::counts::model(&model).macs.0;
        assert_eq!(tallies.iter().map(|(_, tally)| tally.toggles.cell_cycles).sum::<u64>(), 5 * 64 * macs);
    }
}

#[test]
fn an_analog_array_without_flaws_gives_the_same_and_a_real_one_comes_near() {
    let model = model();
    let mut reference = Executor::new(&model, Options::default()).unwrap();
    let chip = |circuit| Mode::Analog(Chip { circuit, seed: 1 }, vec![]);
    let mut ideal = Network::new(&model, 64, &chip(analog::Circuit::ideal()), Options::default()).unwrap();
    let real = |adc_bits| {
        let circuit = analog::Circuit { adc_bits, ..analog::Circuit::default() };
        Network::new(&model, 64, &chip(circuit), Options::default()).unwrap()
    };
    let (mut coarse, mut fine) = (real(4), real(12));
    let exact: Vec<Tensor> = (0..8).flat_map(|seed| reference.run(&[input(seed)]).unwrap()).collect();
    let off = |network: &mut Network| -> f32 {
        let found = (0..8).flat_map(|seed| network.run(&[input(seed)]).unwrap());
        let each = |(a, b): (Tensor, &Tensor)| {
            a.to_f32_vec().iter().zip(b.to_f32_vec()).map(|(a, b)| (a - b).abs()).sum::<f32>()
        };
        found.zip(&exact).map(each).sum()
    };
    let found: Vec<Tensor> = (0..8).flat_map(|seed| ideal.run(&[input(seed)]).unwrap()).collect();
    assert_eq!(found, exact);
    let circuit = analog::Circuit { adc_bits: 5, ..analog::Circuit::default() };
    let mut watching = Network::new(&model, 64, &Mode::Watching(circuit.clone()), Options::default()).unwrap();
    let found: Vec<Tensor> = (0..8).flat_map(|seed| watching.run(&[input(seed)]).unwrap()).collect();
    assert_eq!(found, exact, "a chip that is watched has no flaw");
    let ranges = watching.into_parts().1.best_ranges(&circuit);
    assert_eq!(ranges.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [0, 1, 2]);
    let (coarse, near) = (off(&mut coarse), off(&mut fine));
    assert!(near > 0.0 && coarse > 2.0 * near, "{coarse} {near}");
    let fitted = Mode::Analog(Chip { circuit: circuit.clone(), seed: 1 }, ranges);
    let mut fitted = Network::new(&model, 64, &fitted, Options::default()).unwrap();
    assert!(off(&mut fitted) < off(&mut real(5)), "ranges of its own help the same converters");
}

#[test]
fn nodes_can_be_left_to_the_processor_and_a_float_model_has_none() {
    let model = model();
    let mut network = Network::on(&model, 64, &Mode::Digital, Options::default(), &|id| id == 2).unwrap();
    network.run(&[input(1)]).unwrap();
    assert_eq!(network.tallies().len(), 1);
    let mut float = Model::default();
    let x = float.add_value(Value::activation("x", DType::Float32, &[1, 2]));
    let y = float.add_value(Value::activation("y", DType::Float32, &[1, 2]));
    float.nodes.push(Node::new(Op::Softmax { beta: 1.0 }, &[x], &[y]));
    (float.inputs, float.outputs) = (vec![x], vec![y]);
    let refused = Network::new(&float, 64, &Mode::Digital, Options::default()).err().unwrap();
    assert!(refused.to_string().contains("Quantize"), "{refused}");
}
