//! What the bytes of a constant stand for.
//!
//! Constants lie in a [`Value`] as they lie in the file: little-endian, sub-byte types packed low bits first. Here
//! they become numbers: raw ones (`to_i8`, `to_i32`, …) and real ones ([`Value::dequantized`]).

use super::Value;
use crate::error::{Error, Result};
use crate::tensor::DType;

impl Value {
    /// The elements of a constant as real numbers where the type is a float, and as their integers elsewhere.
    ///
    /// float16 and bfloat16 become float32 exactly; quantized integers are **not** scaled, see
    /// [`Value::dequantized`].
    ///
    /// # Errors
    /// `Parameter` for an activation, `Format` when the bytes do not fill the shape, `Unsupported` for types that are
    /// not numbers.
    ///
    /// ```
    /// use milliwatt::model::Value;
    /// use milliwatt::tensor::DType;
    /// let half = Value::constant("w", DType::Float16, &[2], vec![0x00, 0x3c, 0x00, 0xc0]);
    /// assert_eq!(half.to_f32().unwrap(), [1.0, -2.0]);
    /// ```
    pub fn to_f32(&self) -> Result<Vec<f32>> {
        let bytes = self.checked_bytes()?;
        Ok(match self.dtype {
            DType::Float32 => words(bytes).map(f32::from_le_bytes).collect(),
            DType::Float16 => words(bytes).map(|word| half_to_f32(u16::from_le_bytes(word))).collect(),
            DType::Bfloat16 => {
                words(bytes).map(|word| f32::from_bits(u32::from(u16::from_le_bytes(word)) << 16)).collect()
            }
            DType::Float64 => words(bytes).map(|word| f64::from_le_bytes(word) as f32).collect(),
            _ => self.to_i64()?.into_iter().map(|v| v as f32).collect(),
        })
    }

    /// The elements of an integer constant of at most 8 bits, packed types unpacked.
    ///
    /// # Errors
    /// As [`Value::to_f32`]; `Unsupported` for types that do not fit `i8`.
    ///
    /// ```
    /// use milliwatt::model::Value;
    /// use milliwatt::tensor::DType;
    /// // Two nibbles a byte, the low one first; the last high nibble is padding.
    /// let packed = Value::constant("w", DType::Int4, &[3], vec![0x2f, 0x08]);
    /// assert_eq!(packed.to_i8().unwrap(), [-1, 2, -8]);
    /// ```
    pub fn to_i8(&self) -> Result<Vec<i8>> {
        let bytes = self.checked_bytes()?;
        match self.dtype {
            DType::Int8 => Ok(bytes.iter().map(|&byte| byte as i8).collect()),
            DType::Int4 => Ok(unpack(bytes, 4, self.elements()).map(|bits| ((bits << 4) as i8) >> 4).collect()),
            DType::Int2 => Ok(unpack(bytes, 2, self.elements()).map(|bits| ((bits << 6) as i8) >> 6).collect()),
            DType::Uint4 => Ok(unpack(bytes, 4, self.elements()).map(|bits| bits as i8).collect()),
            other => Err(Error::unsupported(format!("{other} elements do not fit int8"))),
        }
    }

    /// The elements of an integer constant of at most 16 bits (signed) as `i16`.
    ///
    /// # Errors
    /// As [`Value::to_f32`]; `Unsupported` for types that do not fit `i16`.
    pub fn to_i16(&self) -> Result<Vec<i16>> {
        let bytes = self.checked_bytes()?;
        match self.dtype {
            DType::Int16 => Ok(words(bytes).map(i16::from_le_bytes).collect()),
            DType::Uint8 | DType::Bool => Ok(bytes.iter().map(|&byte| i16::from(byte)).collect()),
            DType::Int8 | DType::Int4 | DType::Int2 | DType::Uint4 => {
                Ok(self.to_i8()?.into_iter().map(i16::from).collect())
            }
            other => Err(Error::unsupported(format!("{other} elements do not fit int16"))),
        }
    }

    /// The elements of an integer constant of at most 32 bits (signed) as `i32`.
    ///
    /// # Errors
    /// As [`Value::to_f32`]; `Unsupported` for types that do not fit `i32`.
    pub fn to_i32(&self) -> Result<Vec<i32>> {
        let bytes = self.checked_bytes()?;
        match self.dtype {
            DType::Int32 => Ok(words(bytes).map(i32::from_le_bytes).collect()),
            DType::Uint16 => Ok(words(bytes).map(|word| i32::from(u16::from_le_bytes(word))).collect()),
            DType::Int64 | DType::Uint32 | DType::Uint64 => {
                Err(Error::unsupported(format!("{} elements do not fit int32", self.dtype)))
            }
            _ => Ok(self.to_i16()?.into_iter().map(i32::from).collect()),
        }
    }

    /// The elements of any integer constant as `i64`.
    ///
    /// # Errors
    /// As [`Value::to_f32`]; `Unsupported` for floats and for types that are not numbers.
    pub fn to_i64(&self) -> Result<Vec<i64>> {
        let bytes = self.checked_bytes()?;
        match self.dtype {
            DType::Int64 => Ok(words(bytes).map(i64::from_le_bytes).collect()),
            DType::Uint32 => Ok(words(bytes).map(|word| i64::from(u32::from_le_bytes(word))).collect()),
            DType::Uint64 => words(bytes)
                .map(|word| {
                    i64::try_from(u64::from_le_bytes(word))
                        .map_err(|_| Error::unsupported("an unsigned 64-bit constant does not fit int64"))
                })
                .collect(),
            _ => Ok(self.to_i32()?.into_iter().map(i64::from).collect()),
        }
    }

