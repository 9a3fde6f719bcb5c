//! What each operator computes, and how wrongness flows back through it.
//!
//! Letters: `x` inputs, `y` output, `dx` and `dy` the derivatives of the loss by them. A new operator is one file
//! here with a `forward`, a `backward`, and a test that compares the two by finite differences. Fused activations are
//! applied here, once for all: what a `forward` gives is what the operator computes before its own.

mod binary;
mod conv;
mod depthwise;
mod fully_connected;
mod image;
mod layout;
mod mean;
mod pool;
pub(super) mod softmax;
#[cfg(test)]
mod tests;
mod transpose_conv;
mod unary;

use super::tape::View;
use crate::error::{Error, Result};
use crate::model::Op;
use crate::model::op::Activation;

/// The derivatives by a node's inputs, each with the input's position.
type Gradients = Vec<(usize, Vec<f32>)>;

/// The output of a node for a whole batch, before its fused activation.
pub(super) fn forward(view: View<'_>) -> Result<Vec<f32>> {
    match view.op() {
        Op::Conv2d(op) => conv::forward(view, op),
        Op::DepthwiseConv2d(op) => depthwise::forward(view, op),
        Op::TransposeConv(op) => transpose_conv::forward(view, op),
        Op::FullyConnected(op) => fully_connected::forward(view, op),
        Op::AveragePool2d(op) => pool::average_forward(view, op),
        Op::MaxPool2d(op) => pool::max_forward(view, op),
        Op::Mean { .. } => mean::forward(view),
        Op::Add { .. } | Op::Sub { .. } | Op::Mul { .. } | Op::Prelu => binary::forward(view),
        Op::Concatenation { axis, .. } => layout::concatenation_forward(view, *axis),
        Op::Pad | Op::PadV2 | Op::Transpose => layout::moved_forward(view),
        // Where numbers keep their order there is nothing to do; a QUANTIZE only changes the scale.
        Op::Reshape { .. } | Op::Squeeze { .. } | Op::ExpandDims | Op::Quantize => Ok(view.input(0)?.to_vec()),
        Op::Softmax { beta } => softmax::forward(view, *beta),
        op => match unary::function(op) {
            Some(function) => Ok(view.input(0)?.iter().map(|&x| function.value(x)).collect()),
            None => Err(untrainable(op)),
        },
    }
}

/// The derivatives by a node's inputs from those by its output, the latter before its fused activation.
pub(super) fn backward(view: View<'_>, dy: Vec<f32>) -> Result<Gradients> {
    match view.op() {
        Op::Conv2d(op) => conv::backward(view, op, &dy),
        Op::DepthwiseConv2d(op) => depthwise::backward(view, op, &dy),
        Op::TransposeConv(op) => transpose_conv::backward(view, op, &dy),
        Op::FullyConnected(op) => fully_connected::backward(view, op, &dy),
        Op::AveragePool2d(op) => pool::average_backward(view, op, &dy),
        Op::MaxPool2d(op) => pool::max_backward(view, op, &dy),
        Op::Mean { .. } => mean::backward(view, &dy),
        Op::Add { .. } | Op::Sub { .. } | Op::Mul { .. } | Op::Prelu => binary::backward(view, &dy),
        Op::Concatenation { axis, .. } => layout::concatenation_backward(view, *axis, &dy),
        Op::Pad | Op::PadV2 | Op::Transpose => layout::moved_backward(view, &dy),
        Op::Reshape { .. } | Op::Squeeze { .. } | Op::ExpandDims | Op::Quantize => Ok(vec![(0, dy)]),
        Op::Softmax { beta } => softmax::backward(view, *beta, &dy),
        op => match unary::function(op) {
            Some(function) => {
                let (x, y) = (view.input(0)?, view.output());
                let slope = |((dy, &x), &y): ((f32, &f32), &f32)| dy * function.slope(x, y);
                Ok(vec![(0, dy.into_iter().zip(x).zip(y).map(slope).collect())])
            }
            None => Err(untrainable(op)),
        },
    }
}

fn untrainable(op: &Op) -> Error {
    Error::unsupported(format!("{} has no gradient here yet, so a model with it cannot be trained", op.name()))
}

/// Applies the fused activation of an operator, in place.
pub(super) fn activate(op: &Op, y: &mut [f32]) -> Result<()> {
    let (low, high) = interval(op)?;
    if (low, high) != (f32::NEG_INFINITY, f32::INFINITY) {
        // Not f32::clamp: a NaN must stay one, to be seen in the loss, and the order of the two is TFLite's.
        for y in y {
            let above = if *y < low { low } else { *y };
            *y = if above > high { high } else { above };
        }
    }
    Ok(())
}

/// Lets `dy` through where the output is inside the interval of the fused activation; at its ends it does not move.
pub(super) fn through_activation(view: View<'_>, dy: &mut [f32]) -> Result<()> {
    let (low, high) = interval(view.op())?;
    if (low, high) != (f32::NEG_INFINITY, f32::INFINITY) {
        for (dy, &y) in dy.iter_mut().zip(view.output()) {
            *dy = if y <= low || y >= high { 0.0 } else { *dy };
        }
    }
    Ok(())
}

fn interval(op: &Op) -> Result<(f32, f32)> {
    let activation = op.activation().unwrap_or(Activation::None);
    activation
        .range()
        .ok_or_else(|| Error::unsupported(format!("the fused activation {activation:?} cannot be trained")))
}

/// Adds a bias to every row.
fn add_bias(view: View<'_>, position: usize, channels: usize, y: &mut [f32]) -> Result<()> {
    if let Some(bias) = view.optional(position)? {
        if bias.len() != channels {
            return Err(Error::format(format!("the bias does not have one value for each of {channels} channels")));
        }
        for row in y.chunks_exact_mut(channels.max(1)) {
            row.iter_mut().zip(bias).for_each(|(y, bias)| *y += bias);
        }
    }
    Ok(())
}

/// The derivative by the bias where it is asked for: the sum over all rows.
fn bias_gradient(view: View<'_>, position: usize, channels: usize, dy: &[f32]) -> Option<(usize, Vec<f32>)> {
    view.needs_gradient(position).then(|| {
        let mut bias = vec![0.0; channels];
        for row in dy.chunks_exact(channels.max(1)) {
            bias.iter_mut().zip(row).for_each(|(sum, dy)| *sum += dy);
        }
        (position, bias)
    })
}

/// Four dimensions, or a sentence.
fn image_shape(shape: &[usize]) -> Result<[usize; 4]> {
    shape.try_into().map_err(|_| Error::format(format!("the shape {shape:?} is not that of an image")))
}
