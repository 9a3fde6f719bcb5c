//! ADD of two values of one shape: on int8 under the fixed-point rules, and on floats.
//!
//! TFLM brings both inputs to a common scale, adds, and scales the sum. Each of the three is one
//! [`super::requantize`] with the same parameters for all lanes.
#![allow(unsafe_code, reason = "inner loops read without bounds checks")]

use super::requantize::{OutputRange, Requantizer, Scaling, TILE};
use super::simd::{F32x4, I16x8, I32x4, store_i8};
use crate::exec::kernel::{Io, Kernel, Split};
use crate::exec::kernels::binary::{Integers, Rule};
use crate::quant::{Arithmetic, Multiplier};

/// ADD on int8.
#[derive(Debug, Clone)]
pub struct Int8Add {
    integers: Integers,
    inputs: [Scale; 2],
    output: Scale,
}

/// One scaling, the same for all lanes.
#[derive(Debug, Clone)]
struct Scale {
    requantizer: Requantizer,
    /// The accumulator must come shifted up by so much.
    preshift: u32,
}

impl Scale {
    fn new(arithmetic: Arithmetic, multiplier: Multiplier, bound: i64, range: OutputRange) -> Option<Self> {
        let multipliers = [multiplier; TILE];
        let scaling = match arithmetic {
            Arithmetic::Single => Scaling::Single(&multipliers),
            _ => Scaling::Double(&multipliers),
        };
        let (requantizer, preshifts) = Requantizer::plan(scaling, &[(-bound, bound); TILE], range)?;
        requantizer.is_vectorized().then_some(Self { requantizer, preshift: preshifts[0] })
    }

    #[inline(always)]
    fn apply(&self, value: I32x4, shift: u32) -> I32x4 {
        self.requantizer.tile(0).apply::<0, false>(value.shift_left(shift + self.preshift))
    }
}

/// Elements of a step.
const STEP: usize = 16;

impl Int8Add {
    /// `None` where the numbers do not fit, or the rule is another.
    pub fn new(integers: Integers) -> Option<Self> {
        let Rule::FixedSum { left_shift, inputs, output } = integers.rule else { return None };
        if integers.subtract {
            return None;
        }
        let plain = OutputRange { zero_point: 0, low: -128, high: 127 };
        // An int8 minus a zero point stays below 256.
        let bound = 256i64 << left_shift;
        let arithmetic = integers.arithmetic;
        let [a, b] = inputs.map(|multiplier| Scale::new(arithmetic, multiplier, bound - 1, plain));
        let range = OutputRange {
            zero_point: integers.zero_point,
            low: i8::try_from(integers.clamp.0).ok()?,
            high: i8::try_from(integers.clamp.1).ok()?,
        };
        // Each scaled input is at most half of its bound.
        let output = Scale::new(arithmetic, output, bound, range)?;
        Some(Self { inputs: [a?, b?], output, integers })
    }

    /// Sixteen sums.
    ///
    /// # Safety
    /// All three places must be valid for sixteen values.
    #[inline(always)]
    unsafe fn step(&self, a: *const i8, b: *const i8, to: *mut i8, left_shift: u32) {
        let centres = self.integers.input_zero_points.map(|zero_point| I16x8::splat(zero_point as i16));
        // SAFETY: the caller's promise.
        unsafe {
            let eight = |offset: usize| {
                let a = I16x8::load_i8(a.add(offset)).subtract(centres[0]);
                let b = I16x8::load_i8(b.add(offset)).subtract(centres[1]);
                let sum = |a: I32x4, b: I32x4| {
                    let sum = self.inputs[0].apply(a, left_shift).plus(self.inputs[1].apply(b, left_shift));
                    self.output.apply(sum, 0)
                };
                I32x4::narrow(sum(a.widen_low(), b.widen_low()), sum(a.widen_high(), b.widen_high()))
            };
            let Requantizer { low, high, .. } = self.output.requantizer;
            store_i8(eight(0), eight(8), low, high, to, to.add(8));
        }
    }
}

impl Kernel for Int8Add {
    fn run(&mut self, io: &mut Io<'_>) {
        let (a, b, y) = io.binary::<i8, i8, i8>();
        assert!(a.len() == y.len() && b.len() == y.len());
        let Rule::FixedSum { left_shift, .. } = self.integers.rule else { return };
        let whole = y.len() / STEP * STEP;
        for at in (0..whole).step_by(STEP) {
            // SAFETY: sixteen values from `at` on lie inside all three slices.
            unsafe { self.step(a.as_ptr().add(at), b.as_ptr().add(at), y.as_mut_ptr().add(at), left_shift) };
        }
        for at in whole..y.len() {
            y[at] = self.integers.apply(a[at].into(), b[at].into()) as i8;
        }
    }
}

/// ADD on floats.
#[derive(Debug, Clone, Copy)]
pub struct FloatAdd {
    /// The fused activation's interval.
    pub clamp: (f32, f32),
}

impl Kernel for FloatAdd {
    fn run(&mut self, io: &mut Io<'_>) {
        let Split { inputs, output: y, .. } = io.split::<f32>(0);
        let (a, b): (&[f32], &[f32]) = (inputs.get(0), inputs.get(1));
        assert!(a.len() == y.len() && b.len() == y.len());
        let (low, high) = (F32x4::splat(self.clamp.0), F32x4::splat(self.clamp.1));
        let whole = y.len() / 4 * 4;
        for at in (0..whole).step_by(4) {
            // SAFETY: four values from `at` on lie inside all three slices.
            unsafe {
                let sum = F32x4::load(a.as_ptr().add(at)).plus(F32x4::load(b.as_ptr().add(at)));
                sum.max(low).min(high).store(y.as_mut_ptr().add(at));
            }
        }
        for at in whole..y.len() {
            y[at] = (a[at] + b[at]).clamp(self.clamp.0, self.clamp.1);
        }
    }
}
