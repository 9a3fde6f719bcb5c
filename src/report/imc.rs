//! What the page reads of in-memory compute: macros, mappings, costs, products, and what the model is worth.

use serde::{Deserialize, Serialize};

use super::Figure;

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
    /// Each chip.
    pub chips: Vec<f64>,
    /// The score of the exact arithmetic on the same items.
    pub exact: Figure,
    /// Share of conversions outside the range.
    pub clipped: Figure,
    /// How the ranges were chosen.
    pub ranges: String,
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
    /// Efficiency of the macro alone, and with what surrounds it.
    pub efficiency: [Figure; 2],
    /// What it shows, in sentences.
    pub findings: Vec<String>,
}

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

/// Multiplicative errors of predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ErrorRow {
    /// What was predicted how.
    pub id: String,
    /// Half of the points are within this factor.
    pub median: f64,
    /// Nine tenths are within this factor.
    pub p90: f64,
    /// The worst point.
    pub worst: f64,
    /// Share of points within a factor of three.
    pub within_three: f64,
    /// Points.
    pub n: u32,
}

/// One published operating point, held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct PointRow {
    /// Identifier.
    pub id: String,
    /// The chip.
    pub chip: String,
    /// First author, venue, year.
    pub paper: String,
    /// `digital`, `charge`, `current`, `time`.
    pub domain: String,
    /// Node in nanometres.
    pub node: f64,
    /// Supply in volts.
    pub supply: f64,
    /// Bits of inputs and weights.
    pub bits: [f64; 2],
    /// Published femtojoules for a multiply-accumulate.
    pub published: f64,
    /// Predicted from the other chips.
    pub predicted: f64,
    /// The multiplicative error.
    pub factor: f64,
    /// The form that the other chips chose.
    pub form: String,
    /// `A+`, `A`, `B`, `C`.
    pub confidence: String,
    /// Where the figure stands.
    pub source: String,
}

/// A chip's own constant and what is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct CalibrationRow {
    /// The chip.
    pub chip: String,
    /// Its paper.
    pub paper: String,
    /// Factor on the common constant.
    pub scale: f64,
    /// Its points and their residuals.
    pub residuals: Vec<(String, f64)>,
}

/// What came out for one set of points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ValidationSet {
    /// Identifier.
    pub id: String,
    /// Which points.
    pub rule: String,
    /// Chips.
    pub chips: u32,
    /// Held out by chip, the form chosen inside each fold: the only row to be quoted.
    pub headline: ErrorRow,
    /// Every form by itself, held out by chip.
    pub variants: Vec<ErrorRow>,
    /// Averages of forms, thought of after the first run.
    pub afterthoughts: Vec<ErrorRow>,
    /// Every point of the headline.
    pub points: Vec<PointRow>,
    /// Calibrated presets with their residuals; only for the sets without exclusion.
    pub calibrations: Vec<CalibrationRow>,
}

/// A goal and what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct GoalRow {
    /// What.
    pub what: String,
    /// At most this factor.
    pub goal: f64,
    /// The headline.
    pub found: f64,
    /// Whether it is met.
    pub met: bool,
    /// The single best of all variants, not to be quoted as a result.
    pub best_variant: ErrorRow,
}

/// The cost model against published silicon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ValidationReport {
    /// Goals.
    pub goals: Vec<GoalRow>,
    /// Sets.
    pub sets: Vec<ValidationSet>,
    /// How many times less energy sparse data takes (half of the inputs, nine tenths of the weights zero): modelled, and as the one
    /// chip that published both has it. Nothing was fitted to it.
    pub sparse_ratio: [f64; 2],
    /// Forms tried, over all sets, afterthoughts included.
    pub variants_tried: u32,
    /// What it shows, in sentences.
    pub findings: Vec<String>,
}
