//! The version that an operator must declare for what it does.
//!
//! Runtimes refuse a version above their own; too low a one promises something to an old runtime that it cannot do.
//!
//! *Source*: `GetBuiltinOperatorVersion` in LiteRT's `op_version.cc`.

use crate::model::{Model, Node, Op, Value};
use crate::tensor::DType::{self, *};

/// The lowest version that covers the types and attributes of a node.
pub(super) fn required(model: &Model, node: &Node) -> i32 {
    let value = |position: usize| node.input(position).and_then(|id| model.values.get(id));
    let dtype = |position: usize| value(position).map(|value| value.dtype);
    let rank = |position: usize| value(position).map_or(0, |value| value.shape.len());
    let per_channel = |value: Option<&Value>| {
        value.and_then(|value| value.quantization.as_ref()).is_some_and(|quantization| quantization.is_per_channel())
    };
    let data = dtype(0);
    match &node.op {
        Op::Conv2d(_) => match (data, dtype(1)) {
            _ if bias_type(model, node).is_some() => 8,
            (Some(Int8), Some(Int4 | Int2)) => 7,
            _ if is_grouped(value(0), value(1)) => 6,
            (Some(Float32), Some(Int8)) => {
                if per_channel(value(1)) {
                    5
                } else {
                    2
                }
            }
            (Some(Int16), _) => 4,
            (Some(Int8), _) => 3,
            _ => 1,
        },
        Op::DepthwiseConv2d(op) => match (data, dtype(1)) {
            (Some(Int8), Some(Int4 | Int2)) => 7,
            (Some(Float32), Some(Int8)) => {
                if per_channel(value(1)) {
                    6
                } else {
                    4
                }
            }
            (Some(Int16), _) => 5,
            (Some(Int8), _) => 3,
            _ if op.dilation != [1, 1] => 2,
            _ => 1,
        },
        Op::TransposeConv(op) => match dtype(1) {
            _ if bias_type(model, node).is_some() => 5,
            _ if op.activation != Default::default() => 4,
            _ if value(3).is_some() => 3,
            Some(Int8) => 2,
            _ => 1,
        },
        Op::FullyConnected(op) => match (data, dtype(1)) {
            (_, Some(Int2)) => 14,
            (Some(Int16), Some(Int4)) => 13,
            (Some(Float32), Some(Int8)) if per_channel(value(1)) => 12,
            _ if bias_type(model, node).is_some() => 11,
            (Some(Int8), Some(Int4)) => 10,
            (Some(Float32), Some(Int8)) if op.asymmetric_quantize_inputs => 9,
            (Some(Int16), _) => 7,
            _ if node.inputs.len() == 2 => 6,
            _ if op.keep_num_dims => 5,
            (Some(Int8), _) => 4,
            (Some(Float32), Some(Int8)) => 3,
            _ if op.shuffled_weights => 2,
            _ => 1,
        },
        Op::Mul { .. } => match data {
            Some(Int64) => 5,
            Some(Int16) => 4,
            _ if scale_grows(value(0), value(1), node.outputs.first().and_then(|&id| model.values.get(id))) => 3,
            Some(Int8) => 2,
            _ => 1,
        },
        Op::Add { pot_scale_int16, .. } => match data {
            Some(Int64) => 4,
            Some(Int16) if !pot_scale_int16 => 3,
            Some(Int8) => 2,
            _ => 1,
        },
        Op::Sub { pot_scale_int16, .. } => match data {
            Some(Int16) if !pot_scale_int16 => 5,
            Some(Int64) => 4,
            _ if rank(0).max(rank(1)) > 4 => 3,
            Some(Int8) => 2,
            _ => 1,
        },
        Op::Split { .. } => match dtype(1) {
            Some(Int16) => 4,
            Some(Int32) => 3,
            Some(Int8) => 2,
            _ => 1,
        },
        Op::Dequantize => match data {
            Some(Int2) => 7,
            Some(Int4) => 6,
            Some(Int8) if per_channel(value(0)) => 5,
            Some(Int16 | Float16) => 3,
            Some(Int8) => 2,
            _ => 1,
        },
        Op::Quantize => match node.outputs.first().and_then(|&id| model.values.get(id)).map(|value| value.dtype) {
            Some(Int4) => 4,
            Some(Int16) => 2,
            _ => 1,
        },
        Op::Transpose => match data {
            Some(Int4) => 7,
            _ if rank(0) > 6 => 8,
            _ if rank(0) > 5 => 6,
            Some(Int16) => 5,
            _ if rank(0) > 4 => 4,
            Some(Bool) => 3,
            Some(Int8) => 2,
            _ => 1,
        },
        Op::StridedSlice(op) => match data {
            _ if op.offset => 8,
            _ if op.ellipsis_mask != 0 || op.new_axis_mask != 0 => 6,
            _ if rank(0) > 4 => 4,
            Some(Bool) => 3,
            Some(Int8) => 2,
            _ => 1,
        },
        Op::Pad | Op::PadV2 => match data {
            Some(Bool) => 5,
            _ if rank(0) > 4 => 4,
            other => by_width(other),
        },
        Op::ResizeBilinear(op) => resize(data, op.half_pixel_centers),
        Op::ResizeNearestNeighbor(op) => resize(data, op.half_pixel_centers || op.align_corners),
        Op::Relu => match data {
            Some(Uint8) => 2,
            other => by_width(other),
        },
        Op::LeakyRelu { .. } => {
            if data == Some(Int16) {
                2
            } else {
                1
            }
        }
        Op::L2Normalization { .. } => {
            if data == Some(Int8) {
                2
            } else {
                1
            }
        }
        Op::AveragePool2d(_)
        | Op::MaxPool2d(_)
        | Op::Concatenation { .. }
        | Op::Softmax { .. }
        | Op::Mean { .. }
        | Op::Relu6
        | Op::Tanh
        | Op::Logistic => by_width(data),
        Op::Reshape { .. } | Op::Squeeze { .. } | Op::ExpandDims | Op::Prelu | Op::HardSwish | Op::Opaque(_) => 1,
    }
}

