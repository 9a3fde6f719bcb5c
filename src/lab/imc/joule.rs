//! Why memory: where a joule of one inference goes, on the processor and in the array, and what moves it.

use super::card;
use crate::cost::classes::{Layer, Work};
use crate::cost::{Device, Estimate};
use crate::error::Result;
use crate::imc::array::{Activity, Macro};
use crate::imc::mapper::{self, Mapping, Options};
use crate::imc::price;
use crate::imc::sram;
use crate::model::Model;
use crate::report::Figure;
use crate::report::imc::{EnergyPart, JouleRow};

/// An int8 multiply and add in joules.
///
/// *Source*: Horowitz, ISSCC 2014, 45 nm: 0.2 pJ and 0.03 pJ. Boards' nodes are mostly not published; 45 nm is near to those that
/// are (90 to 40 nm).
const MULTIPLY_ADD: f64 = 0.23e-12;
/// The node that boards' memories are taken to be made in, in nanometres.
const NODE: f64 = 45.0;

/// A model in an array, and what its data did there.
#[derive(Clone, Copy)]
pub(super) struct ArrayUse<'a> {
    pub(super) array: &'a Macro,
    pub(super) options: &'a Options,
    pub(super) mapping: &'a Mapping,
    pub(super) activity: &'a [Option<Activity>],
}

/// One row for the processor, one for the array on this data, and one for each thing that could be otherwise.
pub(super) fn rows(
    model: &Model,
    used: &ArrayUse<'_>,
    estimate: Option<&Estimate>,
    device: &Device,
) -> Result<Vec<JouleRow>> {
    let mut rows: Vec<JouleRow> =
        estimate.and_then(|estimate| processor(model, estimate, device, used.array.model_bit)).into_iter().collect();
    let mut push = |id: &str, name: &str, used: ArrayUse<'_>| rows.push(in_array(id, name, &used));
    let ArrayUse { array, options, mapping, activity } = *used;
    push("array", "In the array, on this data", *used);
    push("random", "\u{2026} on random data", ArrayUse { activity: &[], ..*used });
    let known = activity.iter().copied().chain(std::iter::repeat(None));
    let quiet: Vec<Option<Activity>> = mapping
        .layers
        .iter()
        .zip(known)
        .map(|(map, activity)| {
            let rows = map.layer.rows().min(array.rows) as f64;
            let Activity { leaf, root } = activity.unwrap_or_else(|| Activity::random(rows));
            Some(Activity { leaf: leaf / 2.0, root: root / 2.0 })
        })
        .collect();
    let name = "\u{2026} with half of the changes, as sparser data has";
    push("sparse", name, ArrayUse { activity: &quiet, ..*used });
    let layers: Vec<_> = mapping.layers.iter().map(|map| map.layer.clone()).collect();
    let four = Options { input_bits: 4, weight_bits: 4, ..options.clone() };
    let mapping_of_four = mapper::map(&layers, array, &four)?;
    let name = "\u{2026} with weights and inputs of 4 bits";
    push("four", name, ArrayUse { options: &four, mapping: &mapping_of_four, ..*used });
    // As many macros as keep all weights.
    if !mapping.resident {
        let count = array.count * mapping.arrays.div_ceil(mapping.capacity.max(1));
        let larger = Macro { count, ..array.clone() };
        let mapping = mapper::map(&layers, &larger, options)?;
        let name = format!("\u{2026} with {count} macros, so that the weights stay");
        push("larger", &name, ArrayUse { array: &larger, mapping: &mapping, ..*used });
    }
    Ok(rows)
}

/// The array's parts in the words that the processor's have too: its own report tells them further apart.
fn in_array(id: &str, name: &str, used: &ArrayUse<'_>) -> JouleRow {
    let ArrayUse { array, options, mapping, activity } = *used;
    let (parts, band) = (price::network(mapping, array, options, activity).parts, price::band(array));
    let part = |part: &str, label: &str, joules: f64, in_macro: bool, note: &str| EnergyPart {
        part: part.into(),
        label: label.into(),
        in_macro,
        energy: card::modelled(joules, "J", band, note),
    };
    let memory = parts.fetch + parts.store + parts.partial + parts.load;
    let mut row = JouleRow {
        id: id.into(),
        name: name.into(),
        parts: vec![
            part(
                ARITHMETIC[0],
                ARITHMETIC[1],
                parts.array().0,
                true,
                "Cells, adders or converters, and the macro's control",
            ),
            part(
                SRAM[0],
                SRAM[1],
                memory,
                false,
                "Buffers of inputs, outputs and partial sums, and loading of weights",
            ),
            part(LEAKAGE[0], LEAKAGE[1], parts.idle, false, "What buffers and arrays leak meanwhile"),
        ],
        total: card::modelled(
            parts.system().0,
            "J",
            band,
            if array.model_bit.is_some() {
                "The array with its buffers, loading and leakage, and what reads the weights that do not stay from where the model is kept"
            } else {
                "The array with its buffers, loading and leakage; no off-chip memory is there"
            },
        ),
        remark: None,
    };
    if array.model_bit.is_some() {
        let note =
            "Weights that do not stay in the array, read from where the model is kept at the stated energy of a bit";
        let energy = card::entered(parts.model, note);
        row.parts.push(EnergyPart { part: MODEL[0].into(), label: MODEL[1].into(), in_macro: false, energy });
    }
    row
}

