//! Figures of the array: each with its kind, band and source.

use crate::error::Result;
use crate::imc::array::{Activity, Label, Macro};
use crate::imc::fitted;
use crate::imc::mapper::pack::Placement;
use crate::imc::price::{self, Cost, Parts};
use crate::report::Figure;
use crate::report::imc::{EnergyPart, MacroCard, PlacedTile};

/// What energies of the array rest on.
pub const BASIS: &str =
    "published equations (ZigZag-IMC, arXiv 2405.14978) with constants fitted to published silicon, held out by chip";

/// A figure of the cost model with its band, a factor.
pub(super) fn modelled(value: f64, unit: &str, factor: f64, note: &str) -> Figure {
    Figure::modelled(value, unit, (value / factor, value * factor), note, BASIS)
}

/// A figure that rests on the energy of a bit that somebody entered, whose band nobody knows.
pub(super) fn entered(joules: f64, note: &str) -> Figure {
    Figure::modelled(joules, "J", (joules, joules), note, "the energy of a bit as it was entered")
}

pub(super) fn share(value: f64) -> Figure {
    Figure::counted(100.0 * value, "%", "Share of cells times cycles that do work")
}

pub(super) fn activity(activity: Activity, items: usize) -> Figure {
    let note = "Changes of one-bit products for each cell in use and cycle; random bits give 0.25";
    Figure::measured(activity.leaf, "1", None, items, note)
}

/// Cycles at the macro's clock.
pub(super) fn latency(cycles: u64, array: &Macro) -> Figure {
    let seconds = cycles as f64 / array.clock.0;
    let note = "Cycles of the array at its clock, by the published delay equations where the clock is not published";
    // Published clocks against the equations: see the validation report; twice either way is what they are good for.
    modelled(seconds, "s", 2.0, note)
}

/// The macro's figure, and the system's.
pub(super) fn efficiency(macs: u64, total: &Cost, band: f64) -> [Figure; 2] {
    let of = |joules: f64| 2e-12 * macs as f64 / joules.max(1e-30);
    [
        modelled(
            of(total.parts.array().0),
            "TOPS/W",
            band,
            "The macro alone, as papers report it; one multiply-accumulate is two operations",
        ),
        modelled(
            of(total.parts.system().0),
            "TOPS/W",
            band,
            "With buffers, loading of weights and leakage; no processor, and flash or DRAM only where a bit's energy is entered",
        ),
    ]
}

/// Where an energy goes; parts that are zero are there too, but for a memory whose energy is not known.
pub(super) fn parts(parts: &Parts, band: f64) -> Vec<EnergyPart> {
    parts
        .named()
        .into_iter()
        .filter(|&(part, joules)| part != "model" || joules > 0.0)
        .map(|(part, joules)| {
            let (label, note) = words(part);
            EnergyPart {
                part: part.into(),
                label: label.into(),
                in_macro: matches!(part, "compute" | "convert"),
                energy: if part == "model" { entered(joules, note) } else { modelled(joules, "J", band, note) },
            }
        })
        .collect()
}

fn words(part: &str) -> (&'static str, &'static str) {
    match part {
        "fetch" => ("Fetch", "Inputs read from their buffer, once for each tile that they pass"),
        "compute" => ("Compute", "Cells, adders, accumulators and the macro's control"),
        "convert" => ("Convert", "Driving rows and reading columns of an analog macro"),
        "store" => ("Store", "Outputs written to their buffer"),
        "partial" => ("Partial sums", "Sums of tiles that do not fit one array, written and read again"),
        "model" => (
            "Flash or DRAM",
            "Weights that do not stay, read from where the model is kept at the energy that was entered",
        ),
        "load" => (
            "Load weights",
            "Weights written into the array where they do not stay, and read from an SRAM that keeps them",
        ),
        _ => ("Idle", "What buffers and arrays leak meanwhile"),
    }
}

pub(super) fn placements(placements: &[Placement]) -> Vec<PlacedTile> {
    let tile = |placed: &Placement| PlacedTile {
        layer: placed.layer as u32,
        tile: placed.tile as u32,
        array: placed.array as u32,
        row: placed.row as u32,
        output: placed.output as u32,
        rows: placed.block.rows as u32,
        outputs: placed.block.outputs as u32,
    };
    placements.iter().map(tile).collect()
}

/// A macro as it is shown.
pub fn array_card(array: &Macro) -> MacroCard {
    let errors = fitted::errors(array.digital);
    let (label, sentence) = match &array.label {
        Label::Calibrated { points: 1, .. } => (
            "calibrated",
            "Its constant is fitted to its only published point, so that no residual can be shown".to_owned(),
        ),
        Label::Calibrated { residual, points, .. } => (
            "calibrated",
            format!("Its constant is fitted to its {points} published points; the largest residual is x{residual:.2}"),
        ),
        Label::Predicted => (
            "predicted",
            format!(
                "Its constant is that of all published chips. Chips left out of the fit were off by x{:.2} in the median, x{:.1} at \
                 the 90th percentile and x{:.1} at worst (n = {})",
                errors.median, errors.p90, errors.worst, errors.points
            ),
        ),
    };
    let note = "By the published area equations, without buffers; not fitted to anything here";
    MacroCard {
        id: array.id.clone(),
        name: array.name.clone(),
        label: label.into(),
        sentence,
        digital: array.digital,
        rows: array.rows as u32,
        columns: array.columns as u32,
        bits_per_cycle: array.bits_per_cycle as u32,
        sets: array.sets as u32,
        count: array.count as u32,
        node: array.node,
        supply: array.supply,
        write_bits: array.write_bits as u32,
        ping_pong: array.ping_pong,
        adc_bits: array.adc_bits,
        clock: modelled(array.clock.0, "Hz", 2.0, "Published, or by the delay equations where it is not"),
        capacity: Figure::counted(array.capacity_bytes() as f64, "B", "Weights that all sets of all macros keep"),
        area: modelled(array.area_mm2(), "mm2", 3.0, note),
        mac_energy: modelled(
            array.joules_per_mac(8, 8).0,
            "J",
            price::band(array),
            "An 8-bit multiply-accumulate on random data, the whole array in use",
        ),
    }
}

/// Every preset as a card.
///
/// # Errors
/// Those of reading the frozen table.
pub fn macros() -> Result<Vec<MacroCard>> {
    Ok(Macro::presets()?.iter().map(array_card).collect())
}
