//! Pruning at once: the least important weights become zero.
//!
//! *Sources*: S. Han, J. Pool, J. Tran, W. J. Dally, "Learning both Weights and Connections for Efficient Neural Networks",
//! arXiv 1506.02626, for magnitudes; M. Sun, Z. Liu, A. Bair, J. Z. Kolter, "A simple and effective pruning approach for large
//! language models" (Wanda), arXiv 2306.11695, for magnitudes times inputs. Biases are left alone: they are few and matter more.

use crate::compress::quantize::moments::{self, Filters};
use crate::compress::recipe::{Criterion, Grouping, PruneOptions, PruneScope};
use crate::error::{Error, Result};
use crate::model::{Model, Node, Op, Value, ValueId};
use crate::progress::{Progress, Silent};
use crate::random::Random;
use crate::tensor::{DType, Tensor};

/// A copy of the model in which the share `options.sparsity` of the weights is zero; needs no data.
///
/// Exactly `round(sparsity * n)` weights (or blocks of them) are cleared, the least important first, equal ones in the order
/// of the file; weights that are zero already count among them. Filters of depthwise layers have too few neighbours: blocks
/// and groups leave them whole.
///
/// # Errors
/// `Unsupported` for weights that are neither `float32` nor `int8`, `Parameter` for a criterion that looks at inputs.
pub fn prune(model: &Model, options: &PruneOptions) -> Result<Model> {
    prune_on(model, options, &[], &mut Silent)
}

/// The same with inputs, for criteria that look at them.
///
/// # Errors
/// Those of [`prune`] and of running the model; `Parameter` where inputs are asked for and none are given.
pub fn prune_on(
    model: &Model,
    options: &PruneOptions,
    inputs: &[Vec<Tensor>],
    progress: &mut dyn Progress,
) -> Result<Model> {
    let weights = weight_values(model);
    let importance = importance(model, &weights, options.criterion, inputs, progress)?;
    let units = weights.iter().zip(&importance).map(|(&id, importance)| units(model, id, importance, options.grouping));
    let mut fallen: Vec<Unit> = vec![];
    let mut fall = |units: &mut [Unit], share: f64| {
        let count = smallest(units, share);
        fallen.extend_from_slice(&units[..count]);
    };
    match (options.grouping, options.scope) {
        (Grouping::NOfM { n, m }, _) => {
            for mut units in units {
                units.chunks_exact_mut(m).for_each(|group| fall(group, (m - n) as f64 / m as f64));
            }
        }
        (_, PruneScope::PerLayer) => units.enumerate().for_each(|(layer, mut units)| {
            fall(&mut units, options.layers.get(layer).copied().unwrap_or(options.sparsity));
        }),
        (_, PruneScope::Global) => fall(&mut units.flatten().collect::<Vec<Unit>>(), options.sparsity),
    }
    let length = if let Grouping::Block { size } = options.grouping { size } else { 1 };
    let mut pruned = model.clone();
    for id in weights {
        clear(&mut pruned.values[id], fallen.iter().filter(|(_, owner, _)| *owner == id), length);
    }
    Ok(pruned)
}

/// What falls as one: its importance, the weights that it belongs to, and the first index.
type Unit = (f32, ValueId, usize);

/// The units of a weight tensor; none where its filters cannot be divided so.
fn units(model: &Model, id: ValueId, importance: &[f32], grouping: Grouping) -> Vec<Unit> {
    let length = match grouping {
        Grouping::Single => return importance.iter().enumerate().map(|(at, &one)| (one, id, at)).collect(),
        Grouping::NOfM { m, .. } => m,
        Grouping::Block { size } => size,
    };
    let weights_of = |node: &&Node| node.op.weights_input().and_then(|position| node.input(position)) == Some(id);
    let is_depthwise =
        model.nodes.iter().find(weights_of).is_some_and(|node| matches!(node.op, Op::DepthwiseConv2d(_)));
    let filter = importance.len() / model.values[id].shape.first().copied().unwrap_or(1).max(1);
    if is_depthwise || !filter.is_multiple_of(length) {
        return vec![];
    }
    let each = if matches!(grouping, Grouping::Block { .. }) { length } else { 1 };
    let block = |(at, block): (usize, &[f32])| (block.iter().sum::<f32>(), id, at * each);
    importance.chunks_exact(each).enumerate().map(block).collect()
}

