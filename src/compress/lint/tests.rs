//! What is found, for which target, and with which change.

use super::*;
use crate::model::op::{Activation, Conv2d, FullyConnected, Padding, tflm};
use crate::quant::Quantization;

fn dense(weights: Value) -> Model {
    let int8 =
        |size| Value::activation("x", DType::Int8, &[1, size]).with_quantization(Quantization::per_tensor(0.1, 0));
    let mut model = Model::default();
    let (x, w, y) = (model.add_value(int8(4)), model.add_value(weights), model.add_value(int8(2)));
    model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    model
}

#[test]
fn int4_weights_of_a_dense_layer_with_two_scales_are_refused_with_a_preset_that_helps() {
    let weights = Value::constant("w", DType::Int4, &[2, 4], vec![0; 4])
        .with_quantization(Quantization::per_channel(vec![1.0, 2.0], 0));
    let problems = lint(&dense(weights), Target::Tflm);
    assert_eq!((problems[0].severity, problems[0].mend), (Severity::Blocks, Some(Mend::OneScale)));
    assert_eq!(problems[0].place, "node 0 (FULLY_CONNECTED)");
}

#[test]
fn packed_weights_are_named_for_each_target_in_its_own_way() {
    let weights =
        Value::constant("w", DType::Int8, &[2, 4], vec![0; 8]).with_quantization(Quantization::per_tensor(1.0, 0));
    let weights = Value { encoding: Some(crate::model::Encoding::Codebook), ..weights };
    let model = dense(weights);
    let said = |target| lint(&model, target).into_iter().map(|problem| problem.sentence).collect::<Vec<_>>().join(" ");
    assert!(said(Target::CmsisNn).contains("before they are unpacked"));
    assert!(said(Target::EthosU).contains("packed for TFLM"));
    assert!(!said(Target::Tflm).contains("Ethos"));
}

#[test]
fn what_slim_leaves_out_for_tflm_keeps_litert_from_loading_it() {
    let weights = Value::constant("w", DType::Int8, &[2, 4], vec![0; 8])
        .with_quantization(Quantization { zero_point: vec![0], ..Quantization::per_channel(vec![1.0, 2.0], 0) });
    let problems = lint(&dense(weights), Target::LiteRt);
    assert_eq!((problems[0].severity, problems[0].mend), (Severity::Blocks, Some(Mend::Portable)));
}

#[test]
fn a_stride_of_four_keeps_a_convolution_off_the_ethos_u() {
    let image = |size: usize| {
        Value::activation("x", DType::Int8, &[1, size, size, 1]).with_quantization(Quantization::per_tensor(0.1, 0))
    };
    let mut model = Model::default();
    let weights = Value::constant("w", DType::Int8, &[1, 1, 1, 1], vec![1]);
    let w = model.add_value(weights.with_quantization(Quantization::per_tensor(1.0, 0)));
    let (x, y) = (model.add_value(image(8)), model.add_value(image(2)));
    let op = Conv2d { padding: Padding::Same, stride: [4, 4], dilation: [1, 1], activation: Activation::None };
    model.nodes.push(Node::new(Op::Conv2d(op), &[x, w], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    assert!(lint(&model, Target::Tflm).is_empty());
    assert!(lint(&model, Target::EthosU)[0].sentence.contains("strides of [4, 4]"));
}

#[test]
fn the_resolver_gets_each_operator_once() {
    let weights =
        Value::constant("w", DType::Int8, &[2, 4], vec![0; 8]).with_quantization(Quantization::per_tensor(1.0, 0));
    let model = dense(Value { encoding: Some(crate::model::Encoding::Huffman), ..weights });
    assert_eq!(
        resolver(&model).unwrap(),
        ["tflite::MicroMutableOpResolver<2> resolver;", "resolver.AddDecode();", "resolver.AddFullyConnected();"]
    );
    let add = |name: &str| tflm::OPERATORS.iter().find(|row| row.name == name).unwrap().add;
    let names = ["DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "RELU6", "RESIZE_NEAREST_NEIGHBOR"].map(add);
    assert_eq!(names, ["DepthwiseConv2D", "AveragePool2D", "Relu6", "ResizeNearestNeighbor"]);
}
