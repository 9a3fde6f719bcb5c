//! DEPTHWISE_CONV_2D: every channel has a filter of its own, `y[p, c] = sum_t x[p + t, c / m] w[t, c] + b[c]`.
//!
//! Letters: `p` output pixel, `t` tap of the filter, `c` output channel, `m` output channels for each input channel.
//! Each image is copied into its border, with its channels repeated `m` times and padded to whole blocks, so that the
//! inner loops are over blocks of channels without tests.

use std::borrow::Cow;

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
    fn padded_rows<'a>(&self, rows: &'a [f32]) -> Cow<'a, [f32]> {
        if self.padded == self.channels {
            return Cow::Borrowed(rows);
        }
        let mut padded = vec![0.0; rows.len() / self.channels * self.padded];
        for (to, from) in padded.chunks_exact_mut(self.padded).zip(rows.chunks_exact(self.channels)) {
            to[..self.channels].copy_from_slice(from);
        }
        Cow::Owned(padded)
    }

    /// The taps of each block of channels: `[block][tap]`.
    fn packed(&self, w: &[f32]) -> Vec<[f32; LANES]> {
        let rows = self.padded_rows(w);
        let taps = |first| rows.chunks_exact(self.padded).map(move |row| block(row, first));
        (0..self.padded).step_by(LANES).flat_map(taps).collect()
    }

    /// Each block of channels: where it begins, how many channels it has.
    fn blocks(&self) -> impl Iterator<Item = (usize, usize)> {
        let channels = self.channels;
        (0..self.padded).step_by(LANES).map(move |first| (first, LANES.min(channels - first)))
    }
}

/// The block of channels at a place.
#[inline(always)]
fn block(from: &[f32], at: usize) -> [f32; LANES] {
    from.get(at..).and_then(<[f32]>::first_chunk).copied().unwrap_or([0.0; LANES])
}

/// `sums += a * b`, lane by lane.
#[inline(always)]
fn add_products(sums: &mut [f32; LANES], a: &[f32; LANES], b: &[f32; LANES]) {
    for lane in 0..LANES {
        sums[lane] += a[lane] * b[lane];
    }
}

pub(super) fn forward(view: View<'_>, op: &DepthwiseConv2d) -> Result<Vec<f32>> {
    let geometry = Geometry::new(view, op)?;
    let channels = geometry.channels;
    let pixels = geometry.starts.len();
    let w = geometry.packed(view.input(1)?);
    let mut border = vec![0.0; geometry.frame.values()];
    let mut y = vec![0.0; view.batch() * pixels * channels];
    for (x, y) in view.input(0)?.chunks_exact(geometry.image).zip(y.chunks_exact_mut(pixels * channels)) {
        geometry.fill(x, &mut border);
        for ((first, width), w) in geometry.blocks().zip(w.chunks_exact(geometry.taps.len())) {
            for (&start, y) in geometry.starts.iter().zip(y.chunks_exact_mut(channels)) {
                let mut sums = [0.0; LANES];
                for (tap, w) in geometry.taps.iter().zip(w) {
                    add_products(&mut sums, &block(&border, start + tap + first), w);
                }
                match y[first..].first_chunk_mut() {
                    Some(y) => *y = sums,
                    None => y[first..].copy_from_slice(&sums[..width]),
                }
            }
        }
    }
    add_bias(view, 2, channels, &mut y)?;
    Ok(y)
}

pub(super) fn backward(view: View<'_>, op: &DepthwiseConv2d, dy: &[f32]) -> Result<Gradients> {
    let geometry = Geometry::new(view, op)?;
    let (channels, padded, taps) = (geometry.channels, geometry.padded, geometry.taps.len());
    let mut gradients: Gradients = bias_gradient(view, 2, channels, dy).into_iter().collect();
    let dy_images = || dy.chunks_exact(geometry.starts.len() * channels).map(|dy| geometry.padded_rows(dy));
    let mut border = vec![0.0; geometry.frame.values()];
    if view.needs_gradient(1) {
        let mut dw = vec![[0.0; LANES]; padded / LANES * taps];
        for (x, dy) in view.input(0)?.chunks_exact(geometry.image).zip(dy_images()) {
            geometry.fill(x, &mut border);
            for ((first, _), dw) in geometry.blocks().zip(dw.chunks_exact_mut(taps)) {
                for (&tap, dw) in geometry.taps.iter().zip(dw) {
                    let mut sums = *dw;
                    for (&start, dy) in geometry.starts.iter().zip(dy.chunks_exact(padded)) {
                        add_products(&mut sums, &block(&border, start + tap + first), &block(dy, first));
                    }
                    *dw = sums;
                }
            }
        }
        let weight = |index: usize| dw[index % channels / LANES * taps + index / channels][index % channels % LANES];
        gradients.push((1, (0..taps * channels).map(weight).collect()));
    }
    if view.needs_gradient(0) {
        let w = geometry.packed(view.input(1)?);
        let mut dx = vec![0.0; view.input(0)?.len()];
        for (dx, dy) in dx.chunks_exact_mut(geometry.image).zip(dy_images()) {
            border.fill(0.0);
            for ((first, _), w) in geometry.blocks().zip(w.chunks_exact(taps)) {
                for (&start, dy) in geometry.starts.iter().zip(dy.chunks_exact(padded)) {
                    let dy = block(dy, first);
                    for (&tap, w) in geometry.taps.iter().zip(w) {
                        if let Some(sums) = border[start + tap + first..].first_chunk_mut() {
                            add_products(sums, &dy, w);
                        }
                    }
                }
            }
            geometry.add_back(&border, dx);
        }
        gradients.push((0, dx));
    }
    Ok(gradients)
}
