//! The int8 matrix product under convolutions: rows of a bordered image times packed filters, straight to int8 outputs.
//!
//! One instruction multiplies and adds neighbours: see [`super::product`]. A tile is four output pixels by eight channels: eight
//! accumulators, two vectors of weights and one of input fill the sixteen registers of x86. No patch matrix is built:
//! a row is a list of runs (one per filter row) at fixed offsets from the start of its window.
#![allow(unsafe_code, reason = "inner loops read without bounds checks")]

use super::buffer::Buffer;
use super::product::Product;
use super::requantize::{Requantizer, TILE};
use super::simd::{I16x8, I32x4, store_i8};

/// Output pixels of a tile.
pub const ROWS: usize = 4;
/// Above this size the weights do not stay in the first-level cache: then each tile of them serves all pixels at once.
const WEIGHTS_IN_CACHE: usize = 16 << 10;

/// Consecutive values of a window.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Where it begins, from the start of the window.
    pub offset: usize,
    /// Number of values; rounded up to whole groups, with weights of zero.
    pub len: usize,
}

/// A matrix product that can be asked for its tiles one by one.
pub trait Tiles {
    /// [`ROWS`] pixels, from `first` on, by the channels of a tile. To be inlined into the loop over tiles: what a tile
    /// costs to call counts where products are short.
    ///
    /// # Safety
    /// The tile and the pixels must exist.
    unsafe fn rows(&self, tile: usize, first: usize);

    /// One pixel by the channels of a tile.
    ///
    /// # Safety
    /// As for [`Tiles::rows`].
    unsafe fn pixel(&self, tile: usize, pixel: usize);

    /// Goes through all pixels and tiles; tile by tile where the weights do not stay in the first-level cache. The last
    /// rows may overlap those before.
    ///
    /// # Safety
    /// So many tiles and pixels must exist.
    #[inline(always)]
    unsafe fn run_all(&self, tiles: usize, pixels: usize, tile_by_tile: bool) {
        let whole = pixels / ROWS * ROWS;
        // SAFETY: the caller's promise.
        unsafe {
            if tile_by_tile {
                for tile in 0..tiles {
                    for first in (0..whole).step_by(ROWS) {
                        self.rows(tile, first);
                    }
                }
            } else {
                for first in (0..whole).step_by(ROWS) {
                    for tile in 0..tiles {
                        self.rows(tile, first);
                    }
                }
            }
            let overlaps = whole > 0 && pixels - whole > 1;
            for tile in 0..tiles {
                if overlaps {
                    self.rows(tile, pixels - ROWS);
                } else {
                    for pixel in whole..pixels {
                        self.pixel(tile, pixel);
                    }
                }
            }
        }
    }
}

/// Packed filters with their runs.
#[derive(Debug, Clone)]
pub struct Gemm<P: Product> {
    runs: Vec<Run>,
    /// `[tile][run][group][channel of the tile][neighbour]`
    weights: Buffer<P::Value>,
    /// `[tile][channel of the tile]`
    bias: Buffer<i32>,
    requantizer: Requantizer,
    columns: usize,
    /// Weights of a tile.
    tile_weights: usize,
    /// Powers of two that accumulators come multiplied by, where weights have no room for them.
    factors: Buffer<i32>,
}

