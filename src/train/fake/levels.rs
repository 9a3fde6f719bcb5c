//! The arithmetic of rounding alone: to the nearest level forward, straight through backward.

use crate::train::plan::Steps;

/// One grid of levels: `s`, `z`, and the levels at its ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Levels {
    pub scale: f32,
    pub zero_point: f32,
    pub low: f32,
    pub high: f32,
}

impl Levels {
    /// The level of a number: to nearest, ties away from zero, as TFLM rounds; a NaN stays one.
    pub(super) fn level(self, x: f32, inverse: f32) -> f32 {
        let q = x * inverse + self.zero_point;
        let above = if q < self.low { self.low } else { q };
        let q = if above > self.high { self.high } else { above };
        // Adding 1.5 * 2^23 leaves no room for a fraction; it rounds ties to even, which is put right.
        const NO_FRACTION: f32 = 12_582_912.0;
        let even = (q + NO_FRACTION) - NO_FRACTION;
        let tie = (q - even).abs() == 0.5;
        if tie { q + if q < 0.0 { -0.5 } else { 0.5 } } else { even }
    }

    pub(super) fn round(self, x: &[f32], rounded: &mut [f32]) {
        let inverse = 1.0 / self.scale;
        for (x, to) in x.iter().zip(rounded) {
            *to = (self.level(*x, inverse) - self.zero_point) * self.scale;
        }
    }
}

/// Lets `dy` through where `x` lies inside the grid, and returns the derivative by the scale.
///
/// LSQ: `(q - z) - x / s` inside, the end level outside. PACT: only the ends.
pub(super) fn back(levels: Levels, steps: Steps, x: &[f32], dy: &mut [f32]) -> f32 {
    let inverse = 1.0 / levels.scale;
    let mut sum = 0f64;
    for (&x, dy) in x.iter().zip(dy) {
        let q = x * inverse + levels.zero_point;
        let slope = if q < levels.low {
            levels.low - levels.zero_point
        } else if q > levels.high {
            levels.high - levels.zero_point
        } else if steps == Steps::Lsq {
            levels.level(x, inverse) - q
        } else {
            0.0
        };
        sum += f64::from(*dy * slope);
        *dy = if q < levels.low || q > levels.high { 0.0 } else { *dy };
    }
    sum as f32
}

/// What the gradient of a step size is multiplied with, so that it moves as fast as the numbers it scales.
pub(super) fn balance(steps: Steps, numbers: usize, top: f32) -> f32 {
    match steps {
        // 1 / sqrt(N Qp), section 2.2 of the paper.
        Steps::Lsq => 1.0 / (numbers as f32 * top).sqrt(),
        // The clip is Qp times the step: its own gradient and movement, in steps.
        _ => 1.0 / (top * top),
    }
}
