//! Builtin options: one table per operator, read into the attributes of [`Op`].

use super::schema::{self, TableKind};
use super::table::Table;
use crate::error::{Error, Result};
use crate::model::Op;
use crate::model::op::{
    Activation, Conv2d, DepthwiseConv2d, FullyConnected, Padding, Pool2d, RawField, RawOptions, Resize, StridedSlice,
    TransposeConv,
};

/// The union code and the table of a known operator's options; `None` for operators that Milliwatt only shows.
///
/// Operators without attributes have a union code too (PAD, TRANSPOSE), or none at all (RELU: 0).
pub(super) fn kind(name: &str) -> Option<(u8, &'static TableKind)> {
    Some(match name {
        "CONV_2D" => (1, &schema::conv_2d::KIND),
        "DEPTHWISE_CONV_2D" => (2, &schema::depthwise_conv_2d::KIND),
        "AVERAGE_POOL_2D" | "MAX_POOL_2D" => (5, &schema::pool_2d::KIND),
        "FULLY_CONNECTED" => (8, &schema::fully_connected::KIND),
        "SOFTMAX" => (9, &schema::softmax::KIND),
        "CONCATENATION" => (10, &schema::concatenation::KIND),
        "ADD" => (11, &schema::add::KIND),
        "L2_NORMALIZATION" => (12, &schema::l2_norm::KIND),
        "RESIZE_BILINEAR" => (15, &schema::resize_bilinear::KIND),
        "RESHAPE" => (17, &schema::reshape::KIND),
        "MUL" => (21, &schema::mul::KIND),
        "PAD" => (22, &schema::empty::KIND),
        "TRANSPOSE" => (26, &schema::empty::KIND),
        "MEAN" => (27, &schema::reducer::KIND),
        "SUB" => (28, &schema::sub::KIND),
        "SQUEEZE" => (30, &schema::squeeze::KIND),
        "STRIDED_SLICE" => (32, &schema::strided_slice::KIND),
        "SPLIT" => (35, &schema::split::KIND),
        "DEQUANTIZE" => (38, &schema::empty::KIND),
        "PADV2" => (43, &schema::empty::KIND),
        "TRANSPOSE_CONV" => (49, &schema::transpose_conv::KIND),
        "EXPAND_DIMS" => (52, &schema::empty::KIND),
        "RESIZE_NEAREST_NEIGHBOR" => (74, &schema::resize_nearest_neighbor::KIND),
        "LEAKY_RELU" => (75, &schema::leaky_relu::KIND),
        "QUANTIZE" => (89, &schema::empty::KIND),
        "HARD_SWISH" => (91, &schema::empty::KIND),
        "RELU" | "RELU6" | "PRELU" | "LOGISTIC" | "TANH" => (0, &schema::empty::KIND),
        _ => return None,
    })
}

