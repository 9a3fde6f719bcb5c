//! What TFLM keeps for each operator, whatever its shapes: one row for each operator that is known.
//!
//! *Source*: see [`super::Runtime`]; the sizes on 32-bit cores were measured for every row, those on 64 bits for the
//! operators of real networks and of `tests/golden/ops`, and derived from the fields of the structures for the rest.

use super::runtime::{Kernels, Runtime};

/// An operator.
pub(super) struct Row {
    /// TFLite's name.
    pub name: &'static str,
    /// The parsed options where enumerations take one byte, and where they take four.
    options: [u16; 2],
    /// The kernel's own structure: reference kernels, CMSIS-NN, ESP-NN (all on 32 bits), reference kernels on 64 bits, and
    /// in the wheel.
    kernel: [u16; 5],
    /// How many descriptions of each input are made while the kernel prepares, and taken back afterwards.
    pub inputs: &'static [u8],
    /// The same for the output.
    pub output: u8,
}

/// The same structure everywhere.
const fn all(bytes: u16) -> [u16; 5] {
    [bytes; 5]
}

const NONE: [u16; 5] = [0; 5];

const fn row(name: &'static str, options: [u16; 2], kernel: [u16; 5], inputs: &'static [u8], output: u8) -> Row {
    Row { name, options, kernel, inputs, output }
}

