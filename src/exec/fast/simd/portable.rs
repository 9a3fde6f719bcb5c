//! The vectors as plain arrays: what each operation means, and what native builds run.
#![allow(unsafe_code, reason = "loads and stores without bounds checks; callers prove the ranges")]

/// Four 32-bit integers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct I32x4([i32; 4]);

/// Eight 16-bit integers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct I16x8([i16; 8]);

/// Sixteen bytes: four groups of four.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct I8x16([i8; 16]);

/// Four 32-bit floats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct F32x4([f32; 4]);

macro_rules! lanes {
    ($count:literal, $lane:ident => $body:expr) => {
        std::array::from_fn::<_, $count, _>(|$lane| $body)
    };
}

impl I32x4 {
    /// All lanes equal.
    #[inline(always)]
    pub fn splat(value: i32) -> Self {
        Self([value; 4])
    }

    /// Reads four values.
    ///
    /// # Safety
    /// `from` must be valid for reading four values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn load(from: *const i32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { from.cast::<[i32; 4]>().read_unaligned() })
    }

    /// Writes four values.
    ///
    /// # Safety
    /// `to` must be valid for writing four values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn store(self, to: *mut i32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[i32; 4]>().write_unaligned(self.0) }
    }

    /// Sum, wrapping.
    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self(lanes!(4, i => self.0[i].wrapping_add(other.0[i])))
    }

    /// Product, wrapping.
    #[inline(always)]
    pub fn multiply(self, other: Self) -> Self {
        Self(lanes!(4, i => self.0[i].wrapping_mul(other.0[i])))
    }

    /// The high 32 bits of the 64-bit product.
    #[inline(always)]
    pub fn multiply_high(self, other: Self) -> Self {
        Self(lanes!(4, i => ((i64::from(self.0[i]) * i64::from(other.0[i])) >> 32) as i32))
    }

    /// Bitwise and.
    #[inline(always)]
    pub fn and(self, other: Self) -> Self {
        Self(lanes!(4, i => self.0[i] & other.0[i]))
    }

    /// Shift left, the count modulo 32.
    #[inline(always)]
    pub fn shift_left(self, count: u32) -> Self {
        Self(lanes!(4, i => self.0[i].wrapping_shl(count)))
    }

    /// Arithmetic shift right, the count modulo 32.
    #[inline(always)]
    pub fn shift_right(self, count: u32) -> Self {
        Self(lanes!(4, i => self.0[i].wrapping_shr(count)))
    }

    /// Adds the products of neighbouring pairs: lane `i` gains `a[2i] * b[2i] + a[2i + 1] * b[2i + 1]`.
    #[inline(always)]
    pub fn add_dot(self, a: I16x8, b: I16x8) -> Self {
        Self(lanes!(4, i => {
            let dot = (i32::from(a.0[2 * i]) * i32::from(b.0[2 * i]))
                .wrapping_add(i32::from(a.0[2 * i + 1]) * i32::from(b.0[2 * i + 1]));
            self.0[i].wrapping_add(dot)
        }))
    }

    /// The sum of the lanes of each of four vectors, wrapping.
    #[inline(always)]
    pub fn sums(vectors: [Self; 4]) -> Self {
        Self(vectors.map(|vector| vector.0.into_iter().fold(0, i32::wrapping_add)))
    }

    /// Eight lanes as 16-bit integers, saturating.
    #[inline(always)]
    pub fn narrow(low: Self, high: Self) -> I16x8 {
        let saturate = |value: i32| value.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        I16x8(lanes!(8, i => saturate(if i < 4 { low.0[i] } else { high.0[i - 4] })))
    }

    /// Lanes as floats, rounded to nearest.
    #[inline(always)]
    pub fn to_f32(self) -> F32x4 {
        F32x4(lanes!(4, i => self.0[i] as f32))
    }
}

#[cfg(test)]
impl I8x16 {
    /// Reads sixteen bytes.
    ///
    /// # Safety
    /// `from` must be valid for reading sixteen bytes.
    #[inline(always)]
    pub unsafe fn load(from: *const i8) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { from.cast::<[i8; 16]>().read_unaligned() })
    }

    /// Reads four bytes and repeats them four times.
    ///
    /// # Safety
    /// `from` must be valid for reading four bytes.
    #[inline(always)]
    pub unsafe fn load_quad_splat(from: *const i8) -> Self {
        // SAFETY: the caller's promise.
        let quad = unsafe { from.cast::<[i8; 4]>().read_unaligned() };
        Self(lanes!(16, i => quad[i % 4]))
    }
}

#[cfg(test)]
impl I32x4 {
    /// Adds the products of groups of four bytes, those of `a` signed, those of `b` as the machine takes them: unsigned
    /// here, as on x86.
    #[inline(always)]
    pub fn add_relaxed_dot(self, a: I8x16, b: I8x16) -> Self {
        Self(lanes!(4, lane => {
            let products = (4 * lane..4 * lane + 4).map(|i| i32::from(a.0[i]) * i32::from(b.0[i] as u8));
            products.fold(self.0[lane], i32::wrapping_add)
        }))
    }
}

