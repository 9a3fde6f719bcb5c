//! How important a channel is, from the weights that make it, filter it and read it.

use super::Channels;
use super::graph::Unit;
use crate::error::Result;
use crate::model::{Model, Node, Op, ValueId};

/// How large some weights are together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norm {
    /// The sum of their magnitudes.
    L1,
    /// The root of the sum of their squares.
    L2,
}

/// What importance is measured with.
#[derive(Clone, Copy)]
pub enum Measure<'a> {
    /// The size of the weights: those that make a channel, those that filter it alone, those that read it, each as a share
    /// of the mean of its layer; averaged over the layers of each kind, and the kinds multiplied. A channel that nothing
    /// makes, or nothing reads, counts 0.
    ///
    /// *Source*: H. Li et al., "Pruning filters for efficient ConvNets", 2017, for the norm of a filter; G. Fang et al.,
    /// "DepGraph: towards any structural pruning", 2023, for taking in all weights that go with it.
    Magnitude(Norm),
    /// How much the loss would change to first order: the square of the sum of weight times gradient over the weights and
    /// biases that make a channel. The function gives the gradient of a value's numbers.
    ///
    /// *Source*: P. Molchanov et al., "Importance estimation for neural network pruning", 2019.
    Taylor(&'a dyn Fn(ValueId) -> Option<&'a [f32]>),
}

/// What weights do to a channel.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Makes,
    Filters,
    Reads,
}

/// The importance of each channel, by the unit that speaks for it.
pub(super) fn of_units(channels: &Channels, model: &Model, measure: Measure<'_>) -> Result<Vec<f64>> {
    let mut sums = vec![[(0.0, 0usize); 3]; channels.graph.units()];
    for node in &model.nodes {
        for (id, part, axis) in parts(model, node) {
            let Some(units) = channels.graph.at(id, axis) else { continue };
            let sizes = match measure {
                Measure::Magnitude(norm) => shares(&sizes(model, id, axis, norm)?),
                Measure::Taylor(gradients) if part == Part::Makes => changes(model, id, axis, gradients)?,
                Measure::Taylor(_) => continue,
            };
            for (&unit, size) in units.iter().zip(sizes) {
                let (sum, count) = &mut sums[channels.graph.find(unit)][part as usize];
                (*sum, *count) = (*sum + size, *count + 1);
            }
        }
    }
    let importance = |unit: Unit| match measure {
        Measure::Magnitude(_) => {
            sums[unit].iter().filter(|(_, count)| *count > 0).map(|(sum, count)| sum / *count as f64).product()
        }
        Measure::Taylor(_) => sums[unit][Part::Makes as usize].0 * sums[unit][Part::Makes as usize].0,
    };
    Ok((0..sums.len()).map(importance).collect())
}

/// The constants of a node that have to do with channels, and the axis along which they do.
fn parts(model: &Model, node: &Node) -> Vec<(ValueId, Part, usize)> {
    let weights = node.op.weights_input().and_then(|position| node.input(position));
    let channels = |id: ValueId| model.values[id].shape.last().copied();
    let mut found = Vec::new();
    match (&node.op, weights) {
        (Op::DepthwiseConv2d(_), Some(weights)) => {
            // Filters of a single channel make channels as those of a convolution do.
            let makes = node.input(0).is_some_and(|input| channels(input) == Some(1));
            found.push((weights, if makes { Part::Makes } else { Part::Filters }, 3));
        }
        (Op::FullyConnected(_), Some(weights)) => found.extend([(weights, Part::Makes, 0), (weights, Part::Reads, 1)]),
        (_, Some(weights)) => found.extend([(weights, Part::Makes, 0), (weights, Part::Reads, 3)]),
        (Op::Mul { .. }, None) => {
            let constants = node.inputs.iter().flatten().filter(|&&id| model.values[id].is_constant());
            found.extend(constants.map(|&id| (id, Part::Filters, model.values[id].shape.len().saturating_sub(1))));
        }
        _ => {}
    }
    found.retain(|(id, ..)| model.values[*id].is_constant());
    found
}

/// Calls `visit(index along the axis, number)` for every number of a constant.
fn for_each(model: &Model, id: ValueId, axis: usize, numbers: &[f32], mut visit: impl FnMut(usize, f64)) {
    let shape = &model.values[id].shape;
    let inner = shape.get(axis + 1..).unwrap_or_default().iter().product::<usize>().max(1);
    let length = shape.get(axis).copied().unwrap_or(1).max(1);
    numbers.iter().enumerate().for_each(|(index, &number)| visit(index / inner % length, number.into()));
}

/// The norm of each slice along an axis.
fn sizes(model: &Model, id: ValueId, axis: usize, norm: Norm) -> Result<Vec<f64>> {
    let mut sizes = vec![0.0; model.values[id].shape.get(axis).copied().unwrap_or(1)];
    let numbers = model.values[id].dequantized()?;
    for_each(model, id, axis, &numbers, |at, w| sizes[at] += if norm == Norm::L1 { w.abs() } else { w * w });
    if norm == Norm::L2 {
        sizes.iter_mut().for_each(|size| *size = size.sqrt());
    }
    Ok(sizes)
}

/// Each as a share of their mean.
fn shares(sizes: &[f64]) -> Vec<f64> {
    let mean = sizes.iter().sum::<f64>() / sizes.len().max(1) as f64;
    sizes.iter().map(|size| if mean > 0.0 { size / mean } else { 0.0 }).collect()
}

/// The sum of weight times gradient over each slice.
fn changes<'a>(
    model: &Model,
    id: ValueId,
    axis: usize,
    gradients: &dyn Fn(ValueId) -> Option<&'a [f32]>,
) -> Result<Vec<f64>> {
    let mut changes = vec![0.0; model.values[id].shape.get(axis).copied().unwrap_or(1)];
    let Some(gradient) = gradients(id) else { return Ok(changes) };
    let products: Vec<f32> = model.values[id].dequantized()?.iter().zip(gradient).map(|(w, g)| w * g).collect();
    for_each(model, id, axis, &products, |at, product| changes[at] += product);
    Ok(changes)
}
