//! Devices of the shelf, each with the candidate on it.

use serde::{Deserialize, Serialize};

use super::Figure;

/// A published result of the same network on the same board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct PublishedRow {
    /// Which benchmark, round and system.
    pub label: String,
    /// Seconds for one inference.
    pub latency_s: f64,
    /// Joules for one inference.
    pub energy_j: Option<f64>,
    /// The result file.
    pub source: String,
}

/// What a device does with one runtime.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct RuntimeRow {
    /// The runtime whose results the figures rest on.
    pub runtime: String,
    /// One inference.
    pub latency: Figure,
    /// One inference.
    pub energy: Option<Figure>,
    /// Average power at the user's rate, of the device with what is known of its sensor, sleep and clocks.
    pub power: Option<Figure>,
    /// The same if the clocks stop between inferences, where that is known.
    pub asleep_power: Option<Figure>,
    /// The same if the device listens between inferences, where that is known.
    pub listening_power: Option<Figure>,
    /// `partial` (all that is known is below), `no`, `borderline` (the band crosses the line) or `unknown`.
    pub under_one_milliwatt: String,
    /// The verdict in a few words, with what it leaves out.
    pub verdict: String,
    /// The whole verdict in sentences.
    pub power_sentence: String,
}

/// One device of the shelf with this candidate on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct DeviceRow {
    /// Stable identifier, as in links.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Core, clock and supply that the figures are for.
    pub detail: String,
    /// Whether flash and RAM suffice; `None` where the RAM that it takes is not known, or where TFLM does not load it.
    pub fits: Option<bool>,
    /// The same in words: "fits", "RAM 12 KiB short".
    pub fits_sentence: String,
    /// The runtime of the published results that the figures of this row rest on, which is not the file's own; see `tflm`.
    pub runtime: Option<String>,
    /// One inference.
    pub latency: Option<Figure>,
    /// One inference.
    pub energy: Option<Figure>,
    /// Average power at the user's rate, of the device with what is known of its sensor, sleep and clocks.
    pub power: Option<Figure>,
    /// The same if the clocks stop between inferences, where that is known.
    pub asleep_power: Option<Figure>,
    /// The same if the device listens between inferences, where that is known.
    pub listening_power: Option<Figure>,
    /// `partial` (all that is known is below), `no`, `borderline` (the band crosses the line) or `unknown`.
    pub under_one_milliwatt: String,
    /// The verdict in a few words, with what it leaves out.
    pub verdict: String,
    /// The whole verdict in sentences, or why there is none.
    pub power_sentence: String,
    /// The same with TFLM, which the file is written for.
    pub tflm: Option<RuntimeRow>,
    /// Why there is nothing of TFLM, if there is not.
    pub tflm_missing: Option<String>,
    /// The published measurement, where there is one.
    pub published: Vec<PublishedRow>,
}

impl DeviceRow {
    /// The whole verdict on both runtimes in sentences: what the page, the report and the command say alike.
    pub fn sentences(&self) -> Vec<String> {
        let other = self.tflm.as_ref().map(|row| row.power_sentence.clone()).or_else(|| self.tflm_missing.clone());
        let mut sentences = vec![self.power_sentence.clone()];
        // A file that does not run is said once.
        sentences.extend(other.filter(|other| *other != self.power_sentence));
        sentences
    }
}
