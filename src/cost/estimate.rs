//! Time and energy of one inference on a device, layer by layer, and whether the model fits.

use super::budget::number;
use super::carried;
use super::classes::{Class, Layer};
use super::device::Device;
use super::fit::{self, Band, Family, Rates};
use super::memory::Memory;
use super::published::{Benchmark, Precision, Submission};
use crate::error::{Error, Result};
use crate::model::{Model, NodeId, Op};
use crate::tensor::DType;
use crate::units::{Bytes, Cycles, Joules, Macs, Seconds};

/// A number from a model, with the band that its held-out errors give.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Modelled<T> {
    /// The prediction.
    pub value: T,
    /// The lower end of the band.
    pub low: T,
    /// The upper end of the band.
    pub high: T,
}

/// One inference of a model on a device.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The device's identifier.
    pub device: &'static str,
    /// The runtime whose measurements the figures rest on.
    pub runtime: &'static str,
    /// The time of one inference.
    pub latency: Modelled<Seconds>,
    /// The energy of one inference, where energies were published.
    pub energy: Option<Modelled<Joules>>,
    /// Every node, in execution order.
    pub nodes: Vec<NodeCost>,
    /// The measurement of the same network on the same board, where there is one.
    pub published: Option<Published>,
    /// What the figures rest on and leave out, in words.
    pub basis: String,
}

/// One node's share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NodeCost {
    /// The node.
    pub node: NodeId,
    /// Its kind.
    pub class: Class,
    /// Its multiply-accumulates.
    pub macs: Macs,
    /// Its clock cycles.
    pub cycles: Cycles,
    /// Its time.
    pub latency: Seconds,
    /// Its energy.
    pub energy: Option<Joules>,
}

/// A measurement of one of MLPerf Tiny's networks.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The network.
    pub benchmark: Benchmark,
    /// Round, submitter, system and runtime.
    pub label: String,
    /// The measured time of one inference.
    pub latency: Seconds,
    /// The measured energy of one inference.
    pub energy: Option<Joules>,
    /// The result file.
    pub source: String,
}

/// Predicts the time and energy of one inference.
///
/// The runtime is that of the board's own submission, which is not the one that the file is written for: see
/// [`tflm`](mod@super::tflm). Float networks on a board without float results rest on those of [`carried`].
///
/// *Units*: seconds and joules for one inference at batch 1 as the file declares it; the energy is that of the device's
/// supply while it computes, without waiting, sensors and radio.
///
/// # Errors
/// `Unsupported`, with the reason in words, for what TFLM does not run (an unknown operator, float activations with
/// integer weights), and where nothing was measured that a prediction could rest on.
///
/// *Source*: [`fit`].
pub fn estimate(model: &Model, device: &'static Device) -> Result<Estimate> {
    let layers = layers(model)?;
    let precision = precision(model)?;
    let basis = Basis::of(device, precision).ok_or_else(|| {
        let types = match precision {
            Precision::Int8 => "int8",
            Precision::Float32 => "float32",
        };
        Error::unsupported(format!(
            "no {types} result was published for {} or for a board that results relate it to, so nothing is predicted",
            device.name
        ))
    })?;
    let clock = device.clock.value;
    let share = |rates: &Rates, layer: &Layer| {
        let features = device.family.features(layer);
        features[0] * rates.rates[0] + features[1] * rates.rates[1]
    };
    let power = device.active_power().filter(|_| basis.energy.is_none() && device.family == Family::Core);
    let nodes: Vec<NodeCost> = layers
        .iter()
        .enumerate()
        .map(|(node, layer)| {
            let cycles = Cycles(share(&basis.cycles, layer));
            let latency = cycles.at(clock);
            let spent = power.map(|power| Joules(latency.0 * power.value.0));
            let fitted = basis.energy.as_ref().map(|rates| Joules(share(rates, layer)));
            NodeCost { node, class: layer.class, macs: layer.macs(), cycles, latency, energy: fitted.or(spent) }
        })
        .collect();
    let latency = nodes.iter().map(|node| node.latency.0).sum();
    let joules: Option<f64> = nodes.iter().map(|node| Some(node.energy?.0)).sum();
    let energy_band = power.map_or(basis.energy_band, |power| basis.time_band.times(Band::even(power.factor)));
    Ok(Estimate {
        device: device.id,
        runtime: basis.runtime,
        latency: spread(latency, basis.time_band, Seconds),
        energy: joules
            .filter(|_| power.is_some() || basis.energy.is_some())
            .map(|joules| spread(joules, energy_band, Joules)),
        nodes,
        published: basis.submission.and_then(|submission| published(model, &layers, submission)),
        basis: format!("{}{}{}", basis.words, if power.is_some() { POWER } else { "" }, unpacking(model)),
    })
}

