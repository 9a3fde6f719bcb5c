//! CONV_2D on int8.

use super::gemm::{Gemm, Run};
use super::image::Frame;
use super::requantize::{OutputRange, Requantizer, Scaling};
use crate::exec::window::Window;

/// Weights of an int8 operator and the way to its outputs, decoded.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// `[D, K, L, C]` for CONV_2D, `[1, K, L, D]` for DEPTHWISE_CONV_2D, `[D, C]` for FULLY_CONNECTED.
    pub weights: &'a [i8],
    /// `[D]`
    pub bias: &'a [i32],
    /// The input's zero point.
    pub zero_point: i32,
    /// The factors to the output's scale.
    pub scaling: Scaling<'a>,
    /// Where outputs lie.
    pub range: OutputRange,
}

impl Parts<'_> {
    /// Folds the input's zero point into the bias and bounds the accumulator, for a channel's weights.
    pub fn fold(&self, channel: usize, weights: impl Iterator<Item = i8>) -> (i32, (i64, i64)) {
        let (mut bias, zero_point) = (self.bias[channel], i64::from(self.zero_point));
        let (mut low, mut high) = (i64::from(bias), i64::from(bias));
        for weight in weights {
            bias = bias.wrapping_sub(i32::from(weight).wrapping_mul(self.zero_point));
            let (a, b) = (i64::from(weight) * (-128 - zero_point), i64::from(weight) * (127 - zero_point));
            low += a.min(b);
            high += a.max(b);
        }
        (bias, (low, high))
    }

    /// Folds every channel, whose weights `weight(channel, position)` gives, and packs the way to the output.
    pub fn fold_all(
        &self,
        positions: usize,
        weight: impl Fn(usize, usize) -> i8,
    ) -> Option<(Vec<i32>, Requantizer, Vec<u32>)> {
        let folded = (0..self.bias.len()).map(|c| self.fold(c, (0..positions).map(|p| weight(c, p))));
        let (bias, bounds): (Vec<i32>, Vec<(i64, i64)>) = folded.unzip();
        let (requantizer, preshifts) = Requantizer::plan(self.scaling, &bounds, self.range)?;
        Some((bias, requantizer, preshifts))
    }
}

/// A convolution whose filters each read all channels.
#[derive(Debug, Clone)]
pub struct Conv {
    gemm: Gemm,
    frame: Frame,
    border: i16,
    window: Window,
}

impl Conv {
    /// Packs a CONV_2D; `None` where its numbers do not fit.
    pub fn new(window: &Window, parts: &Parts<'_>) -> Option<Self> {
        let positions = window.filter[0] * window.filter[1] * window.input[3];
        Self::from_weights(window, parts, |channel, position| parts.weights[channel * positions + position])
    }

    /// Packs a DEPTHWISE_CONV_2D of a one-channel image, which is a convolution with its filters transposed.
    pub fn from_single_channel(window: &Window, parts: &Parts<'_>) -> Option<Self> {
        let channels = window.output[3];
        Self::from_weights(window, parts, |channel, position| parts.weights[position * channels + channel])
    }

    fn from_weights(window: &Window, parts: &Parts<'_>, weight: impl Fn(usize, usize) -> i8) -> Option<Self> {
        let frame = Frame::new(window, 1)?;
        let runs = runs(window, &frame);
        let positions = runs.iter().map(|run| run.len).sum();
        let (bias, requantizer, preshifts) = parts.fold_all(positions, &weight)?;
        let gemm = Gemm::new(runs, weight, &bias, requantizer, &preshifts);
        Some(Self { gemm, border: i16::try_from(parts.zero_point).ok()?, frame, window: *window })
    }

    /// The working memory that [`Conv::run`] wants: the bordered image, and where each window starts.
    pub fn scratch_bytes(&self) -> usize {
        scratch_bytes::<i16>(&self.frame)
    }

    /// Convolves all images of a batch.
    pub fn run(&self, input: &[i8], output: &mut [i8], scratch: &mut [u8]) {
        let (image, starts) = split_scratch::<i16>(&self.frame, scratch);
        self.frame.window_starts(starts);
        let input_size = self.window.input[1..].iter().product();
        let output_size = self.window.output[1..].iter().product();
        for (input, output) in input.chunks_exact(input_size).zip(output.chunks_exact_mut(output_size)) {
            self.frame.fill_wide(input, image, self.border);
            self.gemm.run(image, starts, output);
        }
    }
}

/// The bytes of a bordered image of type `T` and of its window starts.
pub fn scratch_bytes<T>(frame: &Frame) -> usize {
    (frame.values() * size_of::<T>()).next_multiple_of(16) + frame.outputs() * size_of::<u32>()
}

/// Cuts working memory into a bordered image and its window starts.
pub fn split_scratch<'a, T: bytemuck::Pod>(frame: &Frame, scratch: &'a mut [u8]) -> (&'a mut [T], &'a mut [u32]) {
    let (image, rest) = scratch.split_at_mut((frame.values() * size_of::<T>()).next_multiple_of(16));
    let starts = &mut rest[..frame.outputs() * size_of::<u32>()];
    (bytemuck::cast_slice_mut(image), bytemuck::cast_slice_mut(starts))
}

/// The stretches of a window that lie together: whole filter rows, or single taps where the filter is dilated.
pub fn runs(window: &Window, frame: &Frame) -> Vec<Run> {
    let [rows, columns] = window.filter;
    let channels = window.input[3];
    if window.dilation[1] == 1 || columns == 1 {
        return (0..rows).map(|row| Run { offset: frame.tap(row, 0), len: columns * channels }).collect();
    }
    let taps = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    taps.map(|(row, column)| Run { offset: frame.tap(row, column), len: channels }).collect()
}