    /// The real numbers that a constant stands for: `scale * (q - zero_point)`, scales per channel along their axis;
    /// floats as they are.
    ///
    /// # Errors
    /// As [`Value::to_f32`]; `Format` when there are not as many scales as channels.
    ///
    /// ```
    /// use milliwatt::model::Value;
    /// use milliwatt::quant::Quantization;
    /// use milliwatt::tensor::DType;
    /// let weights = Value::constant("w", DType::Int8, &[2, 2], vec![1, 2, 3, 4])
    ///     .with_quantization(Quantization::per_channel(vec![0.5, 2.0], 0));
    /// assert_eq!(weights.dequantized().unwrap(), [0.5, 1.0, 6.0, 8.0]);
    /// ```
    pub fn dequantized(&self) -> Result<Vec<f32>> {
        let Some(quantization) = self.quantization.as_ref().filter(|_| !self.dtype.is_float()) else {
            return self.to_f32();
        };
        let raw = self.to_i64()?;
        // Channel of element i: (i / inner) mod channels, with `inner` the elements after the axis.
        let (inner, channels) = if quantization.is_per_channel() {
            let channels = self.shape.get(quantization.axis).copied().unwrap_or(0);
            if channels != quantization.scale.len() {
                return Err(Error::format(format!(
                    "{} scales for {channels} channels along axis {} of shape {:?}",
                    quantization.scale.len(),
                    quantization.axis,
                    self.shape
                )));
            }
            (self.shape[quantization.axis + 1..].iter().product::<usize>().max(1), channels)
        } else {
            (1, 1)
        };
        let real = |(i, q): (usize, i64)| {
            let channel = (i / inner) % channels;
            quantization.scale_of(channel) * q.saturating_sub(quantization.zero_point_of(channel)) as f32
        };
        Ok(raw.into_iter().enumerate().map(real).collect())
    }

    /// The bytes of a constant, once they are known to be as many as type and shape ask for.
    fn checked_bytes(&self) -> Result<&[u8]> {
        let data = self.data.as_deref().ok_or_else(|| Error::parameter(format!("not a constant: {:?}", self.name)))?;
        let count = crate::tensor::elements(&self.shape)?;
        let needed = self
            .dtype
            .bytes_for(count)
            .ok_or_else(|| Error::unsupported(format!("elements of type {} are not numbers", self.dtype)))?;
        if data.len() != needed {
            return Err(Error::format(format!(
                "{} bytes where shape {:?} of {} needs {needed}",
                data.len(),
                self.shape,
                self.dtype
            )));
        }
        Ok(data)
    }
}

/// The little-endian words of `N` bytes each.
fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.as_chunks::<N>().0.iter().copied()
}

/// Fields of `bits` bits, low ones first; the tail's padding is left out.
fn unpack(bytes: &[u8], bits: u32, count: usize) -> impl Iterator<Item = u8> + '_ {
    let mask = (1u8 << bits) - 1;
    let per_byte = 8 / bits;
    bytes.iter().flat_map(move |&byte| (0..per_byte).map(move |i| (byte >> (i * bits)) & mask)).take(count)
}

/// IEEE binary16 to binary32; exact.
///
/// ```
/// use milliwatt::model::constant::half_to_f32;
/// assert_eq!(half_to_f32(0x3555), 0.333_251_95);
/// assert_eq!(half_to_f32(0x0001), 5.960_464_5e-8);
/// ```
pub fn half_to_f32(half: u16) -> f32 {
    let sign = u32::from(half >> 15) << 31;
    let exponent = u32::from((half >> 10) & 0x1f);
    let fraction = u32::from(half & 0x3ff);
    match exponent {
        // Subnormal: fraction * 2^-24, exact in binary32.
        0 => {
            let magnitude = fraction as f32 * f32::from_bits(0x3380_0000);
            f32::from_bits(magnitude.to_bits() | sign)
        }
        31 => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::Quantization;

    #[test]
    fn int2_unpacks_four_to_a_byte_low_bits_first() {
        let value = Value::constant("w", DType::Int2, &[5], vec![0b11_10_01_00, 0b01]);
        assert_eq!(value.to_i8().unwrap(), [0, 1, -2, -1, 1]);
    }

    #[test]
    fn last_axis_scales_alternate() {
        let value = Value::constant("w", DType::Int8, &[1, 2, 2], vec![1, 1, 1, 1])
            .with_quantization(Quantization::per_channel(vec![1.0, 10.0], 2));
        assert_eq!(value.dequantized().unwrap(), [1.0, 10.0, 1.0, 10.0]);
    }

    #[test]
    fn too_few_bytes_are_told_with_both_numbers() {
        let value = Value::constant("w", DType::Int32, &[2], vec![0; 7]);
        assert_eq!(value.to_i32().unwrap_err().message(), "7 bytes where shape [2] of int32 needs 8");
    }

    #[test]
    fn every_half_is_between_its_neighbours() {
        let mut last = f32::NEG_INFINITY;
        for magnitude in (0..0x7c00u16).rev() {
            let value = half_to_f32(magnitude | 0x8000);
            assert!(value > last || value == 0.0);
            last = value;
        }
    }
}
