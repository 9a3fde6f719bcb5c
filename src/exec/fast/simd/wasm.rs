//! The vectors as `v128`.
#![allow(unsafe_code, reason = "loads and stores without bounds checks; callers prove the ranges")]

use core::arch::wasm32::*;

/// Four 32-bit integers.
#[derive(Debug, Clone, Copy)]
pub struct I32x4(v128);

/// Eight 16-bit integers.
#[derive(Debug, Clone, Copy)]
pub struct I16x8(v128);

/// Sixteen bytes: four groups of four.
#[cfg(target_feature = "relaxed-simd")]
#[derive(Debug, Clone, Copy)]
pub struct I8x16(v128);

/// Four 32-bit floats.
#[derive(Debug, Clone, Copy)]
pub struct F32x4(v128);

impl I32x4 {
    /// All lanes equal.
    #[inline(always)]
    pub fn splat(value: i32) -> Self {
        Self(i32x4_splat(value))
    }

    /// Reads four values.
    ///
    /// # Safety
    /// `from` must be valid for reading four values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn load(from: *const i32) -> Self {
        // SAFETY: the caller's promise; v128.load takes any alignment.
        Self(unsafe { v128_load(from.cast()) })
    }

    /// Writes four values.
    ///
    /// # Safety
    /// `to` must be valid for writing four values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn store(self, to: *mut i32) {
        // SAFETY: the caller's promise; v128.store takes any alignment.
        unsafe { v128_store(to.cast(), self.0) }
    }

    /// Sum, wrapping.
    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self(i32x4_add(self.0, other.0))
    }

    /// Product, wrapping.
    #[inline(always)]
    pub fn multiply(self, other: Self) -> Self {
        Self(i32x4_mul(self.0, other.0))
    }

    /// The high 32 bits of the 64-bit product.
    #[inline(always)]
    pub fn multiply_high(self, other: Self) -> Self {
        let low = i64x2_extmul_low_i32x4(self.0, other.0);
        let high = i64x2_extmul_high_i32x4(self.0, other.0);
        Self(i32x4_shuffle::<1, 3, 5, 7>(low, high))
    }

    /// Bitwise and.
    #[inline(always)]
    pub fn and(self, other: Self) -> Self {
        Self(v128_and(self.0, other.0))
    }

    /// Shift left, the count modulo 32.
    #[inline(always)]
    pub fn shift_left(self, count: u32) -> Self {
        Self(i32x4_shl(self.0, count))
    }

    /// Arithmetic shift right, the count modulo 32.
    #[inline(always)]
    pub fn shift_right(self, count: u32) -> Self {
        Self(i32x4_shr(self.0, count))
    }

    /// Adds the products of neighbouring pairs: lane `i` gains `a[2i] * b[2i] + a[2i + 1] * b[2i + 1]`.
    #[inline(always)]
    pub fn add_dot(self, a: I16x8, b: I16x8) -> Self {
        Self(i32x4_add(self.0, i32x4_dot_i16x8(a.0, b.0)))
    }

    /// The sum of the lanes of each of four vectors, wrapping.
    #[inline(always)]
    pub fn sums([a, b, c, d]: [Self; 4]) -> Self {
        let pairs = |x, y| i32x4_add(i32x4_shuffle::<0, 2, 4, 6>(x, y), i32x4_shuffle::<1, 3, 5, 7>(x, y));
        Self(pairs(pairs(a.0, b.0), pairs(c.0, d.0)))
    }

    /// Eight lanes as 16-bit integers, saturating.
    #[inline(always)]
    pub fn narrow(low: Self, high: Self) -> I16x8 {
        I16x8(i16x8_narrow_i32x4(low.0, high.0))
    }

    /// Lanes as floats, rounded to nearest.
    #[inline(always)]
    pub fn to_f32(self) -> F32x4 {
        F32x4(f32x4_convert_i32x4(self.0))
    }
}

#[cfg(target_feature = "relaxed-simd")]
impl I8x16 {
    /// Reads sixteen bytes.
    ///
    /// # Safety
    /// `from` must be valid for reading sixteen bytes.
    #[inline(always)]
    pub unsafe fn load(from: *const i8) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { v128_load(from.cast()) })
    }

    /// Reads four bytes and repeats them four times.
    ///
    /// # Safety
    /// `from` must be valid for reading four bytes.
    #[inline(always)]
    pub unsafe fn load_quad_splat(from: *const i8) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { v128_load32_splat(from.cast()) })
    }
}

#[cfg(target_feature = "relaxed-simd")]
impl I32x4 {
    /// Adds the products of groups of four bytes, those of `a` signed, those of `b` as the machine takes them: below 128
    /// all agree, above it see [`super::super::product::quads`].
    #[inline(always)]
    pub fn add_relaxed_dot(self, a: I8x16, b: I8x16) -> Self {
        Self(i32x4_relaxed_dot_i8x16_i7x16_add(a.0, b.0, self.0))
    }
}

