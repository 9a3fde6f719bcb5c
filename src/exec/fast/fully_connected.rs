//! FULLY_CONNECTED: few rows, so each weight is read once and memory is what limits.
//!
//! Weights stay int8 (a quarter of a megabyte in the anomaly detector: the second-level cache still holds it) and are
//! widened in registers; eight outputs share each load of a pair of inputs.
#![allow(unsafe_code, reason = "inner loops read without bounds checks")]

use super::buffer::Buffer;
use super::conv::Parts;
use super::image::widen;
use super::requantize::{Requantizer, TILE};
use super::simd::{F32x4, I16x8, I32x4, store_i8};

/// Tiles that are computed together, so that one load of the input serves sixteen outputs.
const TOGETHER: usize = 2;

/// A FULLY_CONNECTED on int8.
#[derive(Debug, Clone)]
pub struct FullyConnected {
    inputs: usize,
    outputs: usize,
    /// `[two tiles][pair][output of the two][2]`
    weights: Buffer<i8>,
    bias: Buffer<i32>,
    /// Powers of two that accumulators come multiplied by, `[output]`.
    factors: Buffer<i32>,
    requantizer: Requantizer,
}

impl FullyConnected {
    /// Packs weights `[outputs, inputs]`; `None` where the numbers do not fit.
    pub fn new(parts: &Parts<'_>, inputs: usize) -> Option<Self> {
        let outputs = parts.bias.len();
        let weight = |output: usize, input: usize| parts.weights[output * inputs + input];
        let (folded, requantizer, preshifts) = parts.fold_all(inputs, weight)?;
        let padded = outputs.next_multiple_of(TILE * TOGETHER);
        let mut weights = Buffer::filled(padded * inputs.next_multiple_of(2), 0i8);
        let mut bias = Buffer::filled(padded, 0i32);
        let mut factors = Buffer::filled(padded, 0i32);
        let group_weights = TILE * TOGETHER * inputs.next_multiple_of(2);
        for output in 0..outputs {
            bias[output] = folded[output];
            factors[output] = 1 << preshifts[output];
            let (group, lane) = (output / (TILE * TOGETHER), output % (TILE * TOGETHER));
            for input in 0..inputs {
                let at = group * group_weights + (input / 2 * TILE * TOGETHER + lane) * 2 + input % 2;
                weights[at] = weight(output, input);
            }
        }
        Some(Self { inputs, outputs, weights, bias, factors, requantizer })
    }

    /// The working memory that [`FullyConnected::run`] wants: one widened row.
    pub fn scratch_bytes(&self) -> usize {
        (self.inputs + 1) * size_of::<i16>()
    }

    /// Multiplies every row.
    pub fn run(&self, input: &[i8], output: &mut [i8], scratch: &mut [u8]) {
        let padded = self.inputs.next_multiple_of(2);
        let wide: &mut [i16] = &mut bytemuck::cast_slice_mut(&mut scratch[..padded * size_of::<i16>()])[..padded];
        for (row, results) in input.chunks_exact(self.inputs).zip(output.chunks_exact_mut(self.outputs)) {
            widen(row, &mut wide[..self.inputs]);
            wide[self.inputs..].fill(0);
            for group in 0..self.outputs.div_ceil(TILE * TOGETHER) {
                let results = &mut results[group * TILE * TOGETHER..];
                // SAFETY: the row is padded to pairs, as the packed weights are.
                unsafe {
                    if self.requantizer.is_float {
                        self.group::<true>(group, wide, results);
                    } else {
                        self.group::<false>(group, wide, results);
                    }
                }
            }
        }
    }

