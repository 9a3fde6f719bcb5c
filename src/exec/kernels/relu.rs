//! Piecewise linear activations as operators of their own: RELU, RELU6, LEAKY_RELU, PRELU.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::exec::arithmetic::{Integer, activation_range, factor_of_256, integer_range, scale_fixed, scale_of_256};
use crate::exec::kernel::{Io, Kernel};
use crate::exec::site::{Site, affine};
use crate::exec::walk::Walk;
use crate::model::Op;
use crate::model::op::Activation;
use crate::quant::{Arithmetic, Multiplier};
use crate::tensor::DType;

/// Prepares a RELU, RELU6 or LEAKY_RELU.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let (x, _) = site.same_type()?;
    Ok(match (&site.node.op, x.dtype) {
        (Op::Relu, DType::Float32) => Box::new(FloatUnary(|x| if x < 0.0 { 0.0 } else { x })),
        (Op::Relu6, DType::Float32) => Box::new(FloatUnary(|x: f32| x.clamp(0.0, 6.0))),
        (&Op::LeakyRelu { alpha }, DType::Float32) => {
            Box::new(FloatUnary(move |x| if x > 0.0 { x } else { x * alpha }))
        }
        (_, DType::Int8) => Box::new(integers::<i8>(site)?),
        (_, DType::Int16) => Box::new(integers::<i16>(site)?),
        _ => return Err(site.unsupported_types()),
    })
}

/// A real function of each element.
pub struct FloatUnary<F>(pub F);

impl<F: FnMut(f32) -> f32 + Send> Kernel for FloatUnary<F> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<f32, f32>();
        for (y, &x) in y.iter_mut().zip(x) {
            *y = (self.0)(x);
        }
    }
}

/// A straight line through zero.
#[derive(Debug, Clone, Copy)]
enum Slope {
    /// Copies the integer, as RELU6 does.
    One,
    /// In fixed point.
    Fixed(Multiplier),
    /// XNNPACK's, in units of 1/256.
    Of256(i32),
}

/// Two straight lines that meet at the input's zero point, then a clamp.
struct TwoLines<T> {
    arithmetic: Arithmetic,
    input_zero_point: i32,
    zero_point: i32,
    /// Slope from the zero point up.
    positive: Slope,
    /// Slope below the zero point.
    negative: Slope,
    clamp: (i32, i32),
    element: PhantomData<T>,
}

/// *Source*: TFLM's `activations_common.cc` and `leaky_relu_common.cc`; XNNPACK's `qs8-vlrelu` for `int8` LEAKY_RELU under
/// [`Arithmetic::Xnnpack`].
fn integers<T: Integer>(site: &Site<'_>) -> Result<TwoLines<T>> {
    let (x, y) = (site.input(0)?, site.output(0)?);
    let ((input_scale, input_zero_point), (scale, mut zero_point)) = (affine(x)?, affine(y)?);
    let (positive, negative, clamp) = match site.node.op {
        Op::Relu => {
            let slope = Slope::Fixed(Multiplier::new(f64::from(input_scale) / f64::from(scale)));
            (slope, slope, activation_range(Activation::Relu, y)?)
        }
        Op::Relu6 => {
            // TFLM clamps the input's integers and copies them, whatever scale the output has; so does the device.
            zero_point = input_zero_point;
            (Slope::One, Slope::One, activation_range(Activation::Relu6, x)?)
        }
        Op::LeakyRelu { alpha } if !alpha.is_finite() => {
            return Err(Error::numeric(format!("the slope {alpha} below zero")));
        }
        Op::LeakyRelu { alpha } => {
            let xnnpack = site.options.arithmetic == Arithmetic::Xnnpack && y.dtype == DType::Int8;
            let ratio = input_scale / scale;
            let short = (factor_of_256(ratio), factor_of_256(ratio * alpha));
            let (positive, negative) = match short {
                (Some(positive), Some(negative)) if xnnpack => (Slope::Of256(positive), Slope::Of256(negative)),
                _ => {
                    let fixed = |ratio: f64| Slope::Fixed(Multiplier::new(ratio));
                    // TFLM takes both quotients in float64 since 13 October 2026; LiteRT takes them in float32.
                    if site.options.arithmetic == Arithmetic::Tflm {
                        let ratio = |slope: f32| f64::from(input_scale) * f64::from(slope) / f64::from(scale);
                        (fixed(ratio(1.0)), fixed(ratio(alpha)))
                    } else {
                        (fixed(ratio.into()), fixed((input_scale * alpha / scale).into()))
                    }
                }
            };
            (positive, negative, integer_range(y.dtype)?)
        }
        ref other => return Err(Error::parameter(format!("{} is no rectifier", other.name()))),
    };
    Ok(TwoLines {
        arithmetic: site.options.arithmetic,
        input_zero_point,
        zero_point,
        positive,
        negative,
        clamp,
        element: PhantomData,
    })
}

