//! What is measured of each layer against the same layer of the original, on samples.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::exec::{Data, Executor, Options};
use crate::metrics::SignalNoise;
use crate::model::{Model, NodeId, Value, ValueId};
use crate::quant::{Arithmetic, Quantization};
use crate::tensor::{DType, Tensor};

/// Shares of a range that are left out at its ends where it is asked how much of it is used.
const RARE: f64 = 0.001;

/// What was measured of one layer against the same layer of the original.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The node of the candidate.
    pub node: NodeId,
    /// Error with what the layers before it passed on.
    pub accumulated: SignalNoise,
    /// Error of the layer alone; none where an input of it has no counterpart in the original.
    pub local: Option<SignalNoise>,
    /// Cosine of the angle between both outputs.
    pub cosine: f64,
    /// Share of the accumulated error that is a constant shift of channels: what a bias would make up for.
    pub shift: f64,
    /// Share of the original's values that lie outside of what the candidate can represent.
    pub saturated: f64,
    /// Share of the representable range in which all but two thousandths of the values lie; none for floats.
    pub used: Option<f64>,
    /// Largest weight of a channel over that of the channel where it is smallest, where all share one scale.
    pub spread: Option<f64>,
    /// Different values that the weights take; none without integer weights.
    pub levels: Option<usize>,
    /// Channels that always say the same and do not in the original, and how many there are.
    pub dead: (usize, usize),
}

/// Sums over samples, from which [`Facts`] follow.
#[derive(Default)]
struct Sums {
    noise: SignalNoise,
    local: Option<SignalNoise>,
    product: f64,
    candidate: f64,
    /// By channel: sum of differences, smallest and largest value of the original and of the candidate.
    channels: Vec<(f64, [f32; 2], [f32; 2])>,
    count: f64,
    outside: f64,
    histogram: Vec<f64>,
}

/// Measures every node of the candidate whose output has a counterpart.
///
/// `matches` has for each value of the candidate the value of the original with the same meaning; each sample holds the inputs
/// of the original and those of the candidate.
///
/// # Errors
/// Those of running either model.
pub fn facts(
    original: &Model,
    candidate: &Model,
    matches: &[Option<ValueId>],
    samples: &[(Vec<Tensor>, Vec<Tensor>)],
) -> Result<Vec<Facts>> {
    let (mut first, mut second) =
        (Executor::new(original, Options::default())?, Executor::new(candidate, Options::default())?);
    let is_wanted = |id: ValueId| matches.contains(&Some(id));
    let mut alone: Vec<Option<Executor>> =
        (0..candidate.nodes.len()).map(|node| single(candidate, matches, node)).collect();
    let mut sums: BTreeMap<NodeId, Sums> = BTreeMap::new();
    for (of_original, of_candidate) in samples {
        let mut truths: BTreeMap<ValueId, Vec<f32>> = BTreeMap::new();
        first.run_tapped(of_original, &mut |id, view| {
            if is_wanted(id) {
                truths.insert(id, view.to_f32(original.values[id].quantization.as_ref()));
            }
        })?;
        second.run_tapped(of_candidate, &mut |id, view| {
            let Some(node) = candidate.producer(id).filter(|&node| candidate.nodes[node].outputs.first() == Some(&id))
            else {
                return;
            };
            let Some(truth) = matches[id].and_then(|id| truths.get(&id)) else { return };
            let value = &candidate.values[id];
            let sums = sums.entry(node).or_default();
            if let Data::Int8(integers) = view.data {
                sums.histogram.resize(256, 0.0);
                integers.iter().for_each(|&level| sums.histogram[usize::from(level.cast_unsigned() ^ 128)] += 1.0);
            }
            sums.add(truth, &view.to_f32(value.quantization.as_ref()), value);
        })?;
        for (node, executor) in alone.iter_mut().enumerate() {
            let Some(executor) = executor else { continue };
            let found = &candidate.nodes[node];
            let Some(truth) = found.outputs.first().and_then(|&id| truths.get(&matches[id]?)) else { continue };
            let given = activations(candidate, node)
                .into_iter()
                .map(|id| Some(as_input(matches[id].and_then(|id| truths.get(&id))?, &candidate.values[id])))
                .collect::<Option<Result<Vec<Tensor>>>>();
            let Some(given) = given.transpose()? else { continue };
            let answer = executor.run(&given)?;
            if let (Some(answer), Some(&id)) = (answer.first(), found.outputs.first()) {
                let reals = dequantized(answer, candidate.values[id].quantization.as_ref());
                sums.entry(node).or_default().local.get_or_insert_default().add(truth, &reals);
            }
        }
    }
    Ok(sums.into_iter().map(|(node, sums)| sums.facts(candidate, node)).collect())
}

