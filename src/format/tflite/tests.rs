use super::*;
use crate::error::Kind;
use crate::format::{Opened, Severity};
use crate::model::op::{Activation, Conv2d, FullyConnected, Opaque, Padding, RawField, RawOptions};
use crate::model::{Model, Node, Op, Range, Signature, Value};
use crate::quant::Quantization;
use crate::tensor::DType;

fn int8(name: &str, shape: &[usize], scale: f32) -> Value {
    Value::activation(name, DType::Int8, shape).with_quantization(Quantization::per_tensor(scale, 0))
}

/// x [1,4] int8 -> FULLY_CONNECTED -> y [1,2] int8, with the scale that a bias should have.
fn dense() -> Model {
    let mut model = Model::default();
    let x = model.add_value(int8("x", &[1, 4], 0.5));
    let weights = Value::constant("w", DType::Int8, &[2, 4], vec![1; 8]);
    let w = model.add_value(weights.with_quantization(Quantization::per_tensor(0.25, 0)));
    let bias = Value::int_constant("b", &[2], &[7, -7]).with_quantization(Quantization::per_tensor(0.125, 0));
    let b = model.add_value(bias);
    let y = model.add_value(int8("y", &[1, 2], 1.0));
    model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w, b], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    model
}

fn reopened(model: &Model) -> Opened {
    read(&write(model).unwrap()).unwrap()
}

/// The sentence about a model that contains these words, with its severity.
fn finding(model: &Model, words: &str) -> Option<(Severity, String)> {
    let found = reopened(model).findings.into_iter().find(|finding| finding.sentence.contains(words));
    found.map(|finding| (finding.severity, finding.sentence))
}

#[test]
fn everything_that_a_model_carries_survives() {
    let mut model = dense();
    model.description = "made by hand".into();
    model.name = "main".into();
    model.metadata = vec![("min_runtime_version".into(), b"1.5.0".to_vec().into()), ("empty".into(), vec![].into())];
    model.signatures = vec![
        Signature { key: "a".into(), inputs: vec![("in".into(), 0)], outputs: vec![("out".into(), 3)] },
        Signature { key: "b".into(), ..Signature::default() },
    ];
    model.values[0].range = Some(Range { min: vec![-64.0], max: vec![63.5] });
    model.values[0].shape_signature = Some(vec![-1, 4]);
    model.values[1].quantization = Some(Quantization::per_channel(vec![0.25, 0.5], 0));
    model.values[2].quantization = Some(Quantization::per_channel(vec![0.125, 0.25], 0));
    let state = model.add_value(Value { is_variable: true, ..int8("état ≠ ü", &[1, 2], 0.125) });
    let scalar = model.add_value(Value::int_constant("axis", &[], &[-1]));
    let nothing = model.add_value(Value::int_constant("no axes", &[0], &[]));
    let z = model.add_value(int8("z", &[1, 2], 1.0));
    let custom = Opaque {
        builtin_code: 32,
        name: "Mystery".into(),
        custom_options: Some(vec![1, 2, 3].into()),
        ..Opaque::default()
    };
    model.nodes.push(Node {
        op: Op::Opaque(custom),
        inputs: vec![Some(3), None, Some(state), Some(scalar), Some(nothing)],
        outputs: vec![z],
        version: 7,
    });
    model.outputs = vec![z];
    // A code above 127 does not fit the old field.
    let gelu = Opaque { builtin_code: 150, name: "GELU".into(), ..Opaque::default() };
    let last = model.add_value(int8("last", &[1, 2], 1.0));
    model.nodes.push(Node::new(Op::Opaque(gelu), &[z], &[last]));
    model.outputs.push(last);
    // What these types and attributes ask for anyway.
    model.nodes[0].version = 4;
    let opened = reopened(&model);
    assert_eq!(opened.dropped, [""; 0]);
    assert_eq!(opened.model, model);
}

