//! What the vectors promise, where a lane order could be wrong.

#![allow(unsafe_code, reason = "tests call what they test")]

use super::*;

#[test]
fn interleaving_puts_neighbours_into_one_dot_product() {
    let a: [i16; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
    let b: [i16; 8] = [10, 20, 30, 40, 50, 60, 70, 80];
    let (w, mut out) = ([1i16, 2, 1, 2, 1, 2, 1, 2], [0i32; 8]);
    // SAFETY: eight values each.
    unsafe {
        let (a, b, w) = (I16x8::load(a.as_ptr()), I16x8::load(b.as_ptr()), I16x8::load(w.as_ptr()));
        I32x4::splat(0).add_dot(a.interleave_low(b), w).store(out.as_mut_ptr());
        I32x4::splat(1).add_dot(a.interleave_high(b), w).store(out.as_mut_ptr().add(4));
    }
    assert_eq!(out, [21, 42, 63, 84, 106, 127, 148, 169]);
}

#[test]
fn sums_are_those_of_the_lanes_of_each_vector() {
    let numbers: Vec<i32> = (0..16).map(|at| i32::MAX - at * at * 9_000_000).collect();
    let mut out = [0; 4];
    // SAFETY: four values each.
    unsafe {
        I32x4::sums([0, 4, 8, 12].map(|from| I32x4::load(numbers.as_ptr().add(from)))).store(out.as_mut_ptr());
    }
    let wanted: Vec<i32> =
        numbers.chunks(4).map(|four| four.iter().fold(0, |sum: i32, &x| sum.wrapping_add(x))).collect();
    assert_eq!(out[..], wanted);
}
