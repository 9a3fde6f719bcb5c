//! CONV_2D and DEPTHWISE_CONV_2D.
//!
//! Letters: `B` batch, `H W C` the input image, `Y X D` the output image, `K L` filter rows and columns, `I` input
//! channels of one filter (`C`, or less where the convolution is grouped).

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::exec::arithmetic::{Accumulator, Integer, Requantize};
use crate::exec::kernel::{Io, Kernel};
use crate::exec::site::{Site, affine, image};
use crate::exec::weights::{Types, bias, centred, float_bias, narrow_bias, symmetric, types};
use crate::exec::window::Window;
use crate::model::op::{Activation, Padding};
use crate::model::{Op, Value};

/// How the filters of a convolution read the channels of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// CONV_2D, weights `[D, K, L, I]`: each reads `depth` channels. `per_group` filters in turn read the same channels;
    /// unless the convolution is grouped, `depth` is `C` and `per_group` is `D`.
    Dense {
        /// `I`.
        depth: usize,
        /// Filters that read the same channels.
        per_group: usize,
    },
    /// DEPTHWISE_CONV_2D, weights `[1, K, L, D]`: filter `d` reads channel `d / multiplier`.
    Depthwise {
        /// `D / C`.
        multiplier: usize,
    },
}

/// Weights, bias and everything else of an integer convolution, decoded and checked.
///
/// The obvious kernels run it as it is; fast ones repack it. `W` is the type of the decoded weights: `i8`, or `i16`
/// for the old `uint8` scheme with the zero point subtracted. `A` is the accumulator, which the bias has too.
#[derive(Debug, Clone)]
pub struct Integers<W, A> {
    /// The geometry.
    pub window: Window,
    /// How filters read channels.
    pub filter: Filter,
    /// `[D, K, L, I]` for CONV_2D, `[1, K, L, D]` for DEPTHWISE_CONV_2D.
    pub weights: Vec<W>,
    /// `[D]`, zeros where the node has no bias.
    pub bias: Vec<A>,
    /// Added to each input: minus its zero point.
    pub input_offset: i32,
    /// From accumulators to outputs, by output channel.
    pub requantize: Requantize,
}

/// The attributes that the two operators share.
struct Attributes {
    padding: Padding,
    stride: [usize; 2],
    dilation: [usize; 2],
    activation: Activation,
    /// Whether the filter is `[1, K, L, D]`.
    depthwise: bool,
}

fn attributes(site: &Site<'_>) -> Result<Attributes> {
    match &site.node.op {
        Op::Conv2d(op) => Ok(Attributes {
            padding: op.padding,
            stride: op.stride,
            dilation: op.dilation,
            activation: op.activation,
            depthwise: false,
        }),
        Op::DepthwiseConv2d(op) => Ok(Attributes {
            padding: op.padding,
            stride: op.stride,
            dilation: op.dilation,
            activation: op.activation,
            depthwise: true,
        }),
        other => Err(Error::parameter(format!("{} is not a convolution", other.name()))),
    }
}

/// Checks the shapes of input, filter and output, and lays the window.
fn geometry(site: &Site<'_>, attributes: &Attributes) -> Result<(Window, Filter)> {
    let (x, w, y) = (image(site.input(0)?)?, image(site.input(1)?)?, image(site.output(0)?)?);
    let (channels, filters) = (x[3], y[3]);
    let divides = |a: usize, b: usize| a != 0 && b >= a && b.is_multiple_of(a);
    let filter = if attributes.depthwise {
        (w[0] == 1 && w[3] == filters && divides(channels, filters))
            .then(|| Filter::Depthwise { multiplier: filters / channels })
    } else {
        let depth = w[3];
        (w[0] == filters && divides(depth, channels) && divides(channels / depth, filters))
            .then(|| Filter::Dense { depth, per_group: filters / (channels / depth) })
    };
    let filter = filter.ok_or_else(|| {
        Error::format(format!("a filter of shape {w:?} does not turn {channels} channels into {filters}"))
    })?;
    let Attributes { stride, dilation, padding, .. } = *attributes;
    Ok((Window::new(x, y, [w[1], w[2]], stride, dilation, padding)?, filter))
}

/// Decodes an integer convolution with weights `W` (decoded by `decode`) and accumulator `A`.
///
/// # Errors
/// Everything that would make the result differ from the device's: see the messages.
pub fn integers<W, A: Accumulator>(
    site: &Site<'_>,
    decode: fn(&Value) -> Result<Vec<W>>,
    decode_bias: fn(&Value) -> Result<Vec<A>>,
) -> Result<Integers<W, A>> {
    let attributes = attributes(site)?;
    let (window, filter) = geometry(site, &attributes)?;
    let (x, w, y) = (site.input(0)?, site.input(1)?, site.output(0)?);
    let channels = window.output[3];
    let (input_scale, input_zero_point) = affine(x)?;
    let weights = site.decoded(1, decode)?;
    let quantization =
        w.quantization.as_ref().ok_or_else(|| Error::format("the weights have no scale and zero point"))?;
    if quantization.is_per_channel() && quantization.axis != if attributes.depthwise { 3 } else { 0 } {
        return Err(Error::unsupported(format!("scales of the weights differ along axis {}", quantization.axis)));
    }
    let bias = bias(site, 2, channels, decode_bias)?;
    let requantize =
        Requantize::new(site.options.arithmetic, input_scale, &quantization.scale, channels, y, attributes.activation)?;
    Ok(Integers { window, filter, weights, bias, input_offset: -input_zero_point, requantize })
}

