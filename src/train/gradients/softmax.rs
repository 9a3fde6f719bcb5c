//! SOFTMAX over the last axis: `y = exp(beta x) / sum exp(beta x)`.
//!
//! `dx_i = beta y_i (dy_i - sum_j dy_j y_j)`. Where a classifier ends with it, the loss goes around it: see
//! [`crate::train::loss`].

use super::Gradients;
use crate::error::Result;
use crate::train::tape::View;

pub(super) fn forward(view: View<'_>, beta: f32) -> Result<Vec<f32>> {
    let mut y = view.input(0)?.to_vec();
    for row in y.chunks_exact_mut(width(view)) {
        softmax(row, beta);
    }
    Ok(y)
}

/// One row, in place. Subtracting the largest keeps exp in range and changes nothing else; a NaN goes through.
pub(in crate::train) fn softmax(row: &mut [f32], beta: f32) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|x| *x = libm::expf(beta * (*x - largest)));
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}

pub(super) fn backward(view: View<'_>, beta: f32, dy: &[f32]) -> Result<Gradients> {
    let width = width(view);
    let mut dx = dy.to_vec();
    for (dx, y) in dx.chunks_exact_mut(width).zip(view.output().chunks_exact(width)) {
        let mean: f32 = dx.iter().zip(y).map(|(dy, y)| dy * y).sum();
        dx.iter_mut().zip(y).for_each(|(dx, y)| *dx = beta * y * (*dx - mean));
    }
    Ok(vec![(0, dx)])
}

fn width(view: View<'_>) -> usize {
    view.output_shape().last().copied().unwrap_or(1).max(1)
}
