//! What integer kernels share: the way from an accumulator to an output, and the interval of a fused activation.

use crate::error::{Error, Result};
use crate::model::Value;
use crate::model::op::Activation;
use crate::quant::{Arithmetic, Multiplier};
use crate::tensor::DType;

use super::site::affine;

/// An integer element type of activations.
pub trait Integer: bytemuck::Pod + Into<i32> + Send {
    /// The nearest value of this type; kernels clamp before, so nothing is lost.
    fn narrow(wide: i32) -> Self;
}

macro_rules! integer {
    ($($name:ty),*) => {
        $(impl Integer for $name {
            fn narrow(wide: i32) -> Self {
                wide.clamp(Self::MIN.into(), Self::MAX.into()) as Self
            }
        })*
    };
}
integer!(i8, u8, i16, i32);

/// The smallest and largest integer of a type of activations.
///
/// # Errors
/// `Unsupported` for other types.
pub fn integer_range(dtype: DType) -> Result<(i32, i32)> {
    match dtype {
        DType::Int8 => Ok((i8::MIN.into(), i8::MAX.into())),
        DType::Uint8 => Ok((0, u8::MAX.into())),
        DType::Int16 => Ok((i16::MIN.into(), i16::MAX.into())),
        other => Err(Error::unsupported(format!("activations of type {other} are not executed"))),
    }
}

/// The integers that a fused activation clamps to.
///
/// *Source*: `CalculateActivationRangeQuantized` in TFLM's `kernel_util.cc`: a bound `f` becomes
/// `zero_point + round(f / scale)`, the division in `float32`, ties away from zero.
///
/// # Errors
/// `Unsupported` for activations that are not clamps, and those of [`affine`].
pub fn activation_range(activation: Activation, output: &Value) -> Result<(i32, i32)> {
    let (low, high) = integer_range(output.dtype)?;
    let (scale, zero_point) = affine(output)?;
    let (from, to) = activation
        .range()
        .ok_or_else(|| Error::unsupported(format!("the fused activation {activation:?} is refused")))?;
    let quantize = |real: f32| zero_point.saturating_add(libm::roundf(real / scale) as i32);
    let min = if from.is_finite() { quantize(from).max(low) } else { low };
    let max = if to.is_finite() { quantize(to).min(high) } else { high };
    if min > max {
        return Err(Error::numeric(format!("the fused activation {activation:?} leaves no integer to the output")));
    }
    Ok((min, max))
}

/// The way from accumulators to output integers: scale, shift by the zero point, clamp.
///
/// TFLM and the single rounding scale in fixed point; XNNPACK multiplies in `float32` and rounds half to even.
#[derive(Debug, Clone)]
pub struct Requantize {
    /// Which rule.
    pub arithmetic: Arithmetic,
    /// One multiplier for each output channel.
    pub multipliers: Vec<Multiplier>,
    /// The same factors as `float32`, as XNNPACK has them.
    pub scales: Vec<f32>,
    /// The output's zero point.
    pub zero_point: i32,
    /// Smallest output, from the type and the fused activation.
    pub min: i32,
    /// Largest output.
    pub max: i32,
}

impl Requantize {
    /// Prepares the factors `input * weights[c] / output` of `channels` output channels.
    ///
    /// # Errors
    /// `Numeric` for scales that are not positive, `Format` where their number is neither 1 nor `channels`, and those of
    /// [`activation_range`].
    pub fn new(
        arithmetic: Arithmetic,
        input: f32,
        weights: &[f32],
        channels: usize,
        output: &Value,
        activation: Activation,
    ) -> Result<Self> {
        if weights.len() != 1 && weights.len() != channels {
            return Err(Error::format(format!("the weights have {} scales for {channels} channels", weights.len())));
        }
        let (scale, zero_point) = affine(output)?;
        let (min, max) = activation_range(activation, output)?;
        let mut multipliers = Vec::with_capacity(channels);
        let mut scales = Vec::with_capacity(channels);
        for channel in 0..channels {
            let weight = weights[if weights.len() == 1 { 0 } else { channel }];
            // A channel of zeros may have the scale 0; its outputs are the bias alone, scaled to 0.
            if !(weight.is_finite() && weight >= 0.0) {
                return Err(Error::numeric(format!("the scale {weight} of channel {channel} of the weights")));
            }
            multipliers.push(Multiplier::new(f64::from(input) * f64::from(weight) / f64::from(scale)));
            scales.push(input * weight / scale);
        }
        Ok(Self { arithmetic, multipliers, scales, zero_point, min, max })
    }

