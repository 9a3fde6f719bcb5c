//! DEPTHWISE_CONV_2D on int8, one filter for each channel.
//!
//! Taps are taken in pairs: eight channels of one interleaved with eight of the other, so that the same instruction as in
//! the matrix product multiplies and adds both. Two output pixels share each load of the weights.
#![allow(unsafe_code, reason = "inner loops read without bounds checks")]

use super::buffer::Buffer;
use super::conv::{Parts, scratch_bytes, split_scratch};
use super::image::Frame;
use super::requantize::{Requantizer, TILE};
use super::simd::{I16x8, I32x4, store_i8};
use crate::exec::window::Window;

/// A convolution whose filters each read one channel.
#[derive(Debug, Clone)]
pub struct Depthwise {
    frame: Frame,
    border: i16,
    /// Offsets of the two taps of each pair.
    pairs: Vec<[usize; 2]>,
    /// `[tile][pair][channel of the tile][2]`
    weights: Buffer<i16>,
    bias: Buffer<i32>,
    requantizer: Requantizer,
    window: Window,
}

impl Depthwise {
    /// Packs a DEPTHWISE_CONV_2D with depth multiplier 1; `None` where its numbers do not fit.
    pub fn new(window: &Window, parts: &Parts<'_>) -> Option<Self> {
        let channels = window.output[3];
        let frame = Frame::new(window, TILE)?;
        let [rows, columns] = window.filter;
        let weight = |channel: usize, tap: usize| parts.weights[tap * channels + channel];
        let (bias, requantizer, preshifts) = parts.fold_all(rows * columns, weight)?;
        let offsets: Vec<usize> =
            (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))).map(|(r, c)| frame.tap(r, c)).collect();
        let pairs: Vec<[usize; 2]> = offsets.chunks(2).map(|pair| [pair[0], pair[pair.len() - 1]]).collect();
        let tiles = channels.div_ceil(TILE);
        let mut weights = Buffer::filled(tiles * pairs.len() * 2 * TILE, 0i16);
        let mut packed_bias = Buffer::filled(tiles * TILE, 0i32);
        for channel in 0..channels {
            let (tile, lane) = (channel / TILE, channel % TILE);
            packed_bias[channel] = bias[channel].wrapping_shl(preshifts[channel]);
            for tap in 0..rows * columns {
                let at = ((tile * pairs.len() + tap / 2) * TILE + lane) * 2 + tap % 2;
                weights[at] = i16::from(weight(channel, tap)) << preshifts[channel];
            }
        }
        let border = i16::try_from(parts.zero_point).ok()?;
        Some(Self { frame, border, pairs, weights, bias: packed_bias, requantizer, window: *window })
    }

    /// The working memory that [`Depthwise::run`] wants.
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
            match (self.pairs.len(), self.requantizer.is_float) {
                (5, false) => self.run_image::<5, false>(image, starts, output),
                (_, false) => self.run_image::<0, false>(image, starts, output),
                (_, true) => self.run_image::<0, true>(image, starts, output),
            }
        }
    }

    /// `PAIRS` is the number of tap pairs where it is known when this is compiled, otherwise 0.
    fn run_image<const PAIRS: usize, const FLOAT: bool>(&self, image: &[i16], starts: &[u32], output: &mut [i8]) {
        let channels = self.window.output[3];
        let tiles = channels.div_ceil(TILE);
        assert!(output.len() == starts.len() * channels && image.len() >= self.frame.values());
        let last = starts.len() - 1;
        for pixel in (0..starts.len()).step_by(2) {
            let next = (pixel + 1).min(last);
            let windows = [starts[pixel], starts[next]].map(|start| image.as_ptr().wrapping_add(start as usize));
            for tile in 0..tiles {
                // SAFETY: window starts and taps come from one frame, so they stay inside its image, whose channels are
                // padded to whole tiles; both pixels have `channels` outputs from their first on.
                unsafe {
                    let to = output.as_mut_ptr().add(tile * TILE);
                    let to = [to.add(pixel * channels), to.add(next * channels)];
                    let windows = windows.map(|window| window.wrapping_add(tile * TILE));
                    self.two_pixels::<PAIRS, FLOAT>(tile, windows, to, channels - tile * TILE);
                }
            }
        }
    }

    /// Eight channels of two output pixels.
    ///
    /// # Safety
    /// Both windows must lie inside the image, and both places have room for `channels` outputs, at most eight.
    #[inline(always)]
    unsafe fn two_pixels<const PAIRS: usize, const FLOAT: bool>(
        &self,
        tile: usize,
        windows: [*const i16; 2],
        to: [*mut i8; 2],
        channels: usize,
    ) {
        // SAFETY: the caller's promise; weights and biases were packed for this tile and these pairs.
        unsafe {
            let bias = self.bias.as_ptr().add(tile * TILE);
            let mut sums = [[I32x4::load(bias), I32x4::load(bias.add(4))]; 2];
            let pairs = if PAIRS == 0 { self.pairs.len() } else { PAIRS };
            let mut weights = self.weights.as_ptr().add(tile * pairs * 2 * TILE);
            for pair in 0..pairs {
                let [a, b] = *self.pairs.get_unchecked(pair);
                let (low, high) = (I16x8::load(weights), I16x8::load(weights.add(8)));
                for (sum, window) in sums.iter_mut().zip(windows) {
                    let (a, b) = (I16x8::load(window.add(a)), I16x8::load(window.add(b)));
                    sum[0] = sum[0].add_dot(a.interleave_low(b), low);
                    sum[1] = sum[1].add_dot(a.interleave_high(b), high);
                }
                weights = weights.add(16);
            }
            let requantize = self.requantizer.tile(tile);
            let outputs = sums.map(|sums| requantize.finish::<FLOAT>(sums));
            let (low, high) = (self.requantizer.low, self.requantizer.high);
            if channels >= TILE {
                store_i8(outputs[0], outputs[1], low, high, to[0], to[1]);
            } else {
                let mut rest = [[0i8; TILE]; 2];
                let [a, b] = &mut rest;
                store_i8(outputs[0], outputs[1], low, high, a.as_mut_ptr(), b.as_mut_ptr());
                to[0].copy_from_nonoverlapping(rest[0].as_ptr(), channels);
                to[1].copy_from_nonoverlapping(rest[1].as_ptr(), channels);
            }
        }
    }
}
