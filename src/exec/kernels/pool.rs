//! AVERAGE_POOL_2D and MAX_POOL_2D.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::exec::arithmetic::{Integer, activation_range};
use crate::exec::kernel::{Io, Kernel};
use crate::exec::site::{Site, affine, image};
use crate::exec::window::Window;
use crate::model::Op;
use crate::model::op::Pool2d;
use crate::tensor::DType;

/// Everything of a pool, checked; `B` is the type of the clamp's bounds, `f32` or `i32`.
#[derive(Debug, Clone, Copy)]
pub struct Pool<B> {
    /// The geometry; input and output have the same channels.
    pub window: Window,
    /// The interval of the fused activation.
    pub clamp: (B, B),
    /// Whether it takes the largest element instead of the mean.
    pub is_max: bool,
}

/// The geometry of a pool, its attributes, and whether it is MAX_POOL_2D.
fn geometry(site: &Site<'_>) -> Result<(Window, Pool2d, bool)> {
    let (op, is_max) = match &site.node.op {
        Op::AveragePool2d(op) => (*op, false),
        Op::MaxPool2d(op) => (*op, true),
        other => return Err(Error::parameter(format!("{} is not a pool", other.name()))),
    };
    let (x, y) = (image(site.input(0)?)?, image(site.output(0)?)?);
    if x[3] != y[3] {
        return Err(Error::format(format!("a pool does not turn {} channels into {}", x[3], y[3])));
    }
    Ok((Window::new(x, y, op.filter, op.stride, [1, 1], op.padding)?, op, is_max))
}

/// Checks a float pool.
///
/// # Errors
/// As the other prepare functions.
pub fn floats(site: &Site<'_>) -> Result<Pool<f32>> {
    let (window, op, is_max) = geometry(site)?;
    Ok(Pool { window, clamp: site.float_clamp(op.activation)?, is_max })
}

/// Checks an integer pool. Input and output must have the same scale and zero point, as in TFLM.
///
/// # Errors
/// As the other prepare functions.
pub fn integers(site: &Site<'_>) -> Result<Pool<i32>> {
    let (window, op, is_max) = geometry(site)?;
    let (x, y) = site.same_type()?;
    let ((input_scale, input_zero_point), (output_scale, output_zero_point)) = (affine(x)?, affine(y)?);
    if (f64::from(input_scale) - f64::from(output_scale)).abs() > 1e-6 || input_zero_point != output_zero_point {
        return Err(Error::unsupported("a pool whose input and output differ in scale or zero point"));
    }
    Ok(Pool { window, clamp: activation_range(op.activation, y)?, is_max })
}

/// Prepares a pool.
pub fn prepare(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    Ok(match site.same_type()?.0.dtype {
        DType::Float32 => Box::new(FloatPool(floats(site)?)),
        DType::Int8 => Box::new(IntegerPool { pool: integers(site)?, element: PhantomData::<i8> }),
        DType::Uint8 => Box::new(IntegerPool { pool: integers(site)?, element: PhantomData::<u8> }),
        DType::Int16 => Box::new(IntegerPool { pool: integers(site)?, element: PhantomData::<i16> }),
        _ => return Err(site.unsupported_types()),
    })
}

/// Calls `visit` with the index of every input that the window covers at `(b, y, x)`, for channel `c`.
fn for_each_tap(window: &Window, [b, y, x]: [usize; 3], c: usize, mut visit: impl FnMut(usize)) {
    for k in 0..window.filter[0] {
        let Some(row) = window.row(y, k) else { continue };
        for l in 0..window.filter[1] {
            let Some(column) = window.column(x, l) else { continue };
            visit(window.input_at(b, row, column) + c);
        }
    }
}

struct FloatPool(Pool<f32>);

impl Kernel for FloatPool {
    fn run(&mut self, io: &mut Io<'_>) {
        let (input, output) = io.unary::<f32, f32>();
        let Pool { window, clamp, is_max } = self.0;
        window.for_each_output(|index, at| {
            for c in 0..window.output[3] {
                let (mut sum, mut max, mut count) = (0.0, f32::MIN, 0.0);
                for_each_tap(&window, at, c, |from| {
                    sum += input[from];
                    max = input[from].max(max);
                    count += 1.0;
                });
                let result = if is_max { max } else { sum / count };
                output[index + c] = result.clamp(clamp.0, clamp.1);
            }
        });
    }
}

struct IntegerPool<T> {
    pool: Pool<i32>,
    element: PhantomData<T>,
}

impl<T: Integer> Kernel for IntegerPool<T> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (input, output) = io.unary::<T, T>();
        let Pool { window, clamp, is_max } = self.pool;
        window.for_each_output(|index, at| {
            for c in 0..window.output[3] {
                let (mut sum, mut max, mut count) = (0i32, i32::MIN, 0i32);
                for_each_tap(&window, at, c, |from| {
                    sum = sum.wrapping_add(input[from].into());
                    max = max.max(input[from].into());
                    count += 1;
                });
                let result = if is_max { max } else { rounded_mean(sum, count) };
                output[index + c] = T::narrow(result.clamp(clamp.0, clamp.1));
            }
        });
    }
}

/// `sum / count` rounded to nearest, ties away from zero, as TFLM does; zero points need no care, for input and output
/// have the same.
pub fn rounded_mean(sum: i32, count: i32) -> i32 {
    // A window that lies in the border alone covers nothing.
    let count = count.max(1);
    if sum > 0 { (sum + count / 2) / count } else { (sum - count / 2) / count }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_of_a_tie_goes_away_from_zero() {
        assert_eq!(rounded_mean(3, 2), 2);
        assert_eq!(rounded_mean(-3, 2), -2);
        assert_eq!(rounded_mean(-1, 4), 0);
    }
}
