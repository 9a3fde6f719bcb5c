//! SOFTMAX over the last axis.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::exec::arithmetic::Integer;
use crate::exec::fixed_point::{exp_of_negative, input_radius, reciprocal, scale_up};
use crate::exec::kernel::{Io, Kernel};
use crate::exec::site::{Site, affine};
use crate::model::Op;
use crate::quant::{Multiplier, divide_by_power_of_two, doubling_high_multiply};
use crate::tensor::DType;

/// Bits before the point of the scaled differences.
const DIFFERENCE_BITS: u32 = 5;
/// Bits before the point of the sum of exponentials.
const SUM_BITS: i32 = 12;

/// Prepares a SOFTMAX.
///
/// *Source*: TFLM's `softmax_common.cc` and `reference/softmax.h`. Fixed point under every arithmetic.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let Op::Softmax { beta } = site.node.op else {
        return Err(Error::parameter(format!("{} is not SOFTMAX", site.node.op.name())));
    };
    let (x, y) = (site.input(0)?, site.output(0)?);
    let depth = *x.shape.last().ok_or_else(|| Error::unsupported("a softmax of a scalar"))?;
    Ok(match (x.dtype, y.dtype) {
        (DType::Float32, DType::Float32) => Box::new(FloatSoftmax { depth, beta }),
        (DType::Int8, DType::Int8) => Box::new(integer::<i8, i8>(site, depth, beta, (1.0 / 256.0, -128))?),
        (DType::Uint8, DType::Uint8) => Box::new(integer::<u8, u8>(site, depth, beta, (1.0 / 256.0, 0))?),
        (DType::Int8, DType::Int16) => Box::new(integer::<i8, i16>(site, depth, beta, (1.0 / 65536.0, -32768))?),
        _ => return Err(site.unsupported_types()),
    })
}

struct FloatSoftmax {
    depth: usize,
    beta: f32,
}

impl Kernel for FloatSoftmax {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<f32, f32>();
        for (row, results) in x.chunks_exact(self.depth).zip(y.chunks_exact_mut(self.depth)) {
            // exp(x) / sum(exp(x)) is the same for x minus its largest element, which cannot overflow.
            let max = row.iter().fold(f32::MIN, |max, &x| x.max(max));
            let mut sum = 0.0;
            for (result, &x) in results.iter_mut().zip(row) {
                *result = libm::expf((x - max) * self.beta);
                sum += *result;
            }
            for result in results {
                *result /= sum;
            }
        }
    }
}

/// Fixed point, from 8-bit `I` to 8- or 16-bit `O`.
struct IntegerSoftmax<I, O> {
    depth: usize,
    /// Scales differences to Q5.26.
    multiplier: Multiplier,
    /// Differences below this one add nothing.
    least: i32,
    /// Smallest and largest output.
    range: (i32, i32),
    /// Bits of an output.
    bits: i32,
    elements: PhantomData<(I, O)>,
}

fn integer<I: Integer, O: Integer>(
    site: &Site<'_>,
    depth: usize,
    beta: f32,
    expected: (f32, i32),
) -> Result<IntegerSoftmax<I, O>> {
    let (x, y) = (site.input(0)?, site.output(0)?);
    let (scale, _) = affine(x)?;
    let (output_scale, output_zero_point) = affine(y)?;
    // The exact bits of 1/256 are asked for by TFLM; for int16 it takes one part in a thousand.
    let tolerance = if y.dtype == DType::Int16 { expected.0 * 0.001 } else { 0.0 };
    if (output_scale - expected.0).abs() > tolerance || output_zero_point != expected.1 {
        return Err(Error::unsupported(format!(
            "its output has the scale {output_scale} and zero point {output_zero_point} where {} and {} are fixed",
            expected.0, expected.1
        )));
    }
    let real = f64::from(beta) * f64::from(scale) * f64::from(1u32 << (31 - DIFFERENCE_BITS));
    let multiplier = Multiplier::new(real.min(f64::from(i32::MAX)));
    if multiplier.shift < 0 || multiplier.fraction < 0 {
        return Err(Error::numeric(format!("beta {beta} times the input scale {scale} is too small to compute with")));
    }
    let bits = 8 * size_of::<O>() as i32;
    Ok(IntegerSoftmax {
        depth,
        multiplier,
        least: -input_radius(DIFFERENCE_BITS, multiplier.shift),
        range: crate::exec::arithmetic::integer_range(y.dtype)?,
        bits,
        elements: PhantomData,
    })
}

impl<I: Integer, O: Integer> Kernel for IntegerSoftmax<I, O> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<I, O>();
        let (low, high) = self.range;
        for (row, results) in x.chunks_exact(self.depth).zip(y.chunks_exact_mut(self.depth)) {
            let max = row.iter().map(|&x| x.into()).fold(i32::MIN, i32::max);
            // exp(x - max) in Q0.31, `None` where it adds nothing.
            let exponential = |x: I| {
                let difference = x.into() - max;
                (difference >= self.least)
                    .then(|| exp_of_negative(scale_up(difference, self.multiplier), DIFFERENCE_BITS))
            };
            let mut sum = 0i32;
            for exp in row.iter().filter_map(|&x| exponential(x)) {
                sum = sum.wrapping_add(divide_by_power_of_two(exp, SUM_BITS as u32));
            }
            let (factor, bits_over_unit) = reciprocal(sum, SUM_BITS);
            let exponent = (bits_over_unit + 31 - self.bits).clamp(0, 31) as u32;
            for (result, &x) in results.iter_mut().zip(row) {
                *result = O::narrow(match exponential(x) {
                    Some(exp) => {
                        let scaled = divide_by_power_of_two(doubling_high_multiply(factor, exp), exponent);
                        scaled.saturating_add(low).clamp(low, high)
                    }
                    None => low,
                });
            }
        }
    }
}
