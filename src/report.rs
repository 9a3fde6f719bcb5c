//! What the page reads: one versioned structure in which every number says what it is.
//!
//! The page formats and draws; it computes nothing. A number without its kind cannot be written down here, because
//! [`Figure`] asks for it.

mod compared;
mod devices;
pub mod diagnosis;
mod figure;
pub mod hardware;
pub mod html;
pub mod imc;
pub mod levels;
pub mod lint;
pub mod search;
pub mod sound;
pub mod text;
pub mod training;
mod views;

use serde::{Deserialize, Serialize};

use crate::compress::Offer;
use crate::compress::recipe::Recipe;
pub use compared::{Compared, ComparedScore};
pub use devices::{DeviceRow, PublishedRow, RuntimeRow};
pub use figure::{Figure, FigureKind};
pub use views::{Answer, Bar, ClipView, SpectrogramView, WeightsView};

/// Raised when a field changes its meaning or goes away.
pub const VERSION: u32 = 2;

/// What a model is for, as far as its shapes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One score for each class.
    Classification,
    /// The output rebuilds the input; the error is the anomaly score.
    Reconstruction,
    /// Neither.
    Other,
}

/// An input or output of the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Port {
    /// Its name in the file.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<u32>,
    /// Its element type.
    pub dtype: String,
    /// Scale, where it is quantized.
    pub scale: Option<f32>,
    /// Zero point, where it is quantized.
    pub zero_point: Option<i32>,
}

/// A truth about the file, in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Remark {
    /// `info`, `warning` or `blocks`.
    pub severity: String,
    /// The sentence.
    pub sentence: String,
}

/// What is known of a model as soon as it is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ModelCard {
    /// The file's name; text from outside, never markup.
    pub name: String,
    /// SHA-256 of the bytes, in hexadecimal: what a link names instead of the bytes.
    pub sha256: String,
    /// Length of the file.
    pub file: Figure,
    /// What the model is for.
    pub task: Task,
    /// Inputs.
    pub inputs: Vec<Port>,
    /// Outputs.
    pub outputs: Vec<Port>,
    /// Multiply-accumulates of one inference.
    pub macs: Figure,
    /// Weights and biases.
    pub parameters: Figure,
    /// Truths about the file.
    pub remarks: Vec<Remark>,
    /// What the file holds that an export will not.
    pub dropped: Vec<String>,
    /// Why the model cannot run here, if it cannot.
    pub blocked: Option<String>,
    /// The audio front end that feeds it, by name.
    pub front_end: Option<String>,
    /// All presets, each with what keeps it from this model.
    pub presets: Vec<Offer>,
    /// The name of the preset that side B begins with.
    pub opening: String,
}

/// Where the bytes of the file go; the parts add up to the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct FlashPart {
    /// `weights`, `biases`, `quantization`, `graph` or `names`.
    pub part: String,
    /// What that is.
    pub sentence: String,
    /// How much.
    pub bytes: Figure,
}

/// A tensor's place in the arena.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ArenaBuffer {
    /// The value's name, or what the scratch memory is for.
    pub name: String,
    /// Offset in the arena.
    pub offset_bytes: u32,
    /// Length.
    pub bytes: u32,
    /// First node during which it is needed.
    pub first_node: u32,
    /// Last node during which it is needed.
    pub last_node: u32,
}

/// The working memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct MemoryReport {
    /// Activations and scratch as TFLM's planner lays them out (the arena's head), with reference kernels.
    pub arena: Figure,
    /// What TFLM keeps for the model's whole life (the arena's tail), with reference kernels.
    pub persistent: Figure,
    /// The smallest arena that loads, by build of TFLM; the first is the strip's.
    pub smallest: Vec<ArenaRow>,
    /// The picture.
    pub buffers: Vec<ArenaBuffer>,
}

/// The smallest arena that loads on one build of TFLM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ArenaRow {
    /// Whose kernels, and on which core.
    pub runtime: String,
    /// How much.
    pub bytes: Figure,
}

/// One layer on one side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct LayerRow {
    /// Index of the node.
    pub node: u32,
    /// Operator.
    pub op: String,
    /// Name of its output.
    pub name: String,
    /// Shape of its output.
    pub output_shape: Vec<u32>,
    /// Shape of its weights.
    pub weights_shape: Option<Vec<u32>>,
    /// Type of its weights.
    pub weights_dtype: Option<String>,
    /// Multiply-accumulates.
    pub macs: Figure,
    /// Weights and biases in the file.
    pub weight_bytes: Figure,
    /// Share of weights that are zero.
    pub sparsity: Option<Figure>,
    /// Output activation.
    pub activation_bytes: Figure,
    /// Time on the chosen device.
    pub latency: Option<Figure>,
    /// Energy on the chosen device.
    pub energy: Option<Figure>,
    /// Signal to quantization noise of its output against the original's, from taps.
    pub sqnr: Option<Figure>,
    /// Whether its output was the same number for number as the original's; `None` where it was not measured.
    pub identical: Option<bool>,
    /// The node of the original that computes the same output.
    pub original_node: Option<u32>,
}

