//! A look at a tensor inside the arena, without a copy.

use bytemuck::checked;

use super::kernel::Span;
use crate::error::{Error, Result};
use crate::quant::Quantization;
use crate::tensor::{DType, Tensor};

/// The elements of a tensor, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "each variant is the element type of the same name")]
pub enum Data<'a> {
    Float32(&'a [f32]),
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    Uint8(&'a [u8]),
    Bool(&'a [bool]),
}

/// A tensor inside the arena: its shape and its elements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View<'a> {
    /// The dimensions, batch first.
    pub shape: &'a [usize],
    /// The elements, the last axis contiguous.
    pub data: Data<'a>,
}

impl<'a> View<'a> {
    /// Looks at `span` of the arena as elements of `dtype`.
    pub(super) fn new(arena: &'a [u8], span: Span, dtype: DType, shape: &'a [usize]) -> Result<Self> {
        let bytes = &arena[span.start..span.end()];
        let data = match dtype {
            DType::Float32 => Data::Float32(bytemuck::cast_slice(bytes)),
            DType::Int8 => Data::Int8(bytemuck::cast_slice(bytes)),
            DType::Int16 => Data::Int16(bytemuck::cast_slice(bytes)),
            DType::Int32 => Data::Int32(bytemuck::cast_slice(bytes)),
            DType::Int64 => Data::Int64(bytemuck::cast_slice(bytes)),
            DType::Uint8 => Data::Uint8(bytes),
            DType::Bool => Data::Bool(
                checked::try_cast_slice(bytes).map_err(|_| Error::format("a truth value is neither 0 nor 1"))?,
            ),
            other => return Err(Error::unsupported(format!("values of type {other} are not executed"))),
        };
        Ok(Self { shape, data })
    }

    /// The elements as real numbers: dequantized where they are integers with a quantization, converted by value where
    /// they have none.
    ///
    /// ```
    /// use milliwatt::exec::{Data, View};
    /// use milliwatt::quant::Quantization;
    /// let view = View { shape: &[2], data: Data::Int8(&[-128, 0]) };
    /// assert_eq!(view.to_f32(Some(&Quantization::per_tensor(0.5, -128))), [0.0, 64.0]);
    /// assert_eq!(view.to_f32(None), [-128.0, 0.0]);
    /// ```
    pub fn to_f32(&self, quantization: Option<&Quantization>) -> Vec<f32> {
        match self.data {
            Data::Float32(values) => values.to_vec(),
            Data::Int8(values) => self.dequantize(values, quantization),
            Data::Int16(values) => self.dequantize(values, quantization),
            Data::Int32(values) => self.dequantize(values, quantization),
            Data::Int64(values) => self.dequantize(values, quantization),
            Data::Uint8(values) => self.dequantize(values, quantization),
            Data::Bool(values) => values.iter().map(|&value| f32::from(u8::from(value))).collect(),
        }
    }

    /// A copy that outlives the arena.
    ///
    /// # Errors
    /// None in practice: the shape and the number of elements come from the same plan.
    pub fn to_tensor(&self) -> Result<Tensor> {
        let mut tensor = Tensor::zeros(self.dtype(), self.shape)?;
        super::io::copy(self, &mut tensor)?;
        Ok(tensor)
    }

    /// The elements as bytes, little-endian.
    pub fn bytes(&self) -> &'a [u8] {
        match self.data {
            Data::Float32(values) => bytemuck::cast_slice(values),
            Data::Int8(values) => bytemuck::cast_slice(values),
            Data::Int16(values) => bytemuck::cast_slice(values),
            Data::Int32(values) => bytemuck::cast_slice(values),
            Data::Int64(values) => bytemuck::cast_slice(values),
            Data::Uint8(values) => values,
            Data::Bool(values) => bytemuck::cast_slice(values),
        }
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        match self.data {
            Data::Float32(_) => DType::Float32,
            Data::Int8(_) => DType::Int8,
            Data::Int16(_) => DType::Int16,
            Data::Int32(_) => DType::Int32,
            Data::Int64(_) => DType::Int64,
            Data::Uint8(_) => DType::Uint8,
            Data::Bool(_) => DType::Bool,
        }
    }

    fn dequantize<T: Copy + Into<i64>>(&self, values: &[T], quantization: Option<&Quantization>) -> Vec<f32> {
        let Some(quantization) = quantization else {
            return values.iter().map(|&value| value.into() as f32).collect();
        };
        // Elements of one channel lie `inner` apart from those of the next.
        let inner = self.shape.iter().skip(quantization.axis + 1).product::<usize>().max(1);
        let channels = self.shape.get(quantization.axis).copied().unwrap_or(1).max(1);
        let real = |(index, &value): (usize, &T)| {
            let channel = index / inner % channels;
            let value: i64 = value.into();
            quantization.scale_of(channel) * value.saturating_sub(quantization.zero_point_of(channel)) as f32
        };
        values.iter().enumerate().map(real).collect()
    }
}
