//! The operators that TFLM registers: how a resolver gets each, and which element types its kernel takes.
//!
//! *Source*: what the `tflite-micro` wheel 0.dev20261023182759 runs, tried for each operator and type by
//! `tests/oracle/operators.py`, whose answers stand in `tests/golden/ops/operators.tsv`; the functions of TFLM's
//! `micro_mutable_op_resolver.h`.

use crate::model::{Node, Op};
use crate::tensor::DType::{self, Bool, Float32, Int8, Int16, Int32, Int64, Uint8};

/// The builtin code of custom operators.
const CUSTOM: i32 = 32;
/// As many inputs as one likes.
const MANY: usize = usize::MAX;

/// An operator that TFLM has a kernel for.
#[derive(Debug, Clone, Copy)]
pub struct Registered {
    /// TFLite's name, or the custom code.
    pub name: &'static str,
    /// TFLite's builtin code; 32 for custom operators.
    pub code: i32,
    /// The resolver's function without `Add`.
    pub add: &'static str,
    /// The fewest and most inputs.
    pub inputs: (usize, usize),
    /// The position of the input that is computed with.
    pub data: usize,
    /// The types of that input that the kernel takes; none where that depends on more than one type.
    pub types: &'static [DType],
}

impl Registered {
    /// The line that gives a resolver this operator.
    ///
    /// ```
    /// use milliwatt::model::op::tflm;
    /// let found = tflm::OPERATORS.iter().find(|row| row.name == "CUMSUM").unwrap();
    /// assert_eq!(found.line(), "resolver.AddCumSum();");
    /// ```
    pub fn line(&self) -> String {
        format!("resolver.Add{}();", self.add)
    }
}

/// What TFLM has for a node; `None` where it has no kernel.
///
/// `ethos-u`, which Vela writes, is there in a build with Arm's driver alone, and not in this table.
pub fn registered(node: &Node) -> Option<&'static Registered> {
    let is_custom = matches!(&node.op, Op::Opaque(opaque) if opaque.builtin_code == CUSTOM);
    OPERATORS.iter().find(|row| row.name == node.op.name() && (row.code == CUSTOM) == is_custom)
}

/// Whether the wheel runs the conversion of QUANTIZE between two types.
///
/// ```
/// use milliwatt::model::op::tflm;
/// use milliwatt::tensor::DType;
/// assert!(tflm::quantizes(DType::Float32, DType::Int8));
/// ```
pub fn quantizes(from: DType, to: DType) -> bool {
    QUANTIZED.iter().any(|(input, outputs)| *input == from && outputs.contains(&to))
}

/// What a kernel makes of the scale and zero point that a file gives its output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FixedOutput {
    /// The scale that it computes with.
    pub scale: f64,
    /// The zero point.
    pub zero_point: i64,
    /// How far another scale may be from it, as a share; one further away is refused. Infinite where it is ignored.
    pub tolerance: f64,
    /// Whether another zero point is refused.
    pub refuses_zero_point: bool,
}

/// The output that a kernel has whatever the file says; `None` for operators that go by the file.
///
/// *Source*: the wheel, asked for each with other scales and zero points.
pub fn fixed_output(op: &Op, input: DType, output: DType) -> Option<FixedOutput> {
    let fixed = |scale: f64, zero_point, tolerance, refuses_zero_point| {
        Some(FixedOutput { scale, zero_point, tolerance, refuses_zero_point })
    };
    let (exact, near, any) = (0.0, 0.001, f64::INFINITY);
    match (op, input, output) {
        (Op::Softmax { .. }, Int8, Int8) => fixed(1.0 / 256.0, -128, exact, true),
        (Op::Softmax { .. }, Int8, Int16) => fixed(1.0 / 65536.0, -32768, near, true),
        (Op::Softmax { .. }, Int16, Int16) => fixed(1.0 / 32768.0, 0, near, true),
        (Op::Logistic, Int8, Int8) => fixed(1.0 / 256.0, -128, any, true),
        (Op::Tanh | Op::L2Normalization { .. }, Int8, Int8) => fixed(1.0 / 128.0, 0, any, false),
        (Op::Logistic | Op::Tanh, Int16, Int16) => fixed(1.0 / 32768.0, 0, near, true),
        (Op::Opaque(opaque), Int8, Int8) if opaque.name == "LOG_SOFTMAX" => fixed(16.0 / 256.0, 127, exact, true),
        _ => None,
    }
}

/// Types between which QUANTIZE converts.
const QUANTIZED: [(DType, &[DType]); 5] = [
    (Float32, &[Int8, Int16]),
    (Int8, &[Int8, Int16, Int32, Uint8]),
    (Int16, &[Int8, Int16, Int32]),
    (Int32, &[Int8, Int16]),
    (Uint8, &[Int8]),
];

