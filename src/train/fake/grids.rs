//! Which numbers of a model get which grid.

use super::{Constant, Grid, Group, Place, Sum};
use crate::compress::quantize::{Share, has_scale_for_each_channel, shared_scales};
use crate::error::Result;
use crate::model::op::Activation;
use crate::model::{Model, Op, ValueId};
use crate::train::plan;

/// The sums of products of a model, by the values of their biases and of their outputs.
pub(super) fn sums(model: &Model) -> [Vec<Option<Sum>>; 2] {
    let mut found = [vec![None; model.values.len()], vec![None; model.values.len()]];
    for node in &model.nodes {
        let read = |position: Option<usize>| position.and_then(|position| node.input(position));
        let input = if matches!(node.op, Op::TransposeConv(_)) { 2 } else { 0 };
        let (Some(weights), Some(input)) = (read(node.op.weights_input()), node.input(input)) else { continue };
        let places = [read(node.op.bias_input()), node.outputs.first().copied()];
        for (found, id) in found.iter_mut().zip(places) {
            if let Some(place) = id.and_then(|id| found.get_mut(id)) {
                *place = Some(Sum { weights, input });
            }
        }
    }
    found
}

/// The grids of all weights.
pub(super) fn constants(model: &Model, plan: &plan::Quantization) -> Vec<Option<Constant>> {
    let mut constants = vec![None; model.values.len()];
    for node in &model.nodes {
        let (Some(position), Some(axis)) = (node.op.weights_input(), node.op.weights_channel_axis()) else { continue };
        let Some(id) = node.input(position).filter(|&id| model.values[id].is_constant()) else { continue };
        let shape = &model.values[id].shape;
        let each = has_scale_for_each_channel(&node.op, plan.granularity);
        let channels = if each { shape[axis] } else { 1 };
        let after = if each { shape[axis + 1..].iter().product() } else { shape.iter().product() };
        let top = ((1u32 << (plan.weight_bits - 1)) - 1) as f32;
        constants[id] = Some(Constant { channels, after, axis: if each { axis } else { 0 }, top, step: None });
    }
    constants
}

/// Where every activation gets its grid from, and the groups that share one.
pub(super) fn places(model: &Model, plan: &plan::Quantization) -> Result<(Vec<Option<Place>>, Vec<Group>)> {
    let positive = never_negative(model);
    let shares = shared_scales(model)?;
    let mut groups: Vec<(ValueId, Group)> = Vec::new();
    let mut places = Vec::with_capacity(shares.len());
    for (id, share) in shares.into_iter().enumerate() {
        let grid = match share {
            None => None,
            Some(Share::Fixed(quantization)) => Some(Grid::Fixed(quantization)),
            Some(Share::Group(root)) => {
                let found = groups.iter().position(|(other, _)| *other == root).unwrap_or_else(|| {
                    let (range, members) = (vec![0.0, 0.0], Vec::new());
                    groups.push((root, Group { range, bits: plan.activation_bits, step: None, members }));
                    groups.len() - 1
                });
                let group = &mut groups[found].1;
                group.members.push(id);
                group.bits = if positive[id] { group.bits } else { 8 };
                Some(Grid::Group(found))
            }
        };
        let producer = model.nodes.iter().find(|node| node.outputs.contains(&id));
        let rounds = producer.is_none_or(|node| !only_moves(&node.op));
        places.push(grid.map(|grid| Place { grid, rounds }));
    }
    Ok((places, groups.into_iter().map(|(_, group)| group).collect()))
}

/// Operators whose outputs are some of their inputs.
fn only_moves(op: &Op) -> bool {
    matches!(
        op,
        Op::MaxPool2d(_)
            | Op::Concatenation { .. }
            | Op::Pad
            | Op::Reshape { .. }
            | Op::Squeeze { .. }
            | Op::ExpandDims
            | Op::Transpose
    )
}

/// Which activations cannot be negative, whatever the input.
fn never_negative(model: &Model) -> Vec<bool> {
    let mut positive = vec![false; model.values.len()];
    for node in &model.nodes {
        let keeps_sign =
            only_moves(&node.op) || matches!(node.op, Op::AveragePool2d(_) | Op::Mean { .. } | Op::Quantize);
        let inputs = node.inputs.iter().flatten().filter(|&&id| !model.values[id].is_constant());
        let is_positive = matches!(node.op.activation(), Some(Activation::Relu | Activation::Relu6))
            || matches!(node.op, Op::Relu | Op::Relu6 | Op::Softmax { .. } | Op::Logistic)
            || (keeps_sign && inputs.copied().all(|id| positive[id]));
        node.outputs.iter().for_each(|&id| positive[id] = is_positive);
    }
    positive
}
