//! The int8 matrix product under convolutions: rows of a bordered image times packed filters, straight to int8 outputs.
//!
//! Values are widened to 16 bits, so that one instruction multiplies eight pairs and adds neighbours
//! (`i32x4.dot_i16x8_s`): exact, and the same in every browser. A tile is four output pixels by eight channels: eight
//! accumulators, two vectors of weights and one of input fill the sixteen registers of x86. No patch matrix is built:
//! a row is a list of runs (one per filter row) at fixed offsets from the start of its window.
#![allow(unsafe_code, reason = "inner loops read without bounds checks")]

use super::buffer::Buffer;
use super::requantize::{Requantizer, TILE};
use super::simd::{I16x8, I32x4, store_i8};

/// Output pixels of a tile.
const ROWS: usize = 4;
/// Above this size the weights do not stay in the first-level cache: then each tile of them serves all pixels at once.
const WEIGHTS_IN_CACHE: usize = 16 << 10;

/// Consecutive values of a window.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Where it begins, from the start of the window.
    pub offset: usize,
    /// Number of values; an odd one is rounded up with a zero weight.
    pub len: usize,
}

/// Packed filters with their runs.
#[derive(Debug, Clone)]
pub struct Gemm {
    runs: Vec<Run>,
    /// `[tile][run][pair][channel of the tile][2]`
    weights: Buffer<i16>,
    /// `[tile][channel of the tile]`
    bias: Buffer<i32>,
    requantizer: Requantizer,
    columns: usize,
    /// 16-bit weights of a tile.
    tile_weights: usize,
}

impl Gemm {
    /// Packs filters.
    ///
    /// *Shapes*: `weight(column, position)` where positions count the values of all runs in turn; `bias` and `preshifts`
    /// have one value per column. The bias must contain the share of the input's zero point.
    pub fn new(
        runs: Vec<Run>,
        weight: impl Fn(usize, usize) -> i8,
        bias: &[i32],
        requantizer: Requantizer,
        preshifts: &[u32],
    ) -> Self {
        let columns = bias.len();
        let tiles = columns.div_ceil(TILE);
        let pairs: usize = runs.iter().map(|run| run.len.div_ceil(2)).sum();
        let tile_weights = pairs * 2 * TILE;
        let mut packed = Buffer::filled(tiles * tile_weights, 0i16);
        let mut packed_bias = Buffer::filled(tiles * TILE, 0i32);
        for column in 0..columns {
            let (tile, lane) = (column / TILE, column % TILE);
            packed_bias[column] = bias[column].wrapping_shl(preshifts[column]);
            let (mut position, mut pair) = (0, 0);
            for run in &runs {
                for i in 0..run.len {
                    let at = tile * tile_weights + (pair + i / 2) * 2 * TILE + 2 * lane + i % 2;
                    packed[at] = i16::from(weight(column, position + i)) << preshifts[column];
                }
                position += run.len;
                pair += run.len.div_ceil(2);
            }
        }
        let runs = runs.into_iter().map(|run| Run { len: run.len.div_ceil(2) * 2, ..run }).collect();
        Self { runs, weights: packed, bias: packed_bias, requantizer, columns, tile_weights }
    }

    /// The farthest value that a window reads, counted from its start.
    pub fn reach(&self) -> usize {
        self.runs.iter().map(|run| run.offset + run.len).max().unwrap_or(0)
    }

    /// Multiplies every window that starts at `starts` with all filters.
    ///
    /// *Shapes*: `output` is `[starts, columns]`.
    pub fn run(&self, image: &[i16], starts: &[u32], output: &mut [i8]) {
        assert!(output.len() >= starts.len() * self.columns);
        let reach = self.reach();
        assert!(starts.iter().all(|&start| start as usize + reach <= image.len()));
        // SAFETY: windows stay inside the image and outputs inside the output, both asserted.
        unsafe {
            if self.requantizer.is_float {
                self.run_tiles::<true>(image, starts, output);
            } else {
                self.run_tiles::<false>(image, starts, output);
            }
        }
    }

