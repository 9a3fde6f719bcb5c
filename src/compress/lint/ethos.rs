//! What Vela 5.2 leaves on the processor beside an Ethos-U55 or U65.
//!
//! *Source*: the list of supported operators and their constraints that Vela 5.2.0 prints
//! (`vela --supported-ops-report`), and what it did with small models of each rule.

use super::{Mend, Problem, Severity, Site};
use crate::model::Op;
use crate::model::op::{Padding, Pool2d, Resize};
use crate::tensor::DType;

/// The custom operator that Vela puts in place of what the Ethos-U runs.
pub(super) const COMPILED: &str = "ethos-u";

/// The operators that can be placed on an Ethos-U55 or U65.
#[rustfmt::skip]
const PLACED: [&str; 53] = [
    "ABS", "ADD", "ARG_MAX", "AVERAGE_POOL_2D", "BATCH_MATMUL", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "ELU",
    "EXP", "EXPAND_DIMS", "FULLY_CONNECTED", "GELU", "HARD_SWISH", "LEAKY_RELU", "LOG", "LOGISTIC", "MAXIMUM",
    "MAX_POOL_2D", "MEAN", "MINIMUM", "MIRROR_PAD", "MUL", "NEG", "PACK", "PAD", "PADV2", "PRELU", "QUANTIZE",
    "REDUCE_MAX", "REDUCE_MIN", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "RESHAPE", "RESIZE_BILINEAR",
    "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "RSQRT", "SLICE", "SOFTMAX", "SPLIT", "SPLIT_V", "SQUARED_DIFFERENCE",
    "SQUEEZE", "STRIDED_SLICE", "SUB", "SUM", "TANH", "TILE", "TRANSPOSE", "TRANSPOSE_CONV",
];
/// Placed too, in a form that only the file's options tell.
const PLACED_WITH_STATE: [&str; 2] = ["UNIDIRECTIONAL_SEQUENCE_LSTM", "UNPACK"];