/// The first node whose answer on the device (TFLM) differs from that of the desktop (LiteRT with XNNPACK).
///
/// # Errors
/// Those of running.
pub fn parts_from_desktop(candidate: &Model, inputs: &[Vec<Tensor>]) -> Result<Option<NodeId>> {
    let desktop = Options { arithmetic: Arithmetic::from_name("xnnpack")?, ..Options::default() };
    let (mut here, mut there) = (Executor::new(candidate, Options::default())?, Executor::new(candidate, desktop)?);
    let mut first: Option<NodeId> = None;
    for sample in inputs {
        let mut seen: BTreeMap<ValueId, Vec<u8>> = BTreeMap::new();
        here.run_tapped(sample, &mut |id, view| {
            if view.dtype() != DType::Float32 {
                seen.insert(id, view.bytes().to_vec());
            }
        })?;
        there.run_tapped(sample, &mut |id, view| {
            let differs = seen.get(&id).is_some_and(|bytes| bytes != view.bytes());
            if let Some(node) = candidate.producer(id).filter(|_| differs) {
                first = Some(first.map_or(node, |known| known.min(node)));
            }
        })?;
    }
    Ok(first)
}

impl Sums {
    fn add(&mut self, truth: &[f32], answer: &[f32], value: &Value) {
        self.noise.add(truth, answer);
        let channels = value.shape.last().copied().unwrap_or(1).max(1);
        self.channels.resize(channels, (0.0, [f32::INFINITY, f32::NEG_INFINITY], [f32::INFINITY, f32::NEG_INFINITY]));
        let range = representable(value);
        for (index, (&a, &b)) in truth.iter().zip(answer).enumerate() {
            self.product += f64::from(a) * f64::from(b);
            self.candidate += f64::from(b) * f64::from(b);
            self.count += 1.0;
            self.outside += f64::from(u8::from(range.is_some_and(|[low, high]| a < low || a > high)));
            let (shift, of_original, of_candidate) = &mut self.channels[index % channels];
            *shift += f64::from(b - a);
            for (seen, x) in [(of_original, a), (of_candidate, b)] {
                *seen = [seen[0].min(x), seen[1].max(x)];
            }
        }
    }

    fn facts(self, candidate: &Model, node: NodeId) -> Facts {
        let each = self.count / self.channels.len().max(1) as f64;
        let shifted: f64 = self.channels.iter().map(|(sum, ..)| sum * sum / each.max(1.0)).sum();
        let is_dead = |(_, a, b): &&(f64, [f32; 2], [f32; 2])| b[0] == b[1] && a[0] != a[1];
        let size = libm::sqrt(self.noise.signal * self.candidate);
        let found = &candidate.nodes[node];
        let weights = found.op.weights_input().and_then(|at| found.input(at)).map(|id| &candidate.values[id]);
        Facts {
            node,
            accumulated: self.noise,
            local: self.local,
            cosine: if size > 0.0 { self.product / size } else { 1.0 },
            shift: if self.noise.noise > 0.0 { (shifted / self.noise.noise).min(1.0) } else { 0.0 },
            saturated: self.outside / self.count.max(1.0),
            used: used(&self.histogram),
            spread: weights.and_then(|weights| spread(weights, found.op.weights_channel_axis()?)),
            levels: weights.and_then(levels),
            dead: (self.channels.iter().filter(is_dead).count(), self.channels.len()),
        }
    }
}

/// The real numbers that an integer value reaches, half a step beyond its ends.
pub(super) fn representable(value: &Value) -> Option<[f32; 2]> {
    let (scale, zero_point) = value.quantization.as_ref()?.single().ok()?;
    let (low, high) = match value.dtype {
        DType::Int8 => (-128, 127),
        DType::Int16 => (-32_768, 32_767),
        _ => return None,
    };
    Some([(low - zero_point) as f32 - 0.5, (high - zero_point) as f32 + 0.5].map(|steps| steps * scale))
}