/// How important each weight of each tensor is.
fn importance(
    model: &Model,
    weights: &[ValueId],
    criterion: Criterion,
    inputs: &[Vec<Tensor>],
    progress: &mut dyn Progress,
) -> Result<Vec<Vec<f32>>> {
    let mut met = vec![];
    if criterion == Criterion::Inputs {
        if inputs.is_empty() {
            return Err(Error::parameter(
                "pruning by what weights meet needs a few example inputs; give some data first",
            ));
        }
        met = moments::gather(model, inputs, progress)?;
        if met.iter().flatten().all(|moments| moments.windows() == 0.0) {
            return Err(Error::unsupported("what weights meet is measured on float models; prune before quantizing"));
        }
    }
    let mut random = Random::new(1);
    let mut all = Vec::with_capacity(weights.len());
    for &id in weights {
        let mut sizes: Vec<f32> = prunable(model, id)?.into_iter().map(f32::abs).collect();
        if criterion == Criterion::Random {
            sizes.iter_mut().for_each(|size| *size = random.uniform() as f32);
        }
        for (node, moments) in model.nodes.iter().zip(&met) {
            let reads = node.op.weights_input().and_then(|position| node.input(position)) == Some(id);
            let (true, Some(moments), Some(filters)) = (reads, moments, Filters::of(model, node)) else { continue };
            for channel in 0..filters.channels {
                for (index, square) in moments.squares(channel).into_iter().enumerate() {
                    sizes[filters.at(channel, index)] *= libm::sqrt(square) as f32;
                }
            }
        }
        all.push(sizes);
    }
    Ok(all)
}

/// The weights of a tensor in real numbers, where zero is one of its levels.
fn prunable(model: &Model, id: ValueId) -> Result<Vec<f32>> {
    let value = &model.values[id];
    if !matches!(value.dtype, DType::Float32 | DType::Int8) {
        return Err(Error::unsupported(format!(
            "weights of type {} cannot be pruned, only float32 and int8 ones: {:?}",
            value.dtype, value.name
        )));
    }
    if value.quantization.as_ref().is_some_and(|scale| scale.zero_point.iter().any(|&zero_point| zero_point != 0)) {
        return Err(Error::unsupported(format!(
            "weights with a zero point other than 0 cannot be pruned: {:?}",
            value.name
        )));
    }
    value.dequantized()
}

/// The constants that are weights of some node, each once, in the order of the nodes.
pub fn weight_values(model: &Model) -> Vec<ValueId> {
    let mut found = Vec::new();
    for node in &model.nodes {
        let weights = node.op.weights_input().and_then(|position| node.input(position));
        if let Some(value) = weights
            && model.values.get(value).is_some_and(|value| value.is_constant())
            && !found.contains(&value)
        {
            found.push(value);
        }
    }
    found
}

/// Sorts weights `(magnitude, value, index)` and returns how many, from the first, make up the share `sparsity`; equal
/// ones stand in the order of the file.
pub fn smallest(magnitudes: &mut [(f32, ValueId, usize)], sparsity: f64) -> usize {
    magnitudes.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    libm::round(magnitudes.len() as f64 * sparsity) as usize
}