/// A model that calls its second graph once, as files with variables do; the third is entered by its signature.
fn several() -> Model {
    let mut model = dense();
    let options = RawOptions { kind: 103, fields: vec![(0, RawField::Word(1))] };
    let call =
        Opaque { builtin_code: 129, name: "CALL_ONCE".into(), builtin_options: Some(options), ..Opaque::default() };
    model.nodes.insert(0, Node::new(Op::Opaque(call), &[], &[]));
    model.nodes[1].version = 4;
    model.name = "main".into();
    model.signatures = vec![Signature { key: "serve".into(), inputs: vec![("in".into(), 0)], ..Signature::default() }];
    let mut start = dense();
    start.nodes[0].version = 4;
    start.name = "start".into();
    let mut other = start.clone();
    // What both read lies in the file once.
    other.values[1].data = Some(vec![2; 8].into());
    (other.name, other.signatures) = ("other".into(), vec![Signature { key: "b".into(), ..Signature::default() }]);
    model.subgraphs = vec![start, other];
    model
}

#[test]
fn other_subgraphs_are_carried_along_with_their_signatures_and_named() {
    let opened = reopened(&several());
    assert_eq!(opened.dropped, [""; 0]);
    assert_eq!(opened.model, several());
    let (severity, sentence) = finding(&several(), "subgraphs").unwrap();
    assert_eq!(severity, Severity::Warning);
    assert!(sentence.starts_with("the file has 3 subgraphs (\"main\", \"start\", \"other\"), called by CALL_ONCE."));
    let mut lost = several();
    lost.subgraphs.clear();
    let error = read(&write(&lost).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "node 0 (CALL_ONCE): it calls subgraph 1, but the file has 1");
}

#[test]
fn what_is_wrong_in_a_carried_subgraph_is_said_of_that_subgraph() {
    let mut model = several();
    model.subgraphs[1].nodes[0].inputs[0] = Some(3);
    let error = write(&model).unwrap_err().to_string();
    assert!(error.starts_with("subgraph 2: node 0 (FULLY_CONNECTED): it reads value 3"), "{error}");
}

#[test]
fn versions_are_raised_to_what_the_types_need_and_never_lowered() {
    assert_eq!(reopened(&dense()).model.nodes[0].version, 4);
    let mut model = dense();
    model.nodes[0].version = 9;
    assert_eq!(reopened(&model).model.nodes[0].version, 9);
}

#[test]
fn a_model_without_a_signature_gets_one() {
    let mut model = dense();
    model.values[3].name = String::new();
    let signatures = reopened(&model).model.signatures;
    assert_eq!(signatures, [default_signature(&model)]);
    assert_eq!(signatures[0].key, "serving_default");
    assert_eq!(signatures[0].inputs, [("x".to_owned(), 0)]);
    assert_eq!(signatures[0].outputs, [("output_0".to_owned(), 3)]);
    assert!(finding(&model, "signature").is_none());
}

#[test]
fn constants_lie_at_multiples_of_sixteen_bytes_and_equal_ones_once() {
    let mut model = dense();
    let pattern: Vec<u8> = (100..139).collect();
    for name in ["p", "q"] {
        model.add_value(Value::constant(name, DType::Uint8, &[39], pattern.clone()));
    }
    let bytes = write(&model).unwrap();
    let places: Vec<usize> =
        bytes.windows(39).enumerate().filter(|(_, window)| *window == pattern).map(|(at, _)| at).collect();
    assert_eq!(places.len(), 1);
    assert_eq!(places[0] % 16, 0);
    assert_eq!(bytes.len() % 16, 0);
}

#[test]
fn options_that_could_not_be_read_are_not_written_away() {
    let mut model = dense();
    let z = model.add_value(int8("z", &[1, 2], 1.0));
    let gather = Opaque { builtin_code: 36, name: "GATHER".into(), is_incomplete: true, ..Opaque::default() };
    model.nodes.push(Node::new(Op::Opaque(gather), &[3], &[z]));
    let error = write(&model).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(
        error.message().starts_with("node 1 (GATHER): Milliwatt cannot carry this operator's options along"),
        "{error}"
    );
}

