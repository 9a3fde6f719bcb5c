//! The TFLite schema as numbers: which field of which table has which index, which code stands for which word.
//!
//! *Source*: LiteRT `schema.fbs`, version 3 of the format, as of 2026.

use crate::tensor::DType;

/// Name of a table and of its fields, in the order of their indices.
#[derive(Debug)]
pub(super) struct TableKind {
    pub(super) name: &'static str,
    pub(super) fields: &'static [&'static str],
}

/// Declares a module per table with a `u16` index for each field.
macro_rules! tables {
    ($($module:ident $name:literal: $($field:ident)*;)*) => {$(
        pub(super) mod $module {
            #[allow(dead_code, non_camel_case_types, clippy::upper_case_acronyms, reason = "only counts the fields")]
            enum Index { $($field),* }
            $(#[allow(dead_code, reason = "fields that are not carried are only named")]
            pub(in crate::format::tflite) const $field: u16 = Index::$field as u16;)*
            pub(in crate::format::tflite) static KIND: super::TableKind =
                super::TableKind { name: $name, fields: &[$(stringify!($field)),*] };
        }
    )*};
}

tables! {
    model "Model": VERSION OPERATOR_CODES SUBGRAPHS DESCRIPTION BUFFERS METADATA_BUFFER METADATA SIGNATURE_DEFS
        EXTERNAL_BUFFER_GROUPS EXTERNAL_BUFFERS;
    operator_code "OperatorCode": DEPRECATED_BUILTIN_CODE CUSTOM_CODE VERSION BUILTIN_CODE;
    sub_graph "SubGraph": TENSORS INPUTS OUTPUTS OPERATORS NAME DEBUG_METADATA_INDEX;
    tensor "Tensor": SHAPE TYPE BUFFER NAME QUANTIZATION IS_VARIABLE SPARSITY SHAPE_SIGNATURE HAS_RANK VARIANT_TENSORS
        EXTERNAL_BUFFER;
    quantization "QuantizationParameters": MIN MAX SCALE ZERO_POINT DETAILS_TYPE DETAILS QUANTIZED_DIMENSION;
    operator "Operator": OPCODE_INDEX INPUTS OUTPUTS BUILTIN_OPTIONS_TYPE BUILTIN_OPTIONS CUSTOM_OPTIONS
        CUSTOM_OPTIONS_FORMAT MUTATING_VARIABLE_INPUTS INTERMEDIATES LARGE_CUSTOM_OPTIONS_OFFSET
        LARGE_CUSTOM_OPTIONS_SIZE BUILTIN_OPTIONS_2_TYPE BUILTIN_OPTIONS_2 DEBUG_METADATA_INDEX;
    buffer "Buffer": DATA OFFSET SIZE;
    metadata "Metadata": NAME BUFFER;
    tensor_map "TensorMap": NAME TENSOR_INDEX;
    signature_def "SignatureDef": INPUTS OUTPUTS SIGNATURE_KEY UNUSED SUBGRAPH_INDEX;
    conv_2d "Conv2DOptions": PADDING STRIDE_W STRIDE_H FUSED_ACTIVATION_FUNCTION DILATION_W_FACTOR DILATION_H_FACTOR
        QUANTIZED_BIAS_TYPE;
    depthwise_conv_2d "DepthwiseConv2DOptions": PADDING STRIDE_W STRIDE_H DEPTH_MULTIPLIER FUSED_ACTIVATION_FUNCTION
        DILATION_W_FACTOR DILATION_H_FACTOR;
    transpose_conv "TransposeConvOptions": PADDING STRIDE_W STRIDE_H FUSED_ACTIVATION_FUNCTION QUANTIZED_BIAS_TYPE;
    pool_2d "Pool2DOptions": PADDING STRIDE_W STRIDE_H FILTER_WIDTH FILTER_HEIGHT FUSED_ACTIVATION_FUNCTION;
    fully_connected "FullyConnectedOptions": FUSED_ACTIVATION_FUNCTION WEIGHTS_FORMAT KEEP_NUM_DIMS
        ASYMMETRIC_QUANTIZE_INPUTS QUANTIZED_BIAS_TYPE QUANT_SPEC;
    softmax "SoftmaxOptions": BETA;
    concatenation "ConcatenationOptions": AXIS FUSED_ACTIVATION_FUNCTION;
    add "AddOptions": FUSED_ACTIVATION_FUNCTION POT_SCALE_INT16;
    sub "SubOptions": FUSED_ACTIVATION_FUNCTION POT_SCALE_INT16;
    mul "MulOptions": FUSED_ACTIVATION_FUNCTION;
    l2_norm "L2NormOptions": FUSED_ACTIVATION_FUNCTION;
    reshape "ReshapeOptions": NEW_SHAPE;
    reducer "ReducerOptions": KEEP_DIMS;
    squeeze "SqueezeOptions": SQUEEZE_DIMS;
    strided_slice "StridedSliceOptions": BEGIN_MASK END_MASK ELLIPSIS_MASK NEW_AXIS_MASK SHRINK_AXIS_MASK OFFSET;
    split "SplitOptions": NUM_SPLITS;
    leaky_relu "LeakyReluOptions": ALPHA;
    resize_bilinear "ResizeBilinearOptions": NEW_HEIGHT NEW_WIDTH ALIGN_CORNERS HALF_PIXEL_CENTERS;
    resize_nearest_neighbor "ResizeNearestNeighborOptions": ALIGN_CORNERS HALF_PIXEL_CENTERS;
    empty "Options":;
}