/// Version 2 brought int8 and version 3 int16 to most operators.
fn by_width(dtype: Option<DType>) -> i32 {
    match dtype {
        Some(Int16) => 3,
        Some(Int8) => 2,
        _ => 1,
    }
}

fn resize(dtype: Option<DType>, has_new_attribute: bool) -> i32 {
    match dtype {
        Some(Int16) => 4,
        _ if has_new_attribute => 3,
        Some(Int8) => 2,
        _ => 1,
    }
}

fn is_grouped(input: Option<&Value>, filter: Option<&Value>) -> bool {
    let depth = |value: Option<&Value>| value.and_then(|value| value.shape.last()).copied();
    depth(input) != depth(filter)
}

/// Whether a product's multiplier is 1 or more, which the first kernels could not do.
fn scale_grows(a: Option<&Value>, b: Option<&Value>, output: Option<&Value>) -> bool {
    let scale = |value: Option<&Value>| value?.quantization.as_ref().map(|quantization| quantization.scale_of(0));
    match (scale(a), scale(b), scale(output)) {
        (Some(a), Some(b), Some(output)) => a * b / output >= 1.0,
        _ => false,
    }
}

/// The bias type that an int16 operator must declare: int64 is understood, int32 is not.
pub(super) fn bias_type(model: &Model, node: &Node) -> Option<DType> {
    let data = if matches!(node.op, Op::TransposeConv(_)) { 2 } else { 0 };
    let dtype = |position: usize| node.input(position).and_then(|id| model.values.get(id)).map(|value| value.dtype);
    // Depthwise options have no such field.
    if matches!(node.op, Op::DepthwiseConv2d(_)) || dtype(data) != Some(Int16) {
        return None;
    }
    node.op.bias_input().and_then(dtype).filter(|&dtype| dtype == Int32)
}
