//! What the page reads while it listens: levels, the rolling picture, answers and detections.

use serde::{Deserialize, Serialize};

use super::{Answer, Figure};

/// How listening turns the model's answers into detections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct LiveSettings {
    /// Milliseconds from one window to the next.
    pub hop_ms: f64,
    /// Milliseconds over which answers are averaged.
    pub smoothing_ms: f64,
    /// Averaged score from which on a word counts as heard; reconstruction has its own measured threshold.
    pub threshold: f64,
    /// Milliseconds after a detection in which there is no other.
    pub refractory_ms: f64,
    /// The normalizer in front of the features, by its name.
    pub normalize: String,
}

/// How loud it was, measured over one step of the meter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Level {
    /// The largest sample, in decibels below full scale.
    pub peak_dbfs: f64,
    /// The root of the mean square, in decibels below full scale: a sine at full scale has -3.
    pub rms_dbfs: f64,
    /// Length of the peak's bar, 0 to 1.
    pub peak_fraction: f64,
    /// Length of the bar of the root of the mean square, 0 to 1.
    pub rms_fraction: f64,
}

/// What listening tells; times are seconds of sound since it began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum LiveEvent {
    /// The meters, before and after normalization.
    Level {
        /// As the microphone gives it.
        before: Level,
        /// As the features see it.
        after: Level,
    },
    /// One column of the rolling picture.
    Column {
        /// When it ends.
        at_s: f64,
        /// The frequency at its top, in hertz; 0 is at its bottom.
        top_hz: f32,
        /// Brightness 0 to 255, highest frequency first.
        #[serde(with = "serde_bytes")]
        #[cfg_attr(target_arch = "wasm32", tsify(type = "Uint8Array"))]
        levels: Vec<u8>,
    },
    /// What the sides say now, averaged.
    Answer {
        /// When its window ends.
        at_s: f64,
        /// One for each side, `None` where a side holds no model.
        answers: Vec<Option<Answer>>,
        /// From the end of the window leaving the audio thread to both answers.
        latency: Figure,
        /// Windows that were left out so far, because answers came too late.
        skipped: u32,
    },
    /// A word was heard, or the sound became strange.
    Detection {
        /// When its window ends.
        at_s: f64,
        /// 0 is A, 1 is B.
        side: u32,
        /// What was heard.
        label: String,
        /// The averaged score, or the reconstruction error over its threshold.
        score: f64,
    },
}