    /// The output integer of a 32-bit accumulator.
    pub fn apply(&self, channel: usize, accumulator: i32) -> i32 {
        let multiplier = self.multipliers[channel];
        let scaled = match self.arithmetic {
            Arithmetic::Tflm => multiplier.apply_double(accumulator),
            Arithmetic::Single => multiplier.apply_single(accumulator),
            Arithmetic::Xnnpack => {
                // Clamped before rounding, around the zero point, so that the float fits an integer.
                let low = (self.min - self.zero_point) as f32;
                let high = (self.max - self.zero_point) as f32;
                (accumulator as f32 * self.scales[channel]).clamp(low, high).round_ties_even() as i32
            }
        };
        scaled.saturating_add(self.zero_point).clamp(self.min, self.max)
    }

    /// The output integer of a 64-bit accumulator (`int16` activations), whose only rule is TFLM's.
    pub fn apply_wide(&self, channel: usize, accumulator: i64) -> i32 {
        self.multipliers[channel].apply_int64(accumulator).saturating_add(self.zero_point).clamp(self.min, self.max)
    }
}

/// `x * multiplier` in fixed point: rounded once under [`Arithmetic::Single`], twice otherwise, for the operators that
/// have no rule of their own in XNNPACK.
pub fn scale_fixed(arithmetic: Arithmetic, multiplier: Multiplier, x: i32) -> i32 {
    match arithmetic {
        Arithmetic::Single => multiplier.apply_single(x),
        Arithmetic::Tflm | Arithmetic::Xnnpack => multiplier.apply_double(x),
    }
}

/// XNNPACK's factor for QUANTIZE and LEAKY_RELU, in units of 1/256; `None` outside 1/256 to 128, which it leaves to
/// LiteRT's other kernels.
///
/// *Source*: `qs8-vcvt` and `qs8-vlrelu`, whose factors fit 16 bits; the quotient of the scales is taken in `float32`.
pub fn factor_of_256(ratio: f32) -> Option<i32> {
    (1.0 / 256.0..=128.0).contains(&ratio.abs()).then(|| (256.0 * ratio).round_ties_even() as i32)
}

/// `x * factor / 256`, ties up.
pub fn scale_of_256(factor: i32, x: i32) -> i32 {
    (x.wrapping_mul(factor).wrapping_add(128)) >> 8
}

/// What products of integers are summed in: 32 bits for `int8` activations, 64 for `int16` with a 64-bit bias.
pub trait Accumulator: Copy + Default + Send {
    /// `self + a * b`; wraps as on the device.
    fn multiply_add(self, a: i32, b: i32) -> Self;
    /// `self + other`; wraps as on the device.
    fn add(self, other: Self) -> Self;
    /// The output integer.
    fn requantize(self, requantize: &Requantize, channel: usize) -> i32;
}

impl Accumulator for i32 {
    fn multiply_add(self, a: i32, b: i32) -> Self {
        self.wrapping_add(a.wrapping_mul(b))
    }
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn requantize(self, requantize: &Requantize, channel: usize) -> i32 {
        requantize.apply(channel, self)
    }
}

impl Accumulator for i64 {
    fn multiply_add(self, a: i32, b: i32) -> Self {
        self.wrapping_add(i64::from(a.wrapping_mul(b)))
    }
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn requantize(self, requantize: &Requantize, channel: usize) -> i32 {
        requantize.apply_wide(channel, self)
    }
}
