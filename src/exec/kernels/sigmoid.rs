//! LOGISTIC and TANH.
//!
//! `int8` in fixed point with exponentials, `int16` by a table of 256 numbers with interpolation. XNNPACK and LiteRT's
//! optimised kernels take 256-entry tables made in float for `int8`, which may differ by 1; that is not followed here.

use crate::error::{Error, Result};
use crate::exec::fixed_point;
use crate::exec::kernel::{Io, Kernel};
use crate::exec::kernels::relu::FloatUnary;
use crate::exec::site::{Site, affine};
use crate::model::{Op, Value};
use crate::quant::{Arithmetic, Multiplier, divide_by_power_of_two};
use crate::tensor::DType;

/// Bits before the point of the scaled `int8` input.
const INPUT_BITS: u32 = 4;

/// Prepares a LOGISTIC or TANH.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let (x, y) = site.same_type()?;
    let is_tanh = site.node.op == Op::Tanh;
    Ok(match x.dtype {
        DType::Float32 if is_tanh => Box::new(FloatUnary(libm::tanhf)),
        DType::Float32 => Box::new(FloatUnary(|x: f32| 1.0 / (1.0 + libm::expf(-x)))),
        DType::Int8 => {
            expect_output(y, if is_tanh { (1.0 / 128.0, 0) } else { (1.0 / 256.0, -128) })?;
            Box::new(fixed(site, is_tanh)?)
        }
        DType::Int16 => {
            expect_output(y, (1.0 / 32768.0, 0))?;
            Box::new(table(x, is_tanh)?)
        }
        _ => return Err(site.unsupported_types()),
    })
}

/// The output's scale is fixed by the operator; TFLM takes it for granted.
pub fn expect_output(y: &Value, (scale, zero_point): (f32, i32)) -> Result<()> {
    let found = affine(y)?;
    if (found.0 - scale).abs() > 1e-3 * scale || found.1 != zero_point {
        return Err(Error::unsupported(format!(
            "its output has the scale {} and zero point {} where {scale} and {zero_point} are fixed",
            found.0, found.1
        )));
    }
    Ok(())
}

struct FixedPoint {
    is_tanh: bool,
    zero_point: i32,
    arithmetic: Arithmetic,
    /// To Q4.27.
    multiplier: Multiplier,
    /// From this distance to the zero point on, the output is saturated.
    radius: i32,
}

/// *Source*: TFLM's `logistic_common.cc` and `tanh.cc`.
fn fixed(site: &Site<'_>, is_tanh: bool) -> Result<FixedPoint> {
    let (scale, zero_point) = affine(site.input(0)?)?;
    let multiplier = Multiplier::new(f64::from(scale) * f64::from(1u32 << (31 - INPUT_BITS)));
    if multiplier.shift < 0 || multiplier.fraction == 0 {
        return Err(Error::numeric(format!("the input scale {scale} is too small to compute with")));
    }
    let radius = fixed_point::input_radius(INPUT_BITS, multiplier.shift);
    Ok(FixedPoint { is_tanh, zero_point, arithmetic: site.options.arithmetic, multiplier, radius })
}

impl Kernel for FixedPoint {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<i8, i8>();
        for (y, &x) in y.iter_mut().zip(x) {
            let centred = i32::from(x) - self.zero_point;
            *y = if centred <= -self.radius {
                i8::MIN
            } else if centred >= self.radius {
                i8::MAX
            } else {
                let scaled = crate::exec::arithmetic::scale_fixed(self.arithmetic, self.multiplier, centred);
                let rounded = if self.is_tanh {
                    divide_by_power_of_two(fixed_point::tanh(scaled), 24)
                } else {
                    divide_by_power_of_two(fixed_point::logistic(scaled), 23) - 128
                };
                rounded.clamp(i8::MIN.into(), i8::MAX.into()) as i8
            };
        }
    }
}

/// `int16` by interpolation between 256 values of the logistic function; `tanh(x) = 2 logistic(2 x) - 1`.
struct Table {
    is_tanh: bool,
    multiplier: i32,
    right_shift: u32,
    table: [u16; 256],
}

/// *Source*: TFLM's `logistic_common.cc` and `tanh.cc`: inputs are brought to the scale 1/(3 * 4096), at which 2^17 is
/// 10.7 and the table's step 1/24.
fn table(x: &Value, is_tanh: bool) -> Result<Table> {
    let (scale, zero_point) = affine(x)?;
    if zero_point != 0 {
        return Err(Error::unsupported(format!("an int16 input with the zero point {zero_point} instead of 0")));
    }
    // Scales of 2^-12 (and for tanh 2^-11) need no division.
    let log2 = libm::logf(scale) * (1.0 / libm::logf(2.0));
    let exponent = libm::roundf(log2);
    let is_power_of_two = (log2 - exponent).abs() < 1e-3;
    let left_shift = 12 + exponent as i32;
    if is_power_of_two && (left_shift == 0 || is_tanh && left_shift == 1) {
        return Ok(Table { is_tanh, multiplier: 3 << left_shift, right_shift: 0, table: logistic_table() });
    }
    let mut multiplier = f64::from(scale) * 4096.0 * 3.0;
    let mut right_shift = 0;
    while multiplier <= 32767.0 / 2.0 && right_shift <= 30 {
        right_shift += 1;
        multiplier *= 2.0;
    }
    if multiplier > 32767.0 {
        return Err(Error::unsupported(format!("an int16 input with the scale {scale}")));
    }
    Ok(Table { is_tanh, multiplier: multiplier as i32, right_shift, table: logistic_table() })
}

/// `65536 / (1 + exp(-i / 24))`, raised by half the error that a straight line to the next value makes in the middle,
/// so that interpolated values are too high as often as too low.
fn logistic_table() -> [u16; 256] {
    let logistic = |x: f64| 65536.0 / (1.0 + libm::exp(-x / 24.0));
    let mut table = [0; 256];
    for (index, entry) in table.iter_mut().enumerate() {
        let x = index as f64;
        let error = logistic(x + 0.5) - (logistic(x) + logistic(x + 1.0)) / 2.0;
        *entry = libm::round(logistic(x) + error / 2.0) as u16;
    }
    // The last value stands for all beyond it.
    table[255] = u16::MAX;
    table
}

impl Table {
    fn lookup(&self, x: i16) -> i16 {
        let rounding = if self.right_shift > 0 { 1i32 << (self.right_shift - 1) } else { 0 };
        let scaled = i32::from(x).wrapping_mul(self.multiplier).wrapping_add(rounding) >> self.right_shift;
        let magnitude = scaled.unsigned_abs();
        // Bits of the position between two entries.
        let bits = if self.is_tanh { 8 } else { 9 };
        let index = (magnitude >> bits) as usize;
        let value = if index >= 255 {
            // Saturated, each in its own way.
            if self.is_tanh { 0xFFFF << 8 } else { 0x7FFF << 10 }
        } else {
            let (a, b) = (i32::from(self.table[index]), i32::from(self.table[index + 1]));
            (a << bits) + (magnitude & ((1 << bits) - 1)) as i32 * (b - a)
        };
        let positive = scaled >= 0;
        if self.is_tanh {
            let centred = value - (1 << 23);
            ((if positive { centred + (1 << 7) } else { -centred + (1 << 7) - 1 }) >> 8) as i16
        } else {
            ((if positive { value + (1 << 9) } else { (1 << 25) - value + (1 << 9) - 1 }) >> 10) as i16
        }
    }
}

impl Kernel for Table {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<i16, i16>();
        for (y, &x) in y.iter_mut().zip(x) {
            *y = self.lookup(x);
        }
    }
}
