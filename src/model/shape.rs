//! The shape rule of each operator: what comes out, given what goes in and the attributes.
//!
//! The rules are TFLite's. A rule that needs a constant (the paddings of PAD, the shape of RESHAPE) and finds an
//! activation answers `Unsupported`: the shape is then only known while running.

mod conv;
mod elementwise;
mod layout;

pub use conv::same_padding;
pub use layout::slice_axis;

use super::{Model, Node, NodeId, Op, Value};
use crate::error::{Error, Kind, Result};
use crate::tensor::elements;

/// The shapes of a node's outputs, from its inputs' shapes and its attributes.
///
/// # Errors
/// `Format` when the shapes do not fit together (with the node named), `Unsupported` for operators that Milliwatt
/// only shows, and where a shape depends on data.
///
/// *Source*: the `Prepare` functions of the TFLite kernels.
pub fn infer(model: &Model, node: NodeId) -> Result<Vec<Vec<usize>>> {
    let found =
        model.nodes.get(node).ok_or_else(|| Error::parameter(format!("there is no node {node} in this model")))?;
    let shapes = rule(&Inputs { model, node: found }).map_err(|error| error.at(model.place(node)))?;
    for shape in &shapes {
        elements(shape).map_err(|error| error.at(model.place(node)))?;
    }
    Ok(shapes)
}

fn rule(inputs: &Inputs<'_>) -> Result<Vec<Vec<usize>>> {
    let one = |shape: Result<Vec<usize>>| shape.map(|shape| vec![shape]);
    match &inputs.node.op {
        Op::Conv2d(op) => one(conv::conv_2d(op, inputs)),
        Op::DepthwiseConv2d(op) => one(conv::depthwise_conv_2d(op, inputs)),
        Op::TransposeConv(op) => one(conv::transpose_conv(op, inputs)),
        Op::FullyConnected(op) => one(conv::fully_connected(op, inputs)),
        Op::AveragePool2d(op) | Op::MaxPool2d(op) => one(conv::pool_2d(op, inputs)),
        Op::Mean { keep_dims } => one(elementwise::mean(*keep_dims, inputs)),
        Op::Add { .. } | Op::Sub { .. } | Op::Mul { .. } => one(elementwise::broadcast(inputs)),
        Op::Prelu => one(elementwise::prelu(inputs)),
        Op::Relu
        | Op::Relu6
        | Op::LeakyRelu { .. }
        | Op::HardSwish
        | Op::Logistic
        | Op::Tanh
        | Op::Softmax { .. }
        | Op::L2Normalization { .. }
        | Op::Quantize
        | Op::Dequantize => one(inputs.value(0, "input").map(|value| value.shape.clone())),
        Op::Concatenation { axis, .. } => one(layout::concatenation(*axis, inputs)),
        Op::Pad | Op::PadV2 => one(layout::pad(inputs)),
        Op::Reshape { new_shape } => one(layout::reshape(new_shape.as_deref(), inputs)),
        Op::Squeeze { dims } => one(layout::squeeze(dims, inputs)),
        Op::ExpandDims => one(layout::expand_dims(inputs)),
        Op::Transpose => one(layout::transpose(inputs)),
        Op::StridedSlice(op) => one(layout::strided_slice(op, inputs)),
        Op::Split { count } => layout::split(*count, inputs),
        Op::ResizeNearestNeighbor(_) | Op::ResizeBilinear(_) => one(layout::resize(inputs)),
        Op::Opaque(opaque) => Err(Error::unsupported(format!(
            "Milliwatt shows {} but does not know what it computes, so its output shape is only the declared one",
            opaque.name
        ))),
    }
}

/// A node's inputs, by position, with sentences for what is missing.
struct Inputs<'a> {
    model: &'a Model,
    node: &'a Node,
}

impl<'a> Inputs<'a> {
    /// The input at a position.
    fn value(&self, position: usize, role: &str) -> Result<&'a Value> {
        self.optional(position)?.ok_or_else(|| Error::format(format!("input {position} (the {role}) is missing")))
    }

    /// The input at a position, `None` where it is left out.
    fn optional(&self, position: usize) -> Result<Option<&'a Value>> {
        match self.node.input(position) {
            None => Ok(None),
            Some(id) => self.model.values.get(id).map(Some).ok_or_else(|| {
                Error::format(format!(
                    "input {position} is value {id}, but the model has {} values",
                    self.model.values.len()
                ))
            }),
        }
    }

    /// The input at a position, which must have four dimensions.
    fn image(&self, position: usize, role: &str) -> Result<[usize; 4]> {
        let value = self.value(position, role)?;
        value.shape.as_slice().try_into().map_err(|_| {
            Error::format(format!(
                "the {role} must have 4 dimensions, but its shape is {:?}: {:?}",
                value.shape, value.name
            ))
        })
    }

    /// The sizes of a constant input; those of the declared output where they are computed while running.
    fn integers_or_declared(&self, position: usize, role: &str) -> Result<Vec<i64>> {
        if self.value(position, role)?.is_constant() {
            return self.integers(position, role);
        }
        let output = self.node.outputs.first().and_then(|&id| self.model.values.get(id));
        Ok(output.map_or(vec![], |output| output.shape.iter().map(|&size| size as i64).collect()))
    }

    /// The integers of a constant input; `Unsupported` where it is computed while running.
    fn integers(&self, position: usize, role: &str) -> Result<Vec<i64>> {
        let value = self.value(position, role)?;
        if !value.is_constant() {
            return Err(Error::unsupported(format!(
                "the {role} is not a constant, so the output shape depends on data: {:?}",
                value.name
            )));
        }
        value.to_i64().map_err(|error| match error.kind() {
            Kind::Unsupported => Error::format(format!("the {role} must be integers, not {}", value.dtype)),
            _ => error.at(format_args!("the {role}")),
        })
    }
}

/// A possibly negative axis counted from the front.
fn normalize_axis(axis: i64, rank: usize) -> Result<usize> {
    let signed = i64::try_from(rank).unwrap_or(i64::MAX);
    let positive = if axis < 0 { axis.saturating_add(signed) } else { axis };
    usize::try_from(positive)
        .ok()
        .filter(|&axis| axis < rank)
        .ok_or_else(|| Error::format(format!("axis {axis} is outside of {rank} dimensions")))
}

#[cfg(test)]
mod tests;
