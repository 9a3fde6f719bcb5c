//! CONV_2D and DEPTHWISE_CONV_2D on floats. `FUSES` as in [`super::float_gemm`].
#![allow(unsafe_code, reason = "inner loops read without bounds checks")]

use super::buffer::Buffer;
use super::conv::{runs, scratch_bytes, split_scratch};
use super::float_gemm::FloatGemm;
use super::image::Frame;
use super::simd::F32x4;
use crate::exec::window::Window;

/// What a float convolution is made of.
#[derive(Debug, Clone, Copy)]
pub struct FloatParts<'a> {
    /// The geometry.
    pub window: &'a Window,
    /// As in [`super::conv::Parts`].
    pub weights: &'a [f32],
    /// `[D]`
    pub bias: &'a [f32],
    /// The fused activation's interval.
    pub clamp: (f32, f32),
}

/// A convolution whose filters each read all channels.
#[derive(Debug, Clone)]
pub struct FloatConv<const FUSES: bool> {
    gemm: FloatGemm<FUSES>,
    frame: Frame,
    window: Window,
}

impl<const FUSES: bool> FloatConv<FUSES> {
    /// Packs a CONV_2D; `None` where its window is too large.
    pub fn new(parts: &FloatParts<'_>) -> Option<Self> {
        let positions = parts.window.filter[0] * parts.window.filter[1] * parts.window.input[3];
        Self::from_weights(parts, |channel, position| parts.weights[channel * positions + position])
    }

    /// Packs a DEPTHWISE_CONV_2D of a one-channel image, which is a convolution with its filters transposed.
    pub fn from_single_channel(parts: &FloatParts<'_>) -> Option<Self> {
        let channels = parts.window.output[3];
        Self::from_weights(parts, |channel, position| parts.weights[position * channels + channel])
    }

    fn from_weights(parts: &FloatParts<'_>, weight: impl Fn(usize, usize) -> f32) -> Option<Self> {
        let window = *parts.window;
        let frame = Frame::new(&window, 1)?;
        let gemm = FloatGemm::new(runs(&window, &frame), weight, parts.bias, parts.clamp);
        Some(Self { gemm, frame, window })
    }

    /// The working memory that [`FloatConv::run`] wants.
    pub fn scratch_bytes(&self) -> usize {
        scratch_bytes::<f32>(&self.frame)
    }

    /// Convolves all images of a batch.
    pub fn run(&self, input: &[f32], output: &mut [f32], scratch: &mut [u8]) {
        let (image, starts) = split_scratch::<f32>(&self.frame, scratch);
        self.frame.window_starts(starts);
        let input_size = self.window.input[1..].iter().product();
        let output_size = self.window.output[1..].iter().product();
        for (input, output) in input.chunks_exact(input_size).zip(output.chunks_exact_mut(output_size)) {
            self.frame.fill_float(input, image);
            self.gemm.run(image, starts, output);
        }
    }
}

/// Channels that are computed together.
const LANES: usize = 4;
/// Output pixels that share each load of the weights.
const PIXELS: usize = 4;

/// A convolution whose filters each read one channel.
#[derive(Debug, Clone)]
pub struct FloatDepthwise<const FUSES: bool> {
    frame: Frame,
    /// Offset of each tap.
    taps: Vec<usize>,
    /// `[block of channels][tap][channel of the block]`
    weights: Buffer<f32>,
    bias: Buffer<f32>,
    clamp: (f32, f32),
    window: Window,
}