impl I16x8 {
    /// All lanes equal.
    #[inline(always)]
    pub fn splat(value: i16) -> Self {
        Self(i16x8_splat(value))
    }

    /// Reads eight values.
    ///
    /// # Safety
    /// `from` must be valid for reading eight values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn load(from: *const i16) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { v128_load(from.cast()) })
    }

    /// Reads eight bytes and widens them.
    ///
    /// # Safety
    /// `from` must be valid for reading eight bytes.
    #[inline(always)]
    pub unsafe fn load_i8(from: *const i8) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { i16x8_load_extend_i8x8(from) })
    }

    /// Reads one pair and repeats it four times.
    ///
    /// # Safety
    /// `from` must be valid for reading two values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn load_pair_splat(from: *const i16) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { v128_load32_splat(from.cast()) })
    }

    /// Writes eight values.
    ///
    /// # Safety
    /// `to` must be valid for writing eight values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn store(self, to: *mut i16) {
        // SAFETY: the caller's promise.
        unsafe { v128_store(to.cast(), self.0) }
    }

    /// Difference, wrapping.
    #[inline(always)]
    pub fn subtract(self, other: Self) -> Self {
        Self(i16x8_sub(self.0, other.0))
    }

    /// `a0 b0 a1 b1 a2 b2 a3 b3`.
    #[inline(always)]
    pub fn interleave_low(self, other: Self) -> Self {
        Self(i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(self.0, other.0))
    }

    /// `a4 b4 a5 b5 a6 b6 a7 b7`.
    #[inline(always)]
    pub fn interleave_high(self, other: Self) -> Self {
        Self(i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(self.0, other.0))
    }

    /// The first four lanes as 32-bit integers.
    #[inline(always)]
    pub fn widen_low(self) -> I32x4 {
        I32x4(i32x4_extend_low_i16x8(self.0))
    }

    /// The last four lanes as 32-bit integers.
    #[inline(always)]
    pub fn widen_high(self) -> I32x4 {
        I32x4(i32x4_extend_high_i16x8(self.0))
    }
}

/// Narrows to bytes with saturation, clamps to `[low, high]`, and writes eight bytes to each place.
///
/// # Safety
/// Both places must be valid for writing eight bytes.
#[inline(always)]
pub unsafe fn store_i8(a: I16x8, b: I16x8, low: i8, high: i8, to_a: *mut i8, to_b: *mut i8) {
    let narrow = i8x16_narrow_i16x8(a.0, b.0);
    let clamped = i8x16_min(i8x16_max(narrow, i8x16_splat(low)), i8x16_splat(high));
    // SAFETY: the caller's promise.
    unsafe {
        v128_store64_lane::<0>(clamped, to_a.cast());
        v128_store64_lane::<1>(clamped, to_b.cast());
    }
}

impl F32x4 {
    /// All lanes equal.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    /// Reads four values.
    ///
    /// # Safety
    /// `from` must be valid for reading four values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { v128_load(from.cast()) })
    }

    /// Reads one value and repeats it.
    ///
    /// # Safety
    /// `from` must be valid for reading one value; it need not be aligned.
    #[inline(always)]
    pub unsafe fn load_splat(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { v128_load32_splat(from.cast()) })
    }

    /// Writes four values.
    ///
    /// # Safety
    /// `to` must be valid for writing four values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { v128_store(to.cast(), self.0) }
    }

    /// Sum.
    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }

    /// Product.
    #[inline(always)]
    pub fn multiply(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }

    /// `self + a * b`, rounded after the product too; where it `FUSES` the browser may do both at once in the relaxed build.
    #[inline(always)]
    pub fn multiply_add<const FUSES: bool>(self, a: Self, b: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        if FUSES {
            return Self(f32x4_relaxed_madd(a.0, b.0, self.0));
        }
        self.plus(a.multiply(b))
    }

    /// The larger; not a number where `self` is not.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(f32x4_pmax(self.0, other.0))
    }

    /// The smaller; not a number where `self` is not.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        Self(f32x4_pmin(self.0, other.0))
    }

    /// Lanes within ±2^22 as integers, rounded to nearest, ties to even.
    #[inline(always)]
    pub fn round_to_i32(self) -> I32x4 {
        // 1.5 * 2^23: the sum's low mantissa bits are the rounded integer.
        const MAGIC: f32 = 12_582_912.0;
        I32x4(i32x4_sub(f32x4_add(self.0, f32x4_splat(MAGIC)), i32x4_splat(MAGIC.to_bits() as i32)))
    }
}
