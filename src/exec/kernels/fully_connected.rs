//! FULLY_CONNECTED: a matrix product.
//!
//! Letters: `B` rows of the input (everything but its last dimension), `I` inputs of a row, `D` outputs of a row.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::exec::arithmetic::{Accumulator, Integer, Requantize};
use crate::exec::kernel::{Io, Kernel};
use crate::exec::site::{Site, affine};
use crate::exec::weights::{Types, bias, centred, float_bias, symmetric, types};
use crate::model::op::FullyConnected;
use crate::model::{Op, Value};

/// Weights, bias and everything else of an integer FULLY_CONNECTED; `W` and `A` as in [`super::conv::Integers`].
#[derive(Debug, Clone)]
pub struct Integers<W, A> {
    /// `[B, I, D]`.
    pub size: [usize; 3],
    /// `[D, I]`.
    pub weights: Vec<W>,
    /// `[D]`, zeros where the node has no bias.
    pub bias: Vec<A>,
    /// Added to each input: minus its zero point.
    pub input_offset: i32,
    /// From accumulators to outputs, by output.
    pub requantize: Requantize,
}

/// A float FULLY_CONNECTED, decoded; integer weights of hybrid files are dequantized.
#[derive(Debug, Clone)]
pub struct Floats {
    /// `[B, I, D]`.
    pub size: [usize; 3],
    /// `[D, I]`.
    pub weights: Vec<f32>,
    /// `[D]`, zeros where the node has no bias.
    pub bias: Vec<f32>,
    /// The fused activation's interval.
    pub clamp: (f32, f32),
}

fn attributes(site: &Site<'_>) -> Result<FullyConnected> {
    match &site.node.op {
        Op::FullyConnected(op) if op.shuffled_weights => {
            Err(Error::unsupported("its weights lie in the shuffled layout of old optimised kernels"))
        }
        Op::FullyConnected(op) => Ok(*op),
        other => Err(Error::parameter(format!("{} is not a FULLY_CONNECTED", other.name()))),
    }
}

/// `[B, I, D]`, checked against input, weights and output.
fn size(site: &Site<'_>) -> Result<[usize; 3]> {
    let (x, w, y) = (site.input(0)?, site.input(1)?, site.output(0)?);
    let [d, i] = w.shape[..] else {
        return Err(Error::unsupported(format!("weights of shape {:?} where two dimensions are expected", w.shape)));
    };
    // The input is flattened to rows of I elements, however its dimensions fall.
    if i == 0 || x.elements() % i != 0 {
        return Err(Error::format(format!("an input of shape {:?} does not divide into rows of {i}", x.shape)));
    }
    let b = x.elements() / i;
    if y.elements() != b * d || y.shape.last() != Some(&d) {
        return Err(Error::format(format!("{b} rows of {d} results do not fill the output {:?}", y.shape)));
    }
    Ok([b, i, d])
}

/// Decodes an integer FULLY_CONNECTED.
///
/// *Source*: TFLM's `fully_connected_common.cc`; where all weights have one scale, a bias must have the scale of the
/// products. (LiteRT and older TFLM form that product in `float32`; the vectors of `tests/golden` say `double`.)
///
/// # Errors
/// Everything that would make the result differ from the device's: see the messages.
pub fn integers<W, A: Accumulator>(
    site: &Site<'_>,
    decode: fn(&Value) -> Result<Vec<W>>,
    decode_bias: fn(&Value) -> Result<Vec<A>>,
) -> Result<Integers<W, A>> {
    let op = attributes(site)?;
    let size = size(site)?;
    let (x, w, y) = (site.input(0)?, site.input(1)?, site.output(0)?);
    let (input_scale, input_zero_point) = affine(x)?;
    let weights = site.decoded(1, decode)?;
    let quantization =
        w.quantization.as_ref().ok_or_else(|| Error::format("the weights have no scale and zero point"))?;
    let per_channel = quantization.is_per_channel();
    if per_channel && quantization.axis != 0 {
        return Err(Error::unsupported(format!("scales of the weights differ along axis {}", quantization.axis)));
    }
    if !per_channel {
        check_bias_scale(site, input_scale, quantization.scale_of(0), affine(y)?.0)?;
    }
    let bias = bias(site, 2, size[2], decode_bias)?;
    let requantize =
        Requantize::new(site.options.arithmetic, input_scale, &quantization.scale, size[2], y, op.activation)?;
    Ok(Integers { size, weights, bias, input_offset: -input_zero_point, requantize })
}

