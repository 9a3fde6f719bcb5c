//! Time and energy of one inference on a device, layer by layer, and whether the model fits.

use super::classes::{Class, Layer};
use super::device::Device;
use super::fit::{self, Rates};
use super::memory::Memory;
use super::published::{Benchmark, Precision};
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
/// *Units*: seconds and joules for one inference at batch 1 as the file declares it; the energy is that of the device's
/// supply while it computes, without waiting, sensors and radio.
///
/// # Errors
/// `Unsupported`, with the reason in words, where nothing was measured that a prediction could rest on: an operator
/// that Milliwatt does not know, types of weights and activations that no submission used on this device.
///
/// *Source*: [`fit`].
pub fn estimate(model: &Model, device: &'static Device) -> Result<Estimate> {
    let layers = layers(model)?;
    let precision = precision(model)?;
    let fit = fit::fit(device, precision).ok_or_else(|| {
        let types = match precision {
            Precision::Int8 => "int8",
            Precision::Float32 => "float32",
        };
        Error::unsupported(format!("no {types} result was published for {}, so nothing is predicted", device.name))
    })?;
    let clock = device.clock.value;
    let share = |rates: &Rates, layer: &Layer| {
        let features = fit.family.features(layer);
        features[0] * rates.rates[0] + features[1] * rates.rates[1]
    };
    let nodes: Vec<NodeCost> = layers
        .iter()
        .enumerate()
        .map(|(node, layer)| {
            let cycles = Cycles(share(&fit.cycles, layer));
            NodeCost {
                node,
                class: layer.class,
                macs: layer.macs(),
                cycles,
                latency: cycles.at(clock),
                energy: fit.energy.as_ref().map(|rates| Joules(share(rates, layer))),
            }
        })
        .collect();
    let latency = nodes.iter().map(|node| node.latency.0).sum();
    let energy = fit.energy.as_ref().map(|rates| {
        let joules = nodes.iter().filter_map(|node| node.energy).map(|energy| energy.0).sum();
        // On few networks energy may seem to follow more exactly than the time in which it is spent: not believed.
        band(joules, rates.factor.max(fit.cycles.factor), Joules)
    });
    Ok(Estimate {
        device: device.id,
        runtime: fit.submission.runtime,
        latency: band(latency, fit.cycles.factor, Seconds),
        energy,
        nodes,
        published: published(model, &layers, &fit),
        basis: format!(
            "Rates fitted to {}; the band is the worst error on a network left out of the fit. Another runtime takes \
             another time: TFLM's reference kernels took 2 to 7 times as long on the L4R5 as X-CUBE-AI{}",
            fit.submission.label(),
            unpacking(model)
        ),
    })
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

fn band<T>(value: f64, factor: f64, unit: impl Fn(f64) -> T) -> Modelled<T> {
    Modelled { value: unit(value), low: unit(value / factor), high: unit(value * factor) }
}

fn layers(model: &Model) -> Result<Vec<Layer>> {
    let layer = |node| {
        Layer::of(model, node).ok_or_else(|| {
            let place = model.place(node);
            Error::unsupported(format!("{place} is not known here, so time and energy cannot be predicted"))
        })
    };
    (0..model.nodes.len()).map(layer).collect()
}

/// The one precision that all layers with weights share.
fn precision(model: &Model) -> Result<Precision> {
    let mut found = None;
    for (id, node) in model.nodes.iter().enumerate() {
        let dtype = |position: usize| node.input(position).and_then(|id| model.values.get(id)).map(|v| v.dtype);
        let Some(position) = node.op.weights_input() else { continue };
        let data = if matches!(node.op, Op::TransposeConv(_)) { 2 } else { 0 };
        let here = match (dtype(data), dtype(position)) {
            (Some(DType::Int8), Some(DType::Int8)) => Precision::Int8,
            (Some(DType::Float32), Some(DType::Float32)) => Precision::Float32,
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
fn published(model: &Model, layers: &[Layer], fit: &fit::Fit) -> Option<Published> {
    let counts = |(layer, node): &(&Layer, &crate::model::Node)| {
        layer.class != Class::Free && !matches!(node.op, Op::Quantize | Op::Dequantize)
    };
    let counted: Vec<Layer> = layers.iter().zip(&model.nodes).filter(counts).map(|(layer, _)| *layer).collect();
    let benchmark = Benchmark::with_layers(&counted)?;
    let result = fit.submission.result(benchmark)?;
    Some(Published {
        benchmark,
        label: format!("{} ({})", fit.submission.label(), benchmark.name()),
        latency: result.latency(),
        energy: result.energy,
        source: fit.submission.source(benchmark),
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
