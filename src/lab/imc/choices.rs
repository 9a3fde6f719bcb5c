//! The array beside the processor: whole networks on either, and each layer where it costs less.

use super::card;
use crate::cost::{Device, Estimate};
use crate::imc::array::Macro;
use crate::imc::mapper::{LayerMap, Mapping};
use crate::imc::price::Cost;
use crate::report::Figure;
use crate::report::imc::{CostRow, ImcLayer};

/// A layer on the processor.
pub(super) fn on_processor(map: &LayerMap, estimate: Option<&Estimate>, device: &Device) -> CostRow {
    let node = estimate.and_then(|estimate| estimate.nodes.iter().find(|node| node.node == map.layer.node));
    let figure = |value: f64, unit: &str| estimate.map(|estimate| processor(value, unit, estimate));
    CostRow {
        id: device.id.into(),
        name: device.name.into(),
        latency: node.and_then(|node| figure(node.latency.0, "s")),
        energy: node.and_then(|node| node.energy).and_then(|energy| figure(energy.0, "J")),
    }
}

fn processor(value: f64, unit: &str, estimate: &Estimate) -> Figure {
    let factor = match (unit, &estimate.energy) {
        ("J", Some(energy)) => energy.high.0 / energy.value.0,
        _ => estimate.latency.high.0 / estimate.latency.value.0,
    };
    let note = "On the processor, by rates fitted to its MLPerf Tiny results";
    Figure::modelled(value, unit, (value / factor, value * factor), note, estimate.basis.clone())
}

/// Everything on the processor; everything that fits in the array; each layer where it costs less energy.
pub(super) fn choices(
    rows: &[ImcLayer],
    costs: &[Cost],
    band: f64,
    estimate: Option<&Estimate>,
    device: &Device,
) -> Vec<CostRow> {
    let row = |id: &str, name: String, latency: Option<Figure>, energy: Option<Figure>| CostRow {
        id: id.into(),
        name,
        latency,
        energy,
    };
    let whole = estimate.map(|estimate| {
        let latency = processor(estimate.latency.value.0, "s", estimate);
        let energy = estimate.energy.map(|energy| processor(energy.value.0, "J", estimate));
        row("processor", format!("Everything on {}", device.name), Some(latency), energy)
    });
    let mut choices: Vec<CostRow> = whole.into_iter().collect();
    for (id, name) in [
        ("macro", format!("Layers with weights in the array, the rest on {}", device.name)),
        ("better", "Each layer where it costs less energy".to_owned()),
    ] {
        let (mut latency, mut energy) = ([0.0; 3], [0.0; 3]);
        let mut known = estimate.is_some();
        for (at, layer) in rows.iter().enumerate() {
            let stays = id == "better" && layer.better == "processor";
            match (stays, &layer.processor.latency, &layer.processor.energy) {
                (true, Some(time), Some(joules)) => {
                    add(&mut latency, time);
                    add(&mut energy, joules);
                }
                _ => {
                    add(&mut latency, &layer.latency);
                    let system = costs[at].parts.system().0;
                    add(&mut energy, &card::modelled(system, "J", band, ""));
                }
            }
        }
        // What has no weights stays on the processor in either case.
        if let Some(estimate) = estimate {
            for node in estimate.nodes.iter().filter(|node| !rows.iter().any(|row| row.node as usize == node.node)) {
                add(&mut latency, &processor(node.latency.0, "s", estimate));
                match node.energy {
                    Some(joules) => add(&mut energy, &processor(joules.0, "J", estimate)),
                    None => known = false,
                }
            }
        }
        let note = if known {
            "The array with its buffers, and the processor for the layers that stay there; the processor's waiting is not counted"
        } else {
            "The array with its buffers only: nothing was published that the processor's share could rest on"
        };
        let figure = |[value, low, high]: [f64; 3], unit| Figure::modelled(value, unit, (low, high), note, card::BASIS);
        choices.push(row(id, name, Some(figure(latency, "s")), Some(figure(energy, "J"))));
    }
    choices
}

fn add([value, low, high]: &mut [f64; 3], figure: &Figure) {
    *value += figure.value;
    *low += figure.low.unwrap_or(figure.value);
    *high += figure.high.unwrap_or(figure.value);
}

/// What the report shows, in sentences.
pub(super) fn findings(
    mapping: &Mapping,
    total: &Cost,
    rows: &[ImcLayer],
    choices: &[CostRow],
    array: &Macro,
    macs: u64,
) -> Vec<String> {
    let mut findings = Vec::new();
    let loading: u64 = mapping.layers.iter().map(|map| map.load_cycles).sum();
    if mapping.resident {
        findings.push(format!(
            "All weights stay in the array: they take {} of its {} fillings, so that nothing is loaded between inferences",
            mapping.arrays, mapping.capacity
        ));
    } else {
        findings.push(format!(
            "The weights take {} fillings of an array that has {}: they are loaded for every inference, which takes {:.0} % of \
             the cycles and {:.0} % of the energy",
            mapping.arrays,
            mapping.capacity,
            100.0 * loading as f64 / mapping.cycles().max(1) as f64,
            100.0 * (total.parts.load + total.parts.model) / total.parts.system().0.max(1e-30)
        ));
    }
    let (alone, around) = (total.parts.array().0, total.parts.system().0);
    findings.push(format!(
        "The macro alone does {:.1} TOPS/W on this model, with what surrounds it {:.1}: {:.1} times less",
        2e-12 * macs as f64 / alone.max(1e-30),
        2e-12 * macs as f64 / around.max(1e-30),
        around / alone.max(1e-30)
    ));
    let stay: Vec<&str> = rows.iter().filter(|row| row.better == "processor").map(|row| row.name.as_str()).collect();
    if !stay.is_empty() {
        findings.push(format!("{} of {} layers cost less on the processor", stay.len(), rows.len()));
    }
    let energy = |id: &str| choices.iter().find(|row| row.id == id).and_then(|row| row.energy.as_ref());
    if let (Some(processor), Some(better)) = (energy("processor"), energy("better")) {
        findings.push(format!(
            "With the array the model takes {:.1} times less energy than on the processor alone; with the bands at their ends, \
             {:.1} to {:.0} times",
            processor.value / better.value,
            processor.low.unwrap_or(0.0) / better.high.unwrap_or(f64::INFINITY),
            processor.high.unwrap_or(0.0) / better.low.unwrap_or(f64::INFINITY)
        ));
    }
    if !array.digital {
        findings.push("An analog macro is priced here as if every row of a column in use burned, as it does".into());
    }
    findings
}