/// A bias with a scale other than that of the products would be added wrongly; TFLM refuses it, and so do we.
fn check_bias_scale(site: &Site<'_>, input: f32, weights: f32, output: f32) -> Result<()> {
    let Some(bias) = site.given(2).and_then(|value| value.quantization.as_ref()) else { return Ok(()) };
    let product = f64::from(input) * f64::from(weights);
    let scale = f64::from(bias.scale_of(0));
    if (product - scale).abs() / f64::from(output) > 0.02 {
        return Err(Error::numeric(format!("the bias has the scale {scale}, but the products have {product}")));
    }
    Ok(())
}

/// Decodes a float FULLY_CONNECTED.
///
/// # Errors
/// As [`integers`].
pub fn floats(site: &Site<'_>) -> Result<Floats> {
    let op = attributes(site)?;
    let size = size(site)?;
    let weights = site.real_constant(1)?;
    let bias = float_bias(site, 2, size[2])?;
    Ok(Floats { size, weights, bias, clamp: site.float_clamp(op.activation)? })
}

/// Prepares a FULLY_CONNECTED.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    fn boxed<T: Integer, W: Copy + Into<i32> + Send + 'static, A: Accumulator + 'static>(
        integers: Integers<W, A>,
    ) -> Box<dyn Kernel> {
        Box::new(IntegerProduct { integers, element: PhantomData::<T> })
    }
    Ok(match types(site, 1, 2, 0)? {
        Types::Float => Box::new(FloatProduct(floats(site)?)),
        Types::Int8 => boxed::<i8, _, _>(integers(site, symmetric, Value::to_i32)?),
        // One zero point of all weights is subtracted, as TFLM does; zero points by channel are refused.
        Types::Int8Offset => boxed::<i8, _, _>(integers(site, centred, Value::to_i32)?),
        Types::Int16Narrow => boxed::<i16, _, _>(integers(site, symmetric, Value::to_i32)?),
        Types::Int16Wide => boxed::<i16, _, _>(integers(site, symmetric, Value::to_i64)?),
        Types::Uint8 => boxed::<u8, _, _>(integers(site, centred, Value::to_i32)?),
    })
}

/// The obvious float loop.
struct FloatProduct(Floats);

impl Kernel for FloatProduct {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<f32, f32>();
        let Floats { size: [_, inputs, outputs], weights, bias, clamp } = &self.0;
        for (row, results) in x.chunks_exact(*inputs).zip(y.chunks_exact_mut(*outputs)) {
            for ((result, filter), bias) in results.iter_mut().zip(weights.chunks_exact(*inputs)).zip(bias) {
                let mut sum = 0.0;
                for (x, w) in row.iter().zip(filter) {
                    sum += x * w;
                }
                *result = (sum + bias).clamp(clamp.0, clamp.1);
            }
        }
    }
}

/// The obvious integer loop, for activations of type `T`.
struct IntegerProduct<T, W, A> {
    integers: Integers<W, A>,
    element: PhantomData<T>,
}

impl<T: Integer, W: Copy + Into<i32> + Send, A: Accumulator> Kernel for IntegerProduct<T, W, A> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<T, T>();
        let Integers { size: [_, inputs, outputs], weights, bias, input_offset, requantize } = &self.integers;
        for (row, results) in x.chunks_exact(*inputs).zip(y.chunks_exact_mut(*outputs)) {
            for (d, (result, filter)) in results.iter_mut().zip(weights.chunks_exact(*inputs)).enumerate() {
                let mut sum = A::default();
                for (&x, &w) in row.iter().zip(filter) {
                    sum = sum.multiply_add(w.into(), x.into() + input_offset);
                }
                *result = T::narrow(sum.add(bias[d]).requantize(requantize, d));
            }
        }
    }
}