const ARITHMETIC: [&str; 2] = ["arithmetic", "Arithmetic"];
const SRAM: [&str; 2] = ["sram", "SRAM"];
const LEAKAGE: [&str; 2] = ["leakage", "Leakage"];
const CLOCKS: [&str; 2] = ["clocks", "Clocks while nothing is computed"];
const MODEL: [&str; 2] = ["model", "Flash or DRAM that keeps the model"];
const REST: [&str; 2] = ["rest", "Instructions and flash"];

/// What published figures tell apart of a processor's energy: arithmetic, and reading and writing numbers; what the chip takes with
/// its clocks off, and with its clocks on and nothing to do, for as long as the inference lasts. The rest is what fetches
/// instructions and reads weights from flash, which no source separates: flash stands apart where the energy of a bit is given.
fn processor(model: &Model, estimate: &Estimate, device: &Device, model_bit: Option<f64>) -> Option<JouleRow> {
    let total = estimate.energy?;
    let mut sum = Work::default();
    for node in 0..model.nodes.len() {
        let work = Layer::of(model, node)?.work();
        sum.macs += work.macs;
        sum.fetched += work.fetched;
        sum.moved += work.moved;
    }
    let kib = device.ram.as_ref().map_or(256.0, |ram| ram.value.0 as f64 / 1024.0);
    let seconds = estimate.latency.value.0;
    let factor = total.high.0 / total.value.0;
    // No part takes more than what those before it leave.
    let mut left = total.value.0;
    let mut parts = Vec::new();
    let mut push = |[part, label]: [&str; 2], joules: f64, factor: f64, note: &str, source: &str| {
        let joules = joules.min(left);
        left -= joules;
        let energy = Figure::modelled(joules, "J", (joules / factor, joules * factor), note, source);
        parts.push(EnergyPart { part: part.into(), label: label.into(), in_macro: false, energy });
    };
    let horowitz = "Horowitz, ISSCC 2014: 0.23 pJ at 45 nm; the node of the board is taken to be that";
    push(ARITHMETIC, sum.macs as f64 * MULTIPLY_ADD, 3.0, "Multiply-accumulates alone", horowitz);
    let memory = sram::bits(8.0 * (sum.fetched + sum.moved) as f64, kib.min(1024.0), NODE).0;
    let cacti = "CACTI 7, 45 nm, low operating power, one bank as large as the board's RAM";
    push(SRAM, memory, 3.0, "Each number read or written once where it is needed: a lower bound", cacti);
    let stopped = device.stop_power.as_ref();
    if let Some(stop) = stopped {
        let note = "Power with all clocks off and all of RAM kept, for as long as the inference lasts: at least, because the \
                    supply of the logic is lower then";
        push(LEAKAGE, stop.value.0 * seconds, factor, note, stop.source);
    }
    let waiting = device.listening_power();
    if let Some(power) = waiting {
        let label =
            if stopped.is_some() { CLOCKS } else { [CLOCKS[0], "Clocks while nothing is computed, and leakage"] };
        let leaks = stopped.map_or(0.0, |stop| stop.value.0);
        let note = "Power of waiting with clocks on between two frames of a stream, for as long as the inference lasts";
        let source = "derived from its MLPerf Tiny streaming result and its other results";
        push(label, (power.0 - leaks).max(0.0) * seconds, factor, note, source);
    }
    let weights: usize = model.values.iter().filter_map(|value| value.data.as_ref()).map(|data| data.len()).sum();
    if let Some(bit) = model_bit {
        let note = "Each weight read once from where the model is kept, at the stated energy of a bit: a lower bound";
        push(MODEL, 8e-12 * weights as f64 * bit, 1.0, note, "the energy of a bit as it was entered");
    }
    push(
        [REST[0], if model_bit.is_some() { "Instructions" } else { REST[1] }],
        f64::INFINITY,
        factor,
        "What is left of the modelled energy: no published figure separates it further",
        &estimate.basis,
    );
    let leakage = match (stopped, waiting) {
        (Some(_), _) => "",
        (None, Some(_)) => " Leakage by itself is not published for it, and stands with the clocks.",
        (None, None) => " Leakage and clocks are not published for it, and stand with the instructions.",
    };
    let kib = libm::ceil(weights as f64 / 1024.0);
    let kept = match model_bit {
        Some(bit) => format!(
            "{kib:.0} KiB of weights are read from where the model is kept at least once, at the {} pJ for a bit that were entered.",
            bit
        ),
        None => format!(
            "No DRAM is counted: what runs on {} lies on the chip. What its flash takes is not published: {kib:.0} KiB of weights are \
             read from where the model is kept at least once, which stands with the instructions.",
            device.name
        ),
    };
    let remark = format!("{kept}{leakage}");
    Some(JouleRow {
        id: "processor".into(),
        name: format!("On {}", device.name),
        parts,
        total: Figure::modelled(
            total.value.0,
            "J",
            (total.low.0, total.high.0),
            "By rates fitted to its MLPerf Tiny results",
            estimate.basis.clone(),
        ),
        remark: Some(remark),
    })
}