/// The four bytes at offset 4 of every file.
pub(super) const IDENTIFIER: &str = "TFL3";
/// The only version of the schema in use.
pub(super) const VERSION: u32 = 3;
/// The builtin code that says "look at the custom code".
pub(super) const CUSTOM: i32 = 32;
/// The largest code that fits the old 8-bit field; larger ones write this there.
pub(super) const DEPRECATED_CODE_CAP: i32 = 127;

/// Codes of the element types.
const DTYPES: [(i8, DType); 23] = [
    (0, DType::Float32),
    (1, DType::Float16),
    (2, DType::Int32),
    (3, DType::Uint8),
    (4, DType::Int64),
    (5, DType::String),
    (6, DType::Bool),
    (7, DType::Int16),
    (8, DType::Complex64),
    (9, DType::Int8),
    (10, DType::Float64),
    (11, DType::Complex128),
    (12, DType::Uint64),
    (13, DType::Resource),
    (14, DType::Variant),
    (15, DType::Uint32),
    (16, DType::Uint16),
    (17, DType::Int4),
    (18, DType::Bfloat16),
    (19, DType::Int2),
    (20, DType::Uint4),
    (21, DType::Float8E4m3),
    (22, DType::Float8E5m2),
];

/// The element type of a code.
pub(super) fn dtype(code: i8) -> Option<DType> {
    DTYPES.iter().find(|(known, _)| *known == code).map(|&(_, dtype)| dtype)
}

/// The code of an element type.
pub(super) fn dtype_code(dtype: DType) -> Option<i8> {
    DTYPES.iter().find(|(_, known)| *known == dtype).map(|&(code, _)| code)
}

/// The fields of each table of the union `BuiltinOptions`, from kind 1 on, as far as copying needs them: `1`, `4` and `8` are
/// numbers of so many bytes, `b` and `i` vectors of bytes and of four-byte integers, `s` texts.
#[rustfmt::skip]
const OPTIONS: [&str; 126] = [
    "1441441", "1444144", "4ii", "1", "144441", "411", "11", "11111b", "4", "41", "11", "1", "4444", "14411", "4411",
    "4", "i", "441", "4", "1", "1", "", "44", "", "", "", "1", "11", "1", "i", "111", "444441", "", "", "4", "", "11",
    "", "", "1", "", "", "", "", "", "", "", "", "14411", "1", "", "", "", "", "1", "", "1", "4441", "44", "", "4", "",
    "", "44", "", "", "", "", "144111", "1111", "144111", "", "", "11", "4", "", "1", "", "4", "1", "", "", "", "", "",
    "", "44", "", "", "", "", "44", "44", "4", "", "", "", "", "", "", "111", "11", "4", "", "", "14441444", "411", "",
    "", "", "ss", "", "", "88", "i", "1", "", "", "", "", "", "", "", "", "", "",
];

