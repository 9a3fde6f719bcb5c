//! DEPTHWISE_CONV_2D: every channel has a filter of its own, `y[p, c] = sum_t x[p + t, c / m] w[t, c] + b[c]`.
//!
//! Letters: `p` output pixel, `t` tap of the filter, `c` output channel, `m` output channels for each input channel.
//! Each image is copied into its border, with its channels repeated `m` times and padded to whole blocks, so that the
//! inner loops are over blocks of channels without tests.

use super::{Gradients, add_bias, bias_gradient, image_shape};
use crate::error::{Error, Result};
use crate::exec::fast::image::Frame;
use crate::exec::window::Window;
use crate::model::op::DepthwiseConv2d;
use crate::train::tape::View;

/// Channels that are computed together.
const LANES: usize = 16;

struct Geometry {
    frame: Frame,
    starts: Vec<usize>,
    taps: Vec<usize>,
    channels: usize,
    /// Channels in whole blocks.
    padded: usize,
    multiplier: usize,
    image: usize,
}

impl Geometry {
    fn new(view: View<'_>, op: &DepthwiseConv2d) -> Result<Self> {
        let (mut x, w, y) =
            (image_shape(view.input_shape(0))?, image_shape(view.input_shape(1))?, image_shape(view.output_shape())?);
        if x[3] == 0 || y[3] == 0 || !y[3].is_multiple_of(x[3]) || w[3] != y[3] {
            return Err(Error::format(format!("a depthwise filter of shape {w:?} does not turn {x:?} into {y:?}")));
        }
        if view.is_batched(1) {
            return Err(Error::unsupported("filters that are computed in the model cannot be trained"));
        }
        let (multiplier, image) = (y[3] / x[3], x[1..].iter().product());
        x[3] = y[3];
        let window = Window::new(x, y, [w[1], w[2]], op.stride, op.dilation, op.padding)?;
        let frame = Frame::new(&window, LANES).ok_or_else(|| Error::limits("the window is too large to be trained"))?;
        let mut starts = vec![0; frame.outputs()];
        frame.window_starts(&mut starts);
        let taps = (0..w[1]).flat_map(|row| (0..w[2]).map(move |column| (row, column)));
        Ok(Self {
            starts: starts.into_iter().map(|start| start as usize).collect(),
            taps: taps.map(|(row, column)| frame.tap(row, column)).collect(),
            channels: y[3],
            padded: y[3].next_multiple_of(LANES),
            multiplier,
            image,
            frame,
        })
    }

    /// Copies an image into its border.
    fn fill(&self, image: &[f32], border: &mut [f32]) {
        if self.multiplier == 1 {
            return self.frame.fill_float(image, border);
        }
        let repeated: Vec<f32> = image.iter().flat_map(|&x| std::iter::repeat_n(x, self.multiplier)).collect();
        self.frame.fill_float(&repeated, border);
    }

    /// Adds the gradient inside the border to that of the image.
    fn add_back(&self, border: &[f32], image: &mut [f32]) {
        if self.multiplier == 1 {
            return self.frame.add_to_image(border, image);
        }
        let mut repeated = vec![0.0; image.len() * self.multiplier];
        self.frame.add_to_image(border, &mut repeated);
        for (image, repeated) in image.iter_mut().zip(repeated.chunks_exact(self.multiplier)) {
            *image += repeated.iter().sum::<f32>();
        }
    }

    /// Rows of channels, each padded to whole blocks.
    fn padded_rows(&self, rows: &[f32]) -> Vec<f32> {
        let mut padded = vec![0.0; rows.len() / self.channels * self.padded];
        for (to, from) in padded.chunks_exact_mut(self.padded).zip(rows.chunks_exact(self.channels)) {
            to[..self.channels].copy_from_slice(from);
        }
        padded
    }

    /// The first channels of the blocks.
    fn blocks(&self) -> std::iter::StepBy<std::ops::Range<usize>> {
        (0..self.padded).step_by(LANES)
    }

