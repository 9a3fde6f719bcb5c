//! The arena's tail: what TFLM keeps as long as the model lives.
//!
//! The sizes of TFLM's structures depend on the width of a pointer and on its version. Two layouts are written down:
//! that of the 64-bit `tflite-micro` wheel (0.dev20261023182759), fitted to what it prints for the MLPerf Tiny
//! models, and that of a 32-bit microcontroller, *derived* from the same fields with 4-byte pointers and not measured.

use serde::Serialize;

use crate::model::{Model, Node, Op};
use crate::tensor::DType;
use crate::units::Bytes;

/// The arena's tail, modelled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Persistent {
    /// On a 32-bit microcontroller: derived from the fields of TFLM's structures, not measured.
    pub bytes: Bytes,
    /// With 64-bit pointers: within 2 % of what the wheel prints; the upper end of the band.
    pub bytes_64_bit: Bytes,
}

/// Sizes in bytes of what TFLM allocates persistently.
struct Layout {
    /// The allocators, the planner and the list of graphs.
    base: usize,
    /// `TfLiteEvalTensor`, one for each tensor of the file.
    tensor: usize,
    /// `TfLiteTensor`, one for each input and output, and the pointer to it.
    port: usize,
    /// `TfLiteAffineQuantization` and its zero-point array, for each quantized input and output.
    port_quantization: usize,
    /// `NodeAndRegistration`, one for each node.
    node: usize,
    /// What the kernel keeps for a convolution, without its tables.
    convolution: usize,
    /// What the kernel keeps for FULLY_CONNECTED.
    fully_connected: usize,
    /// What the kernel keeps for SOFTMAX.
    softmax: usize,
}

const WHEEL: Layout = Layout {
    base: 488,
    tensor: 24,
    port: 64 + 16,
    port_quantization: 32,
    node: 64,
    convolution: 80,
    fully_connected: 80,
    softmax: 80,
};

const MICROCONTROLLER: Layout = Layout {
    base: 272,
    tensor: 12,
    port: 40 + 16,
    port_quantization: 20,
    node: 32,
    convolution: 64,
    fully_connected: 64,
    softmax: 64,
};

pub(super) fn persistent(model: &Model) -> Persistent {
    Persistent { bytes: Bytes(tail(model, &MICROCONTROLLER)), bytes_64_bit: Bytes(tail(model, &WHEEL)) }
}

fn tail(model: &Model, layout: &Layout) -> u64 {
    let mut bytes = layout.base + layout.tensor * model.values.len() + layout.node * model.nodes.len();
    for value in model.inputs.iter().chain(&model.outputs).filter_map(|&id| model.values.get(id)) {
        bytes += layout.port;
        if value.quantization.is_some() {
            bytes += layout.port_quantization;
        }
    }
    bytes += model.values.iter().filter(|value| value.is_variable).map(|v| align(v.bytes())).sum::<usize>();
    bytes += model.nodes.iter().map(|node| options(&node.op) + kernel(model, node, layout)).sum::<usize>();
    bytes as u64
}

/// The parsed attributes (`TfLiteConvParams` and its like): 32-bit fields, the same size everywhere.
fn options(op: &Op) -> usize {
    match op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) => 28,
        Op::FullyConnected(_) => 32,
        Op::AveragePool2d(_) | Op::MaxPool2d(_) | Op::Reshape { .. } => 36,
        Op::Quantize | Op::Dequantize => 0,
        Op::Softmax { .. } => 4,
        _ => 8,
    }
}

/// What the kernel keeps: its structure and the tables that it computes once.
fn kernel(model: &Model, node: &Node, layout: &Layout) -> usize {
    let channels = node.op.weights_channel_axis().and_then(|axis| {
        let weights = node.input(node.op.weights_input()?)?;
        model.values.get(weights)?.shape.get(axis).copied()
    });
    let int16 = node.input(0).and_then(|id| model.values.get(id)).is_some_and(|x| x.dtype == DType::Int16);
    match &node.op {
        // Multipliers and shifts for each channel are kept for float models too.
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::TransposeConv(_) => {
            layout.convolution + 2 * align(4 * channels.unwrap_or(0))
        }
        Op::FullyConnected(_) => layout.fully_connected,
        Op::Softmax { .. } if int16 => layout.softmax + 2 * align(2 * 513),
        Op::Softmax { .. } => layout.softmax,
        Op::Add { .. } | Op::Sub { .. } => 64,
        Op::Reshape { .. } | Op::Squeeze { .. } | Op::ExpandDims => 0,
        _ => 32,
    }
}

fn align(bytes: usize) -> usize {
    bytes.div_ceil(16) * 16
}