/// The fields of builtin options of a kind; none for a kind that is newer than this schema.
pub(super) fn option_fields(kind: u8) -> Option<&'static str> {
    usize::from(kind).checked_sub(1).and_then(|kind| OPTIONS.get(kind)).copied()
}

/// The name of a builtin operator's code.
pub(super) fn builtin_name(code: i32) -> Option<&'static str> {
    usize::try_from(code).ok().and_then(|code| BUILTIN_NAMES.get(code)).copied()
}

/// The code of a builtin operator's name.
pub(super) fn builtin_code(name: &str) -> Option<i32> {
    BUILTIN_NAMES.iter().position(|known| *known == name).and_then(|code| i32::try_from(code).ok())
}

/// Names of the builtin operators, each at the index of its code.
#[rustfmt::skip]
const BUILTIN_NAMES: [&str; 210] = [
    "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE", "DEQUANTIZE",
    "EMBEDDING_LOOKUP", "FLOOR", "FULLY_CONNECTED", "HASHTABLE_LOOKUP", "L2_NORMALIZATION", "L2_POOL_2D",
    "LOCAL_RESPONSE_NORMALIZATION", "LOGISTIC", "LSH_PROJECTION", "LSTM", "MAX_POOL_2D", "MUL", "RELU",
    "RELU_N1_TO_1", "RELU6", "RESHAPE", "RESIZE_BILINEAR", "RNN", "SOFTMAX", "SPACE_TO_DEPTH", "SVDF", "TANH",
    "CONCAT_EMBEDDINGS", "SKIP_GRAM", "CALL", "CUSTOM", "EMBEDDING_LOOKUP_SPARSE", "PAD",
    "UNIDIRECTIONAL_SEQUENCE_RNN", "GATHER", "BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND", "TRANSPOSE", "MEAN", "SUB",
    "DIV", "SQUEEZE", "UNIDIRECTIONAL_SEQUENCE_LSTM", "STRIDED_SLICE", "BIDIRECTIONAL_SEQUENCE_RNN", "EXP", "TOPK_V2",
    "SPLIT", "LOG_SOFTMAX", "DELEGATE", "BIDIRECTIONAL_SEQUENCE_LSTM", "CAST", "PRELU", "MAXIMUM", "ARG_MAX",
    "MINIMUM", "LESS", "NEG", "PADV2", "GREATER", "GREATER_EQUAL", "LESS_EQUAL", "SELECT", "SLICE", "SIN",
    "TRANSPOSE_CONV", "SPARSE_TO_DENSE", "TILE", "EXPAND_DIMS", "EQUAL", "NOT_EQUAL", "LOG", "SUM", "SQRT", "RSQRT",
    "SHAPE", "POW", "ARG_MIN", "FAKE_QUANT", "REDUCE_PROD", "REDUCE_MAX", "PACK", "LOGICAL_OR", "ONE_HOT",
    "LOGICAL_AND", "LOGICAL_NOT", "UNPACK", "REDUCE_MIN", "FLOOR_DIV", "REDUCE_ANY", "SQUARE", "ZEROS_LIKE", "FILL",
    "FLOOR_MOD", "RANGE", "RESIZE_NEAREST_NEIGHBOR", "LEAKY_RELU", "SQUARED_DIFFERENCE", "MIRROR_PAD", "ABS",
    "SPLIT_V", "UNIQUE", "CEIL", "REVERSE_V2", "ADD_N", "GATHER_ND", "COS", "WHERE", "RANK", "ELU",
    "REVERSE_SEQUENCE", "MATRIX_DIAG", "QUANTIZE", "MATRIX_SET_DIAG", "ROUND", "HARD_SWISH", "IF", "WHILE",
    "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5", "SCATTER_ND", "SELECT_V2", "DENSIFY", "SEGMENT_SUM",
    "BATCH_MATMUL", "PLACEHOLDER_FOR_GREATER_OP_CODES", "CUMSUM", "CALL_ONCE", "BROADCAST_TO", "RFFT2D", "CONV_3D",
    "IMAG", "REAL", "COMPLEX_ABS", "HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE", "REDUCE_ALL",
    "CONV_3D_TRANSPOSE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "BROADCAST_ARGS", "RANDOM_STANDARD_NORMAL",
    "BUCKETIZE", "RANDOM_UNIFORM", "MULTINOMIAL", "GELU", "DYNAMIC_UPDATE_SLICE", "RELU_0_TO_1",
    "UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_SUM", "ATAN2", "UNSORTED_SEGMENT_MIN", "SIGN",
    "BITCAST", "BITWISE_XOR", "RIGHT_SHIFT", "STABLEHLO_LOGISTIC", "STABLEHLO_ADD", "STABLEHLO_DIVIDE",
    "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_RESHAPE", "STABLEHLO_CLAMP", "STABLEHLO_CONCATENATE",
    "STABLEHLO_BROADCAST_IN_DIM", "STABLEHLO_CONVOLUTION", "STABLEHLO_SLICE", "STABLEHLO_CUSTOM_CALL",
    "STABLEHLO_REDUCE", "STABLEHLO_ABS", "STABLEHLO_AND", "STABLEHLO_COSINE", "STABLEHLO_EXPONENTIAL",
    "STABLEHLO_FLOOR", "STABLEHLO_LOG", "STABLEHLO_MINIMUM", "STABLEHLO_NEGATE", "STABLEHLO_OR", "STABLEHLO_POWER",
    "STABLEHLO_REMAINDER", "STABLEHLO_RSQRT", "STABLEHLO_SELECT", "STABLEHLO_SUBTRACT", "STABLEHLO_TANH",
    "STABLEHLO_SCATTER", "STABLEHLO_COMPARE", "STABLEHLO_CONVERT", "STABLEHLO_DYNAMIC_SLICE",
    "STABLEHLO_DYNAMIC_UPDATE_SLICE", "STABLEHLO_PAD", "STABLEHLO_IOTA", "STABLEHLO_DOT_GENERAL",
    "STABLEHLO_REDUCE_WINDOW", "STABLEHLO_SORT", "STABLEHLO_WHILE", "STABLEHLO_GATHER", "STABLEHLO_TRANSPOSE",
    "DILATE", "STABLEHLO_RNG_BIT_GENERATOR", "REDUCE_WINDOW", "STABLEHLO_COMPOSITE", "STABLEHLO_SHIFT_LEFT",
    "STABLEHLO_CBRT", "STABLEHLO_CASE",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_of_the_schema_agree() {
        for (code, name) in [
            (0, "ADD"),
            (3, "CONV_2D"),
            (9, "FULLY_CONNECTED"),
            (32, "CUSTOM"),
            (40, "MEAN"),
            (67, "TRANSPOSE_CONV"),
            (97, "RESIZE_NEAREST_NEIGHBOR"),
            (114, "QUANTIZE"),
            (117, "HARD_SWISH"),
            (150, "GELU"),
            (209, "STABLEHLO_CASE"),
        ] {
            assert_eq!(builtin_name(code), Some(name));
            assert_eq!(builtin_code(name), Some(code));
        }
    }

    #[test]
    fn field_indices_are_those_of_the_schema() {
        assert_eq!(model::SIGNATURE_DEFS, 7);
        assert_eq!(tensor::EXTERNAL_BUFFER, 10);
        assert_eq!(quantization::QUANTIZED_DIMENSION, 6);
        assert_eq!(operator::DEBUG_METADATA_INDEX, 13);
        assert_eq!(signature_def::SUBGRAPH_INDEX, 4);
        assert_eq!(resize_bilinear::ALIGN_CORNERS, 2);
    }
}