const POWER: &str = ". No float energy was published: it is the time at the board's mean power in its int8 results, and its band is that of \
                     the time with the spread of that power";

/// What a prediction rests on.
struct Basis {
    runtime: &'static str,
    cycles: Rates,
    energy: Option<Rates>,
    time_band: Band,
    energy_band: Band,
    submission: Option<&'static Submission>,
    words: String,
}

impl Basis {
    /// The device's own results of a precision, or float results of other boards.
    fn of(device: &Device, precision: Precision) -> Option<Self> {
        if let Some(fit) = fit::fit(device, precision) {
            let time_band = fit.time_band();
            return Some(Self {
                runtime: fit.submission.runtime,
                words: own_words(&fit),
                energy_band: fit.energy_band().unwrap_or(time_band),
                time_band,
                submission: Some(fit.submission),
                cycles: fit.cycles,
                energy: fit.energy,
            });
        }
        let carried = (precision == Precision::Float32).then(|| carried::carried(device)).flatten()?;
        Some(Self {
            runtime: carried::RUNTIME,
            words: format!(
                "No float result was published for this board: those of {} are carried to it by how the boards differ in int8, \
                 which predicted float results that were left out within {:.0} %; the band holds float results of other runtimes, \
                 too",
                carried.boards.join(" and "),
                100.0 * (carried.held_out - 1.0)
            ),
            time_band: carried.band,
            energy_band: carried.band,
            submission: None,
            cycles: carried.cycles,
            energy: None,
        })
    }
}

fn own_words(fit: &fit::Fit) -> String {
    let label = fit.submission.label();
    match fit.elsewhere {
        Some(elsewhere) => format!(
            "Rates fitted to {label}, a build tuned for a benchmark. The band holds each of its networks left out of the fit, and {} \
             on this core that no fit has seen, which took {} to {} times the prediction ({} in the median)",
            if elsewhere.results == 1 { "one result".into() } else { format!("{} results", elsewhere.results) },
            number(1.0 / elsewhere.band.below),
            number(elsewhere.band.above),
            number(elsewhere.median)
        ),
        None => format!("Rates fitted to {label}; the band is the worst error on a network left out of the fit"),
    }
}

/// What is left out for a model with packed weights; nothing for others.
fn unpacking(model: &Model) -> String {
    let read = |node: &crate::model::Node| -> usize {
        let values = node.inputs.iter().flatten().filter_map(|&id| model.values.get(id));
        values.filter(|value| value.encoding.is_some()).map(|value| value.elements()).sum()
    };
    match model.nodes.iter().map(read).sum() {
        0 => String::new(),
        elements => format!(
            ". Left out is the unpacking of {elements} packed weights at each inference: nothing was published that it \
             could be fitted to"
        ),
    }
}

/// A value with its band.
pub(super) fn spread<T>(value: f64, band: Band, unit: impl Fn(f64) -> T) -> Modelled<T> {
    Modelled { value: unit(value), low: unit(value / band.below), high: unit(value * band.above) }
}

/// Every layer as what it asks of a processor.
pub(super) fn layers(model: &Model) -> Result<Vec<Layer>> {
    let layer = |node| {
        Layer::of(model, node).ok_or_else(|| {
            let place = model.place(node);
            Error::unsupported(format!("{place} is no operator that TFLM runs, so no time or energy is given"))
        })
    };
    (0..model.nodes.len()).map(layer).collect()
}

