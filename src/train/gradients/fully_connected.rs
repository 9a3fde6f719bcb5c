//! FULLY_CONNECTED: `y = x w^T + b`.
//!
//! Letters: `R` rows (batch), `I` inputs, `O` outputs; `x: [R, I]`, `w: [O, I]`, `b: [O]`, `y: [R, O]`.

use super::{Gradients, add_bias, bias_gradient};
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
    // Weights that another node computes would be one matrix for each input of the batch.
    if view.is_batched(1) || view.input(1)?.len() != outputs * inputs {
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
    add_bias(view, 2, outputs, &mut y)?;
    Ok(y)
}

pub(super) fn backward(view: View<'_>, op: &FullyConnected, dy: &[f32]) -> Result<Gradients> {
    let (rows, inputs, outputs) = dimensions(view, op)?;
    let dy_matrix = Matrix::new(dy, rows, outputs);
    let mut gradients: Gradients = bias_gradient(view, 2, outputs, dy).into_iter().collect();
    if view.needs_gradient(1) {
        gradients.push((1, product(dy_matrix.transposed(), Matrix::new(view.input(0)?, rows, inputs))));
    }
    if view.needs_gradient(0) {
        gradients.push((0, product(dy_matrix, Matrix::new(view.input(1)?, outputs, inputs))));
    }
    Ok(gradients)
}
