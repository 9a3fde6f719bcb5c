//! The arithmetic of affine quantization alone: `real = scale * (q - zero_point)`.
//!
//! Nothing here knows a graph. The fixed-point multiplier and its roundings are those of TensorFlow Lite for
//! Microcontrollers (TFLM), so that integer results equal the device's byte for byte.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How the integers of a tensor stand for real numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Quantization {
    /// One scale for the tensor, or one for each channel along `axis`.
    pub scale: Vec<f32>,
    /// One zero point for the tensor, or one for each channel; TFLite stores 64-bit integers.
    pub zero_point: Vec<i64>,
    /// The axis along which scales differ; meaningless for a single scale.
    pub axis: usize,
}

impl Quantization {
    /// One scale and zero point for the whole tensor.
    pub fn per_tensor(scale: f32, zero_point: i64) -> Self {
        Self { scale: vec![scale], zero_point: vec![zero_point], axis: 0 }
    }

    /// One scale for each channel along `axis`, all zero points 0.
    pub fn per_channel(scale: Vec<f32>, axis: usize) -> Self {
        Self { zero_point: vec![0; scale.len()], scale, axis }
    }

    /// Whether each channel has its own scale.
    pub fn is_per_channel(&self) -> bool {
        self.scale.len() > 1
    }

    /// The scale of a channel; a single scale serves all.
    pub fn scale_of(&self, channel: usize) -> f32 {
        self.scale.get(channel).or(self.scale.first()).copied().unwrap_or(0.0)
    }

    /// The zero point of a channel; a single or missing one serves all, as in TFLM.
    pub fn zero_point_of(&self, channel: usize) -> i64 {
        self.zero_point.get(channel).or(self.zero_point.first()).copied().unwrap_or(0)
    }

    /// The only scale and zero point, as activations have them.
    ///
    /// # Errors
    /// `Unsupported` when scales differ by channel, `Numeric` when the scale is not a positive finite number or the
    /// zero point does not fit 32 bits.
    pub fn single(&self) -> Result<(f32, i32)> {
        let [scale] = self.scale[..] else {
            return Err(Error::unsupported(format!("{} scales where one is expected", self.scale.len())));
        };
        if !(scale.is_finite() && scale > 0.0) {
            return Err(Error::numeric(format!("the scale {scale} is not a positive number")));
        }
        let zero_point = i32::try_from(self.zero_point_of(0))
            .map_err(|_| Error::numeric(format!("the zero point {} does not fit 32 bits", self.zero_point_of(0))))?;
        Ok((scale, zero_point))
    }
}

/// Which rule turns an integer accumulator into the output's scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arithmetic {
    /// TFLM's and CMSIS-NN's default: fixed point, rounded twice. The reference.
    #[default]
    Tflm,
    /// `TFLITE_SINGLE_ROUNDING`: fixed point, rounded once, ties up.
    Single,
    /// LiteRT's XNNPACK delegate: `float32` scale, ties to even.
    Xnnpack,
}

impl Arithmetic {
    /// All rules, with the name that the command line and recipes use.
    pub const ALL: [(&'static str, Arithmetic); 3] =
        [("tflm", Self::Tflm), ("single", Self::Single), ("xnnpack", Self::Xnnpack)];

    /// Finds a rule by its name.
    ///
    /// # Errors
    /// `Parameter` with the known names.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, rule)| rule).ok_or_else(|| {
            Error::parameter(format!("no arithmetic is called {name:?}; there are tflm, single and xnnpack"))
        })
    }
}

/// A positive real factor as a 31-bit fraction and a power of two: `value = fraction * 2^(shift - 31)`.
///
/// *Source*: `QuantizeMultiplier` in TFLM's `quantization_util.cc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Multiplier {
    /// The fraction in `[2^30, 2^31)`, or 0.
    pub fraction: i32,
    /// The exponent: left shift where positive, right shift where negative.
    pub shift: i32,
}

