//! How each operator ties the channels of what it reads to those of what it makes.
//!
//! Channels lie along the last axis. An operator without a rule here keeps all of its inputs and outputs whole, which is
//! always true.

use super::graph::{Graph, Unit};
use crate::error::{Error, Result};
use crate::model::{Model, Node, Op, Value, ValueId};

/// Ties the values of a node.
pub(super) fn connect(graph: &mut Graph, model: &Model, node: &Node) -> Result<()> {
    let done = match &node.op {
        Op::Conv2d(_) => weighted(graph, model, node, 0, 3),
        Op::TransposeConv(_) => transposed(graph, model, node),
        Op::FullyConnected(_) => weighted(graph, model, node, 0, 1),
        Op::DepthwiseConv2d(_) => depthwise(graph, model, node),
        Op::Add { .. } | Op::Sub { .. } | Op::Mul { .. } | Op::Prelu => pairwise(graph, model, node),
        Op::Concatenation { axis, .. } => concatenation(graph, model, node, (*axis).into())?,
        Op::Pad | Op::PadV2 => pad(graph, model, node)?,
        Op::Reshape { .. } => reshape(graph, model, node),
        Op::Mean { .. } => last_axis_untouched(graph, model, node, 1)? && same(graph, model, node, 0),
        Op::Squeeze { .. } => same(graph, model, node, 0),
        Op::ExpandDims => {
            let made = output(node).map_or(0, |id| model.values[id].shape.len());
            let axes = constant(model, node, 1).map(Value::to_i64).transpose()?.unwrap_or_default();
            // The new axis must stand before the channels.
            let before = |axis: i64| (if axis < 0 { axis + made as i64 } else { axis }) < made as i64 - 1;
            !axes.is_empty() && axes.into_iter().all(before) && same(graph, model, node, 0)
        }
        Op::Transpose => {
            let order = constant(model, node, 1).map(Value::to_i64).transpose()?.unwrap_or_default();
            let last = order.last().map(|&axis| if axis < 0 { axis + order.len() as i64 } else { axis });
            last == Some(order.len() as i64 - 1) && same(graph, model, node, 0)
        }
        Op::StridedSlice(slice) => {
            let rank = node.input(0).map_or(0, |id| model.values[id].shape.len());
            let bit = 1i32.checked_shl(rank.saturating_sub(1) as u32).unwrap_or(0);
            let strides = constant(model, node, 3).map(Value::to_i64).transpose()?.unwrap_or_default();
            slice.begin_mask & slice.end_mask & bit != 0
                && slice.shrink_axis_mask & bit == 0
                && strides.len() == rank
                && strides.last() == Some(&1)
                && same(graph, model, node, 0)
        }
        Op::Split { .. } => last_axis_untouched(graph, model, node, 0)? && same(graph, model, node, 1),
        Op::AveragePool2d(_)
        | Op::MaxPool2d(_)
        | Op::ResizeNearestNeighbor(_)
        | Op::ResizeBilinear(_)
        | Op::Relu
        | Op::Relu6
        | Op::LeakyRelu { .. }
        | Op::HardSwish
        | Op::Logistic
        | Op::Tanh
        | Op::Quantize
        | Op::Dequantize => same(graph, model, node, 0),
        Op::Softmax { .. } | Op::L2Normalization { .. } | Op::Opaque(_) => false,
    };
    if !done {
        for &id in node.inputs.iter().flatten() {
            graph.keep_whole(id);
        }
        for &id in &node.outputs {
            graph.channels(model, id);
            graph.keep_whole(id);
        }
    }
    Ok(())
}

fn output(node: &Node) -> Option<ValueId> {
    node.outputs.first().copied()
}

fn constant<'a>(model: &'a Model, node: &Node, position: usize) -> Option<&'a Value> {
    node.input(position).map(|id| &model.values[id]).filter(|value| value.is_constant())
}

