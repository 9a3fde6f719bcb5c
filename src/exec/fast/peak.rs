//! How fast this machine multiplies and adds at best: the kernels' inner operation alone, on data that stays in the
//! first-level cache. A kernel's speed over this one is its share of the peak.
#![allow(unsafe_code, reason = "the same loads as in the kernels")]

use std::hint::black_box;

use super::buffer::Buffer;
use super::simd::{F32x4, I16x8, I32x4};
use crate::units::Macs;

/// Vectors that are read in turn.
const VECTORS: usize = 64;
/// Vectors that stay in registers; two that are read times these make eight independent sums.
const HELD: usize = 4;

/// Multiplies and adds int8 values widened to 16 bits, and says how often.
pub fn int8(rounds: u32) -> Macs {
    let data = Buffer::from_slice(&std::array::from_fn::<i16, { VECTORS * 8 }, _>(|i| black_box(i as i16 % 97)));
    let mut sums = [I32x4::splat(0); 2 * HELD];
    for _ in 0..rounds {
        // SAFETY: indices stay below `VECTORS` vectors of eight.
        unsafe {
            let vector = |index: usize| I16x8::load(data.as_ptr().add(index * 8));
            let held: [I16x8; HELD] = std::array::from_fn(vector);
            for index in (0..VECTORS).step_by(2) {
                let read = [vector(index), vector(index + 1)];
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add_dot(held[i % HELD], read[i / HELD]);
                }
            }
        }
    }
    black_box(sums);
    Macs(u64::from(rounds) * (VECTORS * HELD * 8) as u64)
}

/// Multiplies and adds floats, and says how often.
pub fn float(rounds: u32) -> Macs {
    let data = Buffer::from_slice(&std::array::from_fn::<f32, { VECTORS * 4 }, _>(|i| black_box(i as f32 * 1e-3)));
    let mut sums = [F32x4::splat(0.0); 2 * HELD];
    for _ in 0..rounds {
        // SAFETY: indices stay below `VECTORS` vectors of four.
        unsafe {
            let vector = |index: usize| F32x4::load(data.as_ptr().add(index * 4));
            let held: [F32x4; HELD] = std::array::from_fn(vector);
            for index in (0..VECTORS).step_by(2) {
                let read = [vector(index), vector(index + 1)];
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.multiply_add::<true>(held[i % HELD], read[i / HELD]);
                }
            }
        }
    }
    black_box(sums);
    Macs(u64::from(rounds) * (VECTORS * HELD * 4) as u64)
}
