//! What the page reads of hardware: platforms on one chart, and the published scoreboard with our own figures among it.

use serde::{Deserialize, Serialize};

use super::Figure;

/// A platform at one operating point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct PlatformRow {
    /// Stable identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who makes it.
    pub vendor: String,
    /// `soc`, `mcu`, `npu`, `imc`, `neuromorphic`.
    pub class: String,
    /// `vendor_peak`, `measured` or `modelled`: they never share a marker.
    pub kind: String,
    /// Operations each second; one multiply-accumulate is two.
    pub operations: Option<f64>,
    /// Of which precision.
    pub precision: String,
    /// Power in watts, the lower and the upper end.
    pub power: Option<[f64; 2]>,
    /// Whether its operations can be set against those of an int8 network.
    pub comparable: bool,
    /// Whether it is a memory macro alone, to be drawn only beside a system.
    pub macro_only: bool,
    /// The power of a memory macro with what must surround it.
    pub system: Option<Figure>,
    /// Where it stands.
    pub source: String,
    /// What to know of it.
    pub note: String,
    /// The user's model on it, where it can be said.
    pub here: Option<ModelHere>,
}

/// The user's model at its rate on a platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ModelHere {
    /// Whether its memory holds the file; none where the memory is not known.
    pub holds: Option<bool>,
    /// Operations each second that the rate asks for.
    pub needed: Figure,
    /// Share of the platform's throughput.
    pub load: Figure,
    /// Average power at the rate, as the platform spends it on its own workload, without waiting.
    pub power: Option<Figure>,
    /// The same in words.
    pub sentence: String,
}

/// The hardware view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct HardwareReport {
    /// The model's name.
    pub model: String,
    /// Inferences each second.
    pub rate: f64,
    /// Every platform.
    pub platforms: Vec<PlatformRow>,
    /// The power that this project is about, in watts.
    pub milliwatt: f64,
    /// Efficiencies of the lines to draw, in operations for each joule.
    pub lines: Vec<f64>,
}

/// One result on the scoreboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ScoreRow {
    /// `published` or `modelled`.
    pub kind: String,
    /// Round; empty for what is modelled here.
    pub round: String,
    /// Division; empty for what is modelled here.
    pub division: String,
    /// Who submitted; `Milliwatt` for what is modelled here.
    pub organisation: String,
    /// The system.
    pub system: String,
    /// Processor, and accelerator where there is one.
    pub core: String,
    /// Runtime.
    pub runtime: String,
    /// `int8`, `fp32` or `other`.
    pub precision: String,
    /// `Available`, `Preview`, `RDI`, or empty.
    pub status: String,
    /// `ad`, `ic`, `kws`, `vww`, `sww`, or `own` for the user's model.
    pub benchmark: String,
    /// Time of one inference in seconds, as published.
    pub latency_s: Option<f64>,
    /// Energy of one inference in joules, as published.
    pub energy_j: Option<f64>,
    /// Time, where it is modelled here.
    pub latency: Option<Figure>,
    /// Energy, where it is modelled here.
    pub energy: Option<Figure>,
    /// The folder with the result files.
    pub source: String,
}

/// The scoreboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ScoreboardReport {
    /// Identifiers and names of the benchmarks.
    pub benchmarks: Vec<(String, String)>,
    /// Every row.
    pub rows: Vec<ScoreRow>,
    /// What to know when reading it.
    pub notes: Vec<String>,
}

/// One published result that was left out and predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct HeldRow {
    /// Round.
    pub round: String,
    /// The system.
    pub system: String,
    /// Processor.
    pub core: String,
    /// Runtime.
    pub runtime: String,
    /// `ad`, `ic`, `kws`, `vww`, `sww`.
    pub benchmark: String,
    /// As published, in seconds or joules.
    pub published: f64,
    /// From the others.
    pub predicted: f64,
    /// Prediction against what was published, minus one, in percent.
    pub off: f64,
    /// Boards or submissions that it rests on.
    pub others: u32,
    /// The folder with the result files.
    pub source: String,
}

/// How far a rule is off on the results that it predicts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct RuleRow {
    /// From what it predicts.
    pub rule: String,
    /// Median error in percent.
    pub median: f64,
    /// Share of results within a quarter, in percent.
    pub within_quarter: f64,
    /// The largest error in percent.
    pub worst: f64,
    /// Whether the median is at most 8 %, and whether nine tenths are within a quarter.
    pub met: [bool; 2],
}

/// Results left out, of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct HeldSet {
    /// `time` or `energy`.
    pub what: String,
    /// Rules; the first was written down beforehand, the last chooses among all for each system, without its results.
    pub tried: Vec<RuleRow>,
    /// Every result, by the first rule.
    pub rows: Vec<HeldRow>,
}

/// A reference network on a board of the shelf: published, and ours with that network left out of the fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct NetworkRow {
    /// The board.
    pub device: String,
    /// The runtime.
    pub runtime: String,
    /// `ad`, `ic`, `kws`, `vww`.
    pub benchmark: String,
    /// Seconds: published, and ours.
    pub time: [f64; 2],
    /// Joules: published, and ours.
    pub energy: Option<[f64; 2]>,
}

/// What the model of boards is worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct BoardsReport {
    /// Boards or submissions left out.
    pub sets: Vec<HeldSet>,
    /// Networks left out.
    pub networks: Vec<NetworkRow>,
}