/// The share of 256 levels in which all but the rarest values at both ends lie.
fn used(histogram: &[f64]) -> Option<f64> {
    let all: f64 = histogram.iter().sum();
    let rare = all * RARE;
    let from_end = |counts: &mut dyn Iterator<Item = &f64>| {
        let mut seen = 0.0;
        counts.take_while(|&&count| (seen += count, seen <= rare).1).count()
    };
    let (low, high) = (from_end(&mut histogram.iter()), from_end(&mut histogram.iter().rev()));
    (all > 0.0).then(|| (256.0 - low as f64 - high as f64).max(1.0) / 256.0)
}

fn spread(weights: &Value, axis: usize) -> Option<f64> {
    let quantization = weights.quantization.as_ref().filter(|quantization| !quantization.is_per_channel())?;
    let channels = weights.shape.get(axis).copied().filter(|&channels| channels > 1)?;
    let inner: usize = weights.shape[axis + 1..].iter().product::<usize>().max(1);
    let mut largest = vec![0f32; channels];
    for (index, real) in weights.dequantized().ok()?.iter().enumerate() {
        let channel = &mut largest[index / inner % channels];
        *channel = channel.max(real.abs());
    }
    // A channel of zeros alone has no range; one step is the least that can be told from it.
    let step = quantization.scale.first().copied().unwrap_or(0.0);
    let smallest = largest.iter().copied().filter(|&size| size > 0.0).fold(f32::INFINITY, f32::min).max(step);
    let top = largest.iter().copied().fold(0.0, f32::max);
    (top > 0.0 && smallest.is_finite()).then(|| f64::from(top / smallest))
}

fn levels(weights: &Value) -> Option<usize> {
    weights.quantization.as_ref()?;
    let reals = weights.dequantized().ok()?;
    let scale = weights.quantization.as_ref()?.scale.clone();
    match scale.len() {
        // Levels are those of each channel: scales differ.
        1 => Some(distinct(&mut reals.iter().map(|real| real.to_bits()))),
        _ => weights.to_i8().ok().map(|levels| distinct(&mut levels.into_iter().map(|level| level as u32))),
    }
}

fn distinct(levels: &mut dyn Iterator<Item = u32>) -> usize {
    let mut seen = BTreeSet::new();
    seen.extend(levels);
    seen.len()
}

/// What a node reads that is no constant, each once.
fn activations(model: &Model, node: NodeId) -> Vec<ValueId> {
    let mut ids: Vec<ValueId> = Vec::new();
    for id in model.nodes[node].inputs.iter().flatten() {
        if !model.values[*id].is_constant() && !ids.contains(id) {
            ids.push(*id);
        }
    }
    ids
}

/// A node as a model of its own, where everything that it reads and writes has a counterpart.
fn single(candidate: &Model, matches: &[Option<ValueId>], node: NodeId) -> Option<Executor> {
    let found = &candidate.nodes[node];
    let given = activations(candidate, node);
    let known = given.iter().chain(found.outputs.first()).all(|&id| matches[id].is_some());
    let mut model = Model {
        values: candidate.values.clone(),
        nodes: vec![found.clone()],
        inputs: given,
        outputs: found.outputs.clone(),
        ..Model::default()
    };
    model.compact();
    known.then(|| Executor::new(&model, Options::default()).ok()).flatten()
}

/// Real numbers in the type and with the scale of a value.
fn as_input(reals: &[f32], value: &Value) -> Result<Tensor> {
    let mut tensor = Tensor::zeros(value.dtype, &value.shape)?;
    let (scale, zero_point) = value.quantization.as_ref().and_then(|q| q.single().ok()).unwrap_or((1.0, 0));
    let level = |real: f32, low: f32, high: f32| (libm::roundf(real / scale) + zero_point as f32).clamp(low, high);
    match &mut tensor {
        Tensor::Float32(to) => to.iter_mut().zip(reals).for_each(|(to, real)| *to = *real),
        Tensor::Int8(to) => to.iter_mut().zip(reals).for_each(|(to, &real)| *to = level(real, -128.0, 127.0) as i8),
        Tensor::Int16(to) => {
            to.iter_mut().zip(reals).for_each(|(to, &real)| *to = level(real, -32_768.0, 32_767.0) as i16);
        }
        _ => {}
    }
    Ok(tensor)
}

fn dequantized(tensor: &Tensor, quantization: Option<&Quantization>) -> Vec<f32> {
    let single = quantization.and_then(|quantization| quantization.single().ok());
    match single.filter(|_| tensor.dtype() != DType::Float32) {
        Some((scale, zero_point)) => {
            tensor.to_f32_vec().into_iter().map(|level| (level - zero_point as f32) * scale).collect()
        }
        None => tensor.to_f32_vec(),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