    /// # Safety
    /// As checked in [`Gemm::run`].
    unsafe fn run_tiles<const FLOAT: bool>(&self, image: &[i16], starts: &[u32], output: &mut [i8]) {
        let tiles = self.columns.div_ceil(TILE);
        // SAFETY: `block` stays inside by the caller's promise.
        unsafe {
            if self.weights.len() * 2 <= WEIGHTS_IN_CACHE {
                for first in (0..starts.len()).step_by(ROWS) {
                    for tile in 0..tiles {
                        self.block::<FLOAT>(tile, first, image, starts, output);
                    }
                }
            } else {
                for tile in 0..tiles {
                    for first in (0..starts.len()).step_by(ROWS) {
                        self.block::<FLOAT>(tile, first, image, starts, output);
                    }
                }
            }
        }
    }

    /// # Safety
    /// As checked in [`Gemm::run`]; `first < starts.len()`.
    #[inline(always)]
    unsafe fn block<const FLOAT: bool>(
        &self,
        tile: usize,
        first: usize,
        image: &[i16],
        starts: &[u32],
        output: &mut [i8],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let to = output.as_mut_ptr().add(first * self.columns + tile * TILE);
            let starts = starts.get_unchecked(first..);
            match starts.len() {
                1 => self.tile::<1, FLOAT>(tile, image, starts, to),
                2 => self.tile::<2, FLOAT>(tile, image, starts, to),
                3 => self.tile::<3, FLOAT>(tile, image, starts, to),
                _ => self.tile::<4, FLOAT>(tile, image, starts, to),
            }
        }
    }

    /// `M` pixels by eight channels.
    ///
    /// # Safety
    /// The first `M` windows must lie inside the image, and `to` must have room for `M` rows of the output.
    unsafe fn tile<const M: usize, const FLOAT: bool>(&self, tile: usize, image: &[i16], starts: &[u32], to: *mut i8) {
        // SAFETY: weights and biases were packed for this tile with as many pairs as the runs have; the rest is the
        // caller's promise.
        unsafe {
            let image = image.as_ptr();
            let rows: [*const i16; M] = std::array::from_fn(|row| image.add(*starts.get_unchecked(row) as usize));
            let bias = self.bias.as_ptr().add(tile * TILE);
            let mut sums = [[I32x4::load(bias), I32x4::load(bias.add(4))]; M];
            let mut weights = self.weights.as_ptr().add(tile * self.tile_weights);
            for run in &self.runs {
                let mut at: [*const i16; M] = std::array::from_fn(|row| rows[row].add(run.offset));
                let mut left = run.len;
                while left > 0 {
                    // Not unrolled by hand: the compiler would load all weights first and spill; V8 unrolls well.
                    step::<M>(&mut sums, weights, &at);
                    weights = weights.add(16);
                    for from in &mut at {
                        *from = from.add(2);
                    }
                    left -= 2;
                }
            }
            let requantize = self.requantizer.tile(tile);
            let (low, high) = (self.requantizer.low, self.requantizer.high);
            let outputs: [I16x8; M] = std::array::from_fn(|row| requantize.finish::<FLOAT>(sums[row]));
            let columns = self.columns - tile * TILE;
            for row in (0..M).step_by(2) {
                let next = (row + 1).min(M - 1);
                let (to_row, to_next) = (to.add(row * self.columns), to.add(next * self.columns));
                if columns >= TILE {
                    store_i8(outputs[row], outputs[next], low, high, to_row, to_next);
                } else {
                    let mut last = [[0i8; TILE]; 2];
                    let [a, b] = &mut last;
                    store_i8(outputs[row], outputs[next], low, high, a.as_mut_ptr(), b.as_mut_ptr());
                    to_row.copy_from_nonoverlapping(last[0].as_ptr(), columns);
                    to_next.copy_from_nonoverlapping(last[1].as_ptr(), columns);
                }
            }
        }
    }
}

/// Adds the products of one pair of each row with the eight channels' weights.
///
/// # Safety
/// Sixteen weights and a pair of each row must be readable.
#[inline(always)]
unsafe fn step<const M: usize>(sums: &mut [[I32x4; 2]; M], weights: *const i16, rows: &[*const i16; M]) {
    // SAFETY: the caller's promise.
    unsafe {
        let (first, last) = (I16x8::load(weights), I16x8::load(weights.add(8)));
        for (sum, row) in sums.iter_mut().zip(rows) {
            let pair = I16x8::load_pair_splat(*row);
            sum[0] = sum[0].add_dot(pair, first);
            sum[1] = sum[1].add_dot(pair, last);
        }
    }
}
