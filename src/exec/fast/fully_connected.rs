//! FULLY_CONNECTED: few rows, so each weight is read once and memory is what limits.
//!
//! Weights stay int8 (a quarter of a megabyte in the anomaly detector: the second-level cache still holds it); where the
//! product wants them wider, they are widened in registers. Many outputs share each load of a group of inputs.
#![allow(unsafe_code, reason = "inner loops read without bounds checks")]

use std::marker::PhantomData;

use super::buffer::Buffer;
use super::conv::Parts;
use super::product::Product;
use super::requantize::{Requantizer, TILE};
use super::simd::{F32x4, I32x4, store_i8};

/// A FULLY_CONNECTED on int8. `TILES` tiles of eight outputs are computed together, an even number: enough sums that
/// none waits for the instruction before it.
#[derive(Debug, Clone)]
pub struct FullyConnected<P: Product, const TILES: usize> {
    inputs: usize,
    outputs: usize,
    /// `[block of outputs][group of inputs][output of the block][neighbour]`
    weights: Buffer<i8>,
    bias: Buffer<i32>,
    /// Powers of two that accumulators come multiplied by, `[output]`.
    factors: Buffer<i32>,
    requantizer: Requantizer,
    /// Added to activations, see [`super::product`].
    offset: u8,
    product: PhantomData<P>,
}

impl<P: Product, const TILES: usize> FullyConnected<P, TILES> {
    /// Outputs that are computed together.
    const BLOCK: usize = TILES * TILE;

    /// Packs weights `[outputs, inputs]`; `None` where the numbers do not fit. `offset` is added to activations, in 8
    /// bits.
    pub fn new(parts: &Parts<'_>, inputs: usize, offset: u8) -> Option<Self> {
        let outputs = parts.bias.len();
        let weight = |output: usize, input: usize| parts.weights[output * inputs + input];
        let (folded, requantizer, preshifts) = parts.fold_all(inputs, weight)?;
        let padded = outputs.next_multiple_of(Self::BLOCK);
        let row = inputs.next_multiple_of(P::GROUP);
        let mut weights = Buffer::filled(padded * row, 0i8);
        let mut bias = Buffer::filled(padded, 0i32);
        let mut factors = Buffer::filled(padded, 0i32);
        for output in 0..outputs {
            let sum: i32 = (0..inputs).map(|input| i32::from(weight(output, input))).sum();
            bias[output] = folded[output].wrapping_sub(sum.wrapping_mul(offset.into()));
            factors[output] = 1 << preshifts[output];
            let (block, lane) = (output / Self::BLOCK, output % Self::BLOCK);
            for input in 0..inputs {
                let group = input / P::GROUP * Self::BLOCK + lane;
                weights[block * Self::BLOCK * row + group * P::GROUP + input % P::GROUP] = weight(output, input);
            }
        }
        Some(Self { inputs, outputs, weights, bias, factors, requantizer, offset, product: PhantomData })
    }

    /// The working memory that [`FullyConnected::run`] wants: one widened row.
    pub fn scratch_bytes(&self) -> usize {
        self.inputs.next_multiple_of(P::GROUP) * size_of::<P::Value>()
    }

    /// Multiplies every row.
    pub fn run(&self, input: &[i8], output: &mut [i8], scratch: &mut [u8]) {
        let wide: &mut [P::Value] = bytemuck::cast_slice_mut(&mut scratch[..self.scratch_bytes()]);
        for (row, results) in input.chunks_exact(self.inputs).zip(output.chunks_exact_mut(self.outputs)) {
            P::widen(row, &mut wide[..self.inputs], self.offset);
            wide[self.inputs..].fill(P::pack(0, 0));
            for (block, results) in results.chunks_mut(Self::BLOCK).enumerate() {
                // SAFETY: the row is padded to groups, as the packed weights are.
                unsafe {
                    if self.requantizer.is_float {
                        self.block::<true>(block, wide, results);
                    } else {
                        self.block::<false>(block, wide, results);
                    }
                }
            }
        }
    }

