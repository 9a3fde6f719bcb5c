//! What the page reads of in-memory compute: macros, mappings, costs, products, and what the model is worth.

mod product;
mod validation;

use serde::{Deserialize, Serialize};

use super::Figure;
pub use product::{BreakEven, MatmulReport, MatrixCard, SHOWN, TraceCycle, TraceReport};
pub use validation::{CalibrationRow, ErrorRow, GoalRow, PointRow, ValidationReport, ValidationSet};

/// A macro as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct MacroCard {
    /// Stable identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `calibrated` or `predicted`.
    pub label: String,
    /// What the label rests on.
    pub sentence: String,
    /// Whether sums are formed by adders; on charge otherwise.
    pub digital: bool,
    /// Rows.
    pub rows: u32,
    /// Bit columns.
    pub columns: u32,
    /// Bits of an input in one cycle.
    pub bits_per_cycle: u32,
    /// Sets of weights.
    pub sets: u32,
    /// Macros.
    pub count: u32,
    /// Node in nanometres.
    pub node: f64,
    /// Supply in volts.
    pub supply: f64,
    /// Bits written in one cycle.
    pub write_bits: u32,
    /// Whether one set is written while another computes.
    pub ping_pong: bool,
    /// Bits of the converters; 0 without.
    pub adc_bits: u32,
    /// Clock.
    pub clock: Figure,
    /// Weights that it keeps.
    pub capacity: Figure,
    /// Area.
    pub area: Figure,
    /// Energy of an 8-bit multiply-accumulate on random data in a full array.
    pub mac_energy: Figure,
}

/// A part of an energy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct EnergyPart {
    /// `fetch`, `compute`, `convert`, `store`, `partial`, `load`, `idle`.
    pub part: String,
    /// What it is.
    pub label: String,
    /// Whether it belongs to the macro; to what surrounds it otherwise.
    pub in_macro: bool,
    /// How much.
    pub energy: Figure,
}

/// Time and energy of something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct CostRow {
    /// Stable identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Time.
    pub latency: Option<Figure>,
    /// Energy.
    pub energy: Option<Figure>,
}

/// One layer in the array and on the processor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ImcLayer {
    /// Its node.
    pub node: u32,
    /// Its operator.
    pub name: String,
    /// Multiply-accumulates.
    pub macs: f64,
    /// Rows and outputs of its matrix, and positions.
    pub size: [u32; 3],
    /// Tiles.
    pub tiles: u32,
    /// Neighbouring positions at once.
    pub unroll: [u32; 2],
    /// Blocks on the diagonal.
    pub blocks: u32,
    /// Arrays with the same weights.
    pub copies: u32,
    /// Whether its weights stay between inferences.
    pub resident: bool,
    /// Cycles of computing.
    pub compute_cycles: Figure,
    /// Cycles of loading weights that computing does not hide.
    pub load_cycles: Figure,
    /// Share of cells times cycles that do work.
    pub utilisation: Figure,
    /// Changes of one-bit products for each cell and cycle, on the data that ran.
    pub activity: Option<Figure>,
    /// Time in the array.
    pub latency: Figure,
    /// Energy of the macro alone.
    pub macro_energy: Figure,
    /// Energy with buffers, weights and leakage.
    pub system_energy: Figure,
    /// Where it goes.
    pub parts: Vec<EnergyPart>,
    /// The same layer on the processor.
    pub processor: CostRow,
    /// `macro` or `processor`: where it costs less energy.
    pub better: String,
}

/// A rectangle of weights in the array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct PlacedTile {
    /// Index of the layer in the report.
    pub layer: u32,
    /// Index of the tile in the layer.
    pub tile: u32,
    /// The array-full: macro and set.
    pub array: u32,
    /// First row.
    pub row: u32,
    /// First output.
    pub output: u32,
    /// Rows.
    pub rows: u32,
    /// Outputs.
    pub outputs: u32,
}

/// Scores of chips that differ only by their seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ChipScores {
    /// `accuracy` or `AUC`, or `same answers` without labels.
    pub metric: String,
    /// The mean over chips, with the deviation between chips as its interval.
    pub mean: Figure,
    /// Each chip that has run.
    pub chips: Vec<f64>,
    /// Chips that were asked for.
    pub wanted: u32,
    /// Items that each was given.
    pub items: u32,
    /// The score of the exact arithmetic on the same items.
    pub exact: Figure,
    /// Share of conversions outside the range.
    pub clipped: Figure,
    /// How the ranges were chosen.
    pub ranges: String,
    /// What charging columns and converting take for one inference in this very circuit.
    pub energy: Vec<EnergyPart>,
}

/// A model in the array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ImcReport {
    /// The macro.
    pub array: MacroCard,
    /// The device of the processor's figures.
    pub device: String,
    /// Items that ran; 0 where the data was drawn at random.
    pub items: u32,
    /// Inferences whose bytes were compared with the executor's, and how many were the same.
    pub same_bytes: Option<[u32; 2]>,
    /// The score of the array's own answers, where the data has labels.
    pub score: Option<Figure>,
    /// Scores of analog chips, where they were asked for.
    pub chips: Option<ChipScores>,
    /// Array-fulls that the weights take, and that there are.
    pub arrays: [u32; 2],
    /// Whether all weights stay between inferences.
    pub resident: bool,
    /// Cycles in the array.
    pub cycles: Figure,
    /// Share of cells times cycles that do work.
    pub utilisation: Figure,
    /// Layer by layer.
    pub layers: Vec<ImcLayer>,
    /// Where each tile lies.
    pub placements: Vec<PlacedTile>,
    /// Everything on the processor, everything that fits in the array, and each layer where it costs less.
    pub choices: Vec<CostRow>,
    /// Where the energy of the array's layers goes.
    pub parts: Vec<EnergyPart>,
    /// Where a joule goes on the processor and in the array, and what moves it.
    pub joules: Vec<JouleRow>,
    /// Efficiency of the macro alone, and with what surrounds it.
    pub efficiency: [Figure; 2],
    /// What it shows, in sentences.
    pub findings: Vec<String>,
}

/// A goal of the cost models, and what was reached on what was left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct WorthRow {
    /// What was left out, and what is counted.
    pub what: String,
    /// The goal.
    pub goal: Figure,
    /// What was reached.
    pub found: Figure,
    /// Whether the goal is met.
    pub met: bool,
    /// Why it is not, where it is not.
    pub why: Option<String>,
}

/// Where the energy of one inference goes, somewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct JouleRow {
    /// Stable identifier.
    pub id: String,
    /// Where, or what is otherwise.
    pub name: String,
    /// The parts.
    pub parts: Vec<EnergyPart>,
    /// Their sum.
    pub total: Figure,
    /// What cannot be told apart, and why.
    pub remark: Option<String>,
}

/// What a network written by hand costs in the array, one inference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct WrittenReport {
    /// The macro.
    pub array: String,
    /// Layer by layer.
    pub layers: Vec<WrittenLayer>,
    /// Multiply-accumulates.
    pub macs: Figure,
    /// Time.
    pub latency: Figure,
    /// Energy of the macro alone.
    pub macro_energy: Figure,
    /// Energy with buffers, weights and leakage.
    pub system_energy: Figure,
    /// The same as lines of text.
    pub text: String,
}

/// One layer of a [`WrittenReport`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct WrittenLayer {
    /// Its operator.
    pub name: String,
    /// Multiply-accumulates.
    pub macs: Figure,
    /// Cycles in the array.
    pub cycles: Figure,
    /// Energy of the macro alone.
    pub macro_energy: Figure,
    /// Energy with buffers, weights and leakage.
    pub system_energy: Figure,
}
