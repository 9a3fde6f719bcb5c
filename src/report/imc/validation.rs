//! What the cost models are worth.

use serde::{Deserialize, Serialize};

use crate::report::hardware::BoardsReport;

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
    /// The model of boards against published results.
    pub boards: BoardsReport,
}