impl<const FUSES: bool> FloatDepthwise<FUSES> {
    /// Packs a DEPTHWISE_CONV_2D with depth multiplier 1; `None` where its window is too large.
    pub fn new(parts: &FloatParts<'_>) -> Option<Self> {
        let window = *parts.window;
        let channels = window.output[3];
        let frame = Frame::new(&window, LANES)?;
        let [rows, columns] = window.filter;
        let taps: Vec<usize> =
            (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))).map(|(r, c)| frame.tap(r, c)).collect();
        let padded = channels.next_multiple_of(LANES);
        let mut weights = Buffer::filled(padded * taps.len(), 0f32);
        let mut bias = Buffer::filled(padded, 0f32);
        for channel in 0..channels {
            bias[channel] = parts.bias[channel];
            for tap in 0..taps.len() {
                weights[(channel / LANES * taps.len() + tap) * LANES + channel % LANES] =
                    parts.weights[tap * channels + channel];
            }
        }
        Some(Self { frame, taps, weights, bias, clamp: parts.clamp, window })
    }

    /// The working memory that [`FloatDepthwise::run`] wants.
    pub fn scratch_bytes(&self) -> usize {
        scratch_bytes::<f32>(&self.frame)
    }

    /// Convolves all images of a batch.
    pub fn run(&self, input: &[f32], output: &mut [f32], scratch: &mut [u8]) {
        let (image, starts) = split_scratch::<f32>(&self.frame, scratch);
        self.frame.window_starts(starts);
        let input_size = self.window.input[1..].iter().product();
        let output_size = self.window.output[1..].iter().product();
        for (input, output) in input.chunks_exact(input_size).zip(output.chunks_exact_mut(output_size)) {
            self.frame.fill_float(input, image);
            if self.taps.len() == 9 {
                self.run_image::<9>(image, starts, output)
            } else {
                self.run_image::<0>(image, starts, output)
            }
        }
    }

    /// `TAPS` is the number of taps where it is known when this is compiled, otherwise 0.
    fn run_image<const TAPS: usize>(&self, image: &[f32], starts: &[u32], output: &mut [f32]) {
        let channels = self.window.output[3];
        assert!(output.len() == starts.len() * channels && image.len() >= self.frame.values());
        let last = starts.len() - 1;
        for first in (0..starts.len()).step_by(PIXELS) {
            let pixels: [usize; PIXELS] = std::array::from_fn(|i| (first + i).min(last));
            for block in 0..channels.div_ceil(LANES) {
                // SAFETY: window starts and taps come from one frame, so they stay inside its image, whose channels are
                // padded to whole blocks; each pixel has `channels` outputs from its first on.
                unsafe {
                    let windows = pixels.map(|p| image.as_ptr().add(starts[p] as usize + block * LANES));
                    let to = pixels.map(|p| output.as_mut_ptr().add(p * channels + block * LANES));
                    self.four_pixels::<TAPS>(block, windows, to, channels - block * LANES);
                }
            }
        }
    }

    /// Four channels of four output pixels.
    ///
    /// # Safety
    /// The windows must lie inside the image, and each place have room for `channels` outputs, at most four.
    #[inline(always)]
    unsafe fn four_pixels<const TAPS: usize>(
        &self,
        block: usize,
        windows: [*const f32; PIXELS],
        to: [*mut f32; PIXELS],
        channels: usize,
    ) {
        // SAFETY: the caller's promise; weights and biases were packed for this block and these taps.
        unsafe {
            let taps = if TAPS == 0 { self.taps.len() } else { TAPS };
            let weights = self.weights.as_ptr().add(block * taps * LANES);
            let mut sums = [F32x4::splat(0.0); PIXELS];
            for tap in 0..taps {
                let offset = *self.taps.get_unchecked(tap);
                let weight = F32x4::load(weights.add(tap * LANES));
                for (sum, window) in sums.iter_mut().zip(windows) {
                    *sum = sum.multiply_add::<FUSES>(F32x4::load(window.add(offset)), weight);
                }
            }
            let bias = F32x4::load(self.bias.as_ptr().add(block * LANES));
            let (low, high) = (F32x4::splat(self.clamp.0), F32x4::splat(self.clamp.1));
            for (sum, to) in sums.into_iter().zip(to) {
                let result = sum.plus(bias).max(low).min(high);
                if channels >= LANES {
                    result.store(to);
                } else {
                    let mut rest = [0f32; LANES];
                    result.store(rest.as_mut_ptr());
                    to.copy_from_nonoverlapping(rest.as_ptr(), channels);
                }
            }
        }
    }
}
