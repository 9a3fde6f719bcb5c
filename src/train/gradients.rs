//! What each operator computes, and how wrongness flows back through it.
//!
//! Letters: `x` inputs, `y` output, `dx` and `dy` the derivatives of the loss by them. A new operator is one file
//! here with a `forward`, a `backward`, and a test that compares the two by finite differences.

mod elementwise;
mod fully_connected;
#[cfg(test)]
mod tests;

use super::tape::View;
use crate::error::{Error, Result};
use crate::model::Op;
use crate::model::op::Activation;

/// The output of a node for a whole batch.
pub(super) fn forward(view: View<'_>) -> Result<Vec<f32>> {
    match &view.node.op {
        Op::FullyConnected(op) => fully_connected::forward(view, op),
        Op::Add { activation, .. } => elementwise::add(view, *activation),
        Op::Relu => activated(view.input(0)?.to_vec(), Activation::Relu),
        Op::Relu6 => activated(view.input(0)?.to_vec(), Activation::Relu6),
        Op::Reshape { .. } => Ok(view.input(0)?.to_vec()),
        other => Err(untrainable(other)),
    }
}

/// The derivatives by a node's inputs, each with the input's position, from those by its output.
pub(super) fn backward(view: View<'_>, dy: Vec<f32>) -> Result<Vec<(usize, Vec<f32>)>> {
    match &view.node.op {
        Op::FullyConnected(op) => fully_connected::backward(view, op, dy),
        Op::Add { activation, .. } => {
            let dx = through_activation(view, dy, *activation)?;
            Ok(vec![(0, dx.clone()), (1, dx)])
        }
        Op::Relu => Ok(vec![(0, through_activation(view, dy, Activation::Relu)?)]),
        Op::Relu6 => Ok(vec![(0, through_activation(view, dy, Activation::Relu6)?)]),
        Op::Reshape { .. } => Ok(vec![(0, dy)]),
        other => Err(untrainable(other)),
    }
}

fn untrainable(op: &Op) -> Error {
    Error::unsupported(format!("{} has no gradient here yet, so a model with it cannot be trained", op.name()))
}

/// Applies a fused activation that is a clamp.
fn activated(mut y: Vec<f32>, activation: Activation) -> Result<Vec<f32>> {
    let (low, high) = interval(activation)?;
    for y in &mut y {
        // Not f32::clamp: a NaN must stay one, to be seen in the loss, and the order of the two is TFLite's.
        *y = if *y < low {
            low
        } else if *y > high {
            high
        } else {
            *y
        };
    }
    Ok(y)
}

/// Lets `dy` through where the output is inside the interval; at its ends the output does not move.
fn through_activation(view: View<'_>, mut dy: Vec<f32>, activation: Activation) -> Result<Vec<f32>> {
    let (low, high) = interval(activation)?;
    for (dy, &y) in dy.iter_mut().zip(view.output()) {
        if y <= low || y >= high {
            *dy = 0.0;
        }
    }
    Ok(dy)
}

fn interval(activation: Activation) -> Result<(f32, f32)> {
    activation
        .range()
        .ok_or_else(|| Error::unsupported(format!("the fused activation {activation:?} cannot be trained")))
}
