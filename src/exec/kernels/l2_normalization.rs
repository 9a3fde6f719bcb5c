//! L2_NORMALIZATION over the last axis.

use crate::error::{Error, Result};
use crate::exec::fixed_point::inverse_square_root;
use crate::exec::kernel::{Io, Kernel};
use crate::exec::kernels::sigmoid::expect_output;
use crate::exec::site::{Site, affine};
use crate::model::Op;
use crate::model::op::Activation;
use crate::quant::{Arithmetic, Multiplier};
use crate::tensor::DType;

/// Prepares an L2_NORMALIZATION.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let (x, y) = site.same_type()?;
    if !matches!(site.node.op, Op::L2Normalization { activation: Activation::None }) {
        return Err(Error::unsupported("a fused activation; TFLM refuses it too"));
    }
    let depth = *x.shape.last().ok_or_else(|| Error::unsupported("a norm of a scalar"))?;
    Ok(match x.dtype {
        DType::Float32 => Box::new(FloatNormalization { depth }),
        DType::Int8 => {
            expect_output(y, (1.0 / 128.0, 0))?;
            let arithmetic = site.options.arithmetic;
            Box::new(IntegerNormalization { depth, zero_point: affine(x)?.1, arithmetic })
        }
        _ => return Err(site.unsupported_types()),
    })
}

struct FloatNormalization {
    depth: usize,
}

impl Kernel for FloatNormalization {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<f32, f32>();
        for (row, results) in x.chunks_exact(self.depth).zip(y.chunks_exact_mut(self.depth)) {
            let mut sum = 0.0;
            for x in row {
                sum += x * x;
            }
            let norm = libm::sqrtf(sum).max(1e-6);
            for (result, x) in results.iter_mut().zip(row) {
                *result = x / norm;
            }
        }
    }
}

/// *Source*: TFLM's `integer_ops/l2normalization.h`.
struct IntegerNormalization {
    depth: usize,
    zero_point: i32,
    arithmetic: Arithmetic,
}

impl Kernel for IntegerNormalization {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<i8, i8>();
        for (row, results) in x.chunks_exact(self.depth).zip(y.chunks_exact_mut(self.depth)) {
            let mut sum = 0i32;
            for &x in row {
                let centred = i32::from(x) - self.zero_point;
                sum = sum.wrapping_add(centred * centred);
            }
            let Multiplier { fraction, shift } = inverse_square_root(sum);
            // Outputs are in steps of 2^-7.
            let multiplier = Multiplier { fraction, shift: shift + 7 };
            for (result, &x) in results.iter_mut().zip(row) {
                let centred = i32::from(x) - self.zero_point;
                let scaled = crate::exec::arithmetic::scale_fixed(self.arithmetic, multiplier, centred);
                *result = scaled.clamp(i8::MIN.into(), i8::MAX.into()) as i8;
            }
        }
    }
}
