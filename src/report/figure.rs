//! A number, and how it came about.

use serde::{Deserialize, Serialize};

/// How a number came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    /// It ran here, on `n` inputs.
    Measured,
    /// Exact, from the file.
    Counted,
    /// Predicted by a model whose band comes from held-out validation.
    Modelled,
}

/// A number with everything that makes it honest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Figure {
    /// The number, in `unit`.
    pub value: f64,
    /// `B`, `s`, `J`, `W`, `%`, `dB`, `1` (a pure number).
    pub unit: String,
    /// How it came about.
    pub kind: FigureKind,
    /// Lower end of the interval (measured, 95 %) or band (modelled).
    pub low: Option<f64>,
    /// Upper end of the interval or band.
    pub high: Option<f64>,
    /// On how many inputs it was measured.
    pub n: Option<u32>,
    /// What the number includes and leaves out, in one sentence.
    pub note: String,
    /// Where it comes from, for modelled numbers and for rules that count.
    pub source: Option<String>,
    /// Whether the truth may be larger, but not smaller: a part of it is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
}

impl Figure {
    /// An exact number from the file.
    pub fn counted(value: f64, unit: &str, note: impl Into<String>) -> Self {
        Self {
            value,
            unit: unit.into(),
            kind: FigureKind::Counted,
            low: None,
            high: None,
            n: None,
            note: note.into(),
            source: None,
            at_least: false,
        }
    }

    /// A number that was measured here on `n` inputs, with its 95 % interval where there is one.
    pub fn measured(value: f64, unit: &str, interval: Option<(f64, f64)>, n: usize, note: impl Into<String>) -> Self {
        Self {
            kind: FigureKind::Measured,
            low: interval.map(|(low, _)| low),
            high: interval.map(|(_, high)| high),
            n: u32::try_from(n).ok(),
            ..Self::counted(value, unit, note)
        }
    }

    /// A prediction with its band and source.
    pub fn modelled(
        value: f64,
        unit: &str,
        band: (f64, f64),
        note: impl Into<String>,
        source: impl Into<String>,
    ) -> Self {
        Self {
            kind: FigureKind::Modelled,
            low: Some(band.0),
            high: Some(band.1),
            source: Some(source.into()),
            ..Self::counted(value, unit, note)
        }
    }
}
