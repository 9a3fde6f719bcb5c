//! A copy of the input image with its border around it, so that inner loops need no test for the edge.
#![allow(unsafe_code, reason = "vector copies without bounds checks")]

use super::simd::I16x8;
use crate::exec::window::Window;

/// Values behind the last one that a vector may read.
const SLACK: usize = 16;
/// Largest bordered image, in values: a window much larger than its image is left to the obvious kernel.
const MAX_VALUES: usize = 8 << 20;

/// The shape of a bordered image: where each window starts and where its taps lie.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Rows that the windows reach.
    height: usize,
    /// Columns that the windows reach.
    width: usize,
    /// Channels of a pixel, padded.
    channels: usize,
    window: Window,
}

impl Frame {
    /// The frame of a window over pixels whose channels are padded to a multiple of `align`; `None` if it is too large.
    pub fn new(window: &Window, align: usize) -> Option<Self> {
        let reach = |axis: usize| {
            let last = window.output[axis + 1].checked_sub(1)?.checked_mul(window.stride[axis])?;
            last.checked_add((window.filter[axis] - 1).checked_mul(window.dilation[axis])? + 1)
        };
        let (height, width) = (reach(0)?, reach(1)?);
        let channels = window.input[3].next_multiple_of(align);
        let values = height.checked_mul(width)?.checked_mul(channels)?;
        (values <= MAX_VALUES).then_some(Self { height, width, channels, window: *window })
    }

    /// The values that a buffer for the image must hold.
    pub fn values(&self) -> usize {
        self.height * self.width * self.channels + SLACK
    }

    /// The number of output pixels.
    pub fn outputs(&self) -> usize {
        self.window.output[1] * self.window.output[2]
    }

    /// Writes the offset of the first value of each output pixel's window, row by row.
    pub fn window_starts(&self, starts: &mut [u32]) {
        let [_, height, width, _] = self.window.output;
        for y in 0..height {
            let mut start = y * self.window.stride[0] * self.width * self.channels;
            for to in &mut starts[y * width..(y + 1) * width] {
                *to = start as u32;
                start += self.window.stride[1] * self.channels;
            }
        }
    }

    /// The offset of a tap from the start of its window.
    pub fn tap(&self, row: usize, column: usize) -> usize {
        (row * self.window.dilation[0] * self.width + column * self.window.dilation[1]) * self.channels
    }

    /// Fills a buffer with the image inside its border; `copy` writes a stretch of the image.
    #[inline(always)]
    fn fill_with<T: Copy, U: Copy>(&self, image: &[T], buffer: &mut [U], border: U, copy: impl Fn(&[T], &mut [U])) {
        let [_, height, width, channels] = self.window.input;
        let [top, left] = self.window.pad;
        let columns = width.min(self.width.saturating_sub(left));
        // With steps over single rows, the rows between are never read.
        let step = if self.window.filter[0] == 1 { self.window.stride[0] } else { 1 };
        let whole = channels == self.channels && columns == width && self.width == width && top == 0 && step == 1;
        if whole {
            let values = self.height.min(height) * width * channels;
            copy(&image[..values], &mut buffer[..values]);
            buffer[values..self.height * width * channels].fill(border);
            return;
        }
        for y in (0..self.height).step_by(step) {
            let row = &mut buffer[y * self.width * self.channels..(y + 1) * self.width * self.channels];
            let from = y.wrapping_sub(top);
            if from >= height {
                row.fill(border);
                continue;
            }
            let from = &image[from * width * channels..][..columns * channels];
            let (before, rest) = row.split_at_mut(left * self.channels);
            let (inside, after) = rest.split_at_mut(columns * self.channels);
            before.fill(border);
            after.fill(border);
            if channels == self.channels {
                copy(from, inside);
            } else {
                for (from, to) in from.chunks_exact(channels).zip(inside.chunks_exact_mut(self.channels)) {
                    copy(from, &mut to[..channels]);
                    to[channels..].fill(border);
                }
            }
        }
    }

    /// Writes an int8 image, widened, inside its border.
    pub fn fill_wide(&self, image: &[i8], buffer: &mut [i16], border: i16) {
        self.fill_with(image, buffer, border, widen);
    }

    /// Writes an int8 image inside its border, with an offset added to both (in 8 bits, wrapping).
    #[cfg(any(all(test, not(target_arch = "wasm32")), target_feature = "relaxed-simd"))]
    pub fn fill_bytes(&self, image: &[i8], buffer: &mut [i8], border: i8, offset: u8) {
        let offset = offset as i8;
        self.fill_with(image, buffer, border.wrapping_add(offset), |from, to| {
            for (from, to) in from.iter().zip(to) {
                *to = from.wrapping_add(offset);
            }
        });
    }

    /// The way back: adds what lies inside the border to the image (the gradient of [`Frame::fill_float`]).
    pub fn add_to_image(&self, buffer: &[f32], image: &mut [f32]) {
        let [_, height, width, channels] = self.window.input;
        let [top, left] = self.window.pad;
        let columns = width.min(self.width.saturating_sub(left));
        for y in 0..height.min(self.height.saturating_sub(top)) {
            let from = &buffer[((y + top) * self.width + left) * self.channels..][..columns * self.channels];
            let to = &mut image[y * width * channels..][..columns * channels];
            for (from, to) in from.chunks_exact(self.channels).zip(to.chunks_exact_mut(channels)) {
                to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
            }
        }
    }

    /// Writes a float image inside a border of zeros.
    pub fn fill_float(&self, image: &[f32], buffer: &mut [f32]) {
        self.fill_with(image, buffer, 0.0, |from, to| to.copy_from_slice(from));
    }
}

/// Widens bytes.
#[inline(always)]
pub fn widen(from: &[i8], to: &mut [i16]) {
    let count = from.len();
    assert_eq!(count, to.len());
    let (from, to) = (from.as_ptr(), to.as_mut_ptr());
    // SAFETY: both slices hold `count` values; with at least eight the last vector overlaps the one before.
    unsafe {
        let mut i = 0;
        while i + 8 <= count {
            I16x8::load_i8(from.add(i)).store(to.add(i));
            i += 8;
        }
        if i < count && count >= 8 {
            I16x8::load_i8(from.add(count - 8)).store(to.add(count - 8));
        } else {
            while i < count {
                *to.add(i) = i16::from(*from.add(i));
                i += 1;
            }
        }
    }
}