/// A float convolution, decoded; integer weights of hybrid files are dequantized.
#[derive(Debug, Clone)]
pub struct Floats {
    /// The geometry.
    pub window: Window,
    /// How filters read channels.
    pub filter: Filter,
    /// `[D, K, L, I]` for CONV_2D, `[1, K, L, D]` for DEPTHWISE_CONV_2D.
    pub weights: Vec<f32>,
    /// `[D]`, zeros where the node has no bias.
    pub bias: Vec<f32>,
    /// The fused activation's interval.
    pub clamp: (f32, f32),
}

/// Decodes a float convolution.
///
/// # Errors
/// As [`integers`].
pub fn floats(site: &Site<'_>) -> Result<Floats> {
    let attributes = attributes(site)?;
    let (window, filter) = geometry(site, &attributes)?;
    let weights = site.real_constant(1)?;
    let bias = float_bias(site, 2, window.output[3])?;
    Ok(Floats { window, filter, weights, bias, clamp: site.float_clamp(attributes.activation)? })
}

/// Prepares a CONV_2D or DEPTHWISE_CONV_2D.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    fn boxed<T: Integer, W: Copy + Into<i32> + Send + 'static, A: Accumulator + 'static>(
        integers: Integers<W, A>,
    ) -> Box<dyn Kernel> {
        Box::new(IntegerConv { integers, element: PhantomData::<T> })
    }
    Ok(match types(site, 1, 2, 0)? {
        Types::Float => Box::new(FloatConv(floats(site)?)),
        Types::Int8 | Types::Int8Offset => boxed::<i8, _, _>(integers(site, symmetric, Value::to_i32)?),
        Types::Int16Narrow if matches!(site.node.op, Op::DepthwiseConv2d(_)) => return Err(narrow_bias()),
        Types::Int16Narrow => boxed::<i16, _, _>(integers(site, symmetric, Value::to_i32)?),
        Types::Int16Wide => boxed::<i16, _, _>(integers(site, symmetric, Value::to_i64)?),
        Types::Uint8 => boxed::<u8, _, _>(integers(site, centred, Value::to_i32)?),
    })
}

/// Calls `visit(input index, weight index)` for every multiply-accumulate of output channel `d` at `(b, y, x)`.
fn for_each_tap(window: &Window, filter: Filter, [b, y, x, d]: [usize; 4], mut visit: impl FnMut(usize, usize)) {
    let [filter_height, filter_width] = window.filter;
    let channels = window.output[3];
    for k in 0..filter_height {
        let Some(row) = window.row(y, k) else { continue };
        for l in 0..filter_width {
            let Some(column) = window.column(x, l) else { continue };
            let pixel = window.input_at(b, row, column);
            match filter {
                Filter::Depthwise { multiplier } => {
                    visit(pixel + d / multiplier, (k * filter_width + l) * channels + d);
                }
                Filter::Dense { depth, per_group } => {
                    let from = pixel + d / per_group * depth;
                    let weight = ((d * filter_height + k) * filter_width + l) * depth;
                    for i in 0..depth {
                        visit(from + i, weight + i);
                    }
                }
            }
        }
    }
}

/// The obvious float loop.
struct FloatConv(Floats);

impl Kernel for FloatConv {
    fn run(&mut self, io: &mut Io<'_>) {
        let (input, output) = io.unary::<f32, f32>();
        let Floats { window, filter, weights, bias, clamp } = &self.0;
        let channels = window.output[3];
        window.for_each_output(|index, [b, y, x]| {
            for d in 0..channels {
                let mut sum = 0.0;
                for_each_tap(window, *filter, [b, y, x, d], |from, weight| sum += weights[weight] * input[from]);
                output[index + d] = (sum + bias[d]).clamp(clamp.0, clamp.1);
            }
        });
    }
}

/// The obvious integer loop, for activations of type `T`.
struct IntegerConv<T, W, A> {
    integers: Integers<W, A>,
    element: PhantomData<T>,
}

impl<T: Integer, W: Copy + Into<i32> + Send, A: Accumulator> Kernel for IntegerConv<T, W, A> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (input, output) = io.unary::<T, T>();
        let Integers { window, filter, weights, bias, input_offset, requantize } = &self.integers;
        let channels = window.output[3];
        window.for_each_output(|index, [b, y, x]| {
            for d in 0..channels {
                let mut sum = A::default();
                for_each_tap(window, *filter, [b, y, x, d], |from, weight| {
                    sum = sum.multiply_add(weights[weight].into(), input[from].into() + input_offset);
                });
                output[index + d] = T::narrow(sum.add(bias[d]).requantize(requantize, d));
            }
        });
    }
}