    /// A block of outputs, or as many as there are.
    ///
    /// # Safety
    /// `row` must hold the inputs, padded to groups.
    #[inline(always)]
    unsafe fn block<const FLOAT: bool>(&self, block: usize, row: &[P::Value], results: &mut [i8]) {
        // SAFETY: the caller's promise; weights, biases and factors were packed for whole blocks.
        unsafe {
            let first = block * Self::BLOCK;
            let mut weights = self.weights.as_ptr().add(first * row.len());
            let bias = self.bias.as_ptr().add(first);
            let mut sums: [[I32x4; 2]; TILES] = std::array::from_fn(|tile| {
                let bias = bias.add(tile * TILE);
                [I32x4::load(bias), I32x4::load(bias.add(4))]
            });
            for group in (0..row.len()).step_by(P::GROUP) {
                let values = P::load_splat(row.as_ptr().add(group));
                for (tile, sum) in sums.iter_mut().enumerate() {
                    let weights = weights.add(tile * TILE * P::GROUP);
                    sum[0] = P::add(sum[0], P::load_bytes(weights), values);
                    sum[1] = P::add(sum[1], P::load_bytes(weights.add(4 * P::GROUP)), values);
                }
                weights = weights.add(Self::BLOCK * P::GROUP);
            }
            let (low, high) = (self.requantizer.low, self.requantizer.high);
            let last = self.outputs.div_ceil(TILE) - 1;
            let mut all = [[0i8; TILE]; TILES];
            let narrowed: [_; TILES] = std::array::from_fn(|tile| {
                let factors = self.factors.as_ptr().add(first + tile * TILE);
                let scaled =
                    [sums[tile][0].multiply(I32x4::load(factors)), sums[tile][1].multiply(I32x4::load(factors.add(4)))];
                // Behind the last tile nothing is kept.
                self.requantizer.tile((block * TILES + tile).min(last)).finish::<FLOAT>(scaled)
            });
            for (to, tiles) in all.chunks_exact_mut(2).zip(narrowed.chunks_exact(2)) {
                let [a, b] = to else { continue };
                store_i8(tiles[0], tiles[1], low, high, a.as_mut_ptr(), b.as_mut_ptr());
            }
            let count = results.len();
            results.copy_from_slice(&all.as_flattened()[..count]);
        }
    }
}

/// Outputs of a float product that are computed together.
const FLOAT_TILE: usize = 16;

/// A FULLY_CONNECTED on floats. Each output sums its products in the order of the inputs.
#[derive(Debug, Clone)]
pub struct FloatFullyConnected<const FUSES: bool> {
    inputs: usize,
    outputs: usize,
    /// `[tile][input][output of the tile]`
    weights: Buffer<f32>,
    bias: Buffer<f32>,
    clamp: (f32, f32),
}

impl<const FUSES: bool> FloatFullyConnected<FUSES> {
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
                            *sum = sum.multiply_add::<FUSES>(value, F32x4::load(weights.add(4 * i)));
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

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::exec::fast::product::{Pairs, Quads, quads};
    use crate::exec::fast::requantize::{OutputRange, Scaling};
    use crate::quant::Multiplier;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quads_give_the_bits_of_pairs(
            inputs in 1usize..70,
            outputs in 1usize..80,
            zero_point in -128i32..128,
            bytes in prop::collection::vec(any::<i8>(), 70 * 82),
        ) {
            let (input, weights) = bytes.split_at(2 * inputs);
            let multipliers = vec![Multiplier { fraction: 1_500_000_000, shift: -9 }; outputs];
            let parts = Parts {
                weights: &weights[..inputs * outputs],
                bias: &vec![-321; outputs],
                zero_point,
                scaling: Scaling::Double(&multipliers),
                range: OutputRange { zero_point: 5, low: -128, high: 127 },
            };
            let mut found = [vec![0; 2 * outputs], vec![0; 2 * outputs]];
            let mut scratch = vec![0u128; 20];
            let scratch = bytemuck::cast_slice_mut(&mut scratch);
            FullyConnected::<Pairs, 2>::new(&parts, inputs, 0).unwrap().run(input, &mut found[0], scratch);
            FullyConnected::<Quads, 4>::new(&parts, inputs, quads().unwrap()).unwrap().run(input, &mut found[1], scratch);
            prop_assert_eq!(&found[0], &found[1]);
        }
    }
}
