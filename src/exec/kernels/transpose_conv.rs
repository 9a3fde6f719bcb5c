//! TRANSPOSE_CONV: the convolution run backwards. Inputs are `[output_shape, filter, input, bias?]`.
//!
//! Letters as in [`super::conv`], with the roles changed: the window of a convolution from the output image to the input
//! image says which input pixels an output pixel sums.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::exec::arithmetic::{Accumulator, Integer, Requantize};
use crate::exec::kernel::{Io, Kernel};
use crate::exec::site::{Site, affine, image};
use crate::exec::weights::{Types, bias, float_bias, narrow_bias, symmetric, types};
use crate::model::op::{Padding, TransposeConv};
use crate::model::shape::same_padding;
use crate::model::{Op, Value};

/// Where outputs read inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Geometry {
    /// `[batch, height, width, channels]`.
    input: [usize; 4],
    /// `[batch, height, width, channels]`.
    output: [usize; 4],
    /// `[height, width]`.
    filter: [usize; 2],
    stride: [usize; 2],
    pad: [usize; 2],
}

impl Geometry {
    fn new(site: &Site<'_>, op: &TransposeConv) -> Result<Self> {
        let (w, x, y) = (image(site.input(1)?)?, image(site.input(2)?)?, image(site.output(0)?)?);
        let filter = [w[1], w[2]];
        if w[0] != y[3] || w[3] != x[3] || x[0] != y[0] || filter.contains(&0) || op.stride.contains(&0) {
            return Err(Error::format(format!("a filter of shape {w:?} does not turn {x:?} into {y:?}")));
        }
        let before = |axis: usize| match op.padding {
            Padding::Same => same_padding(y[axis + 1], filter[axis], op.stride[axis], 1).1,
            Padding::Valid => 0,
        };
        Ok(Self { input: x, output: y, filter, stride: op.stride, pad: [before(0), before(1)] })
    }

    /// The input row (axis 0) or column (axis 1) that reaches output `position` through filter tap `tap`.
    fn source(&self, axis: usize, position: usize, tap: usize) -> Option<usize> {
        let distance = (position + self.pad[axis]).checked_sub(tap)?;
        let source = distance / self.stride[axis];
        (distance.is_multiple_of(self.stride[axis]) && source < self.input[axis + 1]).then_some(source)
    }

    /// Calls `visit(input index, weight index)` for every product in output channel `d` at `(b, y, x)`, input pixels in
    /// order, so that float sums are those of TFLM, which goes from inputs to outputs.
    fn for_each_tap(&self, [b, y, x, d]: [usize; 4], mut visit: impl FnMut(usize, usize)) {
        let [_, height, width, channels] = self.input;
        let [filter_height, filter_width] = self.filter;
        for k in (0..filter_height).rev() {
            let Some(row) = self.source(0, y, k) else { continue };
            for l in (0..filter_width).rev() {
                let Some(column) = self.source(1, x, l) else { continue };
                let from = ((b * height + row) * width + column) * channels;
                let weight = ((d * filter_height + k) * filter_width + l) * channels;
                for c in 0..channels {
                    visit(from + c, weight + c);
                }
            }
        }
    }

    /// Calls `visit(index, [b, y, x, d])` for every output, in order.
    fn for_each_output(&self, mut visit: impl FnMut(usize, [usize; 4])) {
        let [batches, height, width, channels] = self.output;
        let mut index = 0;
        for b in 0..batches {
            for y in 0..height {
                for x in 0..width {
                    for d in 0..channels {
                        visit(index, [b, y, x, d]);
                        index += 1;
                    }
                }
            }
        }
    }
}

/// Prepares a TRANSPOSE_CONV.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let Op::TransposeConv(op) = site.node.op else {
        return Err(Error::parameter(format!("{} is not TRANSPOSE_CONV", site.node.op.name())));
    };
    let geometry = Geometry::new(site, &op)?;
    let channels = geometry.output[3];
    Ok(match types(site, 1, 3, 2)? {
        Types::Float => Box::new(FloatTransposeConv {
            geometry,
            weights: site.real_constant(1)?,
            bias: float_bias(site, 3, channels)?,
            clamp: site.float_clamp(op.activation)?,
        }),
        Types::Int8 | Types::Int8Offset => Box::new(integers::<i8, _>(site, &op, geometry, Value::to_i32)?),
        Types::Int16Wide => Box::new(integers::<i16, _>(site, &op, geometry, Value::to_i64)?),
        Types::Int16Narrow => return Err(narrow_bias()),
        Types::Uint8 => return Err(site.unsupported_types()),
    })
}

struct FloatTransposeConv {
    geometry: Geometry,
    weights: Vec<f32>,
    bias: Vec<f32>,
    clamp: (f32, f32),
}

impl Kernel for FloatTransposeConv {
    fn run(&mut self, io: &mut Io<'_>) {
        let split = io.split::<f32>(0);
        let (input, output) = (split.inputs.get::<f32>(2), split.output);
        self.geometry.for_each_output(|index, at| {
            let mut sum = 0.0;
            self.geometry.for_each_tap(at, |from, weight| sum += self.weights[weight] * input[from]);
            output[index] = (sum + self.bias[at[3]]).clamp(self.clamp.0, self.clamp.1);
        });
    }
}

struct IntegerTransposeConv<T, A> {
    geometry: Geometry,
    weights: Vec<i8>,
    bias: Vec<A>,
    input_offset: i32,
    requantize: Requantize,
    element: PhantomData<T>,
}

fn integers<T, A: Accumulator>(
    site: &Site<'_>,
    op: &TransposeConv,
    geometry: Geometry,
    decode_bias: fn(&Value) -> Result<Vec<A>>,
) -> Result<IntegerTransposeConv<T, A>> {
    let channels = geometry.output[3];
    let (input_scale, input_zero_point) = affine(site.input(2)?)?;
    let quantization = site
        .input(1)?
        .quantization
        .as_ref()
        .ok_or_else(|| Error::format("the weights have no scale and zero point"))?;
    if quantization.is_per_channel() && quantization.axis != 0 {
        return Err(Error::unsupported(format!("scales of the weights differ along axis {}", quantization.axis)));
    }
    Ok(IntegerTransposeConv {
        geometry,
        weights: site.decoded(1, symmetric)?,
        bias: bias(site, 3, channels, decode_bias)?,
        input_offset: -input_zero_point,
        requantize: Requantize::new(
            site.options.arithmetic,
            input_scale,
            &quantization.scale,
            channels,
            site.output(0)?,
            op.activation,
        )?,
        element: PhantomData,
    })
}

impl<T: Integer, A: Accumulator> Kernel for IntegerTransposeConv<T, A> {
    fn run(&mut self, io: &mut Io<'_>) {
        let split = io.split::<T>(0);
        let (input, output) = (split.inputs.get::<T>(2), split.output);
        self.geometry.for_each_output(|index, at| {
            let mut sum = A::default();
            self.geometry.for_each_tap(at, |from, weight| {
                sum = sum.multiply_add(self.weights[weight].into(), input[from].into() + self.input_offset);
            });
            output[index] = T::narrow(sum.add(self.bias[at[3]]).requantize(&self.requantize, at[3]));
        });
    }
}