#[rustfmt::skip]
static ROWS: &[Row] = &[
    row("ABS", [0, 0], all(28), &[1], 1),
    row("ADD", [2, 8], all(60), &[1, 1], 1),
    row("ARG_MAX", [1, 4], NONE, &[], 0),
    row("ARG_MIN", [1, 4], NONE, &[], 0),
    row("AVERAGE_POOL_2D", [40, 40], [32, 36, 32, 32, 32], &[1], 1),
    row("BATCH_MATMUL", [3, 3], [16, 36, 16, 32, 32], &[1, 1], 1),
    row("BATCH_TO_SPACE_ND", [0, 0], NONE, &[1], 1),
    row("BROADCAST_TO", [0, 0], NONE, &[1, 1], 1),
    row("CAST", [2, 8], NONE, &[1], 1),
    row("CEIL", [0, 0], NONE, &[1], 1),
    row("CONCATENATION", [8, 8], [24, 24, 24, 40, 80], &[2, 1, 1, 1, 1, 1, 1, 1, 1, 1], 1),
    row("CONV_2D", [28, 28], [56, 60, 60, 72, 80], &[2, 2, 1], 2),
    row("COS", [0, 0], NONE, &[1], 1),
    row("CUMSUM", [2, 2], NONE, &[1, 1], 1),
    row("DEPTHWISE_CONV_2D", [28, 28], [56, 60, 60, 72, 80], &[2, 2, 1], 2),
    row("DEPTH_TO_SPACE", [4, 4], all(20), &[1], 1),
    row("DEQUANTIZE", [0, 0], all(32), &[1], 1),
    row("DIV", [1, 4], all(28), &[1, 1], 1),
    row("ELU", [0, 0], all(256), &[1], 1),
    row("EQUAL", [0, 0], all(32), &[1, 1], 0),
    row("EXP", [0, 0], NONE, &[1], 1),
    row("EXPAND_DIMS", [0, 0], NONE, &[1, 1], 1),
    row("FILL", [0, 0], NONE, &[1, 1], 1),
    row("FLOOR", [0, 0], NONE, &[1], 1),
    row("FLOOR_DIV", [0, 0], NONE, &[1, 1], 1),
    row("FLOOR_MOD", [0, 0], NONE, &[1, 1], 1),
    row("FULLY_CONNECTED", [5, 16], [48, 72, 48, 64, 72], &[1, 1, 1], 1),
    row("GATHER", [8, 8], NONE, &[1, 1], 1),
    row("GREATER", [0, 0], all(32), &[1, 1], 0),
    row("GREATER_EQUAL", [0, 0], all(32), &[1, 1], 0),
    row("HARD_SWISH", [0, 0], all(20), &[1], 1),
    row("L2_NORMALIZATION", [1, 4], all(4), &[1], 1),
    row("L2_POOL_2D", [40, 40], all(20), &[1], 1),
    row("LEAKY_RELU", [4, 4], all(24), &[1], 1),
    row("LESS", [0, 0], all(32), &[1, 1], 0),
    row("LESS_EQUAL", [0, 0], all(32), &[1, 1], 0),
    row("LOG", [0, 0], NONE, &[1], 1),
    row("LOGISTIC", [0, 0], all(16), &[1], 1),
    row("MAXIMUM", [0, 0], NONE, &[1, 1], 1),
    row("MAX_POOL_2D", [40, 40], [32, 36, 32, 32, 32], &[1], 1),
    row("MEAN", [1, 1], all(44), &[2, 2], 1),
    row("MINIMUM", [0, 0], NONE, &[1, 1], 1),
    row("MIRROR_PAD", [1, 4], all(20), &[1, 1], 1),
    row("MUL", [1, 4], all(36), &[1, 1], 1),
    row("NEG", [0, 0], NONE, &[1], 1),
    row("NOT_EQUAL", [0, 0], all(32), &[1, 1], 0),
    row("PACK", [8, 8], NONE, &[], 0),
    row("PAD", [0, 0], all(56), &[1, 1], 1),
    row("PADV2", [0, 0], all(56), &[1, 1, 1], 1),
    row("PRELU", [0, 0], all(28), &[1, 1], 1),
    row("QUANTIZE", [0, 0], all(32), &[1], 1),
    row("REDUCE_ALL", [1, 1], all(44), &[2, 2], 1),
    row("REDUCE_MAX", [1, 1], all(44), &[2, 2], 1),
    row("REDUCE_MIN", [1, 1], all(44), &[2, 2], 1),
    row("RELU", [0, 0], all(28), &[1], 1),
    row("RELU6", [0, 0], all(8), &[1], 1),
    row("RESHAPE", [36, 36], NONE, &[1], 1),
    row("RESIZE_BILINEAR", [2, 2], NONE, &[1, 1], 1),
    row("RESIZE_NEAREST_NEIGHBOR", [2, 2], NONE, &[1, 1], 1),
    row("REVERSE_V2", [0, 0], NONE, &[1, 1], 1),
    row("RSQRT", [0, 0], all(28), &[1], 1),
    row("SELECT_V2", [0, 0], all(1), &[1, 1, 1], 1),
    row("SHAPE", [1, 4], NONE, &[], 0),
    row("SIN", [0, 0], NONE, &[1], 1),
    row("SLICE", [0, 0], NONE, &[1, 1, 1], 1),
    row("SOFTMAX", [4, 4], [56, 64, 64, 80, 80], &[1], 1),
    row("SPACE_TO_BATCH_ND", [0, 0], all(4), &[1], 1),
    row("SPACE_TO_DEPTH", [4, 4], all(20), &[1], 1),
    row("SPLIT", [4, 4], NONE, &[1], 0),
    row("SPLIT_V", [4, 4], NONE, &[0, 0, 1], 0),
    row("SQRT", [0, 0], NONE, &[1], 1),
    row("SQUARED_DIFFERENCE", [0, 0], all(112), &[1, 1], 1),
    row("SQUEEZE", [36, 36], NONE, &[1], 1),
    row("STRIDED_SLICE", [24, 24], all(84), &[1, 1, 1, 1], 1),
    row("SUB", [2, 8], all(52), &[1, 1], 1),
    row("SUM", [1, 1], all(44), &[2, 2], 1),
    row("SVDF", [8, 12], [36, 40, 36, 36, 40], &[], 0),
    row("TANH", [0, 0], all(16), &[2], 1),
    row("TRANSPOSE", [0, 0], NONE, &[1, 1], 1),
    row("TRANSPOSE_CONV", [16, 20], [72, 76, 72, 80, 88], &[], 0),
    row("UNIDIRECTIONAL_SEQUENCE_LSTM", [16, 16], [688, 912, 688, 688, 688], &[], 0),
    row("UNPACK", [8, 8], NONE, &[], 0),
];

/// The row of an operator, by TFLite's name.
pub(super) fn of(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

impl Row {
    /// The parsed options and their alignment.
    pub fn options(&self, runtime: Runtime) -> (u64, u64) {
        // In the wheel these hold a pointer, which other builds do not have.
        if (runtime, self.name) == (Runtime::Wheel, "FULLY_CONNECTED") {
            return (32, 8);
        }
        let bytes = u64::from(self.options[usize::from(!runtime.abi().short_enums)]);
        (bytes, if bytes.is_multiple_of(4) { 4 } else { 1 })
    }

    /// The kernel's structure, 0 where it has none.
    pub fn kernel(&self, runtime: Runtime) -> u64 {
        let column = match (runtime, runtime.kernels()) {
            (Runtime::Reference64, _) => 3,
            (Runtime::Wheel, _) => 4,
            (_, Kernels::Reference) => 0,
            (_, Kernels::CmsisNn(_)) => 1,
            (_, Kernels::EspNnS3) => 2,
        };
        u64::from(self.kernel[column])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_stand_in_order_and_once() {
        assert!(ROWS.is_sorted_by(|a, b| a.name < b.name));
    }
}