/// The one precision that all layers with weights share.
pub(super) fn precision(model: &Model) -> Result<Precision> {
    let mut found = None;
    for (id, node) in model.nodes.iter().enumerate() {
        let dtype = |position: usize| node.input(position).and_then(|id| model.values.get(id)).map(|v| v.dtype);
        let Some(position) = node.op.weights_input() else { continue };
        let data = if matches!(node.op, Op::TransposeConv(_)) { 2 } else { 0 };
        let here = match (dtype(data), dtype(position)) {
            (Some(DType::Int8), Some(DType::Int8)) => Precision::Int8,
            (Some(DType::Float32), Some(DType::Float32)) => Precision::Float32,
            (Some(DType::Float32), Some(weights)) => {
                return Err(Error::unsupported(format!(
                    "{} has float32 activations and {weights} weights, which TFLM does not run, so no time or energy is given: \
                     quantize the activations, too",
                    model.place(id)
                )));
            }
            (Some(activations), Some(weights)) => {
                return Err(Error::unsupported(format!(
                    "{} has {activations} activations and {weights} weights, for which no result was published",
                    model.place(id)
                )));
            }
            _ => return Err(Error::format(format!("{} lacks an input or its weights", model.place(id)))),
        };
        if found.is_some_and(|before| before != here) {
            let place = model.place(id);
            return Err(Error::unsupported(format!("{place} has another type than the layers before it")));
        }
        found = Some(here);
    }
    let first = || model.inputs.first().and_then(|&id| model.values.get(id)).map(|value| value.dtype);
    Ok(found.unwrap_or(if first() == Some(DType::Float32) { Precision::Float32 } else { Precision::Int8 }))
}

/// The published result, if the layers are those of a reference network. Conversions at the border are looked over.
fn published(model: &Model, layers: &[Layer], submission: &Submission) -> Option<Published> {
    let counts = |(layer, node): &(&Layer, &crate::model::Node)| {
        layer.class != Class::Free && !matches!(node.op, Op::Quantize | Op::Dequantize)
    };
    let counted: Vec<Layer> = layers.iter().zip(&model.nodes).filter(counts).map(|(layer, _)| *layer).collect();
    let benchmark = Benchmark::with_layers(&counted)?;
    let result = submission.result(benchmark)?;
    Some(Published {
        benchmark,
        label: format!("{} ({})", submission.label(), benchmark.name()),
        latency: result.latency(),
        energy: result.energy,
        source: submission.source(benchmark),
    })
}

/// Whether a model fits a device.
#[derive(Debug, Clone, PartialEq)]
pub struct Fits {
    /// Whether the file fits the flash; `None` where the flash is not known.
    pub flash: Option<bool>,
    /// Whether the arena fits the RAM; `None` where the RAM is not known.
    pub ram: Option<bool>,
    /// The same in words: "fits", "RAM 12.0 KiB short".
    pub sentence: String,
}

impl Fits {
    /// Whether nothing that is known speaks against it.
    pub fn all(&self) -> bool {
        self.flash != Some(false) && self.ram != Some(false)
    }
}

/// Compares a model's file and arena with a device's memories.
///
/// The program itself, the runtime and the application, also needs flash and RAM: tens of KiB of each, not counted.
pub fn fits(file: Bytes, memory: &Memory, device: &Device) -> Fits {
    let arena = memory.total_bytes();
    let enough = |need: Bytes, have: Option<Bytes>| have.map(|have| need.0 <= have.0);
    let (flash, ram) = (device.flash.map(|fact| fact.value), device.ram.map(|fact| fact.value));
    let mut words = Vec::new();
    for (name, need, have) in [("flash", file, flash), ("RAM", arena, ram)] {
        match have {
            Some(have) if need.0 > have.0 => words.push(format!("{name} {} short", kib(need.0 - have.0))),
            Some(_) => {}
            None => words.push(format!("{name} size unknown")),
        }
    }
    let (flash_ok, ram_ok) = (enough(file, flash), enough(arena, ram));
    let all = flash_ok != Some(false) && ram_ok != Some(false);
    let sentence = match (all, words.is_empty()) {
        (true, true) => "fits".into(),
        (true, false) => format!("fits; {}", words.join(", ")),
        (false, _) => words.join(", "),
    };
    Fits { flash: flash_ok, ram: ram_ok, sentence }
}

fn kib(bytes: u64) -> String {
    format!("{:.1} KiB", bytes as f64 / 1024.0)
}

#[cfg(test)]
mod tests;
