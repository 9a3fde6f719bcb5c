//! Windows that slide over images: the geometry of convolutions and pools.

use crate::error::{Error, Result};
use crate::model::op::Padding;
use crate::model::shape::same_padding;

use super::site::expect_shape;

/// The geometry of a window that slides over an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// `[batch, height, width, channels]`.
    pub input: [usize; 4],
    /// `[batch, height, width, channels]`.
    pub output: [usize; 4],
    /// `[height, width]`.
    pub filter: [usize; 2],
    /// `[height, width]`.
    pub stride: [usize; 2],
    /// `[height, width]`.
    pub dilation: [usize; 2],
    /// Rows above and columns left of the image.
    pub pad: [usize; 2],
}

impl Window {
    /// Lays a window over an input and checks that the output has the size that follows.
    ///
    /// # Errors
    /// `Format` for sizes that do not fit each other, `Limits` for windows too large to index.
    pub fn new(
        input: [usize; 4],
        output: [usize; 4],
        filter: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
        padding: Padding,
    ) -> Result<Self> {
        let mut pad = [0; 2];
        let mut size = [0; 2];
        for axis in 0..2 {
            let (n, f, s, d) = (input[axis + 1], filter[axis], stride[axis], dilation[axis]);
            if f == 0 || s == 0 || d == 0 {
                return Err(Error::format("a filter size, stride or dilation is 0"));
            }
            // Positions stay below this on every machine, 32-bit wasm among them.
            const REACH: usize = 1 << 28;
            if n > REACH || s > REACH || f.checked_mul(d).is_none_or(|reach| reach > REACH) {
                return Err(Error::limits(format!("a window of {f} taps, {d} apart, at steps of {s} is too large")));
            }
            (size[axis], pad[axis]) = match padding {
                Padding::Same => {
                    let (size, before, _) = same_padding(n, f, s, d);
                    (size, before)
                }
                Padding::Valid => {
                    let reach = (f - 1) * d + 1;
                    (if n < reach { 0 } else { (n - reach) / s + 1 }, 0)
                }
            };
        }
        expect_shape("the output", &output, &[input[0], size[0], size[1], output[3]])?;
        Ok(Self { input, output, filter, stride, dilation, pad })
    }

    /// The input row that output row `y` reads with filter row `k`, `None` in the border.
    pub fn row(&self, y: usize, k: usize) -> Option<usize> {
        (y * self.stride[0] + k * self.dilation[0]).checked_sub(self.pad[0]).filter(|&row| row < self.input[1])
    }

    /// The input column that output column `x` reads with filter column `l`, `None` in the border.
    pub fn column(&self, x: usize, l: usize) -> Option<usize> {
        (x * self.stride[1] + l * self.dilation[1]).checked_sub(self.pad[1]).filter(|&column| column < self.input[2])
    }

    /// Index of the first channel of an input pixel.
    pub fn input_at(&self, b: usize, row: usize, column: usize) -> usize {
        pixel_at(self.input, b, row, column)
    }

    /// Calls `visit(index of the first channel, [b, y, x])` for every output pixel, in order.
    pub fn for_each_output(&self, visit: impl FnMut(usize, [usize; 3])) {
        for_each_pixel(self.output, visit);
    }
}

/// Index of the first channel of a pixel of an image `[batch, height, width, channels]`.
pub fn pixel_at(image: [usize; 4], b: usize, row: usize, column: usize) -> usize {
    ((b * image[1] + row) * image[2] + column) * image[3]
}

/// Calls `visit(index of the first channel, [b, y, x])` for every pixel of an image `[batch, height, width, channels]`.
pub fn for_each_pixel(image: [usize; 4], mut visit: impl FnMut(usize, [usize; 3])) {
    let [batches, height, width, channels] = image;
    let mut index = 0;
    for b in 0..batches {
        for y in 0..height {
            for x in 0..width {
                visit(index, [b, y, x]);
                index += channels;
            }
        }
    }
}