/// Every output has the channels of one input; says whether it is so.
fn same(graph: &mut Graph, model: &Model, node: &Node, position: usize) -> bool {
    let Some(input) = node.input(position) else { return false };
    let channels = |id: ValueId| model.values[id].shape.last().copied();
    // A single channel may be an axis that is dropped or added.
    if model.values[input].is_constant()
        || node.outputs.iter().any(|&id| channels(id) != channels(input) || channels(id) == Some(1))
    {
        return false;
    }
    let units = graph.channels(model, input);
    node.outputs.iter().for_each(|&id| graph.put_channels(model, id, units.clone()));
    true
}

/// Whether the axes that an input names leave the last one of what is read alone.
fn last_axis_untouched(graph: &mut Graph, model: &Model, node: &Node, position: usize) -> Result<bool> {
    let (Some(axes), Some(read)) = (constant(model, node, position), node.input(1 - position)) else {
        return Ok(false);
    };
    let rank = model.values[read].shape.len() as i64;
    node.input(position).into_iter().for_each(|id| graph.keep_whole(id));
    Ok(axes.to_i64()?.into_iter().all(|axis| axis != -1 && axis != rank - 1))
}

/// A convolution or fully connected layer: `made` counts the channels that it makes, `read` those that it reads.
fn weighted(graph: &mut Graph, model: &Model, node: &Node, made: usize, read: usize) -> bool {
    let (Some(input), Some(output)) = (node.input(0), output(node)) else { return false };
    layer(graph, model, node, (input, output), (made, read))
}

/// A transposed convolution is one whose input stands third, and whose output has its shape in a constant.
fn transposed(graph: &mut Graph, model: &Model, node: &Node) -> bool {
    let (Some(input), Some(output)) = (node.input(2), output(node)) else { return false };
    constant(model, node, 0).is_some() && layer(graph, model, node, (input, output), (0, 3))
}

fn layer(
    graph: &mut Graph,
    model: &Model,
    node: &Node,
    (input, output): (ValueId, ValueId),
    (made, read): (usize, usize),
) -> bool {
    let Some((weights, bias, count)) = constants(model, node, made) else { return false };
    let Some(&reads) = model.values[weights].shape.get(read) else { return false };
    let from = graph.channels(model, input);
    // A fully connected layer reads a whole image, pixel by pixel; a grouped convolution reads a part of the channels.
    let fits =
        if matches!(node.op, Op::FullyConnected(_)) { reads % from.len().max(1) == 0 } else { reads == from.len() };
    if !fits || from.is_empty() {
        return false;
    }
    let to = graph.fresh(count);
    graph.put(weights, made, to.clone());
    graph.put(weights, read, from.iter().copied().cycle().take(reads).collect());
    put_outputs(graph, model, bias, output, to);
    true
}

/// The weights of a node and its bias, where both are constants that fit, and the channels that they make.
fn constants(model: &Model, node: &Node, axis: usize) -> Option<(ValueId, Option<ValueId>, usize)> {
    let weights = node.op.weights_input().and_then(|position| node.input(position))?;
    let count = *model.values[weights].shape.get(axis)?;
    let bias = node.op.bias_input().and_then(|position| node.input(position));
    let sound = |id: ValueId| model.values[id].is_constant() && model.values[id].shape.last() == Some(&count);
    let last = node.outputs.first().and_then(|&id| model.values[id].shape.last());
    (model.values[weights].is_constant() && bias.is_none_or(sound) && last == Some(&count))
        .then_some((weights, bias, count))
}

fn put_outputs(graph: &mut Graph, model: &Model, bias: Option<ValueId>, output: ValueId, units: Vec<Unit>) {
    if let Some(bias) = bias {
        graph.put_channels(model, bias, units.clone());
    }
    graph.put_channels(model, output, units);
}

/// Each channel goes with those that are made of it alone.
fn depthwise(graph: &mut Graph, model: &Model, node: &Node) -> bool {
    let (Some(input), Some(output)) = (node.input(0), output(node)) else { return false };
    let Some((weights, bias, count)) = constants(model, node, 3) else { return false };
    let from = graph.channels(model, input);
    if from.is_empty() || count % from.len() != 0 {
        return false;
    }
    let to = if let [only] = from[..] {
        // All are made of one channel: an ordinary convolution.
        graph.keep(&[only]);
        graph.fresh(count)
    } else {
        let multiplier = count / from.len();
        from.iter().flat_map(|&unit| std::iter::repeat_n(unit, multiplier)).collect()
    };
    graph.put(weights, 3, to.clone());
    put_outputs(graph, model, bias, output, to);
    true
}

