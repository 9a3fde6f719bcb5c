//! The arithmetic that normalizers are written in, so that the same code can compute and be counted.
//!
//! The library runs it on `f32` and `i64` only; `tests/audio/counts.rs` runs it on numbers that count.

use std::ops::{Add, Div, Mul, Sub};

/// Numbers that can be ordered.
pub trait Ordered: Copy {
    /// Whether this one is larger; one compare.
    fn exceeds(self, other: Self) -> bool;
}

/// Real numbers.
pub trait Number: Ordered + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> {
    /// A constant or a sample, which is no operation.
    fn of(value: f32) -> Self;
    /// The value, out of the arithmetic.
    fn value(self) -> f32;
    /// The magnitude; one compare.
    fn abs(self) -> Self;
    /// The larger of two; one compare.
    fn larger(self, other: Self) -> Self;
    /// The smaller of two; one compare.
    fn smaller(self, other: Self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// `ln(1 + x)`, exact for small x.
    fn ln_1p(self) -> Self;
    /// The exponential.
    fn exp(self) -> Self;
    /// `exp(x) - 1`, exact for small x.
    fn exp_m1(self) -> Self;

    /// The number kept within two limits; two compares.
    fn within(self, low: Self, high: Self) -> Self {
        self.smaller(high).larger(low)
    }
}

impl Ordered for f32 {
    fn exceeds(self, other: Self) -> bool {
        self > other
    }
}

impl Number for f32 {
    fn of(value: f32) -> Self {
        value
    }
    fn value(self) -> f32 {
        self
    }
    fn abs(self) -> Self {
        f32::abs(self)
    }
    fn larger(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
    fn smaller(self, other: Self) -> Self {
        if other < self { other } else { self }
    }
    fn sqrt(self) -> Self {
        libm::sqrtf(self)
    }
    fn ln(self) -> Self {
        libm::logf(self)
    }
    fn ln_1p(self) -> Self {
        libm::log1pf(self)
    }
    fn exp(self) -> Self {
        libm::expf(self)
    }
    fn exp_m1(self) -> Self {
        libm::expm1f(self)
    }
}

/// Whole numbers wide enough that nothing below overflows: `i64` here, pairs of registers on a microcontroller.
pub trait Whole: Ordered + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    /// A constant or a sample, which is no operation.
    fn of(value: i64) -> Self;
    /// The value, out of the arithmetic.
    fn value(self) -> i64;
    /// The magnitude; one compare.
    fn abs(self) -> Self;
    /// The larger of two; one compare.
    fn larger(self, other: Self) -> Self;
    /// The smaller of two; one compare.
    fn smaller(self, other: Self) -> Self;
    /// Times `2^bits`; one shift.
    fn shl(self, bits: u32) -> Self;
    /// Divided by `2^bits`, rounded to nearest, halves up: an addition and a shift.
    fn shr_rounded(self, bits: u32) -> Self;
    /// Divided by a positive number, rounded to nearest, halves up: an addition, a shift (half the divisor) and a
    /// division.
    fn over(self, divisor: Self) -> Self;
    /// The square root, rounded down; 0 of a negative number.
    fn root(self) -> Self;

    /// The number kept within 16 bits; two compares.
    fn saturated(self) -> Self {
        self.smaller(Self::of(i64::from(i16::MAX))).larger(Self::of(i64::from(i16::MIN)))
    }
}

impl Ordered for i64 {
    fn exceeds(self, other: Self) -> bool {
        self > other
    }
}

impl Whole for i64 {
    fn of(value: i64) -> Self {
        value
    }
    fn value(self) -> i64 {
        self
    }
    fn abs(self) -> Self {
        i64::abs(self)
    }
    fn larger(self, other: Self) -> Self {
        self.max(other)
    }
    fn smaller(self, other: Self) -> Self {
        self.min(other)
    }
    fn shl(self, bits: u32) -> Self {
        self << bits
    }
    fn shr_rounded(self, bits: u32) -> Self {
        (self + ((1 << bits) >> 1)) >> bits
    }
    fn over(self, divisor: Self) -> Self {
        (self + (divisor >> 1)).div_euclid(divisor.max(1))
    }
    fn root(self) -> Self {
        self.max(0).isqrt()
    }
}