impl Multiplier {
    /// The multiplier nearest to `value`.
    ///
    /// ```
    /// use milliwatt::quant::Multiplier;
    /// assert_eq!(Multiplier::new(0.5), Multiplier { fraction: 1 << 30, shift: 0 });
    /// ```
    pub fn new(value: f64) -> Self {
        if value == 0.0 || !value.is_finite() {
            return Self::default();
        }
        let (fraction, mut shift) = libm::frexp(value);
        let mut fixed = libm::round(fraction * (1i64 << 31) as f64) as i64;
        if fixed == 1 << 31 {
            fixed /= 2;
            shift += 1;
        }
        if shift < -31 {
            return Self::default();
        }
        Self { fraction: fixed as i32, shift }
    }

    /// `x * value`, rounded twice: TFLM's default (`MultiplyByQuantizedMultiplier`).
    pub fn apply_double(self, x: i32) -> i32 {
        let left = self.shift.max(0) as u32;
        let right = (-self.shift).max(0) as u32;
        // A left shift out of range wraps on the device; a hostile shift must not panic here.
        let shifted = x.checked_shl(left).unwrap_or(0);
        divide_by_power_of_two(doubling_high_multiply(shifted, self.fraction), right)
    }

    /// `x * value`, rounded once with ties up (`TFLITE_SINGLE_ROUNDING`).
    pub fn apply_single(self, x: i32) -> i32 {
        let total = 31 - self.shift;
        if !(1..=62).contains(&total) {
            // Shifts beyond 30 are saturated by the single-rounding build.
            let wide = i128::from(x) * i128::from(self.fraction);
            let scaled = if total <= 0 { wide << (-total).min(64) } else { 0 };
            return scaled.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        }
        let round = 1i64 << (total - 1);
        ((i64::from(x) * i64::from(self.fraction) + round) >> total) as i32
    }

    /// `x * value` for 64-bit accumulators: the fraction is cut to 16 bits (int16 activations).
    pub fn apply_int64(self, x: i64) -> i32 {
        let reduced = if self.fraction < 0x7FFF_0000 { (self.fraction + (1 << 15)) >> 16 } else { 0x7FFF };
        let total = 15 - self.shift;
        if !(1..=62).contains(&total) {
            return 0;
        }
        let product = x.wrapping_mul(i64::from(reduced)).wrapping_add(1i64 << (total - 1));
        (product >> total) as i32
    }
}

/// The high 32 bits of `2 * a * b`, rounded to nearest (gemmlowp `SaturatingRoundingDoublingHighMul`).
///
/// gemmlowp nudges by `2^30` or `1 - 2^30` and divides, truncating; that equals one arithmetic shift of
/// `product + 2^30`, which is what stands here.
pub fn doubling_high_multiply(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    ((i64::from(a) * i64::from(b) + (1 << 30)) >> 31) as i32
}

/// `x / 2^exponent`, rounded to nearest, ties away from zero (gemmlowp `RoundingDivideByPOT`).
pub fn divide_by_power_of_two(x: i32, exponent: u32) -> i32 {
    if exponent == 0 {
        return x;
    }
    if exponent > 31 {
        return 0;
    }
    let mask = ((1i64 << exponent) - 1) as i32;
    let remainder = x & mask;
    let threshold = (mask >> 1) + i32::from(x < 0);
    (x >> exponent) + i32::from(remainder > threshold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplier_keeps_31_bits_of_fraction() {
        for value in [1.0, 0.003_906_25, 0.000_123_4, 1.75, 123.456] {
            let m = Multiplier::new(value);
            let back = f64::from(m.fraction) * 2f64.powi(m.shift - 31);
            assert!((back - value).abs() <= value * 2f64.powi(-31), "{value} became {back}");
        }
    }

    #[test]
    fn tie_at_minus_one_half_goes_away_from_zero() {
        assert_eq!(divide_by_power_of_two(-1, 1), -1);
        assert_eq!(divide_by_power_of_two(1, 1), 1);
        assert_eq!(divide_by_power_of_two(-3, 1), -2);
    }

    #[test]
    fn double_and_single_rounding_part_near_a_tie() {
        // 3 * 0.5 = 1.5: both round up; -3 * 0.5 = -1.5: twice rounded goes away from zero, once rounded goes up.
        let half = Multiplier::new(0.25);
        assert_eq!(half.apply_double(-6), -2);
        assert_eq!(half.apply_single(-6), -1);
    }
}
