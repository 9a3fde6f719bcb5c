//! ADD, SUB and MUL, with broadcasting.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::exec::arithmetic::{Integer, activation_range, scale_fixed};
use crate::exec::kernel::{Io, Kernel};
use crate::exec::site::{Site, affine};
use crate::exec::walk::Walk;
use crate::exec::weights::expect_symmetric;
use crate::model::Op;
use crate::model::op::Activation;
use crate::quant::{Arithmetic, Multiplier};
use crate::tensor::DType;

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `a + b`.
    Add,
    /// `a - b`.
    Sub,
    /// `a * b`.
    Mul,
}

/// Prepares an ADD, SUB or MUL.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let (function, activation) = match site.node.op {
        Op::Add { activation, .. } => (Function::Add, activation),
        Op::Sub { activation, .. } => (Function::Sub, activation),
        Op::Mul { activation } => (Function::Mul, activation),
        ref other => return Err(Error::parameter(format!("{} is not ADD, SUB or MUL", other.name()))),
    };
    let (a, b, y) = (site.input(0)?, site.input(1)?, site.output(0)?);
    if a.dtype != b.dtype || a.dtype != y.dtype {
        return Err(site.unsupported_types());
    }
    let broadcast = Walk::broadcast([&a.shape, &b.shape], &y.shape)?;
    Ok(match y.dtype {
        DType::Float32 => Box::new(FloatBinary { function, broadcast, clamp: site.float_clamp(activation)? }),
        DType::Int8 => boxed::<i8>(site, function, activation, broadcast)?,
        DType::Int16 => {
            if function == Function::Mul {
                for value in [a, b, y] {
                    expect_symmetric("a value", value)?;
                }
            }
            boxed::<i16>(site, function, activation, broadcast)?
        }
        DType::Int32 => {
            if activation != Activation::None || a.quantization.is_some() || b.quantization.is_some() {
                return Err(Error::unsupported("int32 with a quantization or a fused activation"));
            }
            Box::new(PlainBinary { function, broadcast })
        }
        _ => return Err(site.unsupported_types()),
    })
}

/// From two integers with their zero points subtracted to the output before its zero point.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// ADD and SUB in TFLM: both inputs are shifted up and brought to a common scale, then the sum is scaled.
    FixedSum {
        /// Bits shifted up.
        left_shift: u32,
        /// To the common scale: half of each input's scale over the larger one.
        inputs: [Multiplier; 2],
        /// From the common scale to the output's.
        output: Multiplier,
    },
    /// ADD and SUB in XNNPACK: integer factors of 20 bits and one shift, ties up.
    IntegerSum {
        /// Each input's scale over the output's, times `2^shift`; negative for a subtrahend.
        factors: [i32; 2],
        /// Bits shifted down.
        shift: u32,
    },
    /// MUL in TFLM.
    FixedProduct(Multiplier),
    /// MUL in XNNPACK: `float32`, ties to even.
    FloatProduct(f32),
}

/// Everything of an integer ADD, SUB or MUL, checked.
#[derive(Debug, Clone)]
pub struct Integers {
    /// Whether the second input is subtracted (in [`Rule::FixedSum`]).
    pub subtract: bool,
    /// Single or double rounding, for the fixed-point rules.
    pub arithmetic: Arithmetic,
    /// How inputs become an output.
    pub rule: Rule,
    /// Zero points of the inputs.
    pub input_zero_points: [i32; 2],
    /// Zero point of the output.
    pub zero_point: i32,
    /// Smallest and largest output.
    pub clamp: (i32, i32),
    /// How the inputs are broadcast.
    pub broadcast: Walk<2>,
}

impl Integers {
    /// The output for one element of each input.
    pub fn apply(&self, a: i32, b: i32) -> i32 {
        let (a, b) = (a - self.input_zero_points[0], b - self.input_zero_points[1]);
        let scaled = match self.rule {
            Rule::FixedSum { left_shift, inputs, output } => {
                let a = scale_fixed(self.arithmetic, inputs[0], a.wrapping_shl(left_shift));
                let b = scale_fixed(self.arithmetic, inputs[1], b.wrapping_shl(left_shift));
                let sum = if self.subtract { a.wrapping_sub(b) } else { a.wrapping_add(b) };
                scale_fixed(self.arithmetic, output, sum)
            }
            Rule::IntegerSum { factors, shift } => {
                let sum = a.wrapping_mul(factors[0]).wrapping_add(b.wrapping_mul(factors[1]));
                sum.wrapping_add(1 << (shift - 1)) >> shift
            }
            Rule::FixedProduct(multiplier) => scale_fixed(self.arithmetic, multiplier, a.wrapping_mul(b)),
            Rule::FloatProduct(scale) => {
                let (low, high) = (self.clamp.0 - self.zero_point, self.clamp.1 - self.zero_point);
                (a.wrapping_mul(b) as f32 * scale).clamp(low as f32, high as f32).round_ties_even() as i32
            }
        };
        scaled.saturating_add(self.zero_point).clamp(self.clamp.0, self.clamp.1)
    }
}