impl<P: Product> Gemm<P> {
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
        let groups: usize = runs.iter().map(|run| run.len.div_ceil(P::GROUP)).sum();
        let tile_weights = groups * P::GROUP * TILE;
        let mut packed = Buffer::filled(tiles * tile_weights, P::pack(0, 0));
        let mut packed_bias = Buffer::filled(tiles * TILE, 0i32);
        let mut factors = Buffer::filled(tiles * TILE, 1i32);
        for column in 0..columns {
            let (tile, lane) = (column / TILE, column % TILE);
            if P::SHIFTS_WEIGHTS {
                packed_bias[column] = bias[column].wrapping_shl(preshifts[column]);
            } else {
                packed_bias[column] = bias[column];
                factors[column] = 1 << preshifts[column];
            }
            let (mut position, mut group) = (0, 0);
            for run in &runs {
                for i in 0..run.len {
                    let at = ((group + i / P::GROUP) * TILE + lane) * P::GROUP + i % P::GROUP;
                    packed[tile * tile_weights + at] = P::pack(weight(column, position + i), preshifts[column]);
                }
                position += run.len;
                group += run.len.div_ceil(P::GROUP);
            }
        }
        let runs = runs.into_iter().map(|run| Run { len: run.len.next_multiple_of(P::GROUP), ..run }).collect();
        Self { runs, weights: packed, bias: packed_bias, requantizer, columns, tile_weights, factors }
    }

    /// The farthest value that a window reads, counted from its start.
    pub fn reach(&self) -> usize {
        self.runs.iter().map(|run| run.offset + run.len).max().unwrap_or(0)
    }

    /// Multiplies every window that starts at `starts` with all filters.
    ///
    /// *Shapes*: `output` is `[starts, columns]`.
    pub fn run(&self, image: &[P::Value], starts: &[u32], output: &mut [i8]) {
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
    unsafe fn run_tiles<const FLOAT: bool>(&self, image: &[P::Value], starts: &[u32], output: &mut [i8]) {
        let tile_by_tile = size_of_val(&self.weights[..]) > WEIGHTS_IN_CACHE;
        let running = Running::<P, FLOAT> { gemm: self, image, starts, output: output.as_mut_ptr() };
        // SAFETY: the caller's promise.
        unsafe { running.run_all(self.columns.div_ceil(TILE), starts.len(), tile_by_tile) }
    }

    /// `M` pixels by eight channels.
    ///
    /// # Safety
    /// The first `M` windows must lie inside the image, and `to` must have room for `M` rows of the output.
    #[inline(always)]
    unsafe fn tile<const M: usize, const FLOAT: bool>(
        &self,
        tile: usize,
        image: &[P::Value],
        starts: &[u32],
        to: *mut i8,
    ) {
        // SAFETY: weights and biases were packed for this tile with as many pairs as the runs have; the rest is the
        // caller's promise.
        unsafe {
            let image = image.as_ptr();
            let rows: [*const P::Value; M] = std::array::from_fn(|row| image.add(*starts.get_unchecked(row) as usize));
            let bias = self.bias.as_ptr().add(tile * TILE);
            let mut sums = [[I32x4::load(bias), I32x4::load(bias.add(4))]; M];
            let mut weights = self.weights.as_ptr().add(tile * self.tile_weights);
            for run in &self.runs {
                let mut at: [*const P::Value; M] = std::array::from_fn(|row| rows[row].add(run.offset));
                let mut left = run.len;
                while left > 0 {
                    // Not unrolled by hand: the compiler would load all weights first and spill; V8 unrolls well.
                    step::<P, M>(&mut sums, weights, &at);
                    weights = weights.add(P::GROUP * TILE);
                    for from in &mut at {
                        *from = from.add(P::GROUP);
                    }
                    left -= P::GROUP;
                }
            }
            if !P::SHIFTS_WEIGHTS {
                let factors = self.factors.as_ptr().add(tile * TILE);
                let factors = [I32x4::load(factors), I32x4::load(factors.add(4))];
                for sum in &mut sums {
                    *sum = [sum[0].multiply(factors[0]), sum[1].multiply(factors[1])];
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

/// A product while it runs.
struct Running<'a, P: Product, const FLOAT: bool> {
    gemm: &'a Gemm<P>,
    image: &'a [P::Value],
    starts: &'a [u32],
    output: *mut i8,
}

impl<P: Product, const FLOAT: bool> Running<'_, P, FLOAT> {
    /// # Safety
    /// As for [`Tiles::rows`], with `M` pixels.
    #[inline(always)]
    unsafe fn block<const M: usize>(&self, tile: usize, first: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let to = self.output.add(first * self.gemm.columns + tile * TILE);
            self.gemm.tile::<M, FLOAT>(tile, self.image, self.starts.get_unchecked(first..), to);
        }
    }
}

impl<P: Product, const FLOAT: bool> Tiles for Running<'_, P, FLOAT> {
    #[inline(always)]
    unsafe fn rows(&self, tile: usize, first: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.block::<ROWS>(tile, first) }
    }

    #[inline(never)]
    unsafe fn pixel(&self, tile: usize, pixel: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.block::<1>(tile, pixel) }
    }
}

/// Adds the products of one group of each row with the eight channels' weights.
///
/// # Safety
/// A group of weights for eight channels and a group of each row must be readable.
#[inline(always)]
unsafe fn step<P: Product, const M: usize>(
    sums: &mut [[I32x4; 2]; M],
    weights: *const P::Value,
    rows: &[*const P::Value; M],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let (first, last) = (P::load(weights), P::load(weights.add(P::GROUP * TILE / 2)));
        for (sum, row) in sums.iter_mut().zip(rows) {
            let group = P::load_splat(*row);
            sum[0] = P::add(sum[0], first, group);
            sum[1] = P::add(sum[1], last, group);
        }
    }
}