/// A known operator with its attributes.
///
/// # Errors
/// `Format` where an operator cannot do without the options that are missing, `Unsupported` for codes that the schema
/// of this writing does not know.
pub(super) fn read(name: &str, table: Option<&Table<'_>>) -> Result<Op> {
    let Some(table) = table else { return without(name) };
    Ok(match name {
        "CONV_2D" => {
            use schema::conv_2d::*;
            Op::Conv2d(Conv2d {
                padding: padding(table, PADDING)?,
                stride: [size(table, STRIDE_H, 0)?, size(table, STRIDE_W, 0)?],
                dilation: [size(table, DILATION_H_FACTOR, 1)?, size(table, DILATION_W_FACTOR, 1)?],
                activation: activation(table, FUSED_ACTIVATION_FUNCTION)?,
            })
        }
        "DEPTHWISE_CONV_2D" => {
            use schema::depthwise_conv_2d::*;
            Op::DepthwiseConv2d(DepthwiseConv2d {
                padding: padding(table, PADDING)?,
                stride: [size(table, STRIDE_H, 0)?, size(table, STRIDE_W, 0)?],
                dilation: [size(table, DILATION_H_FACTOR, 1)?, size(table, DILATION_W_FACTOR, 1)?],
                depth_multiplier: size(table, DEPTH_MULTIPLIER, 0)?,
                activation: activation(table, FUSED_ACTIVATION_FUNCTION)?,
            })
        }
        "TRANSPOSE_CONV" => {
            use schema::transpose_conv::*;
            Op::TransposeConv(TransposeConv {
                padding: padding(table, PADDING)?,
                stride: [size(table, STRIDE_H, 0)?, size(table, STRIDE_W, 0)?],
                activation: activation(table, FUSED_ACTIVATION_FUNCTION)?,
            })
        }
        "AVERAGE_POOL_2D" | "MAX_POOL_2D" => {
            use schema::pool_2d::*;
            let pool = Pool2d {
                padding: padding(table, PADDING)?,
                stride: [size(table, STRIDE_H, 0)?, size(table, STRIDE_W, 0)?],
                filter: [size(table, FILTER_HEIGHT, 0)?, size(table, FILTER_WIDTH, 0)?],
                activation: activation(table, FUSED_ACTIVATION_FUNCTION)?,
            };
            if name == "MAX_POOL_2D" { Op::MaxPool2d(pool) } else { Op::AveragePool2d(pool) }
        }
        "FULLY_CONNECTED" => {
            use schema::fully_connected::*;
            Op::FullyConnected(FullyConnected {
                activation: activation(table, FUSED_ACTIVATION_FUNCTION)?,
                shuffled_weights: match table.scalar::<i8>(WEIGHTS_FORMAT, 0)? {
                    0 => false,
                    1 => true,
                    other => return Err(unknown("weights_format", other)),
                },
                keep_num_dims: table.boolean(KEEP_NUM_DIMS, false)?,
                asymmetric_quantize_inputs: table.boolean(ASYMMETRIC_QUANTIZE_INPUTS, false)?,
            })
        }
        "SOFTMAX" => Op::Softmax { beta: table.scalar(schema::softmax::BETA, 0.0)? },
        "CONCATENATION" => {
            use schema::concatenation::*;
            Op::Concatenation {
                axis: table.scalar(AXIS, 0)?,
                activation: activation(table, FUSED_ACTIVATION_FUNCTION)?,
            }
        }
        "ADD" => Op::Add {
            activation: activation(table, schema::add::FUSED_ACTIVATION_FUNCTION)?,
            pot_scale_int16: table.boolean(schema::add::POT_SCALE_INT16, true)?,
        },
        "SUB" => Op::Sub {
            activation: activation(table, schema::sub::FUSED_ACTIVATION_FUNCTION)?,
            pot_scale_int16: table.boolean(schema::sub::POT_SCALE_INT16, true)?,
        },
        "MUL" => Op::Mul { activation: activation(table, schema::mul::FUSED_ACTIVATION_FUNCTION)? },
        "L2_NORMALIZATION" => {
            Op::L2Normalization { activation: activation(table, schema::l2_norm::FUSED_ACTIVATION_FUNCTION)? }
        }
        "RESHAPE" => Op::Reshape { new_shape: table.vector(schema::reshape::NEW_SHAPE)? },
        "MEAN" => Op::Mean { keep_dims: table.boolean(schema::reducer::KEEP_DIMS, false)? },
        "SQUEEZE" => Op::Squeeze { dims: table.vector(schema::squeeze::SQUEEZE_DIMS)?.unwrap_or_default() },
        "STRIDED_SLICE" => {
            use schema::strided_slice::*;
            Op::StridedSlice(StridedSlice {
                begin_mask: table.scalar(BEGIN_MASK, 0)?,
                end_mask: table.scalar(END_MASK, 0)?,
                ellipsis_mask: table.scalar(ELLIPSIS_MASK, 0)?,
                new_axis_mask: table.scalar(NEW_AXIS_MASK, 0)?,
                shrink_axis_mask: table.scalar(SHRINK_AXIS_MASK, 0)?,
                offset: table.boolean(OFFSET, false)?,
            })
        }
        "SPLIT" => Op::Split { count: size(table, schema::split::NUM_SPLITS, 0)? },
        "LEAKY_RELU" => Op::LeakyRelu { alpha: table.scalar(schema::leaky_relu::ALPHA, 0.0)? },
        "RESIZE_BILINEAR" => {
            use schema::resize_bilinear::*;
            // Sizes of the years before the size input: no reader looks at them, so losing them loses nothing.
            table.scalar::<i32>(NEW_HEIGHT, 0)?;
            table.scalar::<i32>(NEW_WIDTH, 0)?;
            Op::ResizeBilinear(Resize {
                align_corners: table.boolean(ALIGN_CORNERS, false)?,
                half_pixel_centers: table.boolean(HALF_PIXEL_CENTERS, false)?,
            })
        }
        "RESIZE_NEAREST_NEIGHBOR" => {
            use schema::resize_nearest_neighbor::*;
            Op::ResizeNearestNeighbor(Resize {
                align_corners: table.boolean(ALIGN_CORNERS, false)?,
                half_pixel_centers: table.boolean(HALF_PIXEL_CENTERS, false)?,
            })
        }
        _ => return without(name),
    })
}