/// What came out of running the candidate on the test set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct EvaluationReport {
    /// What `score` is: "accuracy" or "AUC".
    pub metric: String,
    /// The task's score: share of right answers, or area under the ROC curve.
    pub score: Option<Figure>,
    /// Share of items on which candidate and original answer the same.
    pub agreement: Option<Figure>,
    /// Each item by itself, for a comparison with another candidate on the same items.
    #[serde(default)]
    pub answers: ItemAnswers,
    /// Items whose answer differs from the original's, worst first.
    pub flips: Vec<Flip>,
    /// Rows: true class; columns: answered class. Empty where there are no labels.
    pub confusion: Vec<Vec<u32>>,
    /// Class names, in the order of the outputs.
    pub classes: Vec<String>,
}

/// What the candidate answered, item by item: columns of equal length, but for those that the task does not have.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ItemAnswers {
    /// Index in the test set.
    pub item: Vec<u32>,
    /// Whether the answer is the original's.
    pub same: Vec<bool>,
    /// Whether the answer is right, where the label is known.
    pub right: Vec<Option<bool>>,
    /// How badly the item was rebuilt: higher is stranger. Empty for other tasks.
    pub anomaly_score: Vec<f64>,
    /// Whether the item is an anomaly, where the label is known. Empty for other tasks.
    pub anomalous: Vec<Option<bool>>,
}

/// An item that the candidate answers differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Flip {
    /// Index in the test set.
    pub item: u32,
    /// Its name.
    pub name: String,
    /// True class, where known.
    pub label: Option<String>,
    /// The original's answer.
    pub original: String,
    /// The candidate's answer.
    pub candidate: String,
}

/// The six numbers, always in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Strip {
    /// Length of the file that is flashed.
    pub flash: Figure,
    /// The smallest arena that loads, with TFLM's reference kernels on a 32-bit core.
    pub ram: Figure,
    /// The same with CMSIS-NN on a Cortex-M4, M7 or M33.
    pub ram_cmsis_nn: Figure,
    /// Accuracy or AUC, when a test set is there.
    pub score: Option<Figure>,
    /// One inference on the chosen device.
    pub latency: Option<Figure>,
    /// One inference on the chosen device.
    pub energy: Option<Figure>,
    /// One inference on the chosen device with TFLM, which the file is written for.
    pub latency_tflm: Option<Figure>,
    /// The same.
    pub energy_tflm: Option<Figure>,
    /// Same answers as the original.
    pub agreement: Option<Figure>,
}

/// Everything about one side of the bench.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// The recipe that made this side.
    pub recipe: Recipe,
    /// What has to be said of how it was made.
    pub remarks: Vec<String>,
    /// The candidate as a model.
    pub model: ModelCard,
    /// The device that `strip` and `layers` speak of.
    pub device: String,
    /// Inferences each second that power is for.
    pub rate_hz: f64,
    /// The six numbers.
    pub strip: Strip,
    /// The file by parts.
    pub flash: Vec<FlashPart>,
    /// The working memory.
    pub memory: MemoryReport,
    /// Every device of the shelf.
    pub devices: Vec<DeviceRow>,
    /// Every layer, in execution order.
    pub layers: Vec<LayerRow>,
    /// What came out of running it, when a test set is there.
    pub evaluation: Option<EvaluationReport>,
}

/// How one number of the strip moved from A to B.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Delta {
    /// `flash`, `ram`, `score`, `latency`, `energy` or `agreement`.
    pub of: String,
    /// B - A, in the unit of the figure.
    pub difference: f64,
    /// (B - A) / A, where A is not zero.
    pub ratio: Option<f64>,
    /// Whether B is better.
    pub verdict: Verdict,
    /// The test behind the verdict in one sentence, where both sides answered the same items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
}

/// Whether B is better than A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is.
    Better,
    /// A is.
    Worse,
    /// Both are equal.
    Same,
    /// They differ by no more than chance explains.
    Unclear,
}

/// A and B side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Comparison {
    /// For each number of the strip that both sides have.
    pub deltas: Vec<Delta>,
    /// One sentence for the status line and the screen reader.
    pub sentence: String,
}

/// A device as the shelf lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct DeviceCard {
    /// Stable identifier, as in links.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Core and clock.
    pub detail: String,
    /// The runtime of its published int8 results.
    pub runtime: String,
}

/// What a set of labelled or unlabelled inputs holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct DataCard {
    /// Where it comes from, in words.
    pub name: String,
    /// Items that candidates are tested on.
    pub test_items: u32,
    /// Items that ranges are measured on; never among the test items.
    pub calibration_items: u32,
    /// Whether the test items carry labels.
    pub labelled: bool,
    /// Class names.
    pub classes: Vec<String>,
    /// Test items in each class.
    pub class_counts: Vec<u32>,
    /// Folders and labels of the data that are called as none of the model's classes, so that nothing is counted right.
    pub unmatched: Vec<String>,
    /// What was left out and why.
    pub remarks: Vec<String>,
}
