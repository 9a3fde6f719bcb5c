//! MEAN over some axes.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::exec::arithmetic::{Integer, integer_range, scale_fixed};
use crate::exec::kernel::{Io, Kernel, Split};
use crate::exec::site::{Site, affine, index_constant};
use crate::exec::walk::Walk;
use crate::quant::{Arithmetic, Multiplier};
use crate::tensor::DType;

/// Prepares a MEAN.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let (x, y) = site.same_type()?;
    // The output's shape with reduced axes kept at length 1; broadcast over the input, it says where each element goes.
    let mut kept = x.shape.clone();
    for axis in index_constant(site, 1)? {
        let positive = if axis < 0 { axis + kept.len() as i64 } else { axis };
        let length = usize::try_from(positive).ok().and_then(|axis| kept.get_mut(axis));
        *length.ok_or_else(|| Error::format(format!("axis {axis} of {} dimensions", x.shape.len())))? = 1;
    }
    let outputs: usize = kept.iter().product();
    if outputs != y.elements() || outputs == 0 {
        return Err(Error::format(format!("the mean has the shape {kept:?}, but the output {:?}", y.shape)));
    }
    let count = x.elements() / outputs;
    let walk = Walk::broadcast([&kept], &x.shape)?;
    Ok(match x.dtype {
        DType::Float32 => Box::new(FloatMean { walk, count: count as f32 }),
        DType::Int8 => Box::new(integers::<i8>(site, walk, outputs, count)?),
        DType::Int16 => Box::new(integers::<i16>(site, walk, outputs, count)?),
        _ => return Err(site.unsupported_types()),
    })
}

struct FloatMean {
    walk: Walk<1>,
    count: f32,
}

impl Kernel for FloatMean {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<f32, f32>();
        y.fill(0.0);
        self.walk.for_each(|from, [to]| y[to] += x[from]);
        for y in y {
            *y /= self.count;
        }
    }
}

/// Sums in 32 bits, then one multiplication with the scale and the reciprocal of the count folded into it: in fixed
/// point, or under XNNPACK in `float32`.
struct IntegerMean<T> {
    walk: Walk<1>,
    outputs: usize,
    /// Zero point of the input times the count.
    offset: i32,
    arithmetic: Arithmetic,
    multiplier: Multiplier,
    /// XNNPACK's factor, for `int8`.
    factor: Option<f32>,
    zero_point: i32,
    range: (i32, i32),
    element: PhantomData<T>,
}

/// *Source*: `QuantizedMeanOrSum` in TFLM's `reference/reduce.h`; XNNPACK's `qs8-rsum`, ties to even, for `int8` under
/// [`Arithmetic::Xnnpack`].
fn integers<T: Integer>(site: &Site<'_>, walk: Walk<1>, outputs: usize, count: usize) -> Result<IntegerMean<T>> {
    let (x, y) = (site.input(0)?, site.output(0)?);
    let ((input_scale, input_zero_point), (scale, zero_point)) = (affine(x)?, affine(y)?);
    let Multiplier { fraction, shift } = Multiplier::new(f64::from(input_scale) / f64::from(scale));
    // As many bits as the count has are gained before the division, as long as the result can be shifted back.
    let gained = (63 - (count as u64).leading_zeros() as i32).min(32).min(31 + shift);
    if gained < 0 {
        return Err(Error::numeric("the output's scale is too large beside the input's"));
    }
    let fraction = ((i64::from(fraction) << gained) / count as i64) as i32;
    let xnnpack = site.options.arithmetic == Arithmetic::Xnnpack && y.dtype == DType::Int8;
    Ok(IntegerMean {
        walk,
        outputs,
        offset: input_zero_point.wrapping_mul(count as i32),
        arithmetic: site.options.arithmetic,
        multiplier: Multiplier { fraction, shift: shift - gained },
        factor: xnnpack.then(|| input_scale / scale / count as f32),
        zero_point,
        range: integer_range(y.dtype)?,
        element: PhantomData,
    })
}

impl<T: Integer> Kernel for IntegerMean<T> {
    fn run(&mut self, io: &mut Io<'_>) {
        let Split { inputs, output: y, scratch } = io.split::<T>(0);
        let x = inputs.get::<T>(0);
        let sums: &mut [i32] = bytemuck::cast_slice_mut(&mut scratch[..self.outputs * size_of::<i32>()]);
        sums.fill(0);
        self.walk.for_each(|from, [to]| sums[to] = sums[to].wrapping_add(x[from].into()));
        for (y, sum) in y.iter_mut().zip(sums) {
            let centred = sum.wrapping_sub(self.offset);
            let scaled = match self.factor {
                Some(factor) => (centred as f32 * factor).round_ties_even() as i32,
                None => scale_fixed(self.arithmetic, self.multiplier, centred),
            };
            *y = T::narrow(scaled.saturating_add(self.zero_point).clamp(self.range.0, self.range.1));
        }
    }

    fn scratch_bytes(&self) -> usize {
        self.outputs * size_of::<i32>()
    }
}