/// A known operator whose options are missing, with the schema's defaults where those make sense.
fn without(name: &str) -> Result<Op> {
    Ok(match name {
        "FULLY_CONNECTED" => Op::FullyConnected(FullyConnected::default()),
        "ADD" => Op::Add { activation: Activation::None, pot_scale_int16: true },
        "SUB" => Op::Sub { activation: Activation::None, pot_scale_int16: true },
        "MUL" => Op::Mul { activation: Activation::None },
        "L2_NORMALIZATION" => Op::L2Normalization { activation: Activation::None },
        "RESHAPE" => Op::Reshape { new_shape: None },
        "MEAN" => Op::Mean { keep_dims: false },
        "SQUEEZE" => Op::Squeeze { dims: vec![] },
        "RESIZE_BILINEAR" => Op::ResizeBilinear(Resize::default()),
        "RESIZE_NEAREST_NEIGHBOR" => Op::ResizeNearestNeighbor(Resize::default()),
        "PAD" => Op::Pad,
        "PADV2" => Op::PadV2,
        "TRANSPOSE" => Op::Transpose,
        "EXPAND_DIMS" => Op::ExpandDims,
        "QUANTIZE" => Op::Quantize,
        "DEQUANTIZE" => Op::Dequantize,
        "HARD_SWISH" => Op::HardSwish,
        "RELU" => Op::Relu,
        "RELU6" => Op::Relu6,
        "PRELU" => Op::Prelu,
        "LOGISTIC" => Op::Logistic,
        "TANH" => Op::Tanh,
        _ => return Err(Error::format(format!("{name} has no builtin options, and they have no sensible defaults"))),
    })
}

/// The builtin options of an operator, copied unread; `None` where there are none or they hold what cannot be copied.
pub(super) fn raw(operator: &Table<'_>) -> Result<Option<RawOptions>> {
    use schema::operator::{BUILTIN_OPTIONS, BUILTIN_OPTIONS_TYPE};
    // Which table it is must be known before it is asked for: what is not carried shall be named.
    let kind = operator.scalar::<u8>(BUILTIN_OPTIONS_TYPE, 0)?;
    let Some(known) = schema::option_fields(kind).filter(|_| operator.has(BUILTIN_OPTIONS)) else { return Ok(None) };
    let Some(table) = operator.table(BUILTIN_OPTIONS, &schema::empty::KIND)? else { return Ok(None) };
    let mut fields = vec![];
    for (field, size) in (0u16..).zip(known.bytes()).filter(|(field, _)| table.has(*field)) {
        fields.push((
            field,
            match size {
                b'1' => RawField::Byte(table.scalar(field, 0)?),
                b'4' => RawField::Word(table.scalar(field, 0)?),
                b'8' => RawField::DoubleWord(table.scalar(field, 0)?),
                b'b' => RawField::Bytes(table.vector(field)?.unwrap_or_default()),
                b'i' => RawField::Words(table.vector(field)?.unwrap_or_default()),
                _ => match table.text(field)? {
                    // A text that is not UTF-8 would not come out as it went in.
                    Some((text, false)) => RawField::Text(text),
                    _ => return Ok(None),
                },
            },
        ));
    }
    let is_complete = table.unasked().next().is_none();
    Ok(is_complete.then_some(RawOptions { kind, fields }))
}

