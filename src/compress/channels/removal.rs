//! Cutting channels out of every tensor that has them.

use super::graph::{Graph, Unit};
use crate::error::{Error, Result};
use crate::model::{Model, NodeId, Op, Value};

/// A copy of the model without the units that `gone` names.
pub(super) fn remove(model: &Model, graph: &Graph, gone: &dyn Fn(Unit) -> bool) -> Result<Model> {
    let mut thinner = model.clone();
    for (id, value) in thinner.values.iter_mut().enumerate() {
        for (axis, units) in graph.axes(id) {
            let kept: Vec<usize> = (0..units.len()).filter(|&at| !gone(units[at])).collect();
            if kept.len() < units.len() {
                cut(value, *axis, &kept).map_err(|error| error.at(format_args!("{:?}", value.name)))?;
            }
        }
    }
    for node in 0..thinner.nodes.len() {
        say_new_shape(model, &mut thinner, node)?;
    }
    thinner.compact();
    Ok(thinner)
}

/// Keeps some indices along an axis of a value.
fn cut(value: &mut Value, axis: usize, kept: &[usize]) -> Result<()> {
    let Some(&length) = value.shape.get(axis) else { return Err(Error::format("an axis is missing")) };
    if let Some(data) = &value.data {
        let width = match value.dtype.bytes_for(1) {
            Some(width) if value.dtype.bytes_for(2) == Some(2 * width) => width,
            _ => return Err(Error::unsupported(format!("channels of type {} cannot be removed", value.dtype))),
        };
        let inner = width * value.shape[axis + 1..].iter().product::<usize>();
        let mut left = Vec::with_capacity(data.len() / length.max(1) * kept.len());
        for row in data.chunks_exact((length * inner).max(1)) {
            kept.iter().for_each(|&at| left.extend_from_slice(&row[at * inner..(at + 1) * inner]));
        }
        value.data = Some(left.into());
    }
    value.shape[axis] = kept.len();
    if let Some(declared) = value.shape_signature.as_mut().and_then(|dims| dims.get_mut(axis))
        && *declared >= 0
    {
        *declared = kept.len() as i32;
    }
    if let Some(quantization) = &mut value.quantization
        && quantization.is_per_channel()
        && quantization.axis == axis
        && quantization.scale.len() == length
    {
        quantization.scale = kept.iter().map(|&at| quantization.scale[at]).collect();
        if quantization.zero_point.len() == length {
            quantization.zero_point = kept.iter().map(|&at| quantization.zero_point[at]).collect();
        }
    }
    // What was seen in training was seen of all channels.
    if value.range.as_ref().is_some_and(|range| range.min.len() > 1 || range.max.len() > 1) {
        value.range = None;
    }
    Ok(())
}

/// Where an operator is told its output's channels, it is told the new ones.
fn say_new_shape(model: &Model, thinner: &mut Model, index: NodeId) -> Result<()> {
    let channels = |model: &Model, id: Option<usize>| {
        id.and_then(|id| model.values.get(id)).and_then(|value| value.shape.last().copied())
    };
    let output = model.nodes[index].outputs.first().copied();
    let (before, after) = (channels(model, output), channels(thinner, output));
    let input = channels(thinner, model.nodes[index].input(0));
    if before == after {
        return Ok(());
    }
    let after = after.unwrap_or(1);
    match &mut thinner.nodes[index].op {
        Op::DepthwiseConv2d(op) => op.depth_multiplier = after / input.unwrap_or(1).max(1),
        Op::Reshape { new_shape } => {
            if let Some(last) = new_shape.as_mut().and_then(|dims| dims.last_mut())
                && *last >= 0
            {
                *last = after as i32;
            }
            say_new_constant(thinner, index, 1, after)?;
        }
        Op::TransposeConv(_) => say_new_constant(thinner, index, 0, after)?,
        _ => {}
    }
    Ok(())
}

/// The shape in a constant, which other nodes may read too, becomes one of this node's own.
fn say_new_constant(model: &mut Model, node: NodeId, position: usize, channels: usize) -> Result<()> {
    let Some(id) = model.nodes[node].input(position) else { return Ok(()) };
    if !model.values[id].is_constant() {
        return Err(Error::unsupported("the shape is computed while running").at(model.place(node)));
    }
    let mut dims = model.values[id].to_i32()?;
    if let Some(last) = dims.last_mut()
        && *last >= 0
    {
        *last = channels as i32;
    }
    let value = Value::int_constant(model.values[id].name.clone(), &[dims.len()], &dims);
    let own = model.add_value(value);
    model.nodes[node].inputs[position] = Some(own);
    Ok(())
}
