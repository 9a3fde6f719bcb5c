//! CONV_2D: `y[p, o] = sum_k window[p, k] w[o, k] + b[o]`, a matrix product over windows.
//!
//! Letters: `P` windows of all images, `K` numbers in a window (filter height, width, channels), `O` output channels.
//! From `y = X w^T` follow `dw = dy^T X` and `dX = dy w`; the latter is added back to the pixels of each window.

use super::image::Windows;
use super::{Gradients, add_bias, bias_gradient, image_shape};
use crate::error::{Error, Result};
use crate::model::op::Conv2d;
use crate::train::gemm::{Matrix, add_product, product};
use crate::train::tape::View;

/// The windows of a node, and its output channels.
fn windows(view: View<'_>, op: &Conv2d) -> Result<(Windows, usize)> {
    let (x, w, y) =
        (image_shape(view.input_shape(0))?, image_shape(view.input_shape(1))?, image_shape(view.output_shape())?);
    if w[3] != x[3] {
        return Err(Error::unsupported(format!(
            "filters that read {} of {} channels (grouped convolution) cannot be trained yet",
            w[3], x[3]
        )));
    }
    if view.is_batched(1) {
        return Err(Error::unsupported("filters that are computed in the model cannot be trained"));
    }
    Ok((Windows::new(x, y, [w[1], w[2]], op.stride, op.dilation, op.padding)?, w[0]))
}

pub(super) fn forward(view: View<'_>, op: &Conv2d) -> Result<Vec<f32>> {
    let (mut windows, outputs) = windows(view, op)?;
    let (x, batch) = (view.input(0)?, view.batch());
    let length = windows.len();
    let w = Matrix::new(view.input(1)?, outputs, length);
    let mut y = vec![0.0; batch * windows.count() * outputs];
    let images = windows.images_at_a_time(batch);
    let (wide, tall) = (x.len() / batch * images, windows.count() * outputs * images);
    let mut memory = Vec::new();
    for (x, y) in x.chunks(wide).zip(y.chunks_mut(tall)) {
        let rows = windows.rows(x, &mut memory);
        add_product(Matrix::new(rows, y.len() / outputs, length), w.transposed(), y);
    }
    add_bias(view, 2, outputs, &mut y)?;
    Ok(y)
}

pub(super) fn backward(view: View<'_>, op: &Conv2d, dy: &[f32]) -> Result<Gradients> {
    let (mut windows, outputs) = windows(view, op)?;
    let (x, batch) = (view.input(0)?, view.batch());
    let length = windows.len();
    let w = Matrix::new(view.input(1)?, outputs, length);
    let images = windows.images_at_a_time(batch);
    let (wide, tall) = (x.len() / batch * images, windows.count() * outputs * images);
    let mut gradients: Gradients = bias_gradient(view, 2, outputs, dy).into_iter().collect();
    if view.needs_gradient(1) {
        let mut dw = vec![0.0; outputs * length];
        let mut memory = Vec::new();
        for (x, dy) in x.chunks(wide).zip(dy.chunks(tall)) {
            let rows = windows.rows(x, &mut memory);
            let count = dy.len() / outputs;
            add_product(Matrix::new(dy, count, outputs).transposed(), Matrix::new(rows, count, length), &mut dw);
        }
        gradients.push((1, dw));
    }
    if view.needs_gradient(0) {
        let mut dx = vec![0.0; x.len()];
        for (dx, dy) in dx.chunks_mut(wide).zip(dy.chunks(tall)) {
            windows.add_rows_to_images(&product(Matrix::new(dy, dy.len() / outputs, outputs), w), dx);
        }
        gradients.push((0, dx));
    }
    Ok(gradients)
}