/// Checks an integer ADD, SUB or MUL and computes its factors.
///
/// *Source*: TFLM's `add_common.cc`, `sub_common.cc` and `mul_common.cc`, factors in `double`;
/// XNNPACK's `qs8-vadd` for `int8` under [`Arithmetic::Xnnpack`].
///
/// # Errors
/// As the other prepare functions.
pub fn integers(site: &Site<'_>, function: Function, activation: Activation, broadcast: Walk<2>) -> Result<Integers> {
    let (a, b, y) = (site.input(0)?, site.input(1)?, site.output(0)?);
    let ((scale_a, zero_a), (scale_b, zero_b), (scale, zero_point)) = (affine(a)?, affine(b)?, affine(y)?);
    let xnnpack = site.options.arithmetic == Arithmetic::Xnnpack && y.dtype == DType::Int8;
    let rule = match function {
        Function::Mul if xnnpack => Rule::FloatProduct(scale_a * scale_b / scale),
        Function::Mul => {
            Rule::FixedProduct(Multiplier::new(f64::from(scale_a) * f64::from(scale_b) / f64::from(scale)))
        }
        Function::Add | Function::Sub if xnnpack => integer_sum(scale_a / scale, scale_b / scale, function)?,
        Function::Add | Function::Sub => {
            let left_shift = left_shift(y.dtype);
            let twice_max = 2.0 * f64::from(scale_a.max(scale_b));
            fixed_sum(
                left_shift,
                [f64::from(scale_a) / twice_max, f64::from(scale_b) / twice_max],
                twice_max / (f64::from(1u32 << left_shift) * f64::from(scale)),
            )?
        }
    };
    Ok(Integers {
        subtract: function == Function::Sub,
        arithmetic: site.options.arithmetic,
        rule,
        input_zero_points: [zero_a, zero_b],
        zero_point,
        clamp: activation_range(activation, y)?,
        broadcast,
    })
}

fn left_shift(dtype: DType) -> u32 {
    if dtype == DType::Int16 { 15 } else { 20 }
}

fn fixed_sum(left_shift: u32, inputs: [f64; 2], output: f64) -> Result<Rule> {
    // TFLM stops the device at factors of one and more.
    if !(output > 0.0 && output < 1.0) || inputs.iter().any(|&input| !(input > 0.0 && input < 1.0)) {
        return Err(Error::numeric("the output's scale is too small beside those of the inputs"));
    }
    Ok(Rule::FixedSum { left_shift, inputs: inputs.map(Multiplier::new), output: Multiplier::new(output) })
}

fn integer_sum(a: f32, b: f32, function: Function) -> Result<Rule> {
    let largest = a.max(b);
    // XNNPACK takes ratios from 2^-10 to 2^8.
    if !(1.0 / 1024.0..256.0).contains(&largest) {
        return Err(Error::numeric(format!("a ratio of scales of {largest} is outside of XNNPACK's 1/1024 to 256")));
    }
    let (_, exponent) = libm::frexpf(largest);
    let shift = (20 - (exponent - 1)) as u32;
    let factor = |ratio: f32| libm::scalbnf(ratio, shift as i32).round_ties_even() as i32;
    let sign = if function == Function::Sub { -1 } else { 1 };
    Ok(Rule::IntegerSum { factors: [factor(a), sign * factor(b)], shift })
}

fn boxed<T: Integer>(
    site: &Site<'_>,
    function: Function,
    activation: Activation,
    broadcast: Walk<2>,
) -> Result<Box<dyn Kernel>> {
    let integers = integers(site, function, activation, broadcast)?;
    Ok(Box::new(IntegerBinary { integers, element: PhantomData::<T> }))
}

struct IntegerBinary<T> {
    integers: Integers,
    element: PhantomData<T>,
}

impl<T: Integer> Kernel for IntegerBinary<T> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (a, b, y) = io.binary::<T, T, T>();
        let integers = &self.integers;
        integers.broadcast.for_each(|to, [i, j]| y[to] = T::narrow(integers.apply(a[i].into(), b[j].into())));
    }
}

struct FloatBinary {
    function: Function,
    broadcast: Walk<2>,
    clamp: (f32, f32),
}

impl Kernel for FloatBinary {
    fn run(&mut self, io: &mut Io<'_>) {
        let (a, b, y) = io.binary::<f32, f32, f32>();
        let function = match self.function {
            Function::Add => |a: f32, b: f32| a + b,
            Function::Sub => |a: f32, b: f32| a - b,
            Function::Mul => |a: f32, b: f32| a * b,
        };
        self.broadcast.for_each(|to, [i, j]| y[to] = function(a[i], b[j]).clamp(self.clamp.0, self.clamp.1));
    }
}

/// `int32` without quantization, as indices are computed with; wraps.
struct PlainBinary {
    function: Function,
    broadcast: Walk<2>,
}

impl Kernel for PlainBinary {
    fn run(&mut self, io: &mut Io<'_>) {
        let (a, b, y) = io.binary::<i32, i32, i32>();
        let function = match self.function {
            Function::Add => i32::wrapping_add,
            Function::Sub => i32::wrapping_sub,
            Function::Mul => i32::wrapping_mul,
        };
        self.broadcast.for_each(|to, [i, j]| y[to] = function(a[i], b[j]));
    }
}
