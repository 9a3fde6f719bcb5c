//! Activations as operators of their own, number by number.

use crate::model::Op;

/// A function of one number.
#[derive(Debug, Clone, Copy)]
pub(super) enum Function {
    Relu,
    Relu6,
    LeakyRelu(f32),
    HardSwish,
    Logistic,
    Tanh,
}

/// The function of an operator, where it is one.
pub(super) fn function(op: &Op) -> Option<Function> {
    Some(match *op {
        Op::Relu => Function::Relu,
        Op::Relu6 => Function::Relu6,
        Op::LeakyRelu { alpha } => Function::LeakyRelu(alpha),
        Op::HardSwish => Function::HardSwish,
        Op::Logistic => Function::Logistic,
        Op::Tanh => Function::Tanh,
        _ => return None,
    })
}

impl Function {
    pub fn value(self, x: f32) -> f32 {
        match self {
            // Written so that a NaN stays one.
            Self::Relu => {
                if x < 0.0 {
                    0.0
                } else {
                    x
                }
            }
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::LeakyRelu(alpha) => {
                if x > 0.0 {
                    x
                } else {
                    x * alpha
                }
            }
            Self::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Self::Logistic => 1.0 / (1.0 + libm::expf(-x)),
            Self::Tanh => libm::tanhf(x),
        }
    }

    /// The derivative at `x`, where the function is `y`.
    pub fn slope(self, x: f32, y: f32) -> f32 {
        let inside = |low: f32, high: f32| if x > low && x < high { 1.0 } else { 0.0 };
        match self {
            Self::Relu => inside(0.0, f32::INFINITY),
            Self::Relu6 => inside(0.0, 6.0),
            Self::LeakyRelu(alpha) => {
                if x > 0.0 {
                    1.0
                } else {
                    alpha
                }
            }
            Self::HardSwish => {
                if x >= 3.0 {
                    1.0
                } else {
                    inside(-3.0, 3.0) * (2.0 * x + 3.0) / 6.0
                }
            }
            Self::Logistic => y * (1.0 - y),
            Self::Tanh => 1.0 - y * y,
        }
    }
}
