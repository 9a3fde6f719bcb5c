//! The arena's tail: what TFLM keeps as long as the model lives.
//!
//! The sizes of TFLM's structures depend on the width of a pointer and on its version. Two layouts are written down:
//! that of the 64-bit `tflite-micro` wheel (0.dev20261023182759), inferred from what its recording allocator prints
//! for single operators, and that of a 32-bit microcontroller, *derived* from the same fields with 4-byte pointers
//! and not measured. Allocations are then replayed in TFLM's order, with its alignment.

use serde::Serialize;

use super::scratch;
use crate::cost::arena::ALIGNMENT;
use crate::format::tflite;
use crate::model::{Model, Node, Op, ValueId};
use crate::tensor::DType;
use crate::units::Bytes;

/// The arena's tail, modelled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Persistent {
    /// On a 32-bit microcontroller: derived from the fields of TFLM's structures, not measured.
    pub bytes: Bytes,
    /// With 64-bit pointers: within 16 bytes of what the wheel prints; the upper end of the band.
    pub bytes_64_bit: Bytes,
}

/// The structures of the interpreter, in bytes.
struct Layout {
    pointer: usize,
    /// The allocators, the planner and the list of graphs.
    base: usize,
    /// `TfLiteEvalTensor`, one for each tensor of the file.
    tensor: usize,
    /// `NodeAndRegistration`, one for each node.
    node: usize,
    /// `TfLiteTensor`, one for each input and output of the model.
    port: usize,
    /// `TfLiteAffineQuantization`, for each quantized input and output.
    affine: usize,
}

const WHEEL: Layout = Layout { pointer: 8, base: 488, tensor: 24, node: 64, port: 64, affine: 24 };
const MICROCONTROLLER: Layout = Layout { pointer: 4, base: 272, tensor: 12, node: 32, port: 40, affine: 12 };

/// What the kernels of an operator keep, in bytes.
struct Kernel {
    /// The parsed attributes, such as `TfLiteConvParams`: no pointers, the same everywhere.
    options: usize,
    /// The kernel's own structure, without its pointers.
    fields: usize,
    /// How many pointers it holds.
    pointers: usize,
}

pub(super) fn persistent(model: &Model) -> Persistent {
    Persistent { bytes: Bytes(tail(model, &MICROCONTROLLER) as u64), bytes_64_bit: Bytes(tail(model, &WHEEL) as u64) }
}

/// Replays the allocations; the tail grows downwards, so each is rounded up after it is added.
fn tail(model: &Model, layout: &Layout) -> usize {
    let take = |used: usize, bytes: usize| (used + bytes).next_multiple_of(ALIGNMENT);
    let mut used = layout.base + layout.tensor * model.values.len() + layout.node * model.nodes.len();
    for node in model.nodes.iter().filter(|node| !tflite::is_unpacker(node)) {
        used += kernel(&node.op).options;
    }
    for node in &model.nodes {
        let kernel = kernel(&node.op);
        if tflite::is_unpacker(node) {
            for pointers in unpackers(model, node) {
                used = take(used, pointers * layout.pointer);
            }
        } else if kernel.fields > 0 {
            used = take(used, kernel.fields + kernel.pointers * layout.pointer);
        }
    }
    let mut handles = 0;
    for node in &model.nodes {
        for table in tables(model, node) {
            used = take(used, table);
        }
        handles += scratch(model, node).len();
    }
    used = (used + handles * layout.pointer).next_multiple_of(layout.pointer);
    for value in model.values.iter().filter(|value| value.is_variable) {
        used = take(used, value.bytes());
    }
    for ports in [&model.inputs, &model.outputs] {
        used = take(used, layout.pointer * ports.len());
        used += ports.iter().map(|&id| port(model, id, layout)).sum::<usize>();
    }
    used.next_multiple_of(ALIGNMENT)
}

fn port(model: &Model, id: ValueId, layout: &Layout) -> usize {
    let quantized = model.values.get(id).and_then(|value| value.quantization.as_ref());
    // The zero points are copied into an array with its length in front.
    let tables = quantized.map_or(0, |quantization| layout.affine + 4 + 4 * quantization.scale.len());
    layout.port + tables.next_multiple_of(layout.pointer)
}

/// Tables that a kernel computes once and keeps.
fn tables(model: &Model, node: &Node) -> Vec<usize> {
    let channels = node.op.weights_channel_axis().and_then(|axis| {
        let weights = node.input(node.op.weights_input()?)?;
        model.values.get(weights)?.shape.get(axis).copied()
    });
    let int16 = node.input(0).and_then(|id| model.values.get(id)).is_some_and(|x| x.dtype == DType::Int16);
    match &node.op {
        // Multipliers and shifts for each channel; float models keep the room for them too.
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::TransposeConv(_) => vec![4 * channels.unwrap_or(0); 2],
        Op::Softmax { .. } if int16 => vec![2 * 513; 2],
        _ => vec![],
    }
}

/// What the unpacking of constants keeps, in pointers: a list of states, and a state for each output. Inferred from what
/// the wheel prints; flags and small counts fill a last pointer.
fn unpackers(model: &Model, node: &Node) -> Vec<usize> {
    let kind = |output: usize| {
        let tables = node.input(2 * output + 1).and_then(|id| model.values.get(id)?.data.as_ref()?.first().copied());
        match tables {
            Some(1) => 7,
            Some(2) => 10,
            _ => 9,
        }
    };
    std::iter::once(node.outputs.len()).chain((0..node.outputs.len()).map(kind)).collect()
}

fn kernel(op: &Op) -> Kernel {
    let (options, fields, pointers) = match op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) => (28, 64, 2),
        Op::TransposeConv(_) => (20, 68, 2),
        Op::FullyConnected(_) => (32, 56, 2),
        Op::AveragePool2d(_) | Op::MaxPool2d(_) => (40, 32, 0),
        Op::Mean { .. } => (1, 40, 0),
        Op::Add { .. } => (8, 60, 0),
        Op::Sub { .. } => (8, 56, 0),
        Op::Mul { .. } => (4, 40, 0),
        Op::Concatenation { .. } => (8, 64, 2),
        Op::Pad | Op::PadV2 => (0, 56, 0),
        Op::Reshape { .. } | Op::Squeeze { .. } => (36, 0, 0),
        Op::StridedSlice(_) => (24, 80, 0),
        Op::Split { .. } => (4, 0, 0),
        Op::Relu => (0, 32, 0),
        Op::Relu6 => (0, 8, 0),
        Op::LeakyRelu { .. } => (4, 28, 0),
        Op::Prelu => (0, 28, 0),
        Op::HardSwish | Op::Logistic | Op::Tanh => (0, 20, 0),
        Op::Softmax { .. } => (4, 48, 4),
        Op::L2Normalization { .. } => (4, 4, 0),
        Op::ResizeBilinear(_) | Op::ResizeNearestNeighbor(_) => (2, 0, 0),
        Op::Quantize | Op::Dequantize => (0, 32, 0),
        Op::ExpandDims | Op::Transpose => (0, 0, 0),
        // A stranger keeps something; as much as most kernels do.
        Op::Opaque(_) => (8, 32, 0),
    };
    Kernel { options, fields, pointers }
}