const fn row(
    name: &'static str,
    code: i32,
    add: &'static str,
    inputs: (usize, usize),
    data: usize,
    types: &'static [DType],
) -> Registered {
    Registered { name, code, add, inputs, data, types }
}

/// All operators, by code; custom ones last.
#[rustfmt::skip]
pub const OPERATORS: [Registered; 118] = [
    row("ADD", 0, "Add", (2, 2), 0, &[Float32, Int8, Int16, Int32]),
    row("AVERAGE_POOL_2D", 1, "AveragePool2D", (1, 1), 0, &[Float32, Int8, Int16]),
    row("CONCATENATION", 2, "Concatenation", (1, MANY), 0, &[Float32, Int8, Int16, Int32, Int64, Bool]),
    row("CONV_2D", 3, "Conv2D", (2, 3), 0, &[Float32, Int8, Int16]),
    row("DEPTHWISE_CONV_2D", 4, "DepthwiseConv2D", (2, 3), 0, &[Float32, Int8, Int16]),
    row("DEPTH_TO_SPACE", 5, "DepthToSpace", (1, 1), 0, &[Float32, Int8]),
    row("DEQUANTIZE", 6, "Dequantize", (1, 1), 0, &[Int8, Int16, Uint8]),
    row("EMBEDDING_LOOKUP", 7, "EmbeddingLookup", (2, 2), 1, &[Float32, Int8]),
    row("FLOOR", 8, "Floor", (1, 1), 0, &[Float32]),
    row("FULLY_CONNECTED", 9, "FullyConnected", (2, 3), 0, &[Float32, Int8, Int16]),
    row("L2_NORMALIZATION", 11, "L2Normalization", (1, 1), 0, &[Float32, Int8]),
    row("L2_POOL_2D", 12, "L2Pool2D", (1, 1), 0, &[Float32]),
    row("LOGISTIC", 14, "Logistic", (1, 1), 0, &[Float32, Int8, Int16]),
    row("MAX_POOL_2D", 17, "MaxPool2D", (1, 1), 0, &[Float32, Int8, Int16]),
    row("MUL", 18, "Mul", (2, 2), 0, &[Float32, Int8, Int16, Int32]),
    row("RELU", 19, "Relu", (1, 1), 0, &[Float32, Int8, Int16]),
    row("RELU6", 21, "Relu6", (1, 1), 0, &[Float32, Int8, Int16]),
    row("RESHAPE", 22, "Reshape", (1, 2), 0, &[Float32, Int8, Int16, Int32, Int64, Uint8, Bool]),
    row("RESIZE_BILINEAR", 23, "ResizeBilinear", (2, 2), 0, &[Float32, Int8]),
    row("SOFTMAX", 25, "Softmax", (1, 1), 0, &[Float32, Int8, Int16]),
    row("SPACE_TO_DEPTH", 26, "SpaceToDepth", (1, 1), 0, &[Float32, Int8]),
    row("SVDF", 27, "Svdf", (5, 5), 0, &[]),
    row("TANH", 28, "Tanh", (1, 1), 0, &[Float32, Int8, Int16]),
    row("PAD", 34, "Pad", (2, 3), 0, &[Float32, Int8, Int16, Int32]),
    row("GATHER", 36, "Gather", (2, 2), 0, &[Float32, Int8]),
    row("BATCH_TO_SPACE_ND", 37, "BatchToSpaceNd", (3, 3), 0, &[Float32, Int8]),
    row("SPACE_TO_BATCH_ND", 38, "SpaceToBatchNd", (3, 3), 0, &[Float32, Int8]),
    row("TRANSPOSE", 39, "Transpose", (2, 2), 0, &[Float32, Int8, Int16]),
    row("MEAN", 40, "Mean", (2, 2), 0, &[Float32, Int8, Int16]),
    row("SUB", 41, "Sub", (2, 2), 0, &[Float32, Int8, Int16, Int32]),
    row("DIV", 42, "Div", (2, 2), 0, &[Float32, Int8, Int32]),
    row("SQUEEZE", 43, "Squeeze", (1, 1), 0, &[Float32, Int8, Int16, Int32, Int64, Uint8, Bool]),
    row("UNIDIRECTIONAL_SEQUENCE_LSTM", 44, "UnidirectionalSequenceLSTM", (24, 24), 0, &[]),
    row("STRIDED_SLICE", 45, "StridedSlice", (4, 4), 0, &[Float32, Int8, Int16, Int32, Bool]),
    row("EXP", 47, "Exp", (1, 1), 0, &[Float32]),
    row("SPLIT", 49, "Split", (2, 2), 1, &[Float32, Int8, Int16, Int32]),
    row("LOG_SOFTMAX", 50, "LogSoftmax", (1, 1), 0, &[Float32, Int8]),
    row("CAST", 53, "Cast", (1, 1), 0, &[Float32, Int8, Int16, Int32, Bool]),
    row("PRELU", 54, "Prelu", (2, 2), 0, &[Float32, Int8, Int16]),
    row("MAXIMUM", 55, "Maximum", (2, 2), 0, &[Float32, Int8, Int16, Int32, Int64]),
    row("ARG_MAX", 56, "ArgMax", (2, 2), 0, &[Float32, Int8]),
    row("MINIMUM", 57, "Minimum", (2, 2), 0, &[Float32, Int8, Int16, Int32, Int64]),
    row("LESS", 58, "Less", (2, 2), 0, &[Float32, Int8, Int32, Int64]),
    row("NEG", 59, "Neg", (1, 1), 0, &[Float32]),
    row("PADV2", 60, "PadV2", (3, 3), 0, &[Float32, Int8, Int16, Int32]),
    row("GREATER", 61, "Greater", (2, 2), 0, &[Float32, Int8, Int16, Int32, Int64]),
    row("GREATER_EQUAL", 62, "GreaterEqual", (2, 2), 0, &[Float32, Int8, Int32, Int64]),
    row("LESS_EQUAL", 63, "LessEqual", (2, 2), 0, &[Float32, Int8, Int32, Int64]),
    row("SLICE", 65, "Slice", (3, 3), 0, &[Float32, Int8, Int16, Int32, Bool]),
    row("SIN", 66, "Sin", (1, 1), 0, &[Float32]),
    row("TRANSPOSE_CONV", 67, "TransposeConv", (3, 4), 2, &[Float32, Int8, Int16]),
    row("EXPAND_DIMS", 70, "ExpandDims", (2, 2), 0, &[Float32, Int8, Int16]),
    row("EQUAL", 71, "Equal", (2, 2), 0, &[Float32, Int8, Int32, Int64, Bool]),
    row("NOT_EQUAL", 72, "NotEqual", (2, 2), 0, &[Float32, Int8, Int32, Int64, Bool]),
    row("LOG", 73, "Log", (1, 1), 0, &[Float32]),
    row("SUM", 74, "Sum", (2, 2), 0, &[Float32, Int8, Int16]),
    row("SQRT", 75, "Sqrt", (1, 1), 0, &[Float32]),
    row("RSQRT", 76, "Rsqrt", (1, 1), 0, &[Float32, Int8, Int16]),
    row("SHAPE", 77, "Shape", (1, 1), 0, &[Float32, Int8, Int16, Int32, Int64, Uint8, Bool]),
    row("ARG_MIN", 79, "ArgMin", (2, 2), 0, &[Float32, Int8]),
    row("REDUCE_MAX", 82, "ReduceMax", (2, 2), 0, &[Float32, Int8]),
    row("PACK", 83, "Pack", (1, MANY), 0, &[Float32, Int8, Int16, Int32, Int64]),
    row("LOGICAL_OR", 84, "LogicalOr", (2, 2), 0, &[Float32, Int8, Int16, Int32, Int64, Uint8, Bool]),
    row("LOGICAL_AND", 86, "LogicalAnd", (2, 2), 0, &[Float32, Int8, Int16, Int32, Int64, Uint8, Bool]),
    row("LOGICAL_NOT", 87, "LogicalNot", (1, 1), 0, &[Bool]),
    row("UNPACK", 88, "Unpack", (1, 1), 0, &[Float32, Int8, Int16, Int32]),
    row("REDUCE_MIN", 89, "ReduceMin", (2, 2), 0, &[Float32, Int8]),
    row("FLOOR_DIV", 90, "FloorDiv", (2, 2), 0, &[Float32]),
    row("SQUARE", 92, "Square", (1, 1), 0, &[Float32]),
    row("ZEROS_LIKE", 93, "ZerosLike", (1, 1), 0, &[Float32, Int8, Int32, Int64]),
    row("FILL", 94, "Fill", (2, 2), 1, &[Float32, Int8, Int32]),
    row("FLOOR_MOD", 95, "FloorMod", (2, 2), 0, &[Float32]),
    row("RESIZE_NEAREST_NEIGHBOR", 97, "ResizeNearestNeighbor", (2, 2), 0, &[Float32, Int8, Int16]),
    row("LEAKY_RELU", 98, "LeakyRelu", (1, 1), 0, &[Float32, Int8, Int16]),
    row("SQUARED_DIFFERENCE", 99, "SquaredDifference", (2, 2), 0, &[Float32, Int8, Int16, Int32]),
    row("MIRROR_PAD", 100, "MirrorPad", (2, 2), 0, &[Float32, Int8]),
    row("ABS", 101, "Abs", (1, 1), 0, &[Float32, Int8, Int16]),
    row("SPLIT_V", 102, "SplitV", (3, 3), 0, &[Float32, Int8, Int16, Int32]),
    row("CEIL", 104, "Ceil", (1, 1), 0, &[Float32]),
    row("REVERSE_V2", 105, "ReverseV2", (2, 2), 0, &[Float32, Int8, Int16, Int32, Int64, Uint8, Bool]),
    row("ADD_N", 106, "AddN", (2, MANY), 0, &[Float32, Int8]),
    row("GATHER_ND", 107, "GatherNd", (2, 2), 0, &[Float32, Int8]),
    row("COS", 108, "Cos", (1, 1), 0, &[Float32]),
    row("ELU", 111, "Elu", (1, 1), 0, &[Float32, Int8]),
    row("QUANTIZE", 114, "Quantize", (1, 1), 0, &[Float32, Int8, Int16, Int32, Uint8]),
    row("ROUND", 116, "Round", (1, 1), 0, &[Float32]),
    row("HARD_SWISH", 117, "HardSwish", (1, 1), 0, &[Float32, Int8]),
    row("IF", 118, "If", (1, MANY), 0, &[]),
    row("WHILE", 119, "While", (1, MANY), 0, &[]),
    row("SELECT_V2", 123, "SelectV2", (3, 3), 1, &[Float32, Int8, Int16]),
    row("BATCH_MATMUL", 126, "BatchMatMul", (2, 2), 0, &[Float32, Int8, Int16]),
    row("CUMSUM", 128, "CumSum", (2, 2), 0, &[Float32, Int8]),
    row("CALL_ONCE", 129, "CallOnce", (0, 0), 0, &[]),
    row("BROADCAST_TO", 130, "BroadcastTo", (2, 2), 0, &[Float32, Int8, Int16, Int32, Int64, Uint8, Bool]),
    row("REDUCE_ALL", 140, "ReduceAll", (2, 2), 0, &[Bool]),
    row("VAR_HANDLE", 142, "VarHandle", (0, 0), 0, &[]),
    row("READ_VARIABLE", 143, "ReadVariable", (1, 1), 0, &[]),
    row("ASSIGN_VARIABLE", 144, "AssignVariable", (2, 2), 0, &[]),
    row("BROADCAST_ARGS", 145, "BroadcastArgs", (2, 2), 0, &[]),
    row("DYNAMIC_UPDATE_SLICE", 151, "DynamicUpdateSlice", (3, 3), 0, &[Float32, Int8, Int16, Int32]),
    row("BasicClassifier", 32, "BasicClassifier", (0, MANY), 0, &[]),
    row("CIRCULAR_BUFFER", 32, "CircularBuffer", (0, MANY), 0, &[]),
    row("TFLM_DECODE", 32, "Decode", (0, MANY), 0, &[]),
    row("TFLite_Detection_PostProcess", 32, "DetectionPostprocess", (0, MANY), 0, &[]),
    row("SignalDelay", 32, "Delay", (0, MANY), 0, &[]),
    row("SignalEnergy", 32, "Energy", (0, MANY), 0, &[]),
    row("SignalFftAutoScale", 32, "FftAutoScale", (0, MANY), 0, &[]),
    row("SignalFilterBank", 32, "FilterBank", (0, MANY), 0, &[]),
    row("SignalFilterBankLog", 32, "FilterBankLog", (0, MANY), 0, &[]),
    row("SignalFilterBankSpectralSubtraction", 32, "FilterBankSpectralSubtraction", (0, MANY), 0, &[]),
    row("SignalFilterBankSquareRoot", 32, "FilterBankSquareRoot", (0, MANY), 0, &[]),
    row("SignalFramer", 32, "Framer", (0, MANY), 0, &[]),
    row("SignalIrfft", 32, "Irfft", (0, MANY), 0, &[]),
    row("SignalOverlapAdd", 32, "OverlapAdd", (0, MANY), 0, &[]),
    row("SignalPCAN", 32, "PCAN", (0, MANY), 0, &[]),
    row("SignalRfft", 32, "Rfft", (0, MANY), 0, &[]),
    row("SignalStacker", 32, "Stacker", (0, MANY), 0, &[]),
    row("SignalWindow", 32, "Window", (0, MANY), 0, &[]),
];
