//! The float matrix product under convolutions, in the shape of [`super::gemm`]: four output pixels by eight channels.
//!
//! Each output sums its products one after the other, in the order of the obvious loop and rounded after each step, so
//! that the bits are the same everywhere. Where it `FUSES`, with relaxed SIMD, the browser may do product and sum at once:
//! last digits change.
#![allow(unsafe_code, reason = "inner loops read without bounds checks")]

use super::buffer::Buffer;
use super::gemm::{ROWS, Run, Tiles};
use super::simd::F32x4;

/// Output channels of a tile.
pub const TILE: usize = 8;
/// As in [`super::gemm`]: above this size each tile of weights serves all pixels at once.
const WEIGHTS_IN_CACHE: usize = 16 << 10;

/// Packed filters with their runs.
#[derive(Debug, Clone)]
pub struct FloatGemm<const FUSES: bool> {
    runs: Vec<Run>,
    /// `[tile][value of the runs][channel of the tile]`
    weights: Buffer<f32>,
    /// `[tile][channel of the tile]`
    bias: Buffer<f32>,
    clamp: (f32, f32),
    columns: usize,
    tile_weights: usize,
}

impl<const FUSES: bool> FloatGemm<FUSES> {
    /// Packs filters; `weight(column, position)` as in [`super::gemm::Gemm::new`].
    pub fn new(runs: Vec<Run>, weight: impl Fn(usize, usize) -> f32, bias: &[f32], clamp: (f32, f32)) -> Self {
        let columns = bias.len();
        let tiles = columns.div_ceil(TILE);
        let tile_weights = TILE * runs.iter().map(|run| run.len).sum::<usize>();
        let mut weights = Buffer::filled(tiles * tile_weights, 0f32);
        let mut packed_bias = Buffer::filled(tiles * TILE, 0f32);
        for column in 0..columns {
            let (tile, lane) = (column / TILE, column % TILE);
            packed_bias[column] = bias[column];
            for position in 0..tile_weights / TILE {
                weights[tile * tile_weights + position * TILE + lane] = weight(column, position);
            }
        }
        Self { runs, weights, bias: packed_bias, clamp, columns, tile_weights }
    }

    /// Multiplies every window that starts at `starts` with all filters.
    ///
    /// *Shapes*: `output` is `[starts, columns]`.
    pub fn run(&self, image: &[f32], starts: &[u32], output: &mut [f32]) {
        assert!(output.len() >= starts.len() * self.columns);
        let reach = self.runs.iter().map(|run| run.offset + run.len).max().unwrap_or(0);
        assert!(starts.iter().all(|&start| start as usize + reach <= image.len()));
        let tile_by_tile = size_of_val(&self.weights[..]) > WEIGHTS_IN_CACHE;
        let running = Running { gemm: self, image, starts, output: output.as_mut_ptr() };
        // SAFETY: windows stay inside the image and outputs inside the output, both asserted.
        unsafe { running.run_all(self.columns.div_ceil(TILE), starts.len(), tile_by_tile) }
    }

    /// `M` pixels by eight channels.
    ///
    /// # Safety
    /// The first `M` windows must lie inside the image, and `to` must have room for `M` rows of the output.
    #[inline(always)]
    unsafe fn tile<const M: usize>(&self, tile: usize, image: &[f32], starts: &[u32], to: *mut f32) {
        // SAFETY: weights and biases were packed for this tile and these runs; the rest is the caller's promise.
        unsafe {
            let image = image.as_ptr();
            let rows: [*const f32; M] = std::array::from_fn(|row| image.add(*starts.get_unchecked(row) as usize));
            let mut sums = [[F32x4::splat(0.0); 2]; M];
            let mut weights = self.weights.as_ptr().add(tile * self.tile_weights);
            for run in &self.runs {
                let mut at: [*const f32; M] = std::array::from_fn(|row| rows[row].add(run.offset));
                for _ in 0..run.len {
                    let (first, last) = (F32x4::load(weights), F32x4::load(weights.add(4)));
                    for (sum, from) in sums.iter_mut().zip(&mut at) {
                        let value = F32x4::load_splat(*from);
                        sum[0] = sum[0].multiply_add::<FUSES>(value, first);
                        sum[1] = sum[1].multiply_add::<FUSES>(value, last);
                        *from = from.add(1);
                    }
                    weights = weights.add(TILE);
                }
            }
            let bias = self.bias.as_ptr().add(tile * TILE);
            let bias = [F32x4::load(bias), F32x4::load(bias.add(4))];
            let (low, high) = (F32x4::splat(self.clamp.0), F32x4::splat(self.clamp.1));
            let columns = self.columns - tile * TILE;
            for (row, sum) in sums.into_iter().enumerate() {
                let to = to.add(row * self.columns);
                let results: [F32x4; 2] = std::array::from_fn(|half| sum[half].plus(bias[half]).max(low).min(high));
                if columns >= TILE {
                    results[0].store(to);
                    results[1].store(to.add(4));
                } else {
                    let mut rest = [0f32; TILE];
                    results[0].store(rest.as_mut_ptr());
                    results[1].store(rest.as_mut_ptr().add(4));
                    to.copy_from_nonoverlapping(rest.as_ptr(), columns);
                }
            }
        }
    }
}

/// A product while it runs.
struct Running<'a, const FUSES: bool> {
    gemm: &'a FloatGemm<FUSES>,
    image: &'a [f32],
    starts: &'a [u32],
    output: *mut f32,
}

impl<const FUSES: bool> Running<'_, FUSES> {
    /// # Safety
    /// As for [`Tiles::rows`], with `M` pixels.
    #[inline(always)]
    unsafe fn block<const M: usize>(&self, tile: usize, first: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let to = self.output.add(first * self.gemm.columns + tile * TILE);
            self.gemm.tile::<M>(tile, self.image, self.starts.get_unchecked(first..), to);
        }
    }
}

impl<const FUSES: bool> Tiles for Running<'_, FUSES> {
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
