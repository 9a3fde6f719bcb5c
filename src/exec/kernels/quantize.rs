//! QUANTIZE (real to integer, and integer to integer) and DEQUANTIZE.

use std::marker::PhantomData;

use crate::error::Result;
use crate::exec::arithmetic::{Integer, factor_of_256, integer_range, scale_fixed, scale_of_256};
use crate::exec::kernel::{Io, Kernel};
use crate::exec::site::{Site, affine};
use crate::quant::{Arithmetic, Multiplier};
use crate::tensor::DType;

/// Prepares a QUANTIZE.
pub fn prepare_quantize(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let (x, y) = (site.input(0)?, site.output(0)?);
    Ok(match (x.dtype, y.dtype) {
        (DType::Float32, DType::Int8) => Box::new(quantize::<i8>(site)?),
        (DType::Float32, DType::Uint8) => Box::new(quantize::<u8>(site)?),
        (DType::Float32, DType::Int16) => Box::new(quantize::<i16>(site)?),
        (DType::Int8, DType::Int8) => Box::new(requantize::<i8, i8>(site)?),
        (DType::Int8, DType::Uint8) => Box::new(requantize::<i8, u8>(site)?),
        (DType::Int8, DType::Int16) => Box::new(requantize::<i8, i16>(site)?),
        (DType::Int8, DType::Int32) => Box::new(requantize::<i8, i32>(site)?),
        (DType::Uint8, DType::Int8) => Box::new(requantize::<u8, i8>(site)?),
        (DType::Uint8, DType::Uint8) => Box::new(requantize::<u8, u8>(site)?),
        (DType::Int16, DType::Int8) => Box::new(requantize::<i16, i8>(site)?),
        (DType::Int16, DType::Int16) => Box::new(requantize::<i16, i16>(site)?),
        (DType::Int16, DType::Int32) => Box::new(requantize::<i16, i32>(site)?),
        (DType::Int32, DType::Int8) => Box::new(requantize::<i32, i8>(site)?),
        (DType::Int32, DType::Int16) => Box::new(requantize::<i32, i16>(site)?),
        _ => return Err(site.unsupported_types()),
    })
}

/// Prepares a DEQUANTIZE of activations; those of constants are computed by the plan.
pub fn prepare_dequantize(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let (x, y) = (site.input(0)?, site.output(0)?);
    if y.dtype != DType::Float32 {
        return Err(site.unsupported_types());
    }
    let (scale, zero_point) = affine(x)?;
    Ok(match x.dtype {
        DType::Int8 => Box::new(Dequantize { scale, zero_point, element: PhantomData::<i8> }),
        DType::Uint8 => Box::new(Dequantize { scale, zero_point, element: PhantomData::<u8> }),
        DType::Int16 => Box::new(Dequantize { scale, zero_point, element: PhantomData::<i16> }),
        _ => return Err(site.unsupported_types()),
    })
}

/// Real numbers to integers of type `T`.
struct Quantize<T> {
    arithmetic: Arithmetic,
    scale: f32,
    zero_point: i32,
    range: (i32, i32),
    element: PhantomData<T>,
}

fn quantize<T: Integer>(site: &Site<'_>) -> Result<Quantize<T>> {
    let y = site.output(0)?;
    let (scale, zero_point) = affine(y)?;
    let range = integer_range(y.dtype)?;
    Ok(Quantize { arithmetic: site.options.arithmetic, scale, zero_point, range, element: PhantomData })
}

impl<T: Integer> Kernel for Quantize<T> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<f32, T>();
        let (low, high) = self.range;
        for (y, &x) in y.iter_mut().zip(x) {
            let rounded = match self.arithmetic {
                // XNNPACK multiplies by the reciprocal and rounds half to even.
                Arithmetic::Xnnpack => (x * (1.0 / self.scale)).round_ties_even(),
                // TFLM divides and rounds half away from zero.
                Arithmetic::Tflm | Arithmetic::Single => libm::roundf(x / self.scale),
            };
            *y = T::narrow((rounded as i32).saturating_add(self.zero_point).clamp(low, high));
        }
    }
}

/// Integers of type `I` to integers of type `O` with another scale or zero point.
struct Rescale<I, O> {
    arithmetic: Arithmetic,
    multiplier: Multiplier,
    /// XNNPACK's factor, from `int8` to `int8`.
    factor: Option<i32>,
    input_zero_point: i32,
    zero_point: i32,
    elements: PhantomData<(I, O)>,
}

fn requantize<I: Integer, O: Integer>(site: &Site<'_>) -> Result<Rescale<I, O>> {
    let (x, y, arithmetic) = (site.input(0)?, site.output(0)?, site.options.arithmetic);
    let ((input_scale, input_zero_point), (scale, zero_point)) = (affine(x)?, affine(y)?);
    let multiplier = Multiplier::new(f64::from(input_scale) / f64::from(scale));
    let xnnpack = arithmetic == Arithmetic::Xnnpack && x.dtype == DType::Int8 && y.dtype == DType::Int8;
    let factor = if xnnpack { factor_of_256(input_scale / scale) } else { None };
    Ok(Rescale { arithmetic, multiplier, factor, input_zero_point, zero_point, elements: PhantomData })
}

impl<I: Integer, O: Integer> Kernel for Rescale<I, O> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<I, O>();
        for (y, &x) in y.iter_mut().zip(x) {
            let centred = x.into().wrapping_sub(self.input_zero_point);
            let scaled = match self.factor {
                Some(factor) => scale_of_256(factor, centred),
                None => scale_fixed(self.arithmetic, self.multiplier, centred),
            };
            *y = O::narrow(scaled.wrapping_add(self.zero_point));
        }
    }
}

/// Integers of type `T` to real numbers.
struct Dequantize<T> {
    scale: f32,
    zero_point: i32,
    element: PhantomData<T>,
}

impl<T: Integer> Kernel for Dequantize<T> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<T, f32>();
        for (y, &x) in y.iter_mut().zip(x) {
            *y = self.scale * (x.into() - self.zero_point) as f32;
        }
    }
}
