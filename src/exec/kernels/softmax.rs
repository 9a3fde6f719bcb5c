//! SOFTMAX over the last axis.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::exec::arithmetic::{Integer, scale_fixed};
use crate::exec::fixed_point::{exp_of_negative, input_radius, reciprocal};
use crate::exec::kernel::{Io, Kernel};
use crate::exec::kernels::sigmoid::expect_output;
use crate::exec::site::{Site, affine};
use crate::model::Op;
use crate::quant::{Arithmetic, Multiplier, divide_by_power_of_two, doubling_high_multiply};
use crate::tensor::DType;

/// Bits before the point of the scaled differences.
const DIFFERENCE_BITS: u32 = 5;
/// Bits before the point of the sum of exponentials.
const SUM_BITS: i32 = 12;

/// Prepares a SOFTMAX.
///
/// *Source*: TFLM's `softmax_common.cc` and `reference/softmax.h`. Fixed point under every arithmetic; single
/// rounding concerns the scaling of differences.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let Op::Softmax { beta } = site.node.op else {
        return Err(Error::parameter(format!("{} is not SOFTMAX", site.node.op.name())));
    };
    if !beta.is_finite() {
        return Err(Error::numeric(format!("beta is {beta}")));
    }
    let (x, y) = (site.input(0)?, site.output(0)?);
    let depth = *x.shape.last().ok_or_else(|| Error::unsupported("a softmax of a scalar"))?;
    Ok(match (x.dtype, y.dtype) {
        (DType::Float32, DType::Float32) => Box::new(FloatSoftmax { depth, beta }),
        (DType::Int8, DType::Int8) => Box::new(integer::<i8, i8>(site, depth, beta, (1.0 / 256.0, -128))?),
        (DType::Uint8, DType::Uint8) => Box::new(integer::<u8, u8>(site, depth, beta, (1.0 / 256.0, 0))?),
        (DType::Int8, DType::Int16) => Box::new(integer::<i8, i16>(site, depth, beta, (1.0 / 65536.0, -32768))?),
        (DType::Int16, DType::Int16) => {
            expect_output(y, (1.0 / 32768.0, 0))?;
            Box::new(wide(site.options.arithmetic, affine(x)?.0, depth, beta)?)
        }
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
    arithmetic: Arithmetic,
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
    let largest = if site.options.arithmetic == Arithmetic::Single { (1 << 30) - 1 } else { i32::MAX };
    let multiplier = Multiplier::new(real.min(f64::from(largest)));
    if multiplier.shift < 0 || multiplier.fraction < 0 {
        return Err(Error::numeric(format!("beta {beta} times the input scale {scale} is too small to compute with")));
    }
    let bits = 8 * size_of::<O>() as i32;
    Ok(IntegerSoftmax {
        depth,
        arithmetic: site.options.arithmetic,
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
                (difference >= self.least).then(|| {
                    exp_of_negative(scale_fixed(self.arithmetic, self.multiplier, difference), DIFFERENCE_BITS)
                })
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

/// `int16` by two tables with interpolation: the exponential on `[-10, 0]` and `1 / (1 + x)` on `[0, 1]`.
struct WideSoftmax {
    depth: usize,
    arithmetic: Arithmetic,
    /// Scales differences so that -65535 stands for -10.
    multiplier: Multiplier,
    exponential: Lookup,
    reciprocal: Lookup,
}

fn wide(arithmetic: Arithmetic, scale: f32, depth: usize, beta: f32) -> Result<WideSoftmax> {
    let multiplier = Multiplier::new(f64::from(scale) * f64::from(beta) / (10.0 / 65535.0));
    if multiplier.fraction < 0 {
        return Err(Error::numeric(format!("beta {beta} is negative")));
    }
    Ok(WideSoftmax {
        depth,
        arithmetic,
        multiplier,
        exponential: Lookup::new(libm::expf, -10.0, 0.0),
        reciprocal: Lookup::new(|x| 1.0 / (1.0 + x), 0.0, 1.0),
    })
}

/// 513 values of a function at equal distances, in Q0.15.
struct Lookup(Vec<i16>);

impl Lookup {
    /// Each value is moved by half the error that a straight line to the next one makes in the middle.
    ///
    /// *Source*: `gen_lut` in TFLM's `common.h`, in `float32`.
    fn new(function: fn(f32) -> f32, from: f32, to: f32) -> Self {
        let step = (to - from) / 512.0;
        let scaled = |x: f32| function(x) * 32768.0;
        let mut table: Vec<i16> = (0..512u16)
            .map(|index| {
                let index = f32::from(index);
                let value = libm::roundf(scaled(from + index * step));
                let line = libm::roundf((scaled(from + (index + 1.0) * step) + value) / 2.0);
                let middle = libm::roundf(scaled(from + index * step + step / 2.0));
                // A cast saturates.
                (value - libm::roundf((line - middle) / 2.0)) as i16
            })
            .collect();
        table.push(libm::roundf(scaled(to)) as i16);
        Self(table)
    }

    /// The value at `x`, of which -32768 is the start and 32767 nearly the end.
    fn at(&self, x: i16) -> i32 {
        let index = (256 + (i32::from(x) >> 7)) as usize;
        let base = i32::from(self.0[index]);
        let slope = i32::from(self.0[index + 1]) - base;
        base + ((slope * i32::from(x & 0x7F) + 64) >> 7)
    }
}

impl Kernel for WideSoftmax {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<i16, i16>();
        for (row, results) in x.chunks_exact(self.depth).zip(y.chunks_exact_mut(self.depth)) {
            let max = row.iter().copied().max().unwrap_or(0);
            let mut sum = 0i32;
            for (result, &x) in results.iter_mut().zip(row) {
                let scaled =
                    scale_fixed(self.arithmetic, self.multiplier, i32::from(x) - i32::from(max)).saturating_add(32767);
                let exp = self.exponential.at(scaled.clamp(i16::MIN.into(), i16::MAX.into()) as i16);
                // The output holds the exponentials until their sum is known.
                *result = exp as i16;
                sum = sum.wrapping_add(exp);
            }
            // The sum is brought to [1, 2), its excess over 1 to the table's range.
            let headroom = (sum as u32).leading_zeros();
            let shifted = ((i64::from(sum) << headroom.saturating_sub(1)) + (1 << 13)) >> 14;
            let excess = (shifted - (1 << 15) - (1 << 16)).clamp(i16::MIN.into(), i16::MAX.into());
            let factor = i64::from(self.reciprocal.at(excess as i16) as i16);
            let right_shift = 31u32.saturating_sub(headroom).max(1);
            for result in results {
                let scaled = (i64::from(*result) * factor + (1 << (right_shift - 1))) >> right_shift;
                *result = scaled.clamp(0, i16::MAX.into()) as i16;
            }
        }
    }
}
