//! Four-lane vectors with the few operations that the fast kernels need.
//!
//! On `wasm32` with `simd128` each operation is one or two instructions; elsewhere the same names work on arrays, with
//! the same bits, so that a kernel is written once and tested natively. Only an [`F32x4::multiply_add`] that
//! `FUSES` may differ: with relaxed SIMD the browser may do both steps at once.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[path = "simd/wasm.rs"]
mod lanes;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[path = "simd/portable.rs"]
mod lanes;

#[cfg(any(all(test, not(target_arch = "wasm32")), target_feature = "relaxed-simd"))]
pub use lanes::I8x16;
pub use lanes::{F32x4, I16x8, I32x4, store_i8};

#[cfg(test)]
mod tests;
