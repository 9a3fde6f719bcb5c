//! Putting the report together from counts, costs and measurements.

use super::arena::Arenas;
use super::layers;
use crate::audio::counts::Operations;
use crate::audio::normalize::price::Numbers;
use crate::compress::recipe::Recipe;
use crate::cost::budget::Features;
use crate::cost::{self, Device, Estimate, Load, Modelled, Runtime, Surroundings};
use crate::error::{Error, Result};
use crate::metrics::SignalNoise;
use crate::model::{Model, NodeId, ValueId, counts};
use crate::report::{
    DeviceRow, EvaluationReport, Figure, FlashPart, LayerRow, ModelCard, PublishedRow, Report, RuntimeRow, Strip,
    VERSION,
};
use crate::units::{Bytes, Hertz, Watts};

/// What a report is made of.
pub struct Parts<'a> {
    pub original: &'a Model,
    pub candidate: &'a Model,
    pub file: &'a [u8],
    pub card: &'a ModelCard,
    pub recipe: &'a Recipe,
    pub remarks: &'a [String],
    pub evaluation: Option<EvaluationReport>,
    pub layers: &'a [Option<layers::Distance>],
    pub layer_samples: usize,
    pub device: &'a str,
    pub rate_hz: f64,
}

/// The report of one side.
///
/// # Errors
/// `Parameter` for a device that does not exist or a rate that is not positive.
pub fn report(parts: &Parts) -> Result<Report> {
    let chosen = cost::device::find(parts.device).ok_or_else(|| {
        let ids: Vec<&str> = cost::devices().iter().map(|device| device.id).collect();
        Error::parameter(format!("no device is called {:?}; there are {}", parts.device, ids.join(", ")))
    })?;
    if !(parts.rate_hz.is_finite() && parts.rate_hz > 0.0) {
        return Err(Error::parameter(format!("a rate of {} inferences each second is not possible", parts.rate_hz)));
    }
    let arenas = Arenas::of(parts.candidate);
    // A model that cannot be estimated (an unknown operator) still has its bytes.
    let estimate = price(parts, cost::estimate, chosen).ok();
    let tflm = price(parts, cost::tflm, chosen).ok();
    Ok(Report {
        version: VERSION,
        recipe: parts.recipe.clone(),
        remarks: parts.remarks.to_vec(),
        model: parts.card.clone(),
        device: chosen.id.into(),
        rate_hz: parts.rate_hz,
        strip: Strip {
            flash: Figure::counted(
                parts.file.len() as f64,
                "B",
                "The whole model file; the runtime and your program come on top",
            ),
            ram: arenas.figure(Runtime::Reference),
            ram_cmsis_nn: arenas.figure(Runtime::CmsisNn),
            score: parts.evaluation.as_ref().and_then(|evaluation| evaluation.score.clone()),
            latency: estimate.as_ref().map(|estimate| latency(estimate, chosen)),
            energy: estimate.as_ref().and_then(|estimate| energy(estimate, chosen)),
            latency_tflm: tflm.as_ref().map(|tflm| time_figure(&tflm.into(), chosen, &tflm.basis)),
            energy_tflm: tflm.as_ref().and_then(|tflm| energy_figure(&tflm.into(), chosen, &tflm.basis)),
            agreement: parts.evaluation.as_ref().and_then(|evaluation| evaluation.agreement.clone()),
        },
        flash: flash(parts.candidate, parts.file)?,
        memory: arenas.report(),
        devices: cost::devices().iter().map(|device| device_row(parts, &arenas, device)).collect(),
        layers: layer_rows(parts, estimate.as_ref(), chosen),
        evaluation: parts.evaluation.clone(),
    })
}

fn band<T: Copy>(modelled: &Modelled<T>, number: impl Fn(T) -> f64) -> (f64, (f64, f64)) {
    (number(modelled.value), (number(modelled.low), number(modelled.high)))
}

