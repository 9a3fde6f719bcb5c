//! Two matrices in the array: what they are, what their product takes, and small ones cycle by cycle.

use serde::{Deserialize, Serialize};

use super::{CostRow, EnergyPart, MacroCard, PlacedTile};
use crate::report::Figure;

/// A product of two matrices in the array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct MatmulReport {
    /// The macro.
    pub array: MacroCard,
    /// Rows of A, the inner dimension, columns of B.
    pub size: [u32; 3],
    /// Bits of A and of B.
    pub bits: [u32; 2],
    /// Whether both were whole numbers that fit their bits.
    pub whole: bool,
    /// The result, row by row, where it has at most [`SHOWN`] elements.
    pub values: Vec<f64>,
    /// The largest difference to the exact product.
    pub largest_error: Figure,
    /// Root of the mean square of the differences against that of the product.
    pub relative_error: Figure,
    /// Multiply-accumulates.
    pub macs: Figure,
    /// Cycles.
    pub cycles: Figure,
    /// Share of cells times cycles that do work.
    pub utilisation: Figure,
    /// Changes of one-bit products for each cell and cycle (digital).
    pub activity: Option<Figure>,
    /// Share of conversions outside the range (analog).
    pub clipped: Option<Figure>,
    /// Time.
    pub latency: Figure,
    /// Energy of the macro alone.
    pub macro_energy: Figure,
    /// Energy with buffers, weights and leakage.
    pub system_energy: Figure,
    /// Where it goes.
    pub parts: Vec<EnergyPart>,
    /// The same product on each device.
    pub processors: Vec<CostRow>,
    /// Rows of A from which on loading B is worth it, against each device that has an energy.
    pub break_even: Vec<BreakEven>,
    /// How B lies in the array.
    pub placements: Vec<PlacedTile>,
}

/// A matrix as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct MatrixCard {
    /// Where it comes from.
    pub name: String,
    /// Rows.
    pub rows: u32,
    /// Columns.
    pub columns: u32,
    /// Type of its elements.
    pub dtype: String,
    /// Share of zeros.
    pub zeros: Figure,
}

/// A small product cycle by cycle in a digital array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct TraceReport {
    /// Rows of A, the inner dimension, columns of B.
    pub size: [u32; 3],
    /// Bits of A and of B.
    pub bits: [u32; 2],
    /// Whether the last bit of either is a sign.
    pub signed: [bool; 2],
    /// The bits in the cells: row by row, output by output, lowest bit first.
    pub cells: Vec<u8>,
    /// Every cycle.
    pub cycles: Vec<TraceCycle>,
}

/// One cycle of a [`TraceReport`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct TraceCycle {
    /// The row of A that passes.
    pub row: u32,
    /// Place of the bits that are on the rows.
    pub place: u32,
    /// First row of B of the tile.
    pub first: u32,
    /// The bit on each row of the tile.
    pub inputs: Vec<u8>,
    /// Ones in each bit column.
    pub sums: Vec<u32>,
    /// What the outputs of this row of A hold after the cycle.
    pub totals: Vec<f64>,
    /// One-bit products that changed.
    pub changes: u32,
}

/// Largest result that a [`MatmulReport`] carries along.
pub const SHOWN: usize = 4096;

/// From how many rows on the array is worth its loading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct BreakEven {
    /// The device it is compared with.
    pub device: String,
    /// Rows of A; none where the processor is cheaper however many there are.
    pub rows: Option<Figure>,
    /// The same in words.
    pub sentence: String,
}
