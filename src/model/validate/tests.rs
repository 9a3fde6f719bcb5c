use super::*;
use crate::model::op::{Activation, FullyConnected, Opaque};
use crate::model::{Node, Op, Value};
use crate::quant::Quantization;
use crate::tensor::DType;

/// x [1,3] int8 -> FULLY_CONNECTED -> y [1,2] int8.
fn dense() -> Model {
    let mut model = Model::default();
    let quantization = |scale| Quantization::per_tensor(scale, 0);
    let x = model.add_value(Value::activation("x", DType::Int8, &[1, 3]).with_quantization(quantization(0.5)));
    let w = model.add_value(
        Value::constant("w", DType::Int8, &[2, 3], vec![1; 6])
            .with_quantization(Quantization::per_channel(vec![0.1, 0.2], 0)),
    );
    let b = model.add_value(Value::int_constant("b", &[2], &[1, 2]).with_quantization(quantization(0.1)));
    let y = model.add_value(Value::activation("y", DType::Int8, &[1, 2]).with_quantization(quantization(0.25)));
    model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w, b], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    model
}

/// The error after one change to a sound model.
fn broken(change: impl FnOnce(&mut Model)) -> String {
    let mut model = dense();
    validate(&model).unwrap();
    change(&mut model);
    validate(&model).unwrap_err().to_string()
}

#[test]
fn each_broken_rule_has_its_sentence() {
    type Change = fn(&mut Model);
    let cases: [(&str, Change); 16] = [
        ("input 0 of the model is value 9, but the model has 4 values", |m| m.inputs[0] = 9),
        ("node 0 (FULLY_CONNECTED): output 0 is value 9", |m| m.nodes[0].outputs[0] = 9),
        ("it reads value 0 before anything has written it: \"x\"", |m| m.inputs.clear()),
        ("it writes value 1, which is a constant: \"w\"", |m| m.nodes[0].outputs[0] = 1),
        ("output 3 of the model is written by no node", |m| m.nodes.clear()),
        ("the constant has 5 bytes, but shape [2, 3] of int8 needs 6: \"w\"", |m| {
            m.values[1].data = Some([1; 5].into())
        }),
        ("the bias has 3 values for 2 channels", |m| {
            let scale = m.values[2].quantization.clone().unwrap();
            m.values[2] = Value::int_constant("b", &[3], &[0; 3]).with_quantization(scale);
        }),
        ("declared with shape [1, 4], but the operator gives [1, 2]", |m| m.values[3].shape = vec![1, 4]),
        ("it has 1 inputs where 2 to 3 are expected", |m| m.nodes[0].inputs.truncate(1)),
        ("it has 2 scales along axis 1, which does not fit its shape [2, 3]", |m| {
            m.values[1].quantization.as_mut().unwrap().axis = 1;
        }),
        ("it has 3 zero points for 2 scales", |m| m.values[1].quantization.as_mut().unwrap().zero_point = vec![0; 3]),
        ("the scale inf is not a positive number", |m| {
            m.values[1].quantization.as_mut().unwrap().scale[0] = f32::INFINITY
        }),
        ("the scale 0 is not a positive number: \"x\"", |m| m.values[0].quantization.as_mut().unwrap().scale[0] = 0.0),
        ("the zero point 200 is outside of int8", |m| m.values[0].quantization.as_mut().unwrap().zero_point[0] = 200),
        ("the input is int8 without a scale", |m| m.values[0].quantization = None),
        ("its shape signature [-1, 4] does not fit its shape [1, 3]", |m| {
            m.values[0].shape_signature = Some(vec![-1, 4])
        }),
    ];
    let failures: Vec<String> = cases
        .into_iter()
        .filter_map(|(expected, change)| {
            let error = broken(change);
            (!error.contains(expected)).then(|| format!("wanted {expected:?}, got {error:?}"))
        })
        .collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn mixed_element_types_are_refused() {
    assert!(broken(|m| m.values[3].dtype = DType::Float32).contains("cannot give an output of type float32"));
    assert!(broken(|m| m.values[0].dtype = DType::Bool).contains("cannot be multiplied by weights"));
}

#[test]
fn a_value_written_twice_is_refused() {
    let error = broken(|m| {
        let again = m.nodes[0].clone();
        m.nodes.push(again);
    });
    assert!(error.contains("node 1 (FULLY_CONNECTED): it writes value 3, which is written already"), "{error}");
}

#[test]
fn unknown_operators_and_left_out_biases_are_sound() {
    let mut model = dense();
    model.nodes[0].inputs[2] = None;
    validate(&model).unwrap();
    let z = model.add_value(Value::activation("z", DType::String, &[7]));
    let stranger = Opaque::custom("Mystery");
    model.nodes.push(Node::new(Op::Opaque(stranger), &[3], &[z]));
    model.outputs = vec![z];
    validate(&model).unwrap();
}

#[test]
fn scale_zero_is_allowed_for_a_channel_of_weights_only() {
    let mut model = dense();
    model.values[1].quantization.as_mut().unwrap().scale[1] = 0.0;
    validate(&model).unwrap();
}

#[test]
fn elementwise_operators_want_scales_on_int8() {
    let mut model = dense();
    let z = model.add_value(Value::activation("z", DType::Int8, &[1, 2]));
    let add = Op::Add { activation: Activation::None, pot_scale_int16: false };
    model.nodes.push(Node::new(add, &[3, 3], &[z]));
    assert!(validate(&model).unwrap_err().to_string().contains("the output is int8 without a scale"));
}