/// One field of an options table, with the value that need not be written.
pub(super) enum Field {
    /// An enumeration.
    Code(u16, i8),
    /// A truth value and its default.
    Flag(u16, bool, bool),
    /// An integer and its default.
    Integer(u16, i32, i32),
    /// A real number; the default is 0.
    Real(u16, f32),
    /// A vector of integers.
    Integers(u16, Vec<i32>),
}

/// The fields of an operator's options, `None` where it has no options table.
///
/// # Errors
/// `Parameter` for an attribute that does not fit the file's 32 bits.
pub(super) fn fields(op: &Op, bias_type: i8) -> Result<Option<Vec<Field>>> {
    use Field::{Code, Flag, Integer, Integers, Real};
    let size = |field: u16, size: usize, default: i32| {
        let size = i32::try_from(size).map_err(|_| Error::parameter(format!("an attribute of {size} is too large")))?;
        Ok::<_, Error>(Integer(field, size, default))
    };
    Ok(Some(match op {
        Op::Conv2d(op) => {
            use schema::conv_2d::*;
            vec![
                Code(PADDING, padding_code(op.padding)),
                size(STRIDE_W, op.stride[1], 0)?,
                size(STRIDE_H, op.stride[0], 0)?,
                Code(FUSED_ACTIVATION_FUNCTION, activation_code(op.activation)),
                size(DILATION_W_FACTOR, op.dilation[1], 1)?,
                size(DILATION_H_FACTOR, op.dilation[0], 1)?,
                Code(QUANTIZED_BIAS_TYPE, bias_type),
            ]
        }
        Op::DepthwiseConv2d(op) => {
            use schema::depthwise_conv_2d::*;
            vec![
                Code(PADDING, padding_code(op.padding)),
                size(STRIDE_W, op.stride[1], 0)?,
                size(STRIDE_H, op.stride[0], 0)?,
                size(DEPTH_MULTIPLIER, op.depth_multiplier, 0)?,
                Code(FUSED_ACTIVATION_FUNCTION, activation_code(op.activation)),
                size(DILATION_W_FACTOR, op.dilation[1], 1)?,
                size(DILATION_H_FACTOR, op.dilation[0], 1)?,
            ]
        }
        Op::TransposeConv(op) => {
            use schema::transpose_conv::*;
            vec![
                Code(PADDING, padding_code(op.padding)),
                size(STRIDE_W, op.stride[1], 0)?,
                size(STRIDE_H, op.stride[0], 0)?,
                Code(FUSED_ACTIVATION_FUNCTION, activation_code(op.activation)),
                Code(QUANTIZED_BIAS_TYPE, bias_type),
            ]
        }
        Op::AveragePool2d(op) | Op::MaxPool2d(op) => {
            use schema::pool_2d::*;
            vec![
                Code(PADDING, padding_code(op.padding)),
                size(STRIDE_W, op.stride[1], 0)?,
                size(STRIDE_H, op.stride[0], 0)?,
                size(FILTER_WIDTH, op.filter[1], 0)?,
                size(FILTER_HEIGHT, op.filter[0], 0)?,
                Code(FUSED_ACTIVATION_FUNCTION, activation_code(op.activation)),
            ]
        }
        Op::FullyConnected(op) => {
            use schema::fully_connected::*;
            vec![
                Code(FUSED_ACTIVATION_FUNCTION, activation_code(op.activation)),
                Code(WEIGHTS_FORMAT, op.shuffled_weights.into()),
                Flag(KEEP_NUM_DIMS, op.keep_num_dims, false),
                Flag(ASYMMETRIC_QUANTIZE_INPUTS, op.asymmetric_quantize_inputs, false),
                Code(QUANTIZED_BIAS_TYPE, bias_type),
            ]
        }
        Op::Softmax { beta } => vec![Real(schema::softmax::BETA, *beta)],
        Op::Concatenation { axis, activation } => {
            use schema::concatenation::*;
            vec![Integer(AXIS, *axis, 0), Code(FUSED_ACTIVATION_FUNCTION, activation_code(*activation))]
        }
        // ADD and SUB lay their fields out alike.
        Op::Add { activation, pot_scale_int16 } | Op::Sub { activation, pot_scale_int16 } => {
            use schema::add::*;
            vec![
                Code(FUSED_ACTIVATION_FUNCTION, activation_code(*activation)),
                Flag(POT_SCALE_INT16, *pot_scale_int16, true),
            ]
        }
        Op::Mul { activation } => {
            vec![Code(schema::mul::FUSED_ACTIVATION_FUNCTION, activation_code(*activation))]
        }
        Op::L2Normalization { activation } => {
            vec![Code(schema::l2_norm::FUSED_ACTIVATION_FUNCTION, activation_code(*activation))]
        }
        Op::Reshape { new_shape: None } => return Ok(None),
        Op::Reshape { new_shape: Some(shape) } => vec![Integers(schema::reshape::NEW_SHAPE, shape.clone())],
        Op::Mean { keep_dims } => vec![Flag(schema::reducer::KEEP_DIMS, *keep_dims, false)],
        Op::Squeeze { dims } => vec![Integers(schema::squeeze::SQUEEZE_DIMS, dims.clone())],
        Op::StridedSlice(op) => {
            use schema::strided_slice::*;
            vec![
                Integer(BEGIN_MASK, op.begin_mask, 0),
                Integer(END_MASK, op.end_mask, 0),
                Integer(ELLIPSIS_MASK, op.ellipsis_mask, 0),
                Integer(NEW_AXIS_MASK, op.new_axis_mask, 0),
                Integer(SHRINK_AXIS_MASK, op.shrink_axis_mask, 0),
                Flag(OFFSET, op.offset, false),
            ]
        }
        Op::Split { count } => vec![size(schema::split::NUM_SPLITS, *count, 0)?],
        Op::LeakyRelu { alpha } => vec![Real(schema::leaky_relu::ALPHA, *alpha)],
        Op::ResizeBilinear(op) => {
            use schema::resize_bilinear::*;
            vec![Flag(ALIGN_CORNERS, op.align_corners, false), Flag(HALF_PIXEL_CENTERS, op.half_pixel_centers, false)]
        }
        Op::ResizeNearestNeighbor(op) => {
            use schema::resize_nearest_neighbor::*;
            vec![Flag(ALIGN_CORNERS, op.align_corners, false), Flag(HALF_PIXEL_CENTERS, op.half_pixel_centers, false)]
        }
        Op::Pad
        | Op::PadV2
        | Op::ExpandDims
        | Op::Transpose
        | Op::Relu
        | Op::Relu6
        | Op::Prelu
        | Op::HardSwish
        | Op::Logistic
        | Op::Tanh
        | Op::Quantize
        | Op::Dequantize
        | Op::Opaque(_) => return Ok(None),
    }))
}

