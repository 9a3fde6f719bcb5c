//! The macro: an array of memory that multiplies, as a handful of figures, and the presets.
//!
//! No preset is a vendor's product. The generic one is *predicted* (its energy constant is what all published chips choose);
//! one for each published chip is *calibrated* (its constant is fitted to its own points, and the residual is told).

mod energy;
mod presets;

use serde::{Deserialize, Serialize};

use super::converters;
use super::gates::Shape;
use crate::error::{Error, Result};
use crate::units::Hertz;
pub use energy::{FIXED_SHARE, UnitEnergies};
pub use presets::GENERIC;

/// How a macro's energy constant came about.
#[derive(Debug, Clone, PartialEq)]
pub enum Label {
    /// Fitted to a chip's own points.
    Calibrated {
        /// The chip.
        chip: &'static str,
        /// The largest residual of its points, multiplicative.
        residual: f64,
        /// How many points the constant was fitted to; with one, the residual is 1 by construction.
        points: usize,
    },
    /// From all published chips; what it is worth was seen on chips left out.
    Predicted,
}

/// A macro and what surrounds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Macro {
    /// Stable identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether products are summed by adders; on charge otherwise.
    pub digital: bool,
    /// Rows that are summed at once.
    pub rows: usize,
    /// Bit columns.
    pub columns: usize,
    /// Bits of an input taken in one cycle.
    pub bits_per_cycle: usize,
    /// Sets of weights that each multiplier keeps.
    pub sets: usize,
    /// Macros side by side.
    pub count: usize,
    /// Node in nanometres.
    pub node: f64,
    /// Supply in volts.
    pub supply: f64,
    /// Clock.
    pub clock: Hertz,
    /// Bits that can be written into a macro in one cycle.
    pub write_bits: usize,
    /// Whether one set can be written while another computes.
    pub ping_pong: bool,
    /// Bits of the converters of an analog macro.
    pub adc_bits: u32,
    /// Whether each cell has its own adder.
    pub serial: bool,
    /// Size of the buffer of activations, in KiB.
    pub buffer_kib: f64,
    /// Size of the memory that weights are loaded from, in KiB.
    pub store_kib: f64,
    /// Picojoules for a bit read from where the model is kept, flash or DRAM; an SRAM of [`Macro::store_kib`] where it is not known.
    pub model_bit: Option<f64>,
    /// The factor on the fitted constant: 1 for what is predicted.
    pub scale: f64,
    /// How the constant came about.
    pub label: Label,
}

/// What can be turned on a preset; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// Rows, 1 to 4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// Bit columns, 8 to 16384.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<usize>,
    /// Bits of an input in one cycle, 1 to 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits_per_cycle: Option<usize>,
    /// Sets of weights, 1 to 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sets: Option<usize>,
    /// Macros, 1 to 256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// Node in nanometres, 4 to 130.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<f64>,
    /// Supply in volts, 0.4 to 1.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supply: Option<f64>,
    /// Bits written in one cycle, 1 to 4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_bits: Option<usize>,
    /// Writing one set while another computes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ping_pong: Option<bool>,
    /// Picojoules for a bit read from where the model is kept, flash or DRAM, 0 to 10000; weights come from an SRAM without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_bit: Option<f64>,
    /// Bits of the converters, 1 to 14.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adc_bits: Option<u32>,
}

/// How often things switch, for each thing and cycle.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Changes of a one-bit product for each cell in use and cycle; 0.25 for random bits.
    pub leaf: f64,
    /// Bits that change in the sum of a column for each column in use and cycle.
    pub root: f64,
}