impl<T: Integer> Kernel for TwoLines<T> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<T, T>();
        for (y, &x) in y.iter_mut().zip(x) {
            let centred = x.into() - self.input_zero_point;
            let scaled = match if centred >= 0 { self.positive } else { self.negative } {
                Slope::One => centred,
                Slope::Fixed(slope) => scale_fixed(self.arithmetic, slope, centred),
                Slope::Of256(slope) => scale_of_256(slope, centred),
            };
            *y = T::narrow(scaled.saturating_add(self.zero_point).clamp(self.clamp.0, self.clamp.1));
        }
    }
}

/// Prepares a PRELU: negative inputs are multiplied by `alpha`, the second input, broadcast.
pub fn prepare_prelu(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let (x, y) = site.same_type()?;
    let alpha = site.input(1)?;
    let walk = Walk::broadcast([&x.shape, &alpha.shape], &y.shape)?;
    Ok(match (x.dtype, alpha.dtype) {
        (DType::Float32, DType::Float32) => Box::new(FloatPrelu(walk)),
        (DType::Int8, DType::Int8) => Box::new(prelu_integers::<i8>(site, walk)?),
        (DType::Int16, DType::Int8) => Box::new(prelu_integers::<i16>(site, walk)?),
        _ => return Err(site.unsupported_types()),
    })
}

struct FloatPrelu(Walk<2>);

impl Kernel for FloatPrelu {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, alpha, y) = io.binary::<f32, f32, f32>();
        self.0.for_each(|to, [i, j]| y[to] = if x[i] >= 0.0 { x[i] } else { x[i] * alpha[j] });
    }
}

struct IntegerPrelu<T> {
    walk: Walk<2>,
    arithmetic: Arithmetic,
    input_zero_point: i32,
    alpha_zero_point: i32,
    zero_point: i32,
    positive: Multiplier,
    /// For the product of input and alpha.
    negative: Multiplier,
    range: (i32, i32),
    element: PhantomData<T>,
}

/// *Source*: TFLM's `prelu_common.cc`.
fn prelu_integers<T: Integer>(site: &Site<'_>, walk: Walk<2>) -> Result<IntegerPrelu<T>> {
    let (x, alpha, y) = (site.input(0)?, site.input(1)?, site.output(0)?);
    let (input_scale, input_zero_point) = affine(x)?;
    let (alpha_scale, alpha_zero_point) = affine(alpha)?;
    let (scale, zero_point) = affine(y)?;
    Ok(IntegerPrelu {
        walk,
        arithmetic: site.options.arithmetic,
        input_zero_point,
        alpha_zero_point,
        zero_point,
        positive: Multiplier::new(f64::from(input_scale) / f64::from(scale)),
        negative: Multiplier::new(f64::from(input_scale) * f64::from(alpha_scale) / f64::from(scale)),
        range: integer_range(y.dtype)?,
        element: PhantomData,
    })
}

impl<T: Integer> Kernel for IntegerPrelu<T> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, alpha, y) = io.binary::<T, i8, T>();
        self.walk.for_each(|to, [i, j]| {
            let centred = x[i].into() - self.input_zero_point;
            let scaled = if centred >= 0 {
                scale_fixed(self.arithmetic, self.positive, centred)
            } else {
                let alpha = i32::from(alpha[j]) - self.alpha_zero_point;
                scale_fixed(self.arithmetic, self.negative, centred.wrapping_mul(alpha))
            };
            y[to] = T::narrow(scaled.saturating_add(self.zero_point).clamp(self.range.0, self.range.1));
        });
    }
}
