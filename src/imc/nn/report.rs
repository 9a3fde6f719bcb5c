//! What a network written here costs in the array.

use std::fmt;

use crate::imc::fitted;
use crate::units::{Joules, Seconds};

/// One layer in the report.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerReport {
    /// Its operator.
    pub name: String,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Cycles in the array, weights loaded where they do not stay.
    pub cycles: u64,
    /// Energy of the macro alone.
    pub array: Joules,
    /// Energy with buffers, weights and leakage.
    pub system: Joules,
}

/// What one inference costs in the array.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The macro.
    pub macro_name: String,
    /// Layer by layer.
    pub layers: Vec<LayerReport>,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Time.
    pub latency: Seconds,
    /// Energy of the macro alone.
    pub array: Joules,
    /// Energy with buffers, weights and leakage.
    pub system: Joules,
    /// Factor of the band around both energies.
    pub band: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} (modelled; half of the chips left out are within x{:.1}, nine tenths within x{:.0})",
            self.macro_name,
            fitted::DIGITAL_ERRORS.median,
            self.band
        )?;
        for layer in &self.layers {
            let (array, system) = (layer.array.0 * 1e9, layer.system.0 * 1e9);
            writeln!(
                f,
                "  {:<18} {:>9} MACs {:>7} cycles {array:>9.2} nJ macro {system:>9.2} nJ system",
                layer.name, layer.macs, layer.cycles
            )?;
        }
        let (array, system) = (self.array.0 * 1e9, self.system.0 * 1e9);
        write!(
            f,
            "  {:<18} {:>9} MACs {:>9.1} us {array:>11.2} nJ macro {system:>9.2} nJ system",
            "total",
            self.macs,
            self.latency.0 * 1e6
        )
    }
}
