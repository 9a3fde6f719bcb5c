//! Fast kernels, which stand beside the obvious ones and give the same bits.
//!
//! A fast kernel enters by a row of [`TABLE`]. [`prepare`] asks the rows in order; the first that takes the node wins,
//! and a node that none takes gets its obvious kernel. A row starts from the same decoded constants as the obvious
//! kernel, for instance [`super::kernels::conv::integers`], so that all checks are made once, and repacks them.
//! Working memory for a run is asked for with [`Kernel::scratch_bytes`].
//!
//! | file | what |
//! |---|---|
//! | `simd` | four-lane vectors: `v128` in WebAssembly, arrays with the same bits elsewhere |
//! | `requantize` | from accumulators to int8, with TFLM's two roundings, eight channels at a time |
//! | `image` | the input with its border around it |
//! | `product` | the instruction that multiplies int8 values and adds neighbours, plain or relaxed |
//! | `gemm` | the int8 matrix product under `conv` |
//! | `conv`, `depthwise`, `fully_connected` | operators over them |
//! | `float_gemm`, `float_conv` | the same on floats |
//! | `add`, `pool` | for both |
//! | `peak` | the speed that no kernel can pass |

pub mod add;
pub mod buffer;
pub mod conv;
pub mod depthwise;
pub mod float_conv;
pub mod float_gemm;
pub mod fully_connected;
pub mod gemm;
pub mod image;
pub mod peak;
pub mod pool;
pub mod product;
pub mod requantize;
pub mod simd;

use super::Kernels;
use super::arithmetic::Requantize;
use super::kernel::{Io, Kernel, Split};
use super::kernels;
use super::kernels::binary::Function;
use super::kernels::conv::Filter;
use super::site::Site;
use super::walk::Walk;
use super::weights::{Types, types};
use super::window::Window;
use crate::error::Result;
use crate::model::{Op, Value};
use crate::quant::Arithmetic;
use crate::tensor::DType;
use add::{FloatAdd, Int8Add};
use conv::{Conv, Layout, Parts};
use depthwise::Depthwise;
use float_conv::{FloatConv, FloatDepthwise, FloatParts};
use fully_connected::{FloatFullyConnected, FullyConnected};
use pool::{FloatPool, Int8Pool};
use product::Pairs;
use requantize::{OutputRange, Scaling};