impl Activity {
    /// What random, uniform bits do over `rows` rows.
    ///
    /// *Source*: sums of `rows` products that are 1 with probability 1/4, taken as normally distributed; a bit that is set with
    /// probability `p` changes between two independent sums with `2 p (1 - p)`.
    pub fn random(rows: f64) -> Self {
        let rows = libm::round(rows.max(1.0));
        let (mean, variance) = (rows / 4.0, rows * 3.0 / 16.0);
        let mut set = [0.0; 16];
        let mut total = 0.0;
        for sum in 0..=(rows as u32).min(1 << 15) {
            let off = f64::from(sum) - mean;
            let weight = libm::exp(-off * off / (2.0 * variance));
            total += weight;
            for (bit, set) in set.iter_mut().enumerate() {
                *set += weight * f64::from(sum >> bit & 1);
            }
        }
        Self { leaf: 0.25, root: set.iter().map(|set| 2.0 * set / total * (1.0 - set / total)).sum() }
    }
}

impl Macro {
    /// The macro with knobs turned. A calibrated macro that is made another one (rows, columns, node, supply, converters)
    /// keeps its constant, but is *predicted* from then on.
    ///
    /// # Errors
    /// `Parameter` for a value out of its range.
    pub fn with(mut self, knobs: &Knobs) -> Result<Self> {
        fn set<T: PartialOrd + Copy + std::fmt::Display>(
            name: &str,
            to: &mut T,
            value: Option<T>,
            low: T,
            high: T,
        ) -> Result<bool> {
            let Some(value) = value else { return Ok(false) };
            if !(value >= low && value <= high) {
                return Err(Error::parameter(format!("{name} is {value}; it must lie between {low} and {high}")));
            }
            *to = value;
            Ok(true)
        }
        let other = [
            set("rows", &mut self.rows, knobs.rows, 1, 4096)?,
            set("columns", &mut self.columns, knobs.columns, 8, 16384)?,
            set("bits_per_cycle", &mut self.bits_per_cycle, knobs.bits_per_cycle, 1, 8)?,
            set("node", &mut self.node, knobs.node, 4.0, 130.0)?,
            set("supply", &mut self.supply, knobs.supply, 0.4, 1.3)?,
            set("adc_bits", &mut self.adc_bits, knobs.adc_bits, 1, 14)?,
        ];
        set("sets", &mut self.sets, knobs.sets, 1, 16)?;
        set("count", &mut self.count, knobs.count, 1, 256)?;
        set("write_bits", &mut self.write_bits, knobs.write_bits, 1, 4096)?;
        let mut bit = 0.0;
        if set("model_bit", &mut bit, knobs.model_bit, 0.0, 1e4)? {
            self.model_bit = Some(bit);
        }
        self.ping_pong = knobs.ping_pong.unwrap_or(self.ping_pong);
        if other.contains(&true) {
            self.label = Label::Predicted;
            self.clock = self.own_clock();
        }
        Ok(self)
    }

    /// Outputs of one macro for weights of `bits`.
    pub fn outputs(&self, bits: usize) -> usize {
        (self.columns / bits.max(1)).max(1)
    }

    /// Cycles in which inputs of `bits` pass.
    pub fn passes(&self, bits: usize) -> usize {
        bits.div_ceil(self.bits_per_cycle).max(1)
    }

    /// Bytes of weights that all macros keep.
    pub fn capacity_bytes(&self) -> usize {
        self.rows * self.columns * self.sets * self.count / 8
    }

    /// The shape for the gate equations.
    pub fn shape(&self, input_bits: usize, weight_bits: usize) -> Shape {
        Shape {
            rows: self.rows as f64,
            outputs: self.outputs(weight_bits) as f64,
            weight_bits: weight_bits as f64,
            input_bits: input_bits as f64,
            bits_per_cycle: self.bits_per_cycle.min(input_bits) as f64,
            sets: self.sets as f64,
            serial: self.serial,
        }
    }

    /// The clock by the delay equations: of a digital macro its adders, of an analog one its converters.
    fn own_clock(&self) -> Hertz {
        if self.digital {
            return Hertz(1.0 / self.shape(8, 8).period(self.node, self.supply).0);
        }
        let delay = converters::adc_delay(f64::from(self.adc_bits.max(1)), self.rows as f64);
        Hertz(1.0 / (delay * super::technology::delay_against_28(self.node, self.supply)))
    }
}

#[cfg(test)]
mod tests;
