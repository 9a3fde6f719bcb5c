//! The two ways to multiply int8 values and add neighbours in one instruction.
//!
//! [`Pairs`] widens to 16 bits and is exact in every browser. `Quads` is relaxed SIMD's dot product of bytes: four
//! products at once, but only its operands below 128 mean the same on all machines. Where the machine reads the second
//! operand as unsigned (x86 with VNNI) or as signed (ARM) *and* adds without saturation, all bytes can be used;
//! `quads` asks it with known numbers when a model is prepared. Where neither holds, pairs run: on x86 before VNNI, and with
//! VNNI where the browser does not use it (Chromium wants AVX-VNNI, which some machines with AVX-512 VNNI lack).
#![allow(unsafe_code, reason = "loads without bounds checks")]

use super::image::widen;
#[cfg(any(all(test, not(target_arch = "wasm32")), target_feature = "relaxed-simd"))]
use super::simd::I8x16;
use super::simd::{I16x8, I32x4};

/// A way to multiply and add neighbours.
pub trait Product: Copy + std::fmt::Debug + Send + 'static {
    /// What activations and weights are widened to.
    type Value: bytemuck::Pod + std::fmt::Debug + Send;
    /// A vector of them.
    type Vector: Copy;
    /// Neighbours that one lane adds.
    const GROUP: usize;
    /// Whether weights have room for the power of two that the requantization wants; otherwise it comes afterwards.
    const SHIFTS_WEIGHTS: bool;

    /// A weight, shifted up where it has room.
    fn pack(weight: i8, shift: u32) -> Self::Value;

    /// Reads a vector of weights: [`Product::GROUP`] neighbours of four channels.
    ///
    /// # Safety
    /// `from` must be valid for sixteen bytes.
    unsafe fn load(from: *const Self::Value) -> Self::Vector;

    /// Reads one group of activations for all lanes.
    ///
    /// # Safety
    /// `from` must be valid for a group.
    unsafe fn load_splat(from: *const Self::Value) -> Self::Vector;

    /// Reads as many weights as [`Product::load`], but from bytes, and widens them.
    ///
    /// # Safety
    /// `from` must be valid for four groups of bytes.
    unsafe fn load_bytes(from: *const i8) -> Self::Vector;

    /// Widens activations, with an offset added in 8 bits where there is one (see `quads`).
    fn widen(from: &[i8], to: &mut [Self::Value], offset: u8);

    /// `sum` plus the products of neighbours.
    fn add(sum: I32x4, weights: Self::Vector, values: Self::Vector) -> I32x4;
}

/// Two neighbours, widened to 16 bits.
#[derive(Debug, Clone, Copy)]
pub struct Pairs;

impl Product for Pairs {
    type Value = i16;
    type Vector = I16x8;
    const GROUP: usize = 2;
    const SHIFTS_WEIGHTS: bool = true;

    fn pack(weight: i8, shift: u32) -> i16 {
        i16::from(weight) << shift
    }

    #[inline(always)]
    unsafe fn load(from: *const i16) -> I16x8 {
        // SAFETY: the caller's promise.
        unsafe { I16x8::load(from) }
    }

    #[inline(always)]
    unsafe fn load_splat(from: *const i16) -> I16x8 {
        // SAFETY: the caller's promise.
        unsafe { I16x8::load_pair_splat(from) }
    }

    #[inline(always)]
    unsafe fn load_bytes(from: *const i8) -> I16x8 {
        // SAFETY: the caller's promise.
        unsafe { I16x8::load_i8(from) }
    }

    fn widen(from: &[i8], to: &mut [i16], _offset: u8) {
        widen(from, to);
    }

    #[inline(always)]
    fn add(sum: I32x4, weights: I16x8, values: I16x8) -> I32x4 {
        sum.add_dot(values, weights)
    }
}

/// Four neighbours, as bytes.
#[cfg(any(all(test, not(target_arch = "wasm32")), target_feature = "relaxed-simd"))]
#[derive(Debug, Clone, Copy)]
pub struct Quads;

#[cfg(any(all(test, not(target_arch = "wasm32")), target_feature = "relaxed-simd"))]
impl Product for Quads {
    type Value = i8;
    type Vector = I8x16;
    const GROUP: usize = 4;
    const SHIFTS_WEIGHTS: bool = false;

    fn pack(weight: i8, _shift: u32) -> i8 {
        weight
    }

    #[inline(always)]
    unsafe fn load(from: *const i8) -> I8x16 {
        // SAFETY: the caller's promise.
        unsafe { I8x16::load(from) }
    }

    #[inline(always)]
    unsafe fn load_splat(from: *const i8) -> I8x16 {
        // SAFETY: the caller's promise.
        unsafe { I8x16::load_quad_splat(from) }
    }

    #[inline(always)]
    unsafe fn load_bytes(from: *const i8) -> I8x16 {
        // SAFETY: the caller's promise.
        unsafe { I8x16::load(from) }
    }

    fn widen(from: &[i8], to: &mut [i8], offset: u8) {
        for (from, to) in from.iter().zip(to) {
            *to = from.wrapping_add(offset as i8);
        }
    }

    #[inline(always)]
    fn add(sum: I32x4, weights: I8x16, values: I8x16) -> I32x4 {
        sum.add_relaxed_dot(weights, values)
    }
}

/// What to add to int8 activations (in 8 bits, wrapping) so that [`Quads`] multiplies them exactly: 128 where the machine
/// takes them as unsigned, 0 where as signed; `None` where it does neither.
#[cfg(any(all(test, not(target_arch = "wasm32")), target_feature = "relaxed-simd"))]
pub fn quads() -> Option<u8> {
    let is_exact = |offset: u8| {
        let extremes = [i8::MIN, -127, -1, 0, 1, 85, i8::MAX];
        extremes.iter().all(|&weight| {
            extremes.iter().all(|&value| {
                // Neighbours that alternate would hide saturation, so that all four are equal, then one differs.
                [[value; 4], [value, value, 3, value], [value, -5, value, value]].into_iter().all(|values| {
                    let weights = std::hint::black_box([weight; 16]);
                    let stored = std::hint::black_box(values.map(|value| (value as u8).wrapping_add(offset) as i8));
                    let mut found = [0; 4];
                    // SAFETY: sixteen bytes, four bytes and four sums are there.
                    unsafe {
                        let sum = I32x4::splat(-7);
                        let values = Quads::load_splat(stored.as_ptr());
                        Quads::add(sum, Quads::load(weights.as_ptr()), values).store(found.as_mut_ptr());
                    }
                    let exact = |value: i8| i32::from(weight) * (i32::from(value) + i32::from(offset));
                    found == [values.into_iter().map(exact).sum::<i32>() - 7; 4]
                })
            })
        })
    };
    [128, 0].into_iter().find(|&offset| is_exact(offset))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_offset_where_the_machine_takes_them_as_unsigned() {
        assert_eq!(quads(), Some(128));
    }
}
