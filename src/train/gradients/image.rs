//! Windows over images as rows of a matrix (*im2col*), and the way back (*col2im*).
//!
//! A convolution is a matrix product once each window is written out as one row. Windows overlap, so the rows are many
//! times as large as the image; they are made for a few images at a time, so that they stay in the caches.

use crate::error::{Error, Result};
use crate::exec::fast::conv::runs;
use crate::exec::fast::gemm::Run;
use crate::exec::fast::image::Frame;
use crate::exec::window::Window;
use crate::model::op::Padding;

/// Numbers of window rows that are made at a time: 256 kB.
const ROWS_IN_CACHE: usize = 1 << 16;

/// The windows of one operator over its input image.
pub(super) struct Windows {
    frame: Frame,
    runs: Vec<Run>,
    starts: Vec<u32>,
    /// Numbers in an image, and in a window.
    image: usize,
    window: usize,
    /// Each window is one pixel, in order: the image itself is the matrix.
    is_plain: bool,
    border: Vec<f32>,
}

impl Windows {
    pub fn new(
        input: [usize; 4],
        output: [usize; 4],
        filter: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
        padding: Padding,
    ) -> Result<Self> {
        let window = Window::new(input, output, filter, stride, dilation, padding)?;
        let frame = Frame::new(&window, 1).ok_or_else(|| Error::limits("the window is too large to be trained"))?;
        let mut starts = vec![0; frame.outputs()];
        frame.window_starts(&mut starts);
        Ok(Self {
            runs: runs(&window, &frame),
            starts,
            image: input[1..].iter().product(),
            window: filter[0] * filter[1] * input[3],
            is_plain: filter == [1, 1] && stride == [1, 1],
            border: vec![0.0; frame.values()],
            frame,
        })
    }

    /// Numbers in a window.
    pub fn len(&self) -> usize {
        self.window
    }

    /// Windows in an image.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// How many images are taken at a time.
    pub fn images_at_a_time(&self, batch: usize) -> usize {
        if self.is_plain { batch } else { (ROWS_IN_CACHE / (self.count() * self.window).max(1)).clamp(1, batch.max(1)) }
    }

    /// The windows of some images, one in each row; `memory` is reused from call to call.
    ///
    /// *Shapes*: `images: [n, image]`, the result `[n * count, window]`.
    pub fn rows<'a>(&mut self, images: &'a [f32], memory: &'a mut Vec<f32>) -> &'a [f32] {
        if self.is_plain {
            return images;
        }
        memory.clear();
        for image in images.chunks_exact(self.image) {
            self.frame.fill_float(image, &mut self.border);
            for &start in &self.starts {
                for run in &self.runs {
                    let run = &self.border[start as usize + run.offset..][..run.len];
                    // Short runs are copied in quads: calling for each would take longer than copying.
                    if run.len() > 32 {
                        memory.extend_from_slice(run);
                    } else {
                        let (quads, rest) = run.as_chunks::<4>();
                        quads.iter().for_each(|quad| memory.extend(*quad));
                        memory.extend(rest.iter().copied());
                    }
                }
            }
        }
        memory
    }

    /// Adds the rows back to the pixels that they came from.
    pub fn add_rows_to_images(&mut self, rows: &[f32], images: &mut [f32]) {
        if self.is_plain {
            images.iter_mut().zip(rows).for_each(|(image, row)| *image += row);
            return;
        }
        let rows_of_image = self.count() * self.window;
        for (image, rows) in images.chunks_exact_mut(self.image).zip(rows.chunks_exact(rows_of_image)) {
            self.border.fill(0.0);
            for (row, &start) in rows.chunks_exact(self.window).zip(&self.starts) {
                let mut row = row;
                for run in &self.runs {
                    let (part, rest) = row.split_at(run.len);
                    let to = &mut self.border[start as usize + run.offset..][..run.len];
                    to.iter_mut().zip(part).for_each(|(to, part)| *to += part);
                    row = rest;
                }
            }
            self.frame.add_to_image(&self.border, image);
        }
    }
}
