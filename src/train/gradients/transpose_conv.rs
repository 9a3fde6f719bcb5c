//! TRANSPOSE_CONV: a convolution run backwards; inputs are `[output_shape, filter, input, bias?]`.
//!
//! Each input pixel writes a whole window of the output: what is the way back in [`super::conv`] is the way forward
//! here, and the other way round. Letters: `P` input pixels, `C` input channels, `K` numbers in a window of the output
//! (filter height, width, output channels).

use super::image::Windows;
use super::{Gradients, add_bias, bias_gradient, image_shape};
use crate::error::{Error, Result};
use crate::model::op::TransposeConv;
use crate::train::gemm::{Matrix, add_product, product};
use crate::train::tape::View;

struct Geometry {
    windows: Windows,
    outputs: usize,
    taps: usize,
    inputs: usize,
}

impl Geometry {
    fn new(view: View<'_>, op: &TransposeConv) -> Result<Self> {
        let (w, x, y) =
            (image_shape(view.input_shape(1))?, image_shape(view.input_shape(2))?, image_shape(view.output_shape())?);
        if w[3] != x[3] || w[0] != y[3] {
            return Err(Error::format(format!("a filter of shape {w:?} does not turn {x:?} into {y:?}")));
        }
        if view.is_batched(1) {
            return Err(Error::unsupported("filters that are computed in the model cannot be trained"));
        }
        let windows = Windows::new(y, x, [w[1], w[2]], op.stride, [1, 1], op.padding)?;
        Ok(Self { windows, outputs: w[0], taps: w[1] * w[2], inputs: w[3] })
    }

    /// From `[O, taps, C]`, as it lies in the file, to `[taps, O, C]`, as windows lie in images; or back.
    fn reordered(w: &[f32], outer: usize, inner: usize, width: usize) -> Vec<f32> {
        (0..inner).flat_map(|i| (0..outer).flat_map(move |o| &w[(o * inner + i) * width..][..width])).copied().collect()
    }
}

pub(super) fn forward(view: View<'_>, op: &TransposeConv) -> Result<Vec<f32>> {
    let mut geometry = Geometry::new(view, op)?;
    let (windows, batch) = (&mut geometry.windows, view.batch());
    let w = Geometry::reordered(view.input(1)?, geometry.outputs, geometry.taps, geometry.inputs);
    let w = Matrix::new(&w, windows.len(), geometry.inputs);
    let x = view.input(2)?;
    let mut y = vec![0.0; batch * view.output_shape().iter().product::<usize>()];
    let images = windows.images_at_a_time(batch);
    let (wide, tall) = (x.len() / batch * images, y.len() / batch * images);
    for (x, y) in x.chunks(wide).zip(y.chunks_mut(tall)) {
        let x = Matrix::new(x, x.len() / geometry.inputs, geometry.inputs);
        windows.add_rows_to_images(&product(x, w.transposed()), y);
    }
    add_bias(view, 3, geometry.outputs, &mut y)?;
    Ok(y)
}

pub(super) fn backward(view: View<'_>, op: &TransposeConv, dy: &[f32]) -> Result<Gradients> {
    let mut geometry = Geometry::new(view, op)?;
    let (windows, batch) = (&mut geometry.windows, view.batch());
    let (length, inputs) = (windows.len(), geometry.inputs);
    let w = Geometry::reordered(view.input(1)?, geometry.outputs, geometry.taps, inputs);
    let w = Matrix::new(&w, length, inputs);
    let x = view.input(2)?;
    let mut gradients: Gradients = bias_gradient(view, 3, geometry.outputs, dy).into_iter().collect();
    let mut dw = vec![0.0; length * inputs];
    let mut dx = vec![0.0; x.len()];
    let images = windows.images_at_a_time(batch);
    let (wide, tall) = (x.len() / batch * images, dy.len() / batch * images);
    let mut memory = Vec::new();
    for ((x, dx), dy) in x.chunks(wide).zip(dx.chunks_mut(wide)).zip(dy.chunks(tall)) {
        let count = x.len() / inputs;
        let rows = Matrix::new(windows.rows(dy, &mut memory), count, length);
        add_product(rows.transposed(), Matrix::new(x, count, inputs), &mut dw);
        add_product(rows, w, dx);
    }
    if view.needs_gradient(1) {
        gradients.push((1, Geometry::reordered(&dw, geometry.taps, geometry.outputs, inputs)));
    }
    if view.needs_gradient(2) {
        gradients.push((2, dx));
    }
    Ok(gradients)
}