impl I16x8 {
    /// All lanes equal.
    #[inline(always)]
    pub fn splat(value: i16) -> Self {
        Self([value; 8])
    }

    /// Reads eight values.
    ///
    /// # Safety
    /// `from` must be valid for reading eight values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn load(from: *const i16) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { from.cast::<[i16; 8]>().read_unaligned() })
    }

    /// Reads eight bytes and widens them.
    ///
    /// # Safety
    /// `from` must be valid for reading eight bytes.
    #[inline(always)]
    pub unsafe fn load_i8(from: *const i8) -> Self {
        // SAFETY: the caller's promise.
        let bytes = unsafe { from.cast::<[i8; 8]>().read_unaligned() };
        Self(lanes!(8, i => i16::from(bytes[i])))
    }

    /// Reads one pair and repeats it four times.
    ///
    /// # Safety
    /// `from` must be valid for reading two values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn load_pair_splat(from: *const i16) -> Self {
        // SAFETY: the caller's promise.
        let pair = unsafe { from.cast::<[i16; 2]>().read_unaligned() };
        Self(lanes!(8, i => pair[i % 2]))
    }

    /// Writes eight values.
    ///
    /// # Safety
    /// `to` must be valid for writing eight values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn store(self, to: *mut i16) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[i16; 8]>().write_unaligned(self.0) }
    }

    /// Difference, wrapping.
    #[inline(always)]
    pub fn subtract(self, other: Self) -> Self {
        Self(lanes!(8, i => self.0[i].wrapping_sub(other.0[i])))
    }

    /// `a0 b0 a1 b1 a2 b2 a3 b3`.
    #[inline(always)]
    pub fn interleave_low(self, other: Self) -> Self {
        Self(lanes!(8, i => if i % 2 == 0 { self.0[i / 2] } else { other.0[i / 2] }))
    }

    /// `a4 b4 a5 b5 a6 b6 a7 b7`.
    #[inline(always)]
    pub fn interleave_high(self, other: Self) -> Self {
        Self(lanes!(8, i => if i % 2 == 0 { self.0[4 + i / 2] } else { other.0[4 + i / 2] }))
    }

    /// The first four lanes as 32-bit integers.
    #[inline(always)]
    pub fn widen_low(self) -> I32x4 {
        I32x4(lanes!(4, i => i32::from(self.0[i])))
    }

    /// The last four lanes as 32-bit integers.
    #[inline(always)]
    pub fn widen_high(self) -> I32x4 {
        I32x4(lanes!(4, i => i32::from(self.0[4 + i])))
    }
}

/// Narrows to bytes with saturation, clamps to `[low, high]`, and writes eight bytes to each place.
///
/// # Safety
/// Both places must be valid for writing eight bytes.
#[inline(always)]
pub unsafe fn store_i8(a: I16x8, b: I16x8, low: i8, high: i8, to_a: *mut i8, to_b: *mut i8) {
    let narrow = |value: i16| (value.clamp(i8::MIN.into(), i8::MAX.into()) as i8).max(low).min(high);
    // SAFETY: the caller's promise.
    unsafe {
        to_a.cast::<[i8; 8]>().write_unaligned(lanes!(8, i => narrow(a.0[i])));
        to_b.cast::<[i8; 8]>().write_unaligned(lanes!(8, i => narrow(b.0[i])));
    }
}

impl F32x4 {
    /// All lanes equal.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    /// Reads four values.
    ///
    /// # Safety
    /// `from` must be valid for reading four values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }

    /// Reads one value and repeats it.
    ///
    /// # Safety
    /// `from` must be valid for reading one value; it need not be aligned.
    #[inline(always)]
    pub unsafe fn load_splat(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self([unsafe { from.read_unaligned() }; 4])
    }

    /// Writes four values.
    ///
    /// # Safety
    /// `to` must be valid for writing four values; it need not be aligned.
    #[inline(always)]
    pub unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
    }

    /// Sum.
    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self(lanes!(4, i => self.0[i] + other.0[i]))
    }

    /// Product.
    #[inline(always)]
    pub fn multiply(self, other: Self) -> Self {
        Self(lanes!(4, i => self.0[i] * other.0[i]))
    }

    /// `self + a * b`, rounded after the product too.
    #[inline(always)]
    pub fn multiply_add<const FUSES: bool>(self, a: Self, b: Self) -> Self {
        self.plus(a.multiply(b))
    }

    /// The larger; not a number where `self` is not.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(lanes!(4, i => if self.0[i] < other.0[i] { other.0[i] } else { self.0[i] }))
    }

    /// The smaller; not a number where `self` is not.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        Self(lanes!(4, i => if other.0[i] < self.0[i] { other.0[i] } else { self.0[i] }))
    }

    /// Lanes within ±2^22 as integers, rounded to nearest, ties to even.
    #[inline(always)]
    pub fn round_to_i32(self) -> I32x4 {
        // 1.5 * 2^23: the sum's low mantissa bits are the rounded integer.
        const MAGIC: f32 = 12_582_912.0;
        I32x4(lanes!(4, i => ((self.0[i] + MAGIC).to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32)))
    }
}