/// Takes a node, or answers `None` where it has no fast kernel for the node's types, shapes or arithmetic.
///
/// # Errors
/// As [`super::kernels::Prepare`]: a node that cannot be executed at all.
pub type TryPrepare = fn(&Site<'_>) -> Result<Option<Box<dyn Kernel>>>;

/// The fast kernels.
pub const TABLE: &[TryPrepare] = &[prepare_conv, prepare_fully_connected, prepare_pool, prepare_add];

/// The fast kernel of a node, where there is one.
///
/// # Errors
/// As [`TryPrepare`].
pub fn prepare(site: &Site<'_>) -> Result<Option<Box<dyn Kernel>>> {
    for row in TABLE {
        if let Some(kernel) = row(site)? {
            return Ok(Some(kernel));
        }
    }
    Ok(None)
}

/// The way to the outputs in the terms of the fast kernels; `None` where outputs are no int8.
fn scaling(requantize: &Requantize) -> Option<(Scaling<'_>, OutputRange)> {
    let scaling = match requantize.arithmetic {
        Arithmetic::Tflm => Scaling::Double(&requantize.multipliers),
        Arithmetic::Single => Scaling::Single(&requantize.multipliers),
        Arithmetic::Xnnpack => Scaling::Float(&requantize.scales),
    };
    let (low, high) = (i8::try_from(requantize.min).ok()?, i8::try_from(requantize.max).ok()?);
    Some((scaling, OutputRange { zero_point: requantize.zero_point, low, high }))
}

/// CONV_2D and DEPTHWISE_CONV_2D.
fn prepare_conv(site: &Site<'_>) -> Result<Option<Box<dyn Kernel>>> {
    if !matches!(site.node.op, Op::Conv2d(_) | Op::DepthwiseConv2d(_)) {
        return Ok(None);
    }
    match types(site, 1, 2, 0)? {
        Types::Int8 => prepare_int8_conv(site),
        Types::Float => prepare_float_conv(site),
        _ => Ok(None),
    }
}

fn prepare_int8_conv(site: &Site<'_>) -> Result<Option<Box<dyn Kernel>>> {
    let integers = kernels::conv::integers(site, Value::to_i8, Value::to_i32)?;
    let Some((scaling, range)) = scaling(&integers.requantize) else { return Ok(None) };
    let parts =
        Parts { weights: &integers.weights, bias: &integers.bias, zero_point: -integers.input_offset, scaling, range };
    let window = &integers.window;
    Ok(match integers.filter {
        Filter::Dense { depth, .. } if depth == window.input[3] => dense(window, &parts, Layout::Dense),
        Filter::Depthwise { .. } if window.input[3] == 1 => dense(window, &parts, Layout::SingleChannel),
        Filter::Depthwise { multiplier: 1 } => boxed(Depthwise::new(window, &parts)),
        _ => None,
    })
}

/// A dense convolution with the widest product that is exact on this machine.
fn dense(window: &Window, parts: &Parts<'_>, layout: Layout) -> Option<Box<dyn Kernel>> {
    #[cfg(target_feature = "relaxed-simd")]
    if let Some(offset) = product::quads() {
        return boxed(Conv::<product::Quads>::new(window, parts, layout, offset));
    }
    boxed(Conv::<Pairs>::new(window, parts, layout, 0))
}

/// Whether products and sums of floats may be fused, as relaxed SIMD does where the machine likes.
fn may_fuse(site: &Site<'_>) -> bool {
    cfg!(target_feature = "relaxed-simd") && site.options.kernels != Kernels::Exact
}

fn prepare_float_conv(site: &Site<'_>) -> Result<Option<Box<dyn Kernel>>> {
    if may_fuse(site) { float_conv::<true>(site) } else { float_conv::<false>(site) }
}

fn float_conv<const FUSES: bool>(site: &Site<'_>) -> Result<Option<Box<dyn Kernel>>> {
    let floats = kernels::conv::floats(site)?;
    let parts =
        FloatParts { window: &floats.window, weights: &floats.weights, bias: &floats.bias, clamp: floats.clamp };
    Ok(match floats.filter {
        Filter::Dense { depth, .. } if depth == floats.window.input[3] => boxed(FloatConv::<FUSES>::new(&parts)),
        Filter::Depthwise { .. } if floats.window.input[3] == 1 => {
            boxed(FloatConv::<FUSES>::from_single_channel(&parts))
        }
        Filter::Depthwise { multiplier: 1 } => boxed(FloatDepthwise::<FUSES>::new(&parts)),
        _ => None,
    })
}

/// FULLY_CONNECTED.
fn prepare_fully_connected(site: &Site<'_>) -> Result<Option<Box<dyn Kernel>>> {
    if !matches!(site.node.op, Op::FullyConnected(_)) {
        return Ok(None);
    }
    match types(site, 1, 2, 0)? {
        Types::Int8 => {
            let integers = kernels::fully_connected::integers(site, Value::to_i8, Value::to_i32)?;
            let Some((scaling, range)) = scaling(&integers.requantize) else { return Ok(None) };
            let inputs = integers.size[1];
            let parts = Parts {
                weights: &integers.weights,
                bias: &integers.bias,
                zero_point: -integers.input_offset,
                scaling,
                range,
            };
            Ok(fully_connected(&parts, inputs))
        }
        Types::Float => {
            let kernels::fully_connected::Floats { size, weights, bias, clamp } =
                kernels::fully_connected::floats(site)?;
            Ok(if may_fuse(site) {
                boxed(Some(FloatFullyConnected::<true>::new(&weights, &bias, size[1], clamp)))
            } else {
                boxed(Some(FloatFullyConnected::<false>::new(&weights, &bias, size[1], clamp)))
            })
        }
        _ => Ok(None),
    }
}

/// A matrix product with the widest product that is exact on this machine.
fn fully_connected(parts: &Parts<'_>, inputs: usize) -> Option<Box<dyn Kernel>> {
    #[cfg(target_feature = "relaxed-simd")]
    if let Some(offset) = product::quads() {
        return boxed(FullyConnected::<product::Quads, 4>::new(parts, inputs, offset));
    }
    boxed(FullyConnected::<Pairs, 2>::new(parts, inputs, 0))
}

/// AVERAGE_POOL_2D and MAX_POOL_2D.
fn prepare_pool(site: &Site<'_>) -> Result<Option<Box<dyn Kernel>>> {
    if !matches!(site.node.op, Op::AveragePool2d(_) | Op::MaxPool2d(_)) {
        return Ok(None);
    }
    Ok(match site.same_type()?.0.dtype {
        DType::Int8 => boxed(Some(Int8Pool(kernels::pool::integers(site)?))),
        DType::Float32 => boxed(Some(FloatPool(kernels::pool::floats(site)?))),
        _ => None,
    })
}

/// ADD without broadcasting.
fn prepare_add(site: &Site<'_>) -> Result<Option<Box<dyn Kernel>>> {
    let Op::Add { activation, .. } = site.node.op else { return Ok(None) };
    let (a, b, y) = (site.input(0)?, site.input(1)?, site.output(0)?);
    if a.shape != y.shape || b.shape != y.shape || a.dtype != y.dtype || b.dtype != y.dtype {
        return Ok(None);
    }
    Ok(match y.dtype {
        DType::Int8 => {
            let broadcast = Walk::broadcast([&a.shape, &b.shape], &y.shape)?;
            let integers = kernels::binary::integers(site, Function::Add, activation, broadcast)?;
            boxed(Int8Add::new(integers))
        }
        DType::Float32 => boxed(Some(FloatAdd { clamp: site.float_clamp(activation)? })),
        _ => None,
    })
}

fn boxed<K: Kernel + 'static>(kernel: Option<K>) -> Option<Box<dyn Kernel>> {
    kernel.map(|kernel| Box::new(kernel) as Box<dyn Kernel>)
}

macro_rules! kernel {
    ($($name:ty $(, $fuses:ident)?;)*) => {
        $(impl $(<const $fuses: bool>)? Kernel for $name {
            fn run(&mut self, io: &mut Io<'_>) {
                let Split { inputs, output, scratch } = io.split(0);
                <$name>::run(self, inputs.get(0), output, scratch);
            }

            fn scratch_bytes(&self) -> usize {
                <$name>::scratch_bytes(self)
            }
        })*
    };
}
#[cfg(target_feature = "relaxed-simd")]
kernel!(Conv<product::Quads>; FullyConnected<product::Quads, 4>;);
kernel!(Conv<Pairs>; Depthwise; FullyConnected<Pairs, 2>;);
kernel!(FloatConv<FUSES>, FUSES; FloatDepthwise<FUSES>, FUSES; FloatFullyConnected<FUSES>, FUSES;);
