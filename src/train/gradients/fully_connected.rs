//! FULLY_CONNECTED: `y = x w^T + b`.
//!
//! Letters: `R` rows (batch), `I` inputs, `O` outputs; `x: [R, I]`, `w: [O, I]`, `b: [O]`, `y: [R, O]`.

use super::{activated, through_activation};
use crate::error::{Error, Result};
use crate::model::op::FullyConnected;
use crate::train::gemm::{Matrix, product};
use crate::train::tape::View;

/// The three numbers `R`, `I`, `O` of a node.
fn dimensions(view: View<'_>, op: &FullyConnected) -> Result<(usize, usize, usize)> {
    if op.shuffled_weights {
        return Err(Error::unsupported("shuffled weights cannot be trained"));
    }
    let &[outputs, inputs] = view.input_shape(1) else {
        return Err(Error::format(format!("the weights have shape {:?}, not [outputs, inputs]", view.input_shape(1))));
    };
    let numbers = view.input(0)?.len();
    if inputs == 0 || !numbers.is_multiple_of(inputs) {
        return Err(Error::format(format!("{numbers} numbers do not fill rows of {inputs}")));
    }
    if view.optional(2)?.is_some_and(|bias| bias.len() != outputs) {
        return Err(Error::format(format!("the bias does not have one value for each of {outputs} outputs")));
    }
    // Weights that another node computes would be one matrix for each input of the batch.
    if view.input(1)?.len() != outputs * inputs {
        return Err(Error::unsupported(format!(
            "weights that are computed in the model cannot be trained with a batch of {}",
            view.batch()
        )));
    }
    Ok((numbers / inputs, inputs, outputs))
}

pub(super) fn forward(view: View<'_>, op: &FullyConnected) -> Result<Vec<f32>> {
    let (rows, inputs, outputs) = dimensions(view, op)?;
    let x = Matrix::new(view.input(0)?, rows, inputs);
    let w = Matrix::new(view.input(1)?, outputs, inputs);
    let mut y = product(x, w.transposed());
    if let Some(bias) = view.optional(2)? {
        for row in y.chunks_exact_mut(outputs.max(1)) {
            row.iter_mut().zip(bias).for_each(|(y, bias)| *y += bias);
        }
    }
    activated(y, op.activation)
}

pub(super) fn backward(view: View<'_>, op: &FullyConnected, dy: Vec<f32>) -> Result<Vec<(usize, Vec<f32>)>> {
    let (rows, inputs, outputs) = dimensions(view, op)?;
    let dy = through_activation(view, dy, op.activation)?;
    let dy_matrix = Matrix::new(&dy, rows, outputs);
    let mut gradients = vec![(1, product(dy_matrix.transposed(), Matrix::new(view.input(0)?, rows, inputs)))];
    if view.optional(2)?.is_some() {
        let mut bias = vec![0.0; outputs];
        for row in dy.chunks_exact(outputs.max(1)) {
            bias.iter_mut().zip(row).for_each(|(sum, dy)| *sum += dy);
        }
        gradients.push((2, bias));
    }
    if view.needs_gradient(0) {
        gradients.push((0, product(dy_matrix, Matrix::new(view.input(1)?, outputs, inputs))));
    }
    Ok(gradients)
}
