//! Exponentials and quotients in 32-bit fixed point, as integer kernels of TFLM compute them.
//!
//! A number in *Q m.n* is an `i32` that stands for `raw / 2^n`, with `m + n = 31`. All functions give the bits of
//! gemmlowp's `fixedpoint.h`, which TFLM calls; constants follow from the mathematics (see each).

use crate::quant::{Multiplier, divide_by_power_of_two, doubling_high_multiply};

/// 1 in Q0.31, or the nearest number below it.
pub const ONE: i32 = i32::MAX;

/// `x * 2^exponent`, saturated; for `exponent` in `-31..=31`.
fn scale_by_power_of_two(x: i32, exponent: i32) -> i32 {
    if exponent <= 0 {
        return divide_by_power_of_two(x, exponent.unsigned_abs());
    }
    (i64::from(x) << exponent).clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

/// `(a + b) / 2`, rounded to nearest, ties away from zero.
fn half_sum(a: i32, b: i32) -> i32 {
    let sum = i64::from(a) + i64::from(b);
    ((sum + if sum >= 0 { 1 } else { -1 }) / 2) as i32
}

/// `exp(x)` in Q0.31 for `x` in `[-1/4, 0)` in Q0.31: the Taylor series of order 4 around -1/8.
fn exp_of_quarter(x: i32) -> i32 {
    const EXP_MINUS_EIGHTH: i32 = 1_895_147_668;
    const THIRD: i32 = 715_827_883;
    let x = x.wrapping_add(1 << 28);
    let x2 = doubling_high_multiply(x, x);
    let x3 = doubling_high_multiply(x2, x);
    let x4 = doubling_high_multiply(x2, x2);
    let x4_by_4 = divide_by_power_of_two(x4, 2);
    let high_terms =
        divide_by_power_of_two(doubling_high_multiply(x4_by_4.wrapping_add(x3), THIRD).wrapping_add(x2), 1);
    EXP_MINUS_EIGHTH.wrapping_add(doubling_high_multiply(EXP_MINUS_EIGHTH, x.wrapping_add(high_terms)))
}

/// `exp(x)` in Q0.31 for `x <= 0` with `integer_bits` (0 to 5) bits before the point.
///
/// The part of `x` below 1/4 goes through a series, every bit above it multiplies by a constant `exp(-2^k)`.
pub fn exp_of_negative(x: i32, integer_bits: u32) -> i32 {
    /// `exp(-2^k)` in Q0.31 for k = -2, -1, 0, 1, 2, 3, 4.
    const FACTORS: [i32; 7] = [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242];
    if x == 0 {
        return ONE;
    }
    let fraction_bits = 31 - integer_bits;
    let quarter = 1i32 << (fraction_bits - 2);
    let modulo = (x & (quarter - 1)).wrapping_sub(quarter);
    let mut result = exp_of_quarter(scale_by_power_of_two(modulo, integer_bits as i32));
    let rest = modulo.wrapping_sub(x);
    for (bit, &factor) in (fraction_bits - 2..31).zip(&FACTORS) {
        if rest & (1 << bit) != 0 {
            result = doubling_high_multiply(result, factor);
        }
    }
    result
}

/// Newton's iteration towards `2 / (1 + x)` in Q2.29, for `x` in `[0, 1]` in Q0.31.
fn twice_reciprocal(x: i32) -> i32 {
    const FORTY_EIGHT_BY_17: i32 = 1_515_870_810;
    const MINUS_32_BY_17: i32 = -1_010_580_540;
    const ONE_Q2: i32 = 1 << 29;
    let half_denominator = half_sum(x, ONE);
    let mut quotient = FORTY_EIGHT_BY_17.wrapping_add(doubling_high_multiply(half_denominator, MINUS_32_BY_17));
    for _ in 0..3 {
        let product = doubling_high_multiply(half_denominator, quotient);
        let error = ONE_Q2.wrapping_sub(product);
        // Q2 times Q2 is Q4; two bits bring it back.
        quotient = quotient.wrapping_add(scale_by_power_of_two(doubling_high_multiply(quotient, error), 2));
    }
    quotient
}

/// `1 / (1 + x)` in Q0.31 for `x` in `[0, 1]` in Q0.31.
pub fn one_over_one_plus(x: i32) -> i32 {
    // Half of a Q2.29 number is the same bits in Q1.30.
    scale_by_power_of_two(twice_reciprocal(x), 1)
}

/// `(1 - x) / (1 + x)` in Q0.31 for `x` in `[0, 1]` in Q0.31.
fn one_minus_over_one_plus(x: i32) -> i32 {
    scale_by_power_of_two(twice_reciprocal(x).wrapping_sub(1 << 29), 2)
}

/// The reciprocal of a positive `x` with `integer_bits` bits before the point: a Q0.31 fraction, and how many bits the
/// result lies above one.
pub fn reciprocal(x: i32, integer_bits: i32) -> (i32, i32) {
    let headroom = (x as u32).leading_zeros();
    let bits_over_unit = integer_bits - headroom as i32;
    let minus_one = (x as u32).checked_shl(headroom).unwrap_or(0).wrapping_sub(1 << 31) as i32;
    (one_over_one_plus(minus_one), bits_over_unit)
}

/// `1 / (1 + exp(-x))` in Q0.31, for `x` in Q4.27.
pub fn logistic(x: i32) -> i32 {
    if x == 0 {
        return 1 << 30;
    }
    let of_positive = one_over_one_plus(exp_of_negative(if x > 0 { -x } else { x }, 4));
    if x > 0 { of_positive } else { ONE - of_positive }
}

/// `tanh(x)` in Q0.31, for `x` in Q4.27.
pub fn tanh(x: i32) -> i32 {
    if x == 0 {
        return 0;
    }
    // Twice a Q4.27 number is the same bits in Q5.26.
    let magnitude = one_minus_over_one_plus(exp_of_negative(if x > 0 { -x } else { x }, 5));
    if x > 0 { magnitude } else { -magnitude }
}

/// `1 / sqrt(x)` as a multiplier, for integers; 0 and 1 give one.
///
/// Newton's iteration on a number brought between 2^27 and 2^29 in Q3.28, five steps from 1.
pub fn inverse_square_root(x: i32) -> Multiplier {
    const HALF_SQRT_2: i32 = 1_518_500_250;
    const ONE_AND_A_HALF: i32 = (1 << 28) + (1 << 27);
    if x <= 1 {
        return Multiplier { fraction: i32::MAX, shift: 0 };
    }
    let (mut input, mut right_shift) = (x, 11);
    while input >= 1 << 29 {
        input /= 4;
        right_shift += 1;
    }
    let pairs = (input.leading_zeros() as i32 - 1) / 2 - 1;
    right_shift -= pairs;
    input <<= 2 * pairs;
    let half = divide_by_power_of_two(input >> 1, 1);
    let mut root = 1i32 << 28;
    for _ in 0..5 {
        let square = doubling_high_multiply(root, root);
        let cube = scale_by_power_of_two(doubling_high_multiply(square, root), 6);
        let step = doubling_high_multiply(ONE_AND_A_HALF, root).wrapping_sub(doubling_high_multiply(half, cube));
        root = scale_by_power_of_two(step, 3);
    }
    let mut fraction = doubling_high_multiply(root, HALF_SQRT_2);
    if right_shift < 0 {
        fraction = fraction.wrapping_shl(-right_shift as u32);
        right_shift = 0;
    }
    Multiplier { fraction, shift: -right_shift }
}

/// The largest input of which `x * 2^left_shift` still fits a number with `integer_bits` bits before the point.
///
/// *Source*: `CalculateInputRadius` in TFLM's `quantization_util.cc`, with 31 signed bits.
pub fn input_radius(integer_bits: u32, left_shift: i32) -> i32 {
    let largest = f64::from((1u32 << integer_bits) - 1) * f64::from(1u32 << (31 - integer_bits));
    libm::floor(libm::scalbn(largest, -left_shift)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(x: i32, fraction_bits: i32) -> f64 {
        f64::from(x) / 2f64.powi(fraction_bits)
    }

    #[test]
    fn exponential_is_right_to_six_digits() {
        for step in 0..2000 {
            let x = -(step * 15_000) - 1;
            let (found, wanted) = (real(exp_of_negative(x, 5), 31), real(x, 26).exp());
            assert!((found - wanted).abs() < 3e-7, "exp({}) is {found}, not {wanted}", real(x, 26));
        }
    }

    #[test]
    fn logistic_and_tanh_are_right_to_seven_digits() {
        for step in -1000..1000 {
            let x = step * 1_000_003;
            let value = real(x, 27);
            assert!((real(logistic(x), 31) - 1.0 / (1.0 + (-value).exp())).abs() < 1e-7);
            assert!((real(tanh(x), 31) - value.tanh()).abs() < 2e-7);
        }
    }

    #[test]
    fn inverse_square_root_is_right_to_four_digits() {
        for x in [2, 3, 4, 5, 100, 12_345, 65_025, 1 << 29, i32::MAX] {
            let Multiplier { fraction, shift } = inverse_square_root(x);
            let found = real(fraction, 31) * 2f64.powi(shift);
            assert!((found * f64::from(x).sqrt() - 1.0).abs() < 1e-4, "{x} gives {found}");
        }
    }

    #[test]
    fn reciprocal_of_a_sum_is_right_to_eight_digits() {
        for x in [1 << 19, (1 << 19) + 1, 3 << 19, 12_345_678, i32::MAX] {
            let (fraction, bits) = reciprocal(x, 12);
            let found = real(fraction, 31) / 2f64.powi(bits);
            assert!((found * real(x, 19) - 1.0).abs() < 1e-8);
        }
    }
}
