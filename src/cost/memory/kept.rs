//! What kernels compute while they prepare and keep as long as the model lives.

use super::cmsis_nn;
use super::rows::Row;
use super::runtime::{Core, Kernels, Runtime};
use super::site::{Site, product};
use crate::format::tflite;
use crate::model::{Model, Node, Value};
use crate::tensor::DType;

/// The tables of a node in bytes, in the order in which its kernel takes them.
///
/// *Source*: see [`super::Runtime`].
pub(super) fn kept(site: &Site<'_>, runtime: Runtime) -> Vec<u64> {
    let kernels = runtime.kernels();
    let activations = site.dtype(0);
    let integers = matches!(activations, Some(DType::Int8 | DType::Int16));
    let cmsis_nn = matches!(kernels, Kernels::CmsisNn(_));
    let for_speed = kernels == Kernels::CmsisNn(Core::Mve { speed: true });
    match site.node.op.name() {
        // Multipliers and shifts for each channel; all but CMSIS-NN keep the room for them in float models too.
        "CONV_2D" if integers || !cmsis_nn => vec![4 * site.dim(1, 0); 2],
        "DEPTHWISE_CONV_2D" if integers || !cmsis_nn => vec![4 * site.dim(1, 3); 2],
        "TRANSPOSE_CONV" => vec![4 * site.dim(1, 0); 2],
        "FULLY_CONNECTED" if activations == Some(DType::Int8) => {
            let mut tables = vec![];
            if site.has_scale_per_channel() {
                tables.extend([4 * site.dim(1, 0); 2]);
            }
            if for_speed && site.dtype(1) != Some(DType::Int4) && !cmsis_nn::runs_as_convolution(site) {
                // Sums of the weights.
                tables.push(4 * site.outputs());
            }
            tables
        }
        "SVDF" if for_speed && activations == Some(DType::Int8) => vec![4 * site.dim(1, 0)],
        // Tables of exponentials and of reciprocals.
        "SOFTMAX" if activations == Some(DType::Int16) => vec![2 * 513; 2],
        "UNIDIRECTIONAL_SEQUENCE_LSTM" if cmsis_nn => match activations {
            Some(DType::Int8) => vec![4 * site.dim(6, 1); 8],
            Some(DType::Int16) => vec![8 * site.dim(6, 1); 8],
            _ => vec![],
        },
        "CUMSUM" if activations == Some(DType::Int8) => vec![36],
        "BATCH_MATMUL" => {
            let mut tables = vec![];
            let turned = site.transposed().unwrap_or_default();
            // TFLM multiplies rows by rows: the right operand is turned unless the file has it that way.
            for (position, turn) in [(0, turned[0]), (1, !turned[1])] {
                if let Some(operand) = site.input(position).filter(|_| turn) {
                    tables.extend([runtime.abi().tensor, shape(Some(operand)), operand.bytes() as u64]);
                }
            }
            tables.extend(integers.then_some(28));
            tables
        }
        _ => vec![],
    }
}

/// What a kernel keeps once it has given back the descriptions: the output's shape, where it sets it.
pub(super) fn kept_last(site: &Site<'_>) -> Option<u64> {
    matches!(site.node.op.name(), "GATHER" | "BATCH_MATMUL").then(|| shape(site.output()))
}

/// The bytes of a list of dimensions with its length.
fn shape(value: Option<&Value>) -> u64 {
    4 + 4 * value.map_or(0, |value| value.shape.len() as u64)
}

/// The bytes that descriptions take which a kernel asks for while it prepares and gives back.
pub(super) fn descriptions(site: &Site<'_>, row: &Row, bytes: &dyn Fn(usize) -> u64) -> u64 {
    // Reductions of int8 look at their output once more, for its scale.
    let is_reduction = matches!(site.node.op.name(), "MEAN" | "SUM" | "REDUCE_MAX" | "REDUCE_MIN");
    let again = is_reduction && site.dtype(0) == Some(DType::Int8);
    let output = u64::from(row.output) + u64::from(again);
    let of_inputs =
        row.inputs.iter().enumerate().map(|(position, &times)| {
            site.node.input(position).map_or(0, |id| product(&[u64::from(times), bytes(id)]))
        });
    let of_output = site.node.outputs.first().map_or(0, |&id| product(&[output, bytes(id)]));
    of_inputs.sum::<u64>() + of_output
}

/// What the unpacking of constants keeps, in pointers: a list of states, and a state for each output. Inferred from what
/// the wheel prints; flags and small counts fill a last pointer.
pub(super) fn unpackers(model: &Model, node: &Node) -> Option<Vec<u64>> {
    if !tflite::is_unpacker(node) {
        return None;
    }
    let state = |output: usize| {
        let tables = node.input(2 * output + 1).and_then(|id| model.values.get(id)?.data.as_ref()?.first().copied());
        match tables {
            Some(1) => 7,
            Some(2) => 10,
            _ => 9,
        }
    };
    Some(std::iter::once(node.outputs.len() as u64).chain((0..node.outputs.len()).map(state)).collect())
}
