//! Folding: what the device would compute the same way every time is computed once.
//!
//! Before quantization, constants become `float32`, a MUL or ADD by a constant after a convolution (an exported batch
//! normalization) goes into its weights and bias, and a RELU or RELU6 goes into the operator before it.

use crate::error::Result;
use crate::model::op::{Activation, Op};
use crate::model::{Model, NodeId, Value, ValueId};
use crate::tensor::DType;

/// A copy of a float (or hybrid) model with constants unpacked, batch normalization folded and activations fused.
///
/// The real function is the same up to `float32` rounding.
///
/// # Errors
/// Those of decoding constants.
pub fn fold(model: &Model) -> Result<Model> {
    let mut folded = model.clone();
    unpack_constants(&mut folded)?;
    let mut node = 0;
    while node < folded.nodes.len() {
        // A fold removes the node after this one, which may uncover another.
        if !(fold_scale_or_shift(&mut folded, node)? || fuse_activation(&mut folded, node)) {
            node += 1;
        }
    }
    folded.compact();
    Ok(folded)
}

/// Makes `float32` of constants that float nodes read in a smaller type: hybrid int8 weights, float16 behind DEQUANTIZE.
fn unpack_constants(model: &mut Model) -> Result<()> {
    let mut node = 0;
    while node < model.nodes.len() {
        let (is_dequantize, source) = (model.nodes[node].op == Op::Dequantize, model.nodes[node].input(0));
        if let Some(source) = source
            && is_dequantize
            && model.values[source].is_constant()
        {
            let output = model.nodes[node].outputs[0];
            let unpacked = as_float(&model.values[source])?;
            let unpacked = model.add_value(unpacked);
            model.replace_uses(output, unpacked);
            model.nodes.remove(node);
            continue;
        }
        let feeds_floats = source.is_some_and(|id| model.values[id].dtype == DType::Float32);
        let weights = model.nodes[node].op.weights_input().and_then(|position| model.nodes[node].input(position));
        if let Some(weights) = weights
            && feeds_floats
            && model.values[weights].is_constant()
            && model.values[weights].dtype != DType::Float32
        {
            model.values[weights] = as_float(&model.values[weights])?;
        }
        node += 1;
    }
    Ok(())
}

fn as_float(value: &Value) -> Result<Value> {
    Ok(Value::float_constant(value.name.clone(), &value.shape, &value.dequantized()?))
}

/// Whether a node is a convolution or fully connected layer with constant float weights and no activation yet.
fn is_open_layer(model: &Model, node: NodeId) -> bool {
    let found = &model.nodes[node];
    let constant = |id: ValueId| model.values[id].is_constant() && model.values[id].dtype == DType::Float32;
    found.op.weights_channel_axis().is_some()
        && found.op.activation() == Some(Activation::None)
        && found.op.weights_input().and_then(|position| found.input(position)).is_some_and(constant)
        && found.op.bias_input().and_then(|position| found.input(position)).is_none_or(constant)
}

