//! Measured facts: what MLPerf Tiny submissions report for boards on the device shelf.
//!
//! Rates and energies were parsed from the submitted result files; each row names its file. The energy is that of the
//! device's supply alone (the benchmark's monitor feeds nothing else), without the board's extras.
//!
//! *Source*: the result repositories `mlcommons/tiny_results_v1.0`, `v1.2` and `v1.3`, closed division.

mod networks;

use serde::Serialize;

use super::classes::Layer;
use crate::units::{Hertz, Joules, Seconds, Watts};

/// The four networks of MLPerf Tiny that every row here was measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Benchmark {
    /// Anomaly detection: an autoencoder of ten fully connected layers (ToyADMOS car).
    AnomalyDetection,
    /// Image classification: ResNet-8 on CIFAR-10.
    ImageClassification,
    /// Keyword spotting: DS-CNN on Speech Commands.
    KeywordSpotting,
    /// Visual wake words: MobileNetV1 0.25 at 96 x 96.
    VisualWakeWords,
}

impl Benchmark {
    /// All four, in the order of the tables.
    pub const ALL: [Self; 4] =
        [Self::AnomalyDetection, Self::ImageClassification, Self::KeywordSpotting, Self::VisualWakeWords];

    /// The benchmark's usual abbreviation, which is also a folder's name in most result files.
    pub fn short(self) -> &'static str {
        match self {
            Self::AnomalyDetection => "ad",
            Self::ImageClassification => "ic",
            Self::KeywordSpotting => "kws",
            Self::VisualWakeWords => "vww",
        }
    }

    /// The benchmark's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AnomalyDetection => "anomaly detection",
            Self::ImageClassification => "image classification",
            Self::KeywordSpotting => "keyword spotting",
            Self::VisualWakeWords => "visual wake words",
        }
    }

    /// The layers of its reference network that cost anything, in execution order.
    pub fn layers(self) -> Vec<Layer> {
        networks::layers(self)
    }

    /// The benchmark whose reference network has exactly these layers.
    pub fn with_layers(layers: &[Layer]) -> Option<Self> {
        Self::ALL.into_iter().find(|benchmark| benchmark.layers() == layers)
    }
}

/// The type of weights and activations that a submission ran with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// int8 weights and activations.
    Int8,
    /// float32 weights and activations.
    Float32,
}

/// One network's measured result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Result {
    /// The network.
    pub benchmark: Benchmark,
    /// Inferences each second, in performance mode.
    pub rate: Hertz,
    /// Energy of one inference, in energy mode.
    pub energy: Option<Joules>,
}

impl Result {
    /// The time of one inference.
    pub fn latency(&self) -> Seconds {
        Seconds(1.0 / self.rate.0)
    }
}

/// What one organisation measured on one system with one runtime.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The round, such as `1.3`.
    pub round: &'static str,
    /// Who submitted it.
    pub submitter: &'static str,
    /// The system's folder among the results.
    pub system: &'static str,
    /// The software that ran the network.
    pub runtime: &'static str,
    /// Type of weights and activations.
    pub precision: Precision,
    /// One result for each network that was measured.
    pub results: &'static [Result],
    /// Names of the benchmarks' folders, in the order of [`Benchmark::ALL`].
    folders: [&'static str; 4],
}

impl Submission {
    /// The result file of one benchmark.
    pub fn source(&self, benchmark: Benchmark) -> String {
        let folder = self.folders.get(benchmark as usize).copied().unwrap_or_default();
        let Self { round, submitter, system, .. } = self;
        format!("tiny_results_v{round}/closed/{submitter}/results/{system}/{folder}/performance/results.txt")
    }

    /// Round, submitter, system and runtime in a few words.
    pub fn label(&self) -> String {
        format!("MLPerf Tiny {}, {}, {} with {}", self.round, self.submitter, self.system, self.runtime)
    }

    /// The result on one network.
    pub fn result(&self, benchmark: Benchmark) -> Option<&Result> {
        self.results.iter().find(|result| result.benchmark == benchmark)
    }
}

/// An always-on run of the streaming wake word: a 32 ms frame at a time for 1200 s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stream {
    /// Mean power over the whole stream, working and waiting together.
    pub mean_power: Watts,
    /// Frames that the processor could do each second if it never waited.
    pub rate: Hertz,
    /// The result file.
    pub source: &'static str,
}

/// Seconds of sound in one frame of the streaming wake word.
pub const STREAM_FRAME: Seconds = Seconds(0.032);

const SHORT: [&str; 4] = ["ad", "ic", "kws", "vww"];
const LONG: [&str; 4] = ["anomaly_detection", "image_classification", "keyword_spotting", "visual_wake_words"];

const fn ad(rate: f64, microjoules: f64) -> Result {
    result(Benchmark::AnomalyDetection, rate, microjoules)
}
const fn ic(rate: f64, microjoules: f64) -> Result {
    result(Benchmark::ImageClassification, rate, microjoules)
}
const fn kws(rate: f64, microjoules: f64) -> Result {
    result(Benchmark::KeywordSpotting, rate, microjoules)
}
const fn vww(rate: f64, microjoules: f64) -> Result {
    result(Benchmark::VisualWakeWords, rate, microjoules)
}
const fn result(benchmark: Benchmark, rate: f64, microjoules: f64) -> Result {
    Result { benchmark, rate: Hertz(rate), energy: Some(Joules(microjoules * 1e-6)) }
}
const fn time_only(benchmark: Benchmark, rate: f64) -> Result {
    Result { benchmark, rate: Hertz(rate), energy: None }
}