impl Site<'_> {
    pub(super) fn ethos_u(&self, problems: &mut Vec<Problem>) {
        let name = self.node.op.name();
        if name == COMPILED {
            return;
        }
        let mut cpu = |sentence: String, fix: &str, mend| {
            let sentence = format!("it runs on the processor, not on the Ethos-U: {sentence}");
            self.note(problems, Severity::Warning, sentence, fix, mend);
        };
        if !PLACED.contains(&name) && !PLACED_WITH_STATE.contains(&name) {
            cpu(format!("Vela 5.2 does not place {name}"), "convert the model without it", None);
            return;
        }
        let output = self.output();
        if let Some(data) = self.data().into_iter().chain(output).find(|data| data.dtype.is_float()) {
            cpu(format!("its activations are {}", data.dtype), "make int8 of the float model", Some(Mend::Integers));
            return;
        }
        if let Some(data) = self.data().filter(|data| matches!(data.dtype, DType::Int64 | DType::Bool)) {
            cpu(format!("its activations are {}", data.dtype), "convert the model without them", None);
            return;
        }
        if let Some(weights) = self.weights() {
            if weights.encoding.is_some() {
                cpu(
                    "its weights are packed for TFLM".into(),
                    "leave Pack out; Vela packs weights itself",
                    Some(Mend::Unpacked),
                );
            }
            if !matches!(weights.dtype, DType::Int8 | DType::Uint8) {
                let sentence = format!("its weights are {}, not 8-bit", weights.dtype);
                cpu(sentence, "give the weights 8 bits", Some(Mend::Bytes));
            }
        }
        match &self.node.op {
            // Longer steps are cut into several convolutions, which needs a plain window.
            Op::Conv2d(op)
                if op.stride.iter().any(|&step| step > 3)
                    && !(op.dilation == [1, 1] && op.padding == Padding::Valid) =>
            {
                let sentence = format!("strides of {:?} need a window without padding and dilation", op.stride);
                cpu(sentence, "pad before it, or choose smaller strides", None);
            }
            Op::DepthwiseConv2d(op) => {
                // A window that fits once never takes a step: Vela sets its strides to 1.
                let steps = output.is_none_or(|output| output.shape.get(1..3) != Some(&[1, 1]));
                if steps && op.stride.iter().any(|&step| step > 3) {
                    let sentence = format!("strides of {:?} are not between 1 and 3", op.stride);
                    cpu(sentence, "choose smaller strides", None);
                }
            }
            Op::AveragePool2d(op) | Op::MaxPool2d(op) => {
                if let Some(sentence) = pool_too_large(&self.node.op, op) {
                    cpu(sentence, "pool in two steps", None);
                }
                if op.stride.iter().any(|&step| step > 3) && op.padding != Padding::Valid {
                    let sentence = format!("strides of {:?} need a window without padding", op.stride);
                    cpu(sentence, "pad before it, or choose smaller strides", None);
                }
            }
            Op::TransposeConv(op) => {
                if let Some(sentence) = self.transposed(op.stride, op.padding) {
                    cpu(sentence, "resize and convolve instead", None);
                }
            }
            Op::ResizeBilinear(op) => {
                let factors: &[usize] = if op.half_pixel_centers { &[2] } else { &[2, 4, 8] };
                if let Some(sentence) = self.resized(*op, factors) {
                    cpu(sentence, "resize by a factor that it takes", None);
                }
            }
            Op::ResizeNearestNeighbor(op) => {
                if let Some(sentence) = self.resized(*op, &[2, 4, 8]) {
                    cpu(sentence, "resize by a factor that it takes", None);
                }
            }
            Op::Mean { .. } if self.data().is_some_and(|data| data.shape.len() == 4 && data.shape[0] != 1) => {
                cpu("its batch is larger than 1".into(), "export the model with a batch of 1", None);
            }
            Op::Softmax { .. } if self.data().is_some_and(|data| rows(&data.shape) >= 65_536) => {
                cpu("it has 65536 rows or more".into(), "take the softmax of fewer rows", None);
            }
            _ => {}
        }
    }

    /// What keeps a resize off the Ethos-U.
    fn resized(&self, op: Resize, factors: &[usize]) -> Option<String> {
        let (&[_, height, width, _], &[_, to_height, to_width, _]) =
            (self.data()?.shape.as_slice(), self.output()?.shape.as_slice())
        else {
            return None;
        };
        if (height, width) == (1, 1) || (height, width) == (to_height, to_width) {
            return None;
        }
        let less = usize::from(op.align_corners);
        let taken = |from: usize, to: usize| {
            let (from, to) = (from.saturating_sub(less), to.saturating_sub(less));
            factors.iter().copied().find(|&factor| from > 0 && to == from * factor)
        };
        let fits = match (taken(height, to_height), taken(width, to_width)) {
            (Some(down), Some(across)) => down == across,
            (Some(_), None) => (width, to_width) == (1, 1),
            (None, Some(_)) => (height, to_height) == (1, 1),
            (None, None) => false,
        };
        let listed: Vec<String> = factors.iter().map(|factor| format!("{factor}")).collect();
        (!fits).then(|| {
            format!(
                "it resizes {height} by {width} pixels to {to_height} by {to_width}, and the factor must be {} in both",
                listed.join(", ")
            )
        })
    }

    /// What keeps a transposed convolution off the Ethos-U.
    fn transposed(&self, stride: [usize; 2], padding: Padding) -> Option<String> {
        let (&[_, height, width, _], &[_, to_height, to_width, _], &[_, rows, columns, _]) =
            (self.data()?.shape.as_slice(), self.output()?.shape.as_slice(), self.weights()?.shape.as_slice())
        else {
            return None;
        };
        let one_row = height == 1 && rows == 1;
        let one_column = width == 1 && columns == 1;
        let steps = match stride {
            [1, 1] | [2, 2] => true,
            [1, 2] => one_row,
            [2, 1] => one_column,
            _ => false,
        };
        if !steps {
            return Some(format!("strides of {stride:?} are not 1 or 2 in both directions"));
        }
        let expected = |size: usize, step: usize, window: usize| match padding {
            Padding::Same => size * step,
            Padding::Valid => (size * step + window).saturating_sub(step),
        };
        let whole = to_height == expected(height, stride[0], rows) && to_width == expected(width, stride[1], columns);
        (!whole).then(|| format!("its output of {to_height} by {to_width} pixels is not what input and strides give"))
    }
}

/// Rows that a softmax is taken of.
fn rows(shape: &[usize]) -> usize {
    shape.split_last().map_or(1, |(_, rows)| rows.iter().product())
}

fn pool_too_large(op: &Op, pool: &Pool2d) -> Option<String> {
    let [rows, columns] = pool.filter;
    let average_with_border = matches!(op, Op::AveragePool2d(_)) && pool.padding == Padding::Same;
    let fits = if average_with_border { rows <= 8 && columns <= 8 } else { rows <= 256 && rows * columns <= 65_536 };
    (!fits).then(|| format!("it pools over {rows} by {columns} pixels"))
}