/// Folds a following MUL or ADD by one constant (for each channel) into `node`; says whether it did.
fn fold_scale_or_shift(model: &mut Model, node: NodeId) -> Result<bool> {
    if !is_open_layer(model, node) {
        return Ok(false);
    }
    let output = model.nodes[node].outputs[0];
    let Some(next) = model.only_consumer(output) else { return Ok(false) };
    let follower = model.nodes[next].clone();
    let (multiply, activation) = match follower.op {
        Op::Mul { activation } => (true, activation),
        Op::Add { activation, .. } => (false, activation),
        _ => return Ok(false),
    };
    let Some(constant) = follower.inputs.iter().flatten().copied().find(|&id| id != output) else { return Ok(false) };
    let channels = model.values[output].shape.last().copied().unwrap_or(1);
    let operand = &model.values[constant];
    let runs_along_channels =
        operand.elements() == 1 || (operand.elements() == channels && operand.shape.last() == Some(&channels));
    let same_shape = model.values[follower.outputs[0]].shape == model.values[output].shape;
    // TRANSPOSE_CONV is left alone: its bias is not supported by every runtime.
    let foldable = !matches!(model.nodes[node].op, Op::TransposeConv(_));
    if !operand.is_constant() || operand.dtype != DType::Float32 || !runs_along_channels || !same_shape || !foldable {
        return Ok(false);
    }
    let operand = operand.dequantized()?;
    let of_channel = |channel: usize| operand[if operand.len() == 1 { 0 } else { channel }];

    let bias_position = model.nodes[node].op.bias_input().unwrap_or(2);
    let bias_id = model.nodes[node].input(bias_position);
    let mut bias = match bias_id {
        Some(id) => model.values[id].dequantized()?,
        None => vec![0.0; channels],
    };
    if multiply {
        scale_weights(model, node, &of_channel)?;
        bias.iter_mut().enumerate().for_each(|(channel, b)| *b *= of_channel(channel));
    } else {
        bias.iter_mut().enumerate().for_each(|(channel, b)| *b += of_channel(channel));
    }
    let name =
        bias_id.map_or_else(|| format!("{}/bias", model.values[output].name), |id| model.values[id].name.clone());
    let bias = model.add_value(Value::float_constant(name, &[channels], &bias));
    let inputs = &mut model.nodes[node].inputs;
    inputs.resize(inputs.len().max(bias_position + 1), None);
    inputs[bias_position] = Some(bias);
    absorb(model, node, next, activation);
    Ok(true)
}

fn scale_weights(model: &mut Model, node: NodeId, of_channel: &dyn Fn(usize) -> f32) -> Result<()> {
    let found = &model.nodes[node];
    let (Some(position), Some(axis)) = (found.op.weights_input(), found.op.weights_channel_axis()) else {
        return Ok(());
    };
    let Some(id) = found.input(position) else { return Ok(()) };
    let value = &model.values[id];
    let after: usize = value.shape[axis + 1..].iter().product();
    let channels = value.shape[axis];
    let mut weights = value.dequantized()?;
    for (index, weight) in weights.iter_mut().enumerate() {
        *weight *= of_channel(index / after % channels);
    }
    // A copy, because another node may read the same weights.
    let scaled = model.add_value(Value::float_constant(value.name.clone(), &value.shape.clone(), &weights));
    model.nodes[node].inputs[position] = Some(scaled);
    Ok(())
}

/// Fuses a following RELU or RELU6 into `node`; says whether it did.
fn fuse_activation(model: &mut Model, node: NodeId) -> bool {
    if model.nodes[node].op.activation() != Some(Activation::None) || model.nodes[node].outputs.len() != 1 {
        return false;
    }
    // TFLM's concatenation, pooling of floats and L2 normalization take no fused activation in integers.
    if matches!(model.nodes[node].op, Op::Concatenation { .. } | Op::L2Normalization { .. } | Op::TransposeConv(_)) {
        return false;
    }
    let Some(next) = model.only_consumer(model.nodes[node].outputs[0]) else { return false };
    let activation = match model.nodes[next].op {
        Op::Relu => Activation::Relu,
        Op::Relu6 => Activation::Relu6,
        _ => return false,
    };
    absorb(model, node, next, activation);
    true
}

/// Lets `node` write what `next` wrote, with `activation`, and removes `next`.
fn absorb(model: &mut Model, node: NodeId, next: NodeId, activation: Activation) {
    model.nodes[node].outputs = model.nodes[next].outputs.clone();
    set_activation(&mut model.nodes[node].op, activation);
    model.nodes.remove(next);
}

fn set_activation(op: &mut Op, new: Activation) {
    match op {
        Op::Conv2d(op) => op.activation = new,
        Op::DepthwiseConv2d(op) => op.activation = new,
        Op::TransposeConv(op) => op.activation = new,
        Op::FullyConnected(op) => op.activation = new,
        Op::AveragePool2d(op) | Op::MaxPool2d(op) => op.activation = new,
        Op::Add { activation, .. } | Op::Sub { activation, .. } => *activation = new,
        Op::Mul { activation } | Op::Concatenation { activation, .. } | Op::L2Normalization { activation } => {
            *activation = new;
        }
        _ => {}
    }
}