/// NUCLEO-L4R5ZI at 120 MHz and 1.8 V.
pub static L4R5: Submission = Submission {
    round: "1.2",
    submitter: "STMicroelectronics",
    system: "NUCLEO_L4R5ZI",
    runtime: "X-CUBE-AI 9.0",
    precision: Precision::Int8,
    results: &[ad(190.086, 203.368), ic(6.056, 6919.38), kws(23.155, 1820.45), vww(11.245, 3894.57)],
    folders: SHORT,
};

/// NUCLEO-L4R5ZI-P, the same chip behind a switching converter, at 120 MHz and 3 V.
pub static L4R5_P: Submission = Submission {
    round: "1.3",
    submitter: "STMicroelectronics",
    system: "NUCLEO_L4R5ZI-P",
    runtime: "X-CUBE-AI 10.2",
    precision: Precision::Int8,
    results: &[ad(208.608, 160.423), ic(6.036, 5495.91), kws(23.032, 1430.67), vww(11.181, 3029.75)],
    folders: SHORT,
};

/// NUCLEO-H7A3ZI-Q at 280 MHz and 3 V.
pub static H7A3: Submission = Submission {
    round: "1.2",
    submitter: "STMicroelectronics",
    system: "NUCLEO_H7A3ZI_Q",
    runtime: "X-CUBE-AI 9.0",
    precision: Precision::Int8,
    results: &[ad(816.004, 165.728), ic(24.483, 5090.28), kws(88.356, 1375.6), vww(42.009, 2965.46)],
    folders: SHORT,
};

/// The same board with float32 networks; keyword spotting and energy were not submitted.
pub static H7A3_FLOAT: Submission = Submission {
    round: "1.2",
    submitter: "bosch",
    system: "NUCLEO_H7A3ZI_float",
    runtime: "Bosch HALE 1.0.175",
    precision: Precision::Float32,
    results: &[
        time_only(Benchmark::AnomalyDetection, 191.208),
        time_only(Benchmark::ImageClassification, 8.05),
        time_only(Benchmark::VisualWakeWords, 12.282),
    ],
    folders: SHORT,
};

/// NUCLEO-U575ZI-Q at 160 MHz and 1.8 V.
pub static U575: Submission = Submission {
    round: "1.3",
    submitter: "STMicroelectronics",
    system: "NUCLEO_U575ZI_Q",
    runtime: "X-CUBE-AI 10.2",
    precision: Precision::Int8,
    results: &[ad(311.579, 77.236), ic(9.133, 2565.24), kws(34.489, 664.424), vww(16.873, 1372.17)],
    folders: SHORT,
};

/// NUCLEO-U385RG-Q at 96 MHz and 1.8 V.
pub static U385: Submission = Submission {
    round: "1.3",
    submitter: "STMicroelectronics",
    system: "NUCLEO_U385RG_Q",
    runtime: "X-CUBE-AI 10.2",
    precision: Precision::Int8,
    results: &[ad(184.851, 31.835), ic(5.481, 965.582), kws(20.703, 245.341), vww(10.128, 518.976)],
    folders: SHORT,
};

/// GAP9 at 0.65 V and 240 MHz.
pub static GAP9_650: Submission = Submission {
    round: "1.0",
    submitter: "greenwaves-technologies",
    system: "gap9_650_240",
    runtime: "GapFlow (GAP SDK)",
    precision: Precision::Int8,
    results: &[ad(3689.71, 5.252), ic(1053.36, 27.711), kws(1365.79, 18.561), vww(577.028, 40.801)],
    folders: LONG,
};

/// GAP9 at 0.8 V and 370 MHz.
pub static GAP9_800: Submission = Submission {
    round: "1.0",
    submitter: "greenwaves-technologies",
    system: "gap9_800_370",
    runtime: "GapFlow (GAP SDK)",
    precision: Precision::Int8,
    results: &[ad(5691.6, 7.294), ic(1622.8, 40.356), kws(2103.21, 26.659), vww(889.048, 58.356)],
    folders: LONG,
};

/// Streaming wake word on NUCLEO-L4R5ZI-P at 120 MHz.
pub static L4R5_P_STREAM: Stream = Stream {
    mean_power: Watts(25.62e-3),
    rate: Hertz(55.908),
    source: "tiny_results_v1.3/closed/STMicroelectronics/results/NUCLEO_L4R5ZI-P/sww",
};

/// Streaming wake word on NUCLEO-H7A3ZI-Q at 280 MHz.
pub static H7A3_STREAM: Stream = Stream {
    mean_power: Watts(30.45e-3),
    rate: Hertz(235.23),
    source: "tiny_results_v1.3/closed/STMicroelectronics/results/NUCLEO_H7A3ZI_Q/sww",
};

/// Streaming wake word on NUCLEO-U575ZI-Q at 160 MHz.
pub static U575_STREAM: Stream = Stream {
    mean_power: Watts(11.47e-3),
    rate: Hertz(85.981),
    source: "tiny_results_v1.3/closed/STMicroelectronics/results/NUCLEO_U575ZI_Q/sww",
};

/// Streaming wake word on NUCLEO-U385RG-Q at 96 MHz.
pub static U385_STREAM: Stream = Stream {
    mean_power: Watts(3.975e-3),
    rate: Hertz(51.67),
    source: "tiny_results_v1.3/closed/STMicroelectronics/results/NUCLEO_U385RG_Q/sww",
};
