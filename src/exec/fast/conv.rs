//! CONV_2D on int8.

use super::gemm::{Gemm, Run};
use super::image::Frame;
use super::product::{Pairs, Product};
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
pub struct Conv<P: Product> {
    gemm: Gemm<P>,
    frame: Frame,
    /// The input's zero point, which stands around the image.
    border: i8,
    window: Window,
    /// Added to activations, see [`super::product`].
    #[cfg_attr(
        not(any(all(test, not(target_arch = "wasm32")), target_feature = "relaxed-simd")),
        allow(dead_code, reason = "only quads read it")
    )]
    offset: u8,
}

/// How weights lie in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// CONV_2D: `[D, K, L, C]`.
    Dense,
    /// DEPTHWISE_CONV_2D of a one-channel image, which is a convolution with its filters transposed: `[1, K, L, D]`.
    SingleChannel,
}

impl<P: Product> Conv<P> {
    /// Packs a convolution; `None` where its numbers do not fit. `offset` is added to activations, in 8 bits.
    pub fn new(window: &Window, parts: &Parts<'_>, layout: Layout, offset: u8) -> Option<Self> {
        let frame = Frame::new(window, 1)?;
        let runs = runs(window, &frame);
        let positions: usize = runs.iter().map(|run| run.len).sum();
        let channels = window.output[3];
        let weight = |channel: usize, position: usize| match layout {
            Layout::Dense => parts.weights[channel * positions + position],
            Layout::SingleChannel => parts.weights[position * channels + channel],
        };
        let (mut bias, requantizer, preshifts) = parts.fold_all(positions, weight)?;
        for (channel, bias) in bias.iter_mut().enumerate() {
            let sum: i32 = (0..positions).map(|position| i32::from(weight(channel, position))).sum();
            *bias = bias.wrapping_sub(sum.wrapping_mul(offset.into()));
        }
        let gemm = Gemm::new(runs, weight, &bias, requantizer, &preshifts);
        Some(Self { gemm, border: i8::try_from(parts.zero_point).ok()?, frame, window: *window, offset })
    }

    /// The working memory that [`Conv::run`] wants: the bordered image, and where each window starts.
    pub fn scratch_bytes(&self) -> usize {
        scratch_bytes::<P::Value>(&self.frame)
    }

    /// Cuts `scratch`, and convolves all images of a batch; `fill` writes an image into the frame.
    fn run_with(
        &self,
        input: &[i8],
        output: &mut [i8],
        scratch: &mut [u8],
        fill: impl Fn(&Self, &[i8], &mut [P::Value]),
    ) {
        let (image, starts) = split_scratch::<P::Value>(&self.frame, scratch);
        self.frame.window_starts(starts);
        let input_size = self.window.input[1..].iter().product();
        let output_size = self.window.output[1..].iter().product();
        for (input, output) in input.chunks_exact(input_size).zip(output.chunks_exact_mut(output_size)) {
            fill(self, input, image);
            self.gemm.run(image, starts, output);
        }
    }
}

impl Conv<Pairs> {
    /// Convolves all images of a batch.
    pub fn run(&self, input: &[i8], output: &mut [i8], scratch: &mut [u8]) {
        self.run_with(input, output, scratch, |conv, from, to| conv.frame.fill_wide(from, to, conv.border.into()));
    }
}

#[cfg(any(all(test, not(target_arch = "wasm32")), target_feature = "relaxed-simd"))]
impl Conv<super::product::Quads> {
    /// Convolves all images of a batch.
    pub fn run(&self, input: &[i8], output: &mut [i8], scratch: &mut [u8]) {
        self.run_with(input, output, scratch, |conv, from, to| {
            conv.frame.fill_bytes(from, to, conv.border, conv.offset);
        });
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

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::exec::fast::product::{Quads, quads};
    use crate::quant::Multiplier;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quads_give_the_bytes_of_pairs(
            [h, w, c, d] in [1usize..9, 1usize..9, 1usize..20, 1usize..20],
            [k, l] in [1usize..4, 1usize..4],
            zero_point in -128i32..128,
            noise in proptest::collection::vec(any::<i8>(), 20 * 9 * 20 + 8 * 8 * 20),
        ) {
            let window = Window {
                input: [1, h, w, c],
                output: [1, h, w, d],
                filter: [k, l],
                stride: [1, 1],
                dilation: [1, 1],
                pad: [(k - 1) / 2, (l - 1) / 2],
            };
            let (weights, input) = (&noise[..d * k * l * c], &noise[noise.len() - h * w * c..]);
            let multipliers: Vec<Multiplier> = (0..d).map(|i| Multiplier::new(1.0 / (300.0 + 111.0 * i as f64))).collect();
            let parts = Parts {
                weights,
                bias: &vec![1_234; d],
                zero_point,
                scaling: Scaling::Double(&multipliers),
                range: OutputRange { zero_point: 5, low: -128, high: 127 },
            };
            let pairs = Conv::<Pairs>::new(&window, &parts, Layout::Dense, 0).unwrap();
            let quads = Conv::<Quads>::new(&window, &parts, Layout::Dense, quads().unwrap()).unwrap();
            let mut outputs = [vec![0; h * w * d], vec![0; h * w * d]];
            let mut scratch = vec![0u128; pairs.scratch_bytes().div_ceil(16) + 1];
            pairs.run(input, &mut outputs[0], bytemuck::cast_slice_mut(&mut scratch));
            quads.run(input, &mut outputs[1], bytemuck::cast_slice_mut(&mut scratch));
            prop_assert_eq!(&outputs[0], &outputs[1]);
        }
    }
}
