//! The constants of operators with weights: which element types go together, and how they are decoded.

use crate::error::{Error, Result};
use crate::model::Value;
use crate::tensor::DType;

use super::arithmetic::Accumulator;
use super::site::{Site, affine};

/// Which arithmetic a convolution or FULLY_CONNECTED needs, by its element types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Types {
    /// `float32` activations, whatever the weights.
    Float,
    /// `int8` activations and weights of at most 8 bits with the zero point 0, 32-bit sums.
    Int8,
    /// The same with another zero point of the weights, which only TFLM's FULLY_CONNECTED adds.
    Int8Offset,
    /// `int16` activations with an `int32` bias, 32-bit sums.
    Int16Narrow,
    /// `int16` activations with an `int64` bias or none, 64-bit sums.
    Int16Wide,
    /// The old scheme: `uint8` activations and weights, both with zero points.
    Uint8,
}

/// Sorts a node with weights by its element types.
///
/// # Errors
/// `Unsupported` with the types for combinations that are not executed.
pub fn types(site: &Site<'_>, weights: usize, bias: usize, input: usize) -> Result<Types> {
    let (x, w, y) = (site.input(input)?, site.input(weights)?, site.output(0)?);
    let bias = site.given(bias).map(|value| value.dtype);
    let found = match (x.dtype, w.dtype, bias, y.dtype) {
        (DType::Float32, _, _, DType::Float32) => Types::Float,
        (DType::Int8, DType::Int8 | DType::Int4 | DType::Int2, None | Some(DType::Int32), DType::Int8) => Types::Int8,
        (DType::Int16, DType::Int8, Some(DType::Int32), DType::Int16) => Types::Int16Narrow,
        (DType::Int16, DType::Int8, None | Some(DType::Int64), DType::Int16) => Types::Int16Wide,
        (DType::Uint8, DType::Uint8, None | Some(DType::Int32), DType::Uint8) => Types::Uint8,
        _ => return Err(site.unsupported_types()),
    };
    match found {
        Types::Int8 if expect_symmetric("the filter", w).is_err() => return Ok(Types::Int8Offset),
        Types::Int16Narrow | Types::Int16Wide => {
            expect_symmetric("the input", x)?;
            expect_symmetric("the output", y)?;
        }
        _ => {}
    }
    Ok(found)
}

/// The weights of at most 8 bits of kernels that know no zero point of weights.
///
/// # Errors
/// `Unsupported` with a zero point that is not 0.
pub fn symmetric(value: &Value) -> Result<Vec<i8>> {
    expect_symmetric("the filter", value)?;
    value.to_i8()
}

/// The weights of the old `uint8` scheme, and of an `int8` FULLY_CONNECTED, with their one zero point subtracted.
///
/// # Errors
/// `Unsupported` for a zero point for each channel.
pub fn centred(value: &Value) -> Result<Vec<i16>> {
    let (_, zero_point) = affine(value)?;
    Ok(value.to_i16()?.into_iter().map(|weight| weight - zero_point as i16).collect())
}

/// The refusal of `int16` activations with an `int32` bias, where TFLM does not look at the bias's type.
pub fn narrow_bias() -> Error {
    Error::unsupported("int16 activations with an int32 bias, which TFLM would read as int64")
}

/// The bias of `channels` output channels; zeros where the node has none.
///
/// # Errors
/// `Format` where it has another number of elements.
pub fn bias<A: Accumulator>(
    site: &Site<'_>,
    position: usize,
    channels: usize,
    decode: fn(&Value) -> Result<Vec<A>>,
) -> Result<Vec<A>> {
    if site.given(position).is_none() {
        return Ok(vec![A::default(); channels]);
    }
    let bias = site.decoded(position, decode)?;
    if bias.len() != channels {
        return Err(Error::format(format!("the bias has {} values for {channels} channels", bias.len())));
    }
    Ok(bias)
}

/// Refuses zero points that TFLM's `int8` and `int16` kernels do not add: those of weights, and of `int16` activations.
///
/// # Errors
/// `Unsupported` with the zero point.
pub fn expect_symmetric(what: &str, value: &Value) -> Result<()> {
    let zero_points = value.quantization.as_ref().map_or(&[][..], |quantization| &quantization.zero_point);
    match zero_points.iter().find(|&&zero_point| zero_point != 0) {
        Some(zero_point) => Err(Error::unsupported(format!("{what} has the zero point {zero_point} instead of 0"))),
        None => Ok(()),
    }
}

/// The float bias of `channels` output channels; zeros where the node has none.
///
/// # Errors
/// `Format` where it has another number of elements.
pub fn float_bias(site: &Site<'_>, position: usize, channels: usize) -> Result<Vec<f32>> {
    if site.given(position).is_none() {
        return Ok(vec![0.0; channels]);
    }
    let bias = site.real_constant(position)?;
    if bias.len() != channels {
        return Err(Error::format(format!("the bias has {} values for {channels} channels", bias.len())));
    }
    Ok(bias)
}
