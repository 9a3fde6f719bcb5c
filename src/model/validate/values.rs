//! One value alone: its size, bytes, and quantization.

use crate::error::{Error, Result};
use crate::model::Value;
use crate::quant::Quantization;
use crate::tensor::{DType, elements};

pub(super) fn check(value: &Value) -> Result<()> {
    let count = elements(&value.shape)?;
    if let Some(data) = &value.data
        && let Some(needed) = value.dtype.bytes_for(count)
        && data.len() != needed
    {
        return Err(Error::format(format!(
            "the constant has {} bytes, but shape {:?} of {} needs {needed}",
            data.len(),
            value.shape,
            value.dtype
        )));
    }
    if let Some(signature) = &value.shape_signature {
        let fits = signature.len() == value.shape.len()
            && signature.iter().zip(&value.shape).all(|(&open, &dim)| open == -1 || usize::try_from(open) == Ok(dim));
        // An unranked tensor declares an empty signature.
        if !fits && !signature.is_empty() {
            return Err(Error::format(format!(
                "its shape signature {signature:?} does not fit its shape {:?}",
                value.shape
            )));
        }
    }
    match &value.quantization {
        Some(quantization) => check_quantization(value, quantization),
        None => Ok(()),
    }
}

fn check_quantization(value: &Value, quantization: &Quantization) -> Result<()> {
    let Quantization { scale, zero_point, axis } = quantization;
    if scale.is_empty() {
        return Err(Error::format("its quantization has no scale"));
    }
    if scale.len() > 1 {
        let channels = value.shape.get(*axis).copied();
        if channels != Some(scale.len()) {
            return Err(Error::format(format!(
                "it has {} scales along axis {axis}, which does not fit its shape {:?}",
                scale.len(),
                value.shape
            )));
        }
        if !value.is_constant() {
            return Err(Error::format(format!(
                "an activation has {} scales; only constants can be quantized per channel",
                scale.len()
            )));
        }
    }
    if zero_point.len() > 1 && zero_point.len() != scale.len() {
        return Err(Error::format(format!("it has {} zero points for {} scales", zero_point.len(), scale.len())));
    }
    for &scale in scale {
        // A channel of nothing but zeros may have scale 0; an activation then could hold no number at all.
        let low_enough = scale > 0.0 || (scale == 0.0 && value.is_constant());
        if !scale.is_finite() || !low_enough {
            return Err(Error::numeric(format!("the scale {scale} is not a positive number")));
        }
    }
    if let Some((low, high)) = integer_range(value.dtype)
        && let Some(wrong) = zero_point.iter().find(|&&zero| zero < low || zero > high)
    {
        return Err(Error::numeric(format!("the zero point {wrong} is outside of {}", value.dtype)));
    }
    Ok(())
}

/// The integers that a quantized type holds.
fn integer_range(dtype: DType) -> Option<(i64, i64)> {
    let signed = |bits: u32| (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1);
    Some(match dtype {
        DType::Int2 => signed(2),
        DType::Int4 => signed(4),
        DType::Int8 => signed(8),
        DType::Int16 => signed(16),
        DType::Int32 => signed(32),
        DType::Uint4 => (0, 15),
        DType::Uint8 => (0, 255),
        DType::Uint16 => (0, 65_535),
        _ => return None,
    })
}
