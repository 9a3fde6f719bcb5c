//! Every gradient against finite differences: move one number, see how the loss moves.

use super::*;
use crate::model::op::FullyConnected;
use crate::model::{Model, Node, Value};
use crate::random::Random;
use crate::tensor::DType;
use crate::train::{Loss, Parameters, Tape, architecture};

const BATCH: usize = 3;

/// Compares the gradient of every parameter with `(loss(p + h) - loss(p - h)) / 2h`.
fn check(model: &Model) {
    // A seed for which no number stands so near a kink of a clamp that the difference straddles it.
    let mut random = Random::new(11);
    let elements = |id: usize| model.values[id].elements() * BATCH;
    let input: Vec<f32> = (0..elements(model.inputs[0])).map(|_| random.normal() as f32).collect();
    let target: Vec<f32> = (0..elements(model.outputs[0])).map(|_| random.normal() as f32).collect();
    let mut parameters = Parameters::of(model).unwrap();
    let loss = |parameters: &Parameters| {
        let tape = Tape::forward(model, parameters, &input, BATCH).unwrap();
        Loss::MeanSquaredError.of(tape.output(), &target, BATCH).unwrap()
    };
    let gradients = {
        let (_, wrongness) = loss(&parameters);
        Tape::forward(model, &parameters, &input, BATCH).unwrap().backward(wrongness).unwrap()
    };
    let mut checked = 0;
    let mut alive = 0;
    for id in 0..model.values.len() {
        for i in 0..parameters.get(id).map_or(0, <[f32]>::len) {
            let h = 2e-3;
            let mut moved = |by: f32| {
                parameters.get_mut(id).unwrap()[i] += by;
                let loss = loss(&parameters).0;
                parameters.get_mut(id).unwrap()[i] -= by;
                loss
            };
            let expected = (moved(h) - moved(-h)) / (2.0 * f64::from(h));
            let got = f64::from(gradients.get(id).unwrap()[i]);
            assert!((got - expected).abs() < 2e-3 + 1e-2 * expected.abs(), "value {id}[{i}]: {got}, not {expected}");
            checked += 1;
            alive += usize::from(got != 0.0);
        }
    }
    assert!(checked > 0 && alive * 4 > checked, "{alive} of {checked} gradients are not 0: the test sees too little");
}

/// `y = tail(x w0^T + b0)` with further nodes on top.
fn dense_then(tail: &[Op]) -> Model {
    let mut model = architecture::dense("test", 5, &[4], 3).unwrap();
    for op in tail {
        let from = model.outputs[0];
        let to = model.add_value(Value::activation("", DType::Float32, &[1, 4]));
        model.nodes.push(Node::new(op.clone(), &[from], &[to]));
        model.outputs = vec![to];
    }
    model
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
    }
}

#[test]
fn relu_relu6_and_reshape_gradients_equal_finite_differences() {
    check(&dense_then(&[Op::Relu]));
    check(&dense_then(&[Op::Relu6]));
    let mut reshaped = dense_then(&[Op::Reshape { new_shape: Some(vec![1, 2, 2]) }]);
    reshaped.values.last_mut().unwrap().shape = vec![1, 2, 2];
    check(&reshaped);
}

#[test]
fn a_value_that_two_nodes_read_gets_the_sum_of_their_gradients() {
    // y = relu(z) + z with z = dense(x): both readers of z send a gradient back.
    let mut model = dense_then(&[Op::Relu]);
    let (z, relu) = (model.nodes[0].outputs[0], model.outputs[0]);
    let sum = model.add_value(Value::activation("", DType::Float32, &[1, 4]));
    model.nodes.push(Node::new(Op::Add { activation: Activation::None, pot_scale_int16: false }, &[relu, z], &[sum]));
    model.outputs = vec![sum];
    check(&model);
}

#[test]
fn an_operator_without_a_gradient_is_named() {
    let model = dense_then(&[Op::Logistic]);
    let error = Tape::forward(&model, &Parameters::of(&model).unwrap(), &[0.0; 5], 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "node 1 (LOGISTIC): LOGISTIC has no gradient here yet, so a model with it cannot be trained"
    );
}
