//! What the stage draws beside the report: weights, answers, sound.

use serde::{Deserialize, Serialize};

use super::Figure;

/// Reads of one layer's weights: an image, and what the inspector shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct WeightsView {
    /// Index of the node.
    pub node: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Red, green, blue, alpha of each pixel, row by row; negative weights blue, positive orange, zero neutral.
    #[serde(with = "serde_bytes")]
    #[cfg_attr(target_arch = "wasm32", tsify(type = "Uint8Array"))]
    pub rgba: Vec<u8>,
    /// How the pixels are laid out, in words.
    pub layout: String,
    /// Edges of the histogram's bins, one more than there are counts.
    pub bin_edges: Vec<f32>,
    /// Weights in each bin.
    pub bin_counts: Vec<u32>,
    /// Smallest weight.
    pub min: f32,
    /// Largest weight.
    pub max: f32,
    /// Number of different values.
    pub distinct: u32,
    /// Type of the elements.
    pub dtype: String,
    /// Scales, one or one for each channel.
    pub scale: Vec<f32>,
    /// Zero points.
    pub zero_point: Vec<i32>,
}

/// One side's answer to one input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Answer {
    /// The answer in words: a class, or "normal" / "anomalous".
    pub label: String,
    /// A bar for each class, or one for the anomaly score against its threshold.
    pub bars: Vec<Bar>,
    /// Milliseconds that the model took here, in this browser.
    pub here_ms: Option<Figure>,
}

/// One bar of an [`Answer`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Bar {
    /// Class, or what the score is.
    pub label: String,
    /// The score as the model gives it, dequantized.
    pub value: f32,
    /// Length of the bar, 0 to 1.
    pub fraction: f32,
}

/// A picture of sound over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct SpectrogramView {
    /// Time steps.
    pub width: u32,
    /// Frequency bands, lowest first.
    pub height: u32,
    /// Brightness 0 to 255, row by row, highest frequency in the first row.
    #[serde(with = "serde_bytes")]
    #[cfg_attr(target_arch = "wasm32", tsify(type = "Uint8Array"))]
    pub levels: Vec<u8>,
    /// Seconds across.
    pub seconds: f32,
    /// Hertz at the top.
    pub top_hz: f32,
}

/// A clip of sound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ClipView {
    /// Its name; text from outside, never markup.
    pub name: String,
    /// Its class, where known.
    pub label: Option<String>,
    /// Samples each second.
    pub sample_rate: u32,
    /// Mono samples, full scale 1.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "Float32Array"))]
    pub samples: Vec<f32>,
}