/// What a model costs, unless it does not run here: then no device gets a figure, and all say why.
fn price<T>(parts: &Parts, with: fn(&Model, &'static Device) -> Result<T>, device: &'static Device) -> Result<T> {
    match &parts.card.blocked {
        Some(blocked) => {
            Err(Error::unsupported(format!("No time or energy is given for a file that does not run: {blocked}")))
        }
        None => with(parts.candidate, device),
    }
}

fn latency(estimate: &Estimate, device: &Device) -> Figure {
    time_figure(&estimate.into(), device, &estimate.basis)
}

fn energy(estimate: &Estimate, device: &Device) -> Option<Figure> {
    energy_figure(&estimate.into(), device, &estimate.basis)
}

fn time_figure(load: &Load<'_>, device: &Device, basis: &str) -> Figure {
    let (value, band) = band(&load.latency, |seconds| seconds.0);
    let note = format!("One inference on {} with {}, without the front end", device.name, load.runtime);
    Figure::modelled(value, "s", band, note, basis)
}

fn energy_figure(load: &Load<'_>, device: &Device, basis: &str) -> Option<Figure> {
    let (value, band) = band(load.energy.as_ref()?, |joules| joules.0);
    let note = format!(
        "One inference on {} with {}: the device's supply while it computes, nothing between",
        device.name, load.runtime
    );
    Some(Figure::modelled(value, "J", band, note, basis))
}

fn flash(model: &Model, file: &[u8]) -> Result<Vec<FlashPart>> {
    Ok(cost::flash(model, file)?
        .parts()
        .into_iter()
        .map(|(part, sentence, bytes)| FlashPart {
            part: part.into(),
            sentence: sentence.into(),
            bytes: Figure::counted(bytes.0 as f64, "B", sentence),
        })
        .collect())
}

/// Whether a model fits, as far as its arena is known, and the same in words.
fn fits(file: &[u8], arenas: &Arenas, device: &Device) -> (Option<bool>, String) {
    let fits = cost::fits(Bytes(file.len() as u64), &arenas.reference, device);
    match &arenas.refused {
        Some(refused) => (None, format!("TFLM does not load it ({refused})")),
        // What is too large without what is not known is too large with it.
        None if !fits.all() || !arenas.reference.is_lower_bound() => (Some(fits.all()), fits.sentence),
        None => {
            let unknown = arenas.reference.unknown.join(", ");
            (None, format!("may fit; the RAM of {unknown} is not known and comes on top"))
        }
    }
}

fn device_row(parts: &Parts, arenas: &Arenas, device: &'static Device) -> DeviceRow {
    let (fits, fits_sentence) = fits(parts.file, arenas, device);
    let estimate = price(parts, cost::estimate, device);
    let tflm = price(parts, cost::tflm, device);
    let published = estimate.iter().filter_map(|estimate| estimate.published.as_ref()).map(|published| PublishedRow {
        label: published.label.clone(),
        latency_s: published.latency.0,
        energy_j: published.energy.map(|energy| energy.0),
        source: published.source.clone(),
    });
    let around = surroundings(parts.original, device);
    let row = |load: &Load<'_>, basis: &str| runtime_row(load, basis, device, &around, parts.rate_hz);
    let blank = DeviceRow {
        id: device.id.into(),
        name: device.name.into(),
        detail: device.detail(),
        fits,
        fits_sentence,
        runtime: None,
        latency: None,
        energy: None,
        power: None,
        asleep_power: None,
        listening_power: None,
        under_one_milliwatt: cost::Verdict::Unknown.word().into(),
        verdict: "power unknown".into(),
        power_sentence: String::new(),
        published: published.collect(),
        tflm_missing: tflm.as_ref().err().map(Error::to_string),
        tflm: tflm.ok().map(|tflm| row(&(&tflm).into(), &tflm.basis)),
    };
    match estimate {
        Err(error) => DeviceRow { power_sentence: error.to_string(), ..blank },
        Ok(estimate) => {
            let row = row(&(&estimate).into(), &estimate.basis);
            DeviceRow {
                runtime: Some(row.runtime),
                latency: Some(row.latency),
                energy: row.energy,
                power: row.power,
                asleep_power: row.asleep_power,
                listening_power: row.listening_power,
                under_one_milliwatt: row.under_one_milliwatt,
                verdict: row.verdict,
                power_sentence: row.power_sentence,
                ..blank
            }
        }
    }
}

/// What feeds the network: sound and its features, where its input's shape is that of a known front end.
fn surroundings(model: &Model, device: &'static Device) -> Surroundings {
    let Some(front_end) = super::card::front_end(model) else { return Surroundings::default() };
    let sound = counts_of_sound(front_end.name)
        .and_then(|operations| cost::sound(&operations, Numbers::Float32, device).ok())
        .map(|sound| Features { power: sound.average_power, busy: sound.busy.value });
    Surroundings { sound: true, features: sound }
}

fn counts_of_sound(front_end: &str) -> Option<Operations> {
    crate::audio::counts::front_end(front_end).map(|cost| cost.operations)
}

fn runtime_row(load: &Load<'_>, basis: &str, device: &'static Device, around: &Surroundings, rate: f64) -> RuntimeRow {
    let budget = cost::budget(load, device, around, Hertz(rate));
    let power = |power: &Option<Modelled<Watts>>, note: &str| {
        let (value, band) = band(power.as_ref()?, |watts| watts.0);
        Some(Figure::modelled(value, "W", band, note, basis))
    };
    RuntimeRow {
        runtime: load.runtime.into(),
        latency: time_figure(load, device, basis),
        energy: energy_figure(load, device, basis),
        power: power(&budget.average_power, &budget.sentence),
        asleep_power: power(
            &budget.asleep_power,
            "Average with the clocks stopped between inferences, without sensor and radio",
        ),
        listening_power: power(
            &budget.listening_power,
            "Average with clocks on and sound coming in between inferences",
        ),
        under_one_milliwatt: budget.under_one_milliwatt.word().into(),
        verdict: budget.words,
        power_sentence: budget.sentence,
    }
}

fn layer_rows(parts: &Parts, estimate: Option<&Estimate>, device: &Device) -> Vec<LayerRow> {
    let model = parts.candidate;
    let originals = layers::matching_nodes(parts.original, model);
    (0..model.nodes.len())
        .map(|node| {
            let found = &model.nodes[node];
            let count = counts::node(model, node);
            let weights = found.op.weights_input().and_then(|at| found.input(at)).map(|id| &model.values[id]);
            let output = found.outputs.first().map(|&id| &model.values[id]);
            let distance = parts.layers.get(node).copied().flatten();
            let shape = |dims: &[usize]| dims.iter().map(|&dim| dim as u32).collect::<Vec<u32>>();
            let cost =
                estimate.and_then(|estimate| estimate.nodes.iter().find(|cost| cost.node == node).zip(Some(estimate)));
            LayerRow {
                node: node as u32,
                op: found.op.name().into(),
                name: output.map(|value| value.name.clone()).unwrap_or_default(),
                output_shape: output.map(|value| shape(&value.shape)).unwrap_or_default(),
                weights_shape: weights.map(|value| shape(&value.shape)),
                weights_dtype: weights.map(|value| value.dtype.name().into()),
                macs: Figure::counted(count.macs.0 as f64, "1", "Multiply-accumulates of one inference"),
                weight_bytes: Figure::counted(
                    (count.weight_bytes + count.bias_bytes).0 as f64,
                    "B",
                    "Weights and biases in the file",
                ),
                sparsity: sparsity(model, node),
                activation_bytes: Figure::counted(count.output_bytes.0 as f64, "B", "The output, while it is alive"),
                latency: cost
                    .map(|(cost, estimate)| share(cost.latency.0, &estimate.latency, |s| s.0, "s", device, estimate)),
                energy: cost.and_then(|(cost, estimate)| {
                    let (of_node, of_model) = (cost.energy?.0, estimate.energy.as_ref()?);
                    Some(share(of_node, of_model, |joules| joules.0, "J", device, estimate))
                }),
                sqnr: distance.and_then(|distance| sqnr(distance.ratio, parts.layer_samples)),
                identical: distance.map(|distance| distance.identical),
                original_node: originals.get(node).copied().flatten().map(|node| node as u32),
            }
        })
        .collect()
}

/// A node's share of a modelled total, with the total's relative band.
fn share<T: Copy>(
    of_node: f64,
    of_model: &Modelled<T>,
    number: impl Fn(T) -> f64,
    unit: &str,
    device: &Device,
    estimate: &Estimate,
) -> Figure {
    let (value, (low, high)) = band(of_model, number);
    let scale = if value > 0.0 { of_node / value } else { 0.0 };
    let note = format!("This layer's part of one inference on {}; the band is the whole model's", device.name);
    Figure::modelled(of_node, unit, (low * scale, high * scale), note, estimate.basis.clone())
}

fn sqnr(ratio: SignalNoise, samples: usize) -> Option<Figure> {
    let decibels = ratio.decibels()?;
    // Without noise the ratio is infinite, which JSON does not know; `identical` says it instead.
    decibels.is_finite().then(|| {
        let note = "Signal to quantization noise of the layer's output against the original's, errors of earlier layers \
                    included";
        Figure::measured(decibels, "dB", None, samples, note)
    })
}

fn sparsity(model: &Model, node: NodeId) -> Option<Figure> {
    let found = &model.nodes[node];
    let id: ValueId = found.op.weights_input().and_then(|at| found.input(at))?;
    let weights = model.values[id].dequantized().ok().filter(|weights| !weights.is_empty())?;
    let zeros = weights.iter().filter(|weight| **weight == 0.0).count();
    Some(Figure::counted(
        100.0 * zeros as f64 / weights.len() as f64,
        "%",
        "Share of this layer's weights that are zero",
    ))
}
