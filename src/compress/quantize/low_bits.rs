//! Weights of fewer than eight bits, after training: rounded to the nearest or so that later weights make up for earlier
//! ones (then with biases moved by what is still lost on average), and bits spread over layers by how much each matters.

use super::adaptive::adapted;
use super::moments::{self, Filters, Moments};
use super::rounding::{least_error_scales, output_error, rounded, widest_scales};
use super::weights::has_scale_for_each_channel;
use crate::compress::prune::weight_values;
use crate::compress::recipe::{QuantizeOptions, Rounding};
use crate::error::Result;
use crate::exec::{Executor, Kernels, Options};
use crate::model::{Model, NodeId, Op, Value, ValueId};
use crate::progress::{self, Progress};
use crate::quant::Quantization;
use crate::tensor::{DType, Tensor};

/// Bits that a layer may get where they are spread.
const CHOICES: [u32; 6] = [2, 3, 4, 5, 6, 8];
/// Multiply-accumulates that may be spent on asking how much each layer matters.
const ASKING_MACS: u64 = 1_500_000_000;

/// Rounds the weights of a folded float model in place; returns the scales that they are multiples of.
///
/// # Errors
/// Those of running the model; `Cancelled`.
pub fn refine(
    float: &mut Model,
    inputs: &[Vec<Tensor>],
    options: &QuantizeOptions,
    progress: &mut dyn Progress,
) -> Result<Vec<Option<Quantization>>> {
    let moments = moments::gather(float, inputs, progress)?;
    let layers = layers(float, &moments)?;
    let bits = if options.mixed {
        spread(float, &layers, inputs, options, progress)?
    } else {
        let all = weight_values(float);
        let place = |layer: &Layer<'_>| all.iter().position(|&id| id == layer.weights);
        let own = |layer| place(layer).and_then(|at| options.layers.get(at)).copied();
        layers.iter().map(|layer| own(layer).unwrap_or(options.weight_bits)).collect()
    };
    let mut scales: Vec<Option<Quantization>> = vec![None; float.values.len()];
    for (done, (layer, bits)) in layers.iter().zip(bits).enumerate() {
        progress::step(progress, "Rounding weights", done, layers.len())?;
        let (weights, scale) = layer.rounded(float, bits, options);
        layer.move_bias(float, &weights, options);
        layer.set(float, weights);
        scales[layer.weights] = Some(scale);
    }
    scales.resize(float.values.len(), None);
    Ok(scales)
}

/// A layer whose weights are rounded here.
struct Layer<'a> {
    node: NodeId,
    weights: ValueId,
    filters: Filters,
    moments: &'a Moments,
    reals: Vec<f32>,
}

/// The layers with constant float weights of their own; what two layers share is rounded for the first.
fn layers<'a>(float: &Model, moments: &'a [Option<Moments>]) -> Result<Vec<Layer<'a>>> {
    let mut layers: Vec<Layer<'a>> = vec![];
    for (node, moments) in moments.iter().enumerate() {
        let found = &float.nodes[node];
        let (Some(moments), Some(filters)) = (moments, Filters::of(float, found)) else { continue };
        let Some(weights) = found.op.weights_input().and_then(|position| found.input(position)) else { continue };
        let value = &float.values[weights];
        let is_known = layers.iter().any(|layer| layer.weights == weights);
        if value.dtype == DType::Float32 && value.is_constant() && !is_known {
            layers.push(Layer { node, weights, filters, moments, reals: value.to_f32()? });
        }
    }
    Ok(layers)
}

impl Layer<'_> {
    fn rounded(&self, float: &Model, bits: u32, options: &QuantizeOptions) -> (Vec<f32>, Quantization) {
        let op = &float.nodes[self.node].op;
        let per_channel = has_scale_for_each_channel(op, options.granularity);
        let nearest = options.rounding == Rounding::Nearest;
        let scale = if !nearest {
            least_error_scales(&self.reals, self.filters, self.moments, bits, per_channel)
        } else {
            widest_scales(&self.reals, self.filters, bits, per_channel)
        };
        // A channel of zeros still needs a scale.
        let scale: Vec<f32> = scale.into_iter().map(|scale| if scale > 0.0 { scale } else { 1.0 }).collect();
        let rounded = if options.rounding == Rounding::Adaptive {
            let has_bias =
                float.nodes[self.node].op.bias_input().is_some_and(|at| float.nodes[self.node].input(at).is_some());
            adapted(&self.reals, self.filters, self.moments, bits, &scale, has_bias)
        } else {
            rounded(&self.reals, self.filters, (!nearest).then_some(self.moments), bits, &scale)
        };
        let axis = if per_channel { op.weights_channel_axis().unwrap_or(0) } else { 0 };
        (rounded, Quantization { zero_point: vec![0; scale.len()], scale, axis })
    }

    /// Adds to the bias what the rounded weights lose on average.
    fn move_bias(&self, float: &mut Model, rounded: &[f32], options: &QuantizeOptions) {
        if options.rounding == Rounding::Nearest && !options.correct_bias {
            return;
        }
        let node = &float.nodes[self.node];
        let Some(position) = node.op.bias_input() else { return };
        let Some(bias) = node.input(position).filter(|&id| float.values[id].is_constant()) else { return };
        let Ok(mut reals) = float.values[bias].to_f32() else { return };
        for (channel, real) in reals.iter_mut().enumerate() {
            let lost = self.moments.mean(channel).into_iter().enumerate().map(|(index, mean)| {
                let at = self.filters.at(channel, index);
                mean * (f64::from(self.reals[at]) - f64::from(rounded[at]))
            });
            *real += lost.sum::<f64>() as f32;
        }
        let value = &float.values[bias];
        let moved = Value::float_constant(value.name.clone(), &value.shape.clone(), &reals);
        // Another layer may read the same bias.
        let moved = float.add_value(moved);
        float.nodes[self.node].inputs[position] = Some(moved);
    }

    fn set(&self, float: &mut Model, weights: Vec<f32>) {
        float.values[self.weights].data = Some(bytemuck::cast_slice(&weights).to_vec().into());
    }
}