/// Sets units of `length` weights to zero.
fn clear<'a>(value: &mut Value, units: impl Iterator<Item = &'a Unit>, length: usize) {
    let width = value.dtype.bytes_for(1).unwrap_or(1);
    let mut bytes = value.data.as_deref().unwrap_or_default().to_vec();
    for &(_, _, index) in units {
        // Both 0.0 and a symmetric int8 zero are all-zero bytes.
        bytes[index * width..(index + length) * width].fill(0);
    }
    value.data = Some(bytes.into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Node;
    use crate::model::op::{FullyConnected, Op};

    fn two_layers() -> Model {
        let mut model = Model::default();
        let input = model.add_value(Value::activation("in", DType::Float32, &[1, 2]));
        let first = model.add_value(Value::float_constant("w1", &[2, 2], &[1.0, -2.0, 3.0, -4.0]));
        let middle = model.add_value(Value::activation("mid", DType::Float32, &[1, 2]));
        let second = model.add_value(Value::float_constant("w2", &[2, 2], &[0.1, 0.2, 0.3, 0.4]));
        let output = model.add_value(Value::activation("out", DType::Float32, &[1, 2]));
        let dense = || Op::FullyConnected(FullyConnected::default());
        model.nodes =
            vec![Node::new(dense(), &[input, first], &[middle]), Node::new(dense(), &[middle, second], &[output])];
        (model.inputs, model.outputs) = (vec![input], vec![output]);
        model
    }

    fn weights(model: &Model) -> Vec<Vec<f32>> {
        weight_values(model).iter().map(|&id| model.values[id].dequantized().unwrap()).collect()
    }

    #[test]
    fn per_layer_pruning_takes_the_same_share_of_each_layer() {
        let pruned = prune(
            &two_layers(),
            &PruneOptions { sparsity: 0.5, scope: PruneScope::PerLayer, ..PruneOptions::default() },
        )
        .unwrap();
        assert_eq!(weights(&pruned), [[0.0, 0.0, 3.0, -4.0], [0.0, 0.0, 0.3, 0.4]]);
    }

    #[test]
    fn global_pruning_takes_the_layer_with_small_weights() {
        let pruned =
            prune(&two_layers(), &PruneOptions { sparsity: 0.5, scope: PruneScope::Global, ..PruneOptions::default() })
                .unwrap();
        assert_eq!(weights(&pruned), [[1.0, -2.0, 3.0, -4.0], [0.0, 0.0, 0.0, 0.0]]);
    }

    #[test]
    fn no_sparsity_changes_nothing() {
        let pruned =
            prune(&two_layers(), &PruneOptions { sparsity: 0.0, scope: PruneScope::Global, ..PruneOptions::default() })
                .unwrap();
        assert_eq!(pruned, two_layers());
    }

    #[test]
    fn blocks_fall_as_one_and_groups_keep_as_many_as_they_should() {
        let block = PruneOptions { sparsity: 0.5, grouping: Grouping::Block { size: 2 }, ..PruneOptions::default() };
        let pruned = prune(&two_layers(), &block).unwrap();
        assert_eq!(weights(&pruned), [[0.0, 0.0, 3.0, -4.0], [0.0, 0.0, 0.3, 0.4]]);
        let one_of_two = PruneOptions { grouping: Grouping::NOfM { n: 1, m: 2 }, ..PruneOptions::default() };
        let pruned = prune(&two_layers(), &one_of_two).unwrap();
        assert_eq!(weights(&pruned), [[0.0, -2.0, 0.0, -4.0], [0.0, 0.2, 0.0, 0.4]]);
    }

    #[test]
    fn a_weight_that_meets_little_falls_before_a_smaller_one_that_meets_much() {
        let options = PruneOptions { sparsity: 0.5, criterion: Criterion::Inputs, ..PruneOptions::default() };
        let input = vec![Tensor::from_f32(&[1, 2], vec![10.0, 1.0]).unwrap()];
        let pruned = prune_on(&two_layers(), &options, &[input], &mut Silent).unwrap();
        assert_eq!(weights(&pruned)[0], [1.0, 0.0, 3.0, 0.0]);
        let error = prune(&two_layers(), &options).unwrap_err();
        assert!(error.to_string().contains("example inputs"), "{error}");
    }

    #[test]
    fn chance_takes_the_same_weights_every_time_and_others_than_magnitude() {
        let options = PruneOptions { sparsity: 0.5, criterion: Criterion::Random, ..PruneOptions::default() };
        let pruned = prune(&two_layers(), &options).unwrap();
        assert_eq!(pruned, prune(&two_layers(), &options).unwrap());
        assert_eq!(weights(&pruned).concat().iter().filter(|w| **w == 0.0).count(), 4);
    }
}
