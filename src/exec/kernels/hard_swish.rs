//! HARD_SWISH: `x * relu6(x + 3) / 6`.

use crate::error::{Error, Result};
use crate::exec::kernel::{Io, Kernel};
use crate::exec::kernels::relu::FloatUnary;
use crate::exec::site::{Site, affine};
use crate::quant::Multiplier;
use crate::tensor::DType;

/// Prepares a HARD_SWISH.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    Ok(match site.same_type()?.0.dtype {
        DType::Float32 => Box::new(FloatUnary(|x: f32| x * (x + 3.0).clamp(0.0, 6.0) / 6.0)),
        DType::Int8 => Box::new(integers(site)?),
        _ => return Err(site.unsupported_types()),
    })
}

/// A multiplier whose fraction is cut to 16 bits.
#[derive(Clone, Copy)]
struct Multiplier16 {
    fraction: i16,
    shift: i32,
}

impl Multiplier16 {
    fn new(value: f32) -> Self {
        let Multiplier { fraction, shift } = Multiplier::new(f64::from(value));
        let rounded = (i64::from(fraction) + (1 << 15)) >> 16;
        Self { fraction: rounded.min(i16::MAX.into()) as i16, shift }
    }
}

/// 16-bit fixed point, roundings and all.
///
/// *Source*: TFLM's `hard_swish_common.cc` and `reference/hard_swish.h`.
struct HardSwish {
    input_zero_point: i32,
    zero_point: i16,
    output: Multiplier16,
    /// To the scale at which 3.0 is 2^15.
    gate: Multiplier16,
}

fn integers(site: &Site<'_>) -> Result<HardSwish> {
    let ((input_scale, input_zero_point), (scale, zero_point)) = (affine(site.input(0)?)?, affine(site.output(0)?)?);
    let fine_scale = (1.0 / 128.0) * input_scale;
    let output = Multiplier16::new(fine_scale / scale);
    let gate = Multiplier16::new(fine_scale / (3.0 / 32768.0));
    if output.shift > 0 {
        return Err(Error::numeric("the output's scale is too small beside the input's"));
    }
    Ok(HardSwish { input_zero_point, zero_point: zero_point as i16, output, gate })
}

impl HardSwish {
    fn apply(&self, x: i8) -> i8 {
        // Seven more bits than the input's integers: at most 255 * 128.
        let fine = ((i32::from(x) - self.input_zero_point) * 128) as i16;
        let value = doubling_high_multiply_16(fine, self.output.fraction);
        let mut gate = fine;
        if self.gate.shift > 0 {
            gate = shift_left_16(gate, self.gate.shift - 1);
        }
        gate = doubling_high_multiply_16(gate, self.gate.fraction);
        if self.gate.shift > 0 {
            gate = shift_left_16(gate, 1);
        } else if self.gate.shift < 0 {
            gate = divide_by_power_of_two_16(gate, -self.gate.shift);
        }
        // From [-1, 1] to [0, 1].
        let gate = ((i32::from(gate) + (1 << 15)) >> 1) as i16;
        // Truncated, not rounded: it takes back the bias of the roundings above.
        let product = (i32::from(gate) * i32::from(value) / (1 << 15)) as i16;
        let result = divide_by_power_of_two_16(product, -self.output.shift).wrapping_add(self.zero_point);
        result.clamp(i8::MIN.into(), i8::MAX.into()) as i8
    }
}

impl Kernel for HardSwish {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<i8, i8>();
        for (y, &x) in y.iter_mut().zip(x) {
            *y = self.apply(x);
        }
    }
}

/// The high 16 bits of `2 * a * b`, rounded to nearest.
fn doubling_high_multiply_16(a: i16, b: i16) -> i16 {
    if a == i16::MIN && b == i16::MIN {
        return i16::MAX;
    }
    let product = i32::from(a) * i32::from(b);
    let nudge = if product >= 0 { 1 << 14 } else { 1 - (1 << 14) };
    ((product + nudge) / (1 << 15)) as i16
}

/// `x * 2^amount`, saturated.
fn shift_left_16(x: i16, amount: i32) -> i16 {
    (i64::from(x) << amount.min(31)).clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// `x / 2^exponent`, rounded to nearest, ties away from zero.
fn divide_by_power_of_two_16(x: i16, exponent: i32) -> i16 {
    let exponent = exponent.min(31);
    // The mask is cut to 16 bits as on the device, which matters from 16 on.
    let mask = ((1i64 << exponent) - 1) as i16;
    let remainder = x & mask;
    let threshold = (mask >> 1).wrapping_add(i16::from(x < 0));
    (i32::from(x) >> exponent) as i16 + i16::from(remainder > threshold)
}