    /// Channels of the block that starts at `first`.
    fn width(&self, first: usize) -> usize {
        LANES.min(self.channels - first)
    }
}

/// The block of channels at a place.
fn block(from: &[f32], at: usize) -> &[f32; LANES] {
    from[at..].first_chunk().unwrap_or(&[0.0; LANES])
}

/// `sums += a * b`, lane by lane.
fn add_products(sums: &mut [f32; LANES], a: &[f32; LANES], b: &[f32; LANES]) {
    for lane in 0..LANES {
        sums[lane] += a[lane] * b[lane];
    }
}

pub(super) fn forward(view: View<'_>, op: &DepthwiseConv2d) -> Result<Vec<f32>> {
    let geometry = Geometry::new(view, op)?;
    let channels = geometry.channels;
    let pixels = geometry.starts.len();
    let w = geometry.padded_rows(view.input(1)?);
    let mut border = vec![0.0; geometry.frame.values()];
    let mut y = vec![0.0; view.batch() * pixels * channels];
    for (x, y) in view.input(0)?.chunks_exact(geometry.image).zip(y.chunks_exact_mut(pixels * channels)) {
        geometry.fill(x, &mut border);
        for first in geometry.blocks() {
            let width = geometry.width(first);
            for (&start, y) in geometry.starts.iter().zip(y.chunks_exact_mut(channels)) {
                let mut sums = [0.0; LANES];
                for (tap, w) in geometry.taps.iter().zip(w.chunks_exact(geometry.padded)) {
                    add_products(&mut sums, block(&border, start + tap + first), block(w, first));
                }
                y[first..first + width].copy_from_slice(&sums[..width]);
            }
        }
    }
    add_bias(view, 2, channels, &mut y)?;
    Ok(y)
}

pub(super) fn backward(view: View<'_>, op: &DepthwiseConv2d, dy: &[f32]) -> Result<Gradients> {
    let geometry = Geometry::new(view, op)?;
    let (channels, padded) = (geometry.channels, geometry.padded);
    let w = geometry.padded_rows(view.input(1)?);
    let mut gradients: Gradients = bias_gradient(view, 2, channels, dy).into_iter().collect();
    let dy_images = || dy.chunks_exact(geometry.starts.len() * channels).map(|dy| geometry.padded_rows(dy));
    let mut border = vec![0.0; geometry.frame.values()];
    if view.needs_gradient(1) {
        let mut dw = vec![0.0; w.len()];
        for (x, dy) in view.input(0)?.chunks_exact(geometry.image).zip(dy_images()) {
            geometry.fill(x, &mut border);
            for first in geometry.blocks() {
                for (&tap, dw) in geometry.taps.iter().zip(dw.chunks_exact_mut(padded)) {
                    let mut sums = *block(dw, first);
                    for (&start, dy) in geometry.starts.iter().zip(dy.chunks_exact(padded)) {
                        add_products(&mut sums, block(&border, start + tap + first), block(dy, first));
                    }
                    dw[first..first + LANES].copy_from_slice(&sums);
                }
            }
        }
        let dw = dw.chunks_exact(padded).flat_map(|row| &row[..channels]).copied().collect();
        gradients.push((1, dw));
    }
    if view.needs_gradient(0) {
        let mut dx = vec![0.0; view.input(0)?.len()];
        for (dx, dy) in dx.chunks_exact_mut(geometry.image).zip(dy_images()) {
            border.fill(0.0);
            for first in geometry.blocks() {
                for (&start, dy) in geometry.starts.iter().zip(dy.chunks_exact(padded)) {
                    let dy = block(dy, first);
                    for (&tap, w) in geometry.taps.iter().zip(w.chunks_exact(padded)) {
                        let at = start + tap + first;
                        let mut sums = *block(&border, at);
                        add_products(&mut sums, dy, block(w, first));
                        border[at..at + LANES].copy_from_slice(&sums);
                    }
                }
            }
            geometry.add_back(&border, dx);
        }
        gradients.push((0, dx));
    }
    Ok(gradients)
}
