//! The obvious kernels: one file for each family of operators, one row of the table for each operator.
//!
//! Every kernel is the loop that the operator's definition says, for `float32`, `int8` and `int16` activations. They are
//! the oracle of the fast kernels in [`super::fast`]. Integer kernels give the bytes of TFLM's reference kernels.
//!
//! | [arithmetic](crate::quant::Arithmetic) | where it changes results |
//! |---|---|
//! | `Single` | every 32-bit requantization is rounded once; RESIZE_BILINEAR and SOFTMAX as TFLM built that way |
//! | `Xnnpack` | `int8` CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV, FULLY_CONNECTED, ADD, SUB, MUL, MEAN, LEAKY_RELU, RESIZE_BILINEAR, and QUANTIZE of `int8` and of real numbers; all else keeps TFLM's double rounding |
//!
//! `int16` accumulators of 64 bits have one rule under all three.

pub mod binary;
pub mod conv;
pub mod copy;
pub mod fully_connected;
pub mod hard_swish;
pub mod l2_normalization;
pub mod layout;
pub mod mean;
pub mod pool;
pub mod quantize;
pub mod relu;
pub mod resize;
pub mod sigmoid;
pub mod softmax;
pub mod transpose_conv;

use super::kernel::Kernel;
use super::site::Site;
use crate::error::{Error, Result};
use crate::model::Op;

/// Checks a node and precomputes all that does not depend on the input.
///
/// # Errors
/// A prepare function answers with a sentence on whatever would stop the device, or would make the result differ from
/// the device's. It must not take memory in proportion to activations.
pub type Prepare = fn(&Site<'_>) -> Result<Box<dyn Kernel>>;

/// The prepare function of an operator, `None` for those that are shown but not executed.
///
/// To add an operator, write its file here, give it a row, and add its vectors to the golden suite.
pub fn row(op: &Op) -> Option<Prepare> {
    Some(match op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) => conv::prepare,
        Op::FullyConnected(_) => fully_connected::prepare,
        Op::AveragePool2d(_) | Op::MaxPool2d(_) => pool::prepare,
        Op::Add { .. } | Op::Sub { .. } | Op::Mul { .. } => binary::prepare,
        Op::Reshape { .. } | Op::Squeeze { .. } | Op::ExpandDims => copy::prepare,
        Op::Softmax { .. } => softmax::prepare,
        Op::Quantize => quantize::prepare_quantize,
        Op::Dequantize => quantize::prepare_dequantize,
        Op::TransposeConv(_) => transpose_conv::prepare,
        Op::Mean { .. } => mean::prepare,
        Op::Concatenation { .. } => layout::prepare_concatenation,
        Op::Split { .. } => layout::prepare_split,
        Op::Pad | Op::PadV2 => layout::prepare_pad,
        Op::Transpose => layout::prepare_transpose,
        Op::StridedSlice(_) => layout::prepare_strided_slice,
        Op::Relu | Op::Relu6 | Op::LeakyRelu { .. } => relu::prepare,
        Op::Prelu => relu::prepare_prelu,
        Op::HardSwish => hard_swish::prepare,
        Op::Logistic | Op::Tanh => sigmoid::prepare,
        Op::L2Normalization { .. } => l2_normalization::prepare,
        Op::ResizeNearestNeighbor(_) => resize::prepare_nearest,
        Op::ResizeBilinear(_) => resize::prepare_bilinear,
        Op::Opaque(_) => return None,
    })
}

/// Prepares the obvious kernel of a node.
///
/// # Errors
/// `Unsupported` for operators without a row, and those of the prepare functions.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    match row(&site.node.op) {
        Some(prepare) => prepare(site),
        None => Err(Error::unsupported("Milliwatt does not execute this operator")),
    }
}
