//! What an analog charge-domain SRAM macro computes: slices of bits, capacitors, converters, and everything that is not ideal.
//!
//! Each column keeps one bit of the weights. Some bits of each input at a time are turned into a voltage; every cell whose
//! weight bit is 1 puts that charge on its capacitor; the capacitors of a column are shorted, and a converter reads the
//! voltage over the range that belongs to that bit and that slice of the layer ([`Ranges`]). Columns and slices are added at
//! their place value, digitally. Inputs are offset to be never negative; what the
//! offset adds is known and taken off.
//!
//! What is not ideal, and where it comes from: capacitors differ (once for each chip and cell), thermal noise on the shared
//! charge (kT/C) and in the comparator (for each conversion), and the converter has few levels, a range that clips, and
//! capacitors of its own that differ (integral nonlinearity, once for each chip and column). *Source* of the magnitudes:
//! CSNR-ADC (arXiv 2507.09776, after arXiv 2012.13645) for capacitors and charge sharing, ASiM (arXiv 2411.11022) for noise in
//! the converter, the SAR model of CrossSim (after Spear, JXCDC 2023), whose own default of 0.15 for the converter's capacitors
//! leaves no network alive; ours differ as much as those of the cells do.

mod array;
mod charge;
mod converter;
mod noise;
mod ranges;

use serde::{Deserialize, Serialize};

use super::converters::adc_energy;
use crate::error::{Error, Result};
use crate::units::Joules;
pub use array::Array;
pub use ranges::{Range, Ranges, Seen};

/// Boltzmann's constant times 300 K, in joules.
const KT: f64 = 1.380649e-23 * 300.0;

/// Bits of a weight, and of an input.
const BITS: usize = 8;
/// Added to inputs, so that they are not negative.
const OFFSET: i32 = 128;

/// The circuit, the same for every chip of a kind.
///
/// *Source* of the default: cells of about 1 fF as the model of CSNR-ADC has them (28 nm), and four bits of an input for each
/// conversion of eight bits as in Chen, CICC 2022 (65 nm).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default, deny_unknown_fields)]
pub struct Circuit {
    /// Bits of the converters, 1 to 14.
    pub adc_bits: u32,
    /// Bits of an input that one conversion takes, 1 to 8.
    pub dac_bits: usize,
    /// A cell's capacitor in femtofarad.
    pub unit_ff: f64,
    /// Supply in volts.
    pub supply: f64,
    /// Mismatch of capacitors: deviation in percent of one femtofarad; falls with the root of the size.
    pub mismatch_percent: f64,
    /// Noise before the converter, in steps of the converter.
    pub adc_noise: f64,
    /// Mismatch of the converter's own capacitors: deviation of the smallest, in units of itself.
    pub adc_mismatch: f64,
    /// Whether kT/C noise counts.
    pub thermal: bool,
}

impl Default for Circuit {
    fn default() -> Self {
        Self {
            adc_bits: 8,
            dac_bits: 4,
            unit_ff: 1.2,
            supply: 0.8,
            mismatch_percent: 0.664,
            adc_noise: 0.3,
            adc_mismatch: 0.006,
            thermal: true,
        }
    }
}

impl Circuit {
    /// A circuit without a flaw whose converters see every step: it gives the exact product.
    pub fn ideal() -> Self {
        Self {
            adc_bits: 14,
            dac_bits: 1,
            mismatch_percent: 0.0,
            adc_noise: 0.0,
            adc_mismatch: 0.0,
            thermal: false,
            ..Self::default()
        }
    }

    /// The same circuit without a flaw, whose converters see every step of any column: what ranges are chosen with.
    pub fn quiet(&self) -> Self {
        Self { adc_bits: 22, dac_bits: self.dac_bits, ..Self::ideal() }
    }

    /// Slices in which an input passes.
    pub fn slices(&self) -> usize {
        BITS.div_ceil(self.dac_bits.max(1))
    }

    /// The largest number of a slice.
    fn largest(&self) -> f64 {
        f64::from((1u32 << self.dac_bits) - 1)
    }

    /// The last code of a converter.
    fn levels(&self) -> f64 {
        f64::from((1u32 << self.adc_bits) - 1)
    }

    /// Deviation of kT/C noise in a column of `rows` cells, in units of one input step on one cell.
    ///
    /// The parasitic capacitance, `0.3 R C + 2.04 fF`, takes part of the swing.
    fn thermal(&self, rows: f64) -> f64 {
        if !self.thermal {
            return 0.0;
        }
        let (cells, whole) = (self.unit_ff * 1e-15 * rows, self.farads(rows));
        let swing = self.supply * cells / whole;
        libm::sqrt(KT / whole) / swing * rows * self.largest()
    }

    /// Capacitance of a column of `rows` cells, with its parasitics.
    fn farads(&self, rows: f64) -> f64 {
        1.3 * self.unit_ff * 1e-15 * rows + 2.04e-15
    }

    /// Energy of charging a column of `rows` cells from 0 to the supply: what one conversion takes of it at most.
    pub fn charging(&self, rows: usize) -> Joules {
        Joules(self.farads(rows as f64) * self.supply * self.supply)
    }

    /// Energy of one conversion, by the equations that macros are priced with.
    pub fn converting(&self) -> Joules {
        Joules(adc_energy(f64::from(self.adc_bits), self.supply))
    }

    /// Refuses what cannot be built.
    ///
    /// # Errors
    /// `Parameter`, naming the value.
    pub fn check(&self) -> Result<()> {
        let ranges = [
            ("adc_bits", f64::from(self.adc_bits), 1.0, 14.0),
            ("dac_bits", self.dac_bits as f64, 1.0, 8.0),
            ("unit_ff", self.unit_ff, 0.05, 100.0),
            ("supply", self.supply, 0.3, 1.3),
            ("mismatch_percent", self.mismatch_percent, 0.0, 50.0),
            ("adc_noise", self.adc_noise, 0.0, 16.0),
            ("adc_mismatch", self.adc_mismatch, 0.0, 1.0),
        ];
        match ranges.iter().find(|(_, value, low, high)| !(value >= low && value <= high)) {
            Some((name, value, low, high)) => {
                Err(Error::parameter(format!("{name} is {value}; it must lie between {low} and {high}")))
            }
            None => Ok(()),
        }
    }
}

/// One chip of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Chip {
    /// The circuit.
    pub circuit: Circuit,
    /// What makes it this one: capacitors, converters and noise follow from it.
    pub seed: u64,
}

#[cfg(test)]
mod tests;