/// Bits for each layer, so that the model's output changes least and a weight takes `options.weight_bits` on average.
///
/// How much a layer matters at so many bits is asked of the model itself: the squared change of its output when that
/// layer alone is rounded. Then the layer that gains most for each bit gets more, as long as the average allows.
fn spread(
    float: &Model,
    layers: &[Layer<'_>],
    inputs: &[Vec<Tensor>],
    options: &QuantizeOptions,
    progress: &mut dyn Progress,
) -> Result<Vec<u32>> {
    let macs = crate::model::counts::model(float).macs.0.max(1);
    let asked = (layers.len() * CHOICES.len()) as u64;
    let samples = (ASKING_MACS / macs / asked.max(1)).clamp(2, 24) as usize;
    let step = inputs.len().div_ceil(samples).max(1);
    let inputs: Vec<&Vec<Tensor>> = inputs.iter().step_by(step).collect();
    let truth = outputs(float, &inputs)?;
    let mut costs: Vec<Vec<f64>> = vec![];
    for (done, layer) in layers.iter().enumerate() {
        let mut of_layer = vec![];
        for (choice, &bits) in CHOICES.iter().enumerate() {
            progress::step(progress, "Asking how much layers matter", done * CHOICES.len() + choice, asked as usize)?;
            let (weights, _) = layer.rounded(float, bits, options);
            let local = output_error(&layer.reals, &weights, layer.filters, layer.moments);
            let mut changed = float.clone();
            layer.move_bias(&mut changed, &weights, options);
            layer.set(&mut changed, weights);
            let change: f64 =
                outputs(&changed, &inputs)?.iter().zip(&truth).map(|(a, b)| f64::from(a - b) * f64::from(a - b)).sum();
            // More bits never count as worse; the layer's own error decides where the output does not move.
            let least = of_layer.last().copied().unwrap_or(f64::INFINITY);
            of_layer.push((change + 1e-12 * local).min(least));
        }
        costs.push(of_layer);
    }
    let sizes: Vec<u64> = layers.iter().map(|layer| layer.reals.len() as u64).collect();
    let budget = u64::from(options.weight_bits) * sizes.iter().sum::<u64>();
    let mut chosen = vec![0; layers.len()];
    let spent =
        |chosen: &[usize]| -> u64 { chosen.iter().zip(&sizes).map(|(&at, size)| u64::from(CHOICES[at]) * size).sum() };
    loop {
        let mut best: Option<(f64, usize, usize)> = None;
        for layer in 0..layers.len() {
            for to in chosen[layer] + 1..CHOICES.len() {
                let mut tried = chosen.clone();
                tried[layer] = to;
                if spent(&tried) > budget {
                    continue;
                }
                let gained = costs[layer][chosen[layer]] - costs[layer][to];
                let price = f64::from(CHOICES[to] - CHOICES[chosen[layer]]) * sizes[layer] as f64;
                if gained > 0.0 && best.is_none_or(|(most, ..)| gained / price > most) {
                    best = Some((gained / price, layer, to));
                }
            }
        }
        let Some((_, layer, to)) = best else { break };
        chosen[layer] = to;
    }
    Ok(chosen.into_iter().map(|at| CHOICES[at]).collect())
}

/// All outputs on all inputs; of a softmax its inputs, where small changes still show.
fn outputs(model: &Model, inputs: &[&Vec<Tensor>]) -> Result<Vec<f32>> {
    let mut executor = Executor::new(model, Options { kernels: Kernels::Exact, ..Options::default() })?;
    let watched = model.answers();
    let mut all = vec![];
    for sample in inputs {
        executor.run_tapped(sample, &mut |value, view| {
            if watched.contains(&value) {
                all.extend(view.to_f32(None));
            }
        })?;
    }
    Ok(all)
}

/// Stores as `int4` the weights whose integers fit and that TFLM reads so: those of convolutions and of fully connected
/// layers with one scale. Others stay `int8`, in fewer levels, which a codebook packs.
pub fn narrow(model: &mut Model) -> Result<()> {
    for node in 0..model.nodes.len() {
        let found = &model.nodes[node];
        let Some(weights) = found.op.weights_input().and_then(|position| found.input(position)) else { continue };
        let readers = model.consumers(weights);
        let reads = |&reader: &NodeId| Filters::of(model, &model.nodes[reader]).is_some();
        let value = &model.values[weights];
        if value.dtype != DType::Int8 || !value.is_constant() || !readers.iter().all(reads) {
            continue;
        }
        let is_dense = matches!(found.op, Op::FullyConnected(_));
        if is_dense && value.quantization.as_ref().is_some_and(Quantization::is_per_channel) {
            // TFLM's FULLY_CONNECTED refuses int4 weights with a scale for each channel.
            continue;
        }
        let levels = value.to_i8()?;
        if levels.iter().all(|level| (-7..=7).contains(level)) {
            let packed = levels.chunks(2).map(|pair| {
                let nibble = |level: Option<&i8>| level.map_or(0, |level| level.cast_unsigned() & 15);
                nibble(pair.first()) | nibble(pair.get(1)) << 4
            });
            let packed: Vec<u8> = packed.collect();
            let value = &mut model.values[weights];
            (value.dtype, value.data) = (DType::Int4, Some(packed.into()));
        }
    }
    Ok(())
}
