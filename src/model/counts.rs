//! What each node costs, counted exactly from the graph: multiply-accumulates, parameters, bytes.
//!
//! MACs are counted as the field counts them: those of convolutions and matrix products, whole windows also where
//! they hang over the border, without biases, additions and activations.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Model, Node, NodeId, Op, Value, ValueId};
use crate::units::{Bytes, Macs};

/// Exact counts of a node or of a whole model.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Counts {
    /// Multiply-accumulates of one inference.
    pub macs: Macs,
    /// Trained numbers: weights, biases, slopes and other constant operands; not shapes, axes or paddings.
    pub parameters: u64,
    /// Bytes of the parameters that are not biases, packed as in the file.
    pub weight_bytes: Bytes,
    /// Bytes of the biases.
    pub bias_bytes: Bytes,
    /// Bytes of the activations read; for a model, those of its inputs.
    pub input_bytes: Bytes,
    /// Bytes of the activations written; for a model, those of its outputs.
    pub output_bytes: Bytes,
}

/// The counts of one node; zero for a node that does not exist.
///
/// *Source*: the counting rule of the MLPerf Tiny papers; checked against the published figures.
pub fn node(model: &Model, node: NodeId) -> Counts {
    let mut counts = Counts::default();
    let Some(node) = model.nodes.get(node) else { return counts };
    counts.macs = macs(model, node);
    for id in distinct(node.inputs.iter().flatten().copied()) {
        if let Some(value) = model.values.get(id).filter(|value| !value.is_constant()) {
            counts.input_bytes += Bytes(value.bytes() as u64);
        }
    }
    for value in node.outputs.iter().filter_map(|&id| model.values.get(id)) {
        counts.output_bytes += Bytes(value.bytes() as u64);
    }
    let mut seen = BTreeSet::new();
    add_parameters(model, node, &mut seen, &mut counts);
    counts
}

/// The counts of a whole model: MACs summed over nodes, each constant counted once however often it is read.
pub fn model(model: &Model) -> Counts {
    let mut counts = Counts::default();
    let mut seen = BTreeSet::new();
    for node in &model.nodes {
        counts.macs += macs(model, node);
        add_parameters(model, node, &mut seen, &mut counts);
    }
    let bytes = |ids: &[ValueId]| {
        distinct(ids.iter().copied()).filter_map(|id| model.values.get(id)).map(|v| Bytes(v.bytes() as u64)).sum()
    };
    counts.input_bytes = bytes(&model.inputs);
    counts.output_bytes = bytes(&model.outputs);
    counts
}

fn distinct(ids: impl Iterator<Item = ValueId>) -> impl Iterator<Item = ValueId> {
    let mut distinct = BTreeSet::new();
    distinct.extend(ids);
    distinct.into_iter()
}

fn macs(model: &Model, node: &Node) -> Macs {
    let value = |id: Option<ValueId>| id.and_then(|id| model.values.get(id));
    let size = |value: &Value| value.elements() as u64;
    let (Some(weights), Some(output)) = (
        value(node.op.weights_input().and_then(|position| node.input(position))),
        value(node.outputs.first().copied()),
    ) else {
        return Macs(0);
    };
    // Every element of the output (of the input, for TRANSPOSE_CONV) meets the weights of one channel.
    let channels = match (&node.op, &weights.shape[..]) {
        (Op::DepthwiseConv2d(_), &[.., channels]) => channels,
        (Op::TransposeConv(_), &[.., channels]) => channels,
        (_, &[channels, ..]) => channels,
        _ => return Macs(0),
    } as u64;
    let met = match &node.op {
        Op::TransposeConv(_) => value(node.input(2)).map_or(0, size),
        _ => size(output),
    };
    Macs(met.saturating_mul(size(weights).checked_div(channels).unwrap_or(0)))
}

fn add_parameters(model: &Model, node: &Node, seen: &mut BTreeSet<ValueId>, counts: &mut Counts) {
    for (position, id) in node.inputs.iter().enumerate() {
        let Some((id, value)) = id.and_then(|id| Some((id, model.values.get(id)?))) else { continue };
        let Some(data) = value.data.as_ref().filter(|_| is_parameter(&node.op, position, value)) else { continue };
        if !seen.insert(id) {
            continue;
        }
        counts.parameters += value.elements() as u64;
        let bytes = Bytes(data.len() as u64);
        if node.op.bias_input() == Some(position) {
            counts.bias_bytes += bytes;
        } else {
            counts.weight_bytes += bytes;
        }
    }
}

/// Whether a constant at this input was trained, and is not a shape, an axis or a padding.
pub(crate) fn is_parameter(op: &Op, position: usize, value: &Value) -> bool {
    match op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::TransposeConv(_) | Op::FullyConnected(_) => {
            op.weights_input() == Some(position) || op.bias_input() == Some(position)
        }
        Op::Add { .. } | Op::Sub { .. } | Op::Mul { .. } | Op::Prelu | Op::Concatenation { .. } => true,
        // DEQUANTIZE of a constant: weights stored small (float16, int8) and widened at load.
        Op::Dequantize | Op::Quantize => true,
        // Of a stranger only the types tell: quantized and floating constants are weights, plain integers are not.
        Op::Opaque(_) => value.dtype.is_float() || value.quantization.is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::op::FullyConnected;
    use crate::tensor::DType;

    fn dense() -> Model {
        let mut model = Model::default();
        let x = model.add_value(Value::activation("x", DType::Float32, &[2, 3]));
        let w = model.add_value(Value::float_constant("w", &[4, 3], &[0.5; 12]));
        let b = model.add_value(Value::float_constant("b", &[4], &[0.0; 4]));
        let y = model.add_value(Value::activation("y", DType::Float32, &[2, 4]));
        model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w, b], &[y]));
        (model.inputs, model.outputs) = (vec![x], vec![y]);
        model
    }

    #[test]
    fn dense_layer_counts_rows_times_weights() {
        let counts = node(&dense(), 0);
        assert_eq!(counts.macs, Macs(2 * 4 * 3));
        assert_eq!(counts.parameters, 16);
        assert_eq!((counts.weight_bytes, counts.bias_bytes), (Bytes(48), Bytes(16)));
        assert_eq!((counts.input_bytes, counts.output_bytes), (Bytes(24), Bytes(32)));
    }

    #[test]
    fn a_constant_read_twice_is_counted_once() {
        let mut twice = dense();
        let z = twice.add_value(Value::activation("z", DType::Float32, &[2, 4]));
        twice.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[0, 1, 2], &[z]));
        assert_eq!(model(&twice).parameters, 16);
        assert_eq!(model(&twice).macs, Macs(48));
    }
}
