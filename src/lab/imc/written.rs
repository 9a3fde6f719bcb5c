//! Networks written by hand, as the page shows what they cost.

use super::card;
use crate::imc::nn::Report;
use crate::report::Figure;
use crate::report::imc::{WrittenLayer, WrittenReport};

/// A report with kinds, bands and sources.
pub fn report(report: &Report) -> WrittenReport {
    let joules = |value: f64, note: &str| card::modelled(value, "J", report.band, note);
    let (alone, around) = ("The macro alone", "With buffers, loading and leakage");
    WrittenReport {
        array: report.macro_name.clone(),
        layers: report
            .layers
            .iter()
            .map(|layer| WrittenLayer {
                name: layer.name.clone(),
                macs: Figure::counted(layer.macs as f64, "1", "Multiply-accumulates"),
                cycles: Figure::counted(layer.cycles as f64, "cycles", "Cycles in the array, loading included"),
                macro_energy: joules(layer.array.0, alone),
                system_energy: joules(layer.system.0, around),
            })
            .collect(),
        macs: Figure::counted(report.macs as f64, "1", "Multiply-accumulates"),
        // As good as the clock is: see the other latencies of the array.
        latency: card::modelled(report.latency.0, "s", 2.0, "Cycles of the array at its clock"),
        macro_energy: joules(report.array.0, alone),
        system_energy: joules(report.system.0, around),
        text: report.to_string(),
    }
}