/// Two inputs number by number: their channels go together; a single channel serves all of the other's.
fn pairwise(graph: &mut Graph, model: &Model, node: &Node) -> bool {
    let (Some(a), Some(b), Some(output)) = (node.input(0), node.input(1), output(node)) else { return false };
    let width = model.values[output].shape.last().copied().unwrap_or(1);
    let mut units: Option<Vec<Unit>> = None;
    for id in [a, b] {
        let value = &model.values[id];
        if value.shape.last().copied().unwrap_or(1) != width || value.shape.is_empty() {
            // Broadcast along the channels.
            graph.keep_whole(id);
            continue;
        }
        let axis = value.shape.len() - 1;
        match &units {
            // A constant takes the channels of the activation.
            Some(units) if value.is_constant() => graph.put(id, axis, units.clone()),
            None if value.is_constant() => {
                let other = graph.channels(model, if id == a { b } else { a });
                if other.len() == width {
                    graph.put(id, axis, other);
                } else {
                    graph.keep_whole(id);
                }
            }
            Some(units) => {
                let units = units.clone();
                let mine = graph.channels(model, id);
                graph.join(&units, &mine);
            }
            None => units = Some(graph.channels(model, id)),
        }
    }
    let Some(units) = units else { return false };
    graph.put_channels(model, output, units);
    true
}

fn concatenation(graph: &mut Graph, model: &Model, node: &Node, axis: i64) -> Result<bool> {
    let Some(output) = output(node) else { return Ok(false) };
    let rank = model.values[output].shape.len() as i64;
    let inputs: Vec<ValueId> = node.inputs.iter().flatten().copied().collect();
    if inputs.is_empty() || inputs.iter().any(|&id| model.values[id].is_constant()) {
        return Ok(false);
    }
    let parts: Vec<Vec<Unit>> = inputs.iter().map(|&id| graph.channels(model, id)).collect();
    let axis = if axis < 0 { axis + rank } else { axis };
    if axis == rank - 1 {
        graph.put_channels(model, output, parts.concat());
    } else {
        for part in &parts[1..] {
            graph.join(&parts[0], part);
        }
        graph.put_channels(model, output, parts[0].clone());
    }
    Ok(true)
}

/// Channels that a border adds stay.
fn pad(graph: &mut Graph, model: &Model, node: &Node) -> Result<bool> {
    let (Some(input), Some(output), Some(paddings)) = (node.input(0), output(node), constant(model, node, 1)) else {
        return Ok(false);
    };
    let paddings = paddings.to_i64()?;
    let &[.., before, after] = &paddings[..] else { return Ok(false) };
    let count = |padding: i64| usize::try_from(padding).map_err(|_| Error::format(format!("a border of {padding}")));
    let (before, after) = (count(before)?, count(after)?);
    let middle = graph.channels(model, input);
    if Some(&(before + middle.len() + after)) != model.values[output].shape.last() {
        return Ok(false);
    }
    let units = [graph.fixed(before), middle, graph.fixed(after)].concat();
    graph.put_channels(model, output, units);
    Ok(true)
}

/// Numbers keep their order: a longer last axis repeats the channels, a shorter one ties some together.
fn reshape(graph: &mut Graph, model: &Model, node: &Node) -> bool {
    let (Some(input), Some(output)) = (node.input(0), output(node)) else { return false };
    let long = model.values[output].shape.last().copied().unwrap_or(1);
    // A single channel may be an axis of another meaning.
    if model.values[input].is_constant() || long <= 1 {
        return false;
    }
    let from = graph.channels(model, input);
    if from.len() > 1 && long % from.len() == 0 {
        graph.put_channels(model, output, from.iter().copied().cycle().take(long).collect());
        return true;
    }
    if !from.is_empty() && from.len().is_multiple_of(long) {
        let (first, rest) = from.split_at(long);
        for part in rest.chunks_exact(long) {
            graph.join(first, part);
        }
        graph.put_channels(model, output, first.to_vec());
        return true;
    }
    false
}