#[test]
fn an_unsound_model_is_not_written() {
    let mut model = dense();
    model.outputs = vec![99];
    assert_eq!(write(&model).unwrap_err().kind(), Kind::Format);
}

#[test]
fn unknown_operators_are_named_with_their_count() {
    let mut model = dense();
    for _ in 0..2 {
        let from = model.values.len() - 1;
        let z = model.add_value(int8("z", &[1, 2], 1.0));
        let op = Opaque { builtin_code: 150, name: "GELU".into(), ..Opaque::default() };
        model.nodes.push(Node::new(Op::Opaque(op), &[from], &[z]));
    }
    let (severity, sentence) = finding(&model, "GELU").unwrap();
    assert_eq!(severity, Severity::Blocks);
    assert!(sentence.contains("does not execute these operators, nor does TFLM: GELU (2)"), "{sentence}");
}

#[test]
fn a_bias_of_another_scale_is_found() {
    assert!(finding(&dense(), "bias").is_none());
    let mut model = dense();
    model.values[2].quantization = Some(Quantization::per_tensor(0.13, 0));
    let (severity, sentence) = finding(&model, "bias").unwrap();
    assert_eq!(severity, Severity::Warning);
    assert!(sentence.starts_with("1 bias is not in the scale of input times weights"), "{sentence}");
    assert!(sentence.ends_with("\"b\""), "{sentence}");
}

#[test]
fn int4_per_channel_dense_weights_are_found() {
    let mut model = dense();
    model.values[1] = Value::constant("w4", DType::Int4, &[2, 4], vec![0x21; 4])
        .with_quantization(Quantization::per_channel(vec![0.25, 0.25], 0));
    let (severity, sentence) = finding(&model, "int4").unwrap();
    assert_eq!(severity, Severity::Blocks);
    assert!(sentence.contains("which TFLM refuses") && sentence.ends_with("\"w4\""), "{sentence}");
    // One scale for all is fine.
    model.values[1].quantization = Some(Quantization::per_tensor(0.25, 0));
    assert!(finding(&model, "int4").is_none());
}

#[test]
fn weights_without_zero_points_are_found() {
    let mut model = dense();
    model.values[1].quantization.as_mut().unwrap().zero_point.clear();
    assert_eq!(finding(&model, "no zero points").unwrap().0, Severity::Blocks);
}

#[test]
fn float_borders_of_an_integer_model_are_found() {
    let mut model = dense();
    let real = model.add_value(Value::activation("real", DType::Float32, &[1, 2]));
    model.nodes.push(Node::new(Op::Dequantize, &[3], &[real]));
    model.outputs = vec![real];
    assert_eq!(finding(&model, "inputs or outputs are float").unwrap().0, Severity::Info);
}

#[test]
fn open_image_sizes_are_found_but_open_batches_are_not() {
    let mut model = Model::default();
    let x = model.add_value(Value::activation("x", DType::Float32, &[1, 4, 4, 1]));
    let w = model.add_value(Value::float_constant("w", &[1, 1, 1, 1], &[1.0]));
    let y = model.add_value(Value::activation("y", DType::Float32, &[1, 4, 4, 1]));
    let conv = Conv2d { padding: Padding::Same, stride: [1; 2], dilation: [1; 2], activation: Activation::None };
    model.nodes.push(Node::new(Op::Conv2d(conv), &[x, w], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    model.values[x].shape_signature = Some(vec![-1, 4, 4, 1]);
    assert!(finding(&model, "open dimensions").is_none());
    model.values[x].shape_signature = Some(vec![-1, -1, 4, 1]);
    assert!(finding(&model, "open dimensions").unwrap().1.contains("[-1, -1, 4, 1]"));
}