fn padding_code(padding: Padding) -> i8 {
    match padding {
        Padding::Same => 0,
        Padding::Valid => 1,
    }
}

fn activation_code(activation: Activation) -> i8 {
    match activation {
        Activation::None => 0,
        Activation::Relu => 1,
        Activation::ReluN1To1 => 2,
        Activation::Relu6 => 3,
        Activation::Tanh => 4,
        Activation::SignBit => 5,
    }
}

fn padding(table: &Table<'_>, field: u16) -> Result<Padding> {
    match table.scalar::<i8>(field, 0)? {
        0 => Ok(Padding::Same),
        1 => Ok(Padding::Valid),
        other => Err(unknown("padding", other)),
    }
}

fn activation(table: &Table<'_>, field: u16) -> Result<Activation> {
    Ok(match table.scalar::<i8>(field, 0)? {
        0 => Activation::None,
        1 => Activation::Relu,
        2 => Activation::ReluN1To1,
        3 => Activation::Relu6,
        4 => Activation::Tanh,
        5 => Activation::SignBit,
        other => return Err(unknown("fused_activation_function", other)),
    })
}

fn unknown(field: &str, code: i8) -> Error {
    Error::unsupported(format!("{field} has the value {code}, which Milliwatt does not know"))
}

/// A size that must not be negative.
fn size(table: &Table<'_>, field: u16, default: i32) -> Result<usize> {
    let size = table.scalar::<i32>(field, default)?;
    usize::try_from(size).map_err(|_| Error::format(format!("an option has the negative size {size}")))
}