    /// Sixteen outputs, or as many as there are.
    ///
    /// # Safety
    /// `row` must hold the inputs, padded to pairs.
    #[inline(always)]
    unsafe fn group<const FLOAT: bool>(&self, group: usize, row: &[i16], results: &mut [i8]) {
        // SAFETY: the caller's promise; weights, biases and factors were packed for whole groups.
        unsafe {
            let pairs = row.len() / 2;
            let first = group * TILE * TOGETHER;
            let mut weights = self.weights.as_ptr().add(first * row.len());
            let mut row = row.as_ptr();
            let bias = self.bias.as_ptr().add(first);
            let mut sums: [I32x4; 2 * TOGETHER] = std::array::from_fn(|i| I32x4::load(bias.add(4 * i)));
            for _ in 0..pairs {
                let pair = I16x8::load_pair_splat(row);
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add_dot(pair, I16x8::load_i8(weights.add(8 * i)));
                }
                weights = weights.add(2 * TILE * TOGETHER);
                row = row.add(2);
            }
            let factors = self.factors.as_ptr().add(first);
            let scaled: [I32x4; 2 * TOGETHER] =
                std::array::from_fn(|i| sums[i].multiply(I32x4::load(factors.add(4 * i))));
            let tiles = self.outputs.div_ceil(TILE);
            let narrowed: [I16x8; TOGETHER] = std::array::from_fn(|i| {
                let tile = self.requantizer.tile((group * TOGETHER + i).min(tiles - 1));
                tile.finish::<FLOAT>([scaled[2 * i], scaled[2 * i + 1]])
            });
            let mut all = [0i8; TILE * TOGETHER];
            let (low, high) = (self.requantizer.low, self.requantizer.high);
            store_i8(narrowed[0], narrowed[1], low, high, all.as_mut_ptr(), all.as_mut_ptr().add(TILE));
            let count = results.len().min(TILE * TOGETHER);
            results[..count].copy_from_slice(&all[..count]);
        }
    }
}

/// Outputs of a float product that are computed together.
const FLOAT_TILE: usize = 16;

/// A FULLY_CONNECTED on floats. Each output sums its products in the order of the inputs.
#[derive(Debug, Clone)]
pub struct FloatFullyConnected {
    inputs: usize,
    outputs: usize,
    /// `[tile][input][output of the tile]`
    weights: Buffer<f32>,
    bias: Buffer<f32>,
    clamp: (f32, f32),
}

impl FloatFullyConnected {
    /// Packs weights `[outputs, inputs]`.
    pub fn new(weights: &[f32], bias: &[f32], inputs: usize, clamp: (f32, f32)) -> Self {
        let outputs = bias.len();
        let padded = outputs.next_multiple_of(FLOAT_TILE);
        let mut packed = Buffer::filled(padded * inputs, 0f32);
        let mut packed_bias = Buffer::filled(padded, 0f32);
        for output in 0..outputs {
            packed_bias[output] = bias[output];
            let (tile, lane) = (output / FLOAT_TILE, output % FLOAT_TILE);
            for input in 0..inputs {
                packed[(tile * inputs + input) * FLOAT_TILE + lane] = weights[output * inputs + input];
            }
        }
        Self { inputs, outputs, weights: packed, bias: packed_bias, clamp }
    }

    /// It wants no working memory.
    pub fn scratch_bytes(&self) -> usize {
        0
    }

    /// Multiplies every row.
    pub fn run(&self, input: &[f32], output: &mut [f32], _scratch: &mut [u8]) {
        for (row, results) in input.chunks_exact(self.inputs).zip(output.chunks_exact_mut(self.outputs)) {
            for tile in 0..self.outputs.div_ceil(FLOAT_TILE) {
                let mut all = [0f32; FLOAT_TILE];
                // SAFETY: weights and biases were packed for whole tiles of rows of `inputs` values.
                unsafe {
                    let mut weights = self.weights.as_ptr().add(tile * FLOAT_TILE * self.inputs);
                    let mut sums = [F32x4::splat(0.0); FLOAT_TILE / 4];
                    for value in row {
                        let value = F32x4::splat(*value);
                        for (i, sum) in sums.iter_mut().enumerate() {
                            *sum = sum.multiply_add(value, F32x4::load(weights.add(4 * i)));
                        }
                        weights = weights.add(FLOAT_TILE);
                    }
                    let bias = self.bias.as_ptr().add(tile * FLOAT_TILE);
                    let (low, high) = (F32x4::splat(self.clamp.0), F32x4::splat(self.clamp.1));
                    for (i, sum) in sums.into_iter().enumerate() {
                        let result = sum.plus(F32x4::load(bias.add(4 * i))).max(low).min(high);
                        result.store(all.as_mut_ptr().add(4 * i));
                    }
                }
                let results = &mut results[tile * FLOAT_TILE..];
                let count = results.len().min(FLOAT_TILE);
                results[..count].copy_from_slice(&all[..count]);
            }
        }
    }
}
