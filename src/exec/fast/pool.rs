//! AVERAGE_POOL_2D and MAX_POOL_2D: windows outside, channels inside, so that the compiler can take many at once.

use crate::exec::kernel::{Io, Kernel, Split};
use crate::exec::kernels::pool::{Pool, rounded_mean};

/// A pool on int8.
#[derive(Debug, Clone, Copy)]
pub struct Int8Pool(pub Pool<i32>);

/// A pool on floats.
#[derive(Debug, Clone, Copy)]
pub struct FloatPool(pub Pool<f32>);

/// Calls `visit` with every pixel's channels that the window covers at `(b, y, x)`, and counts them.
#[inline(always)]
fn for_each_pixel<'a, T>(
    pool: &Pool<impl Copy>,
    input: &'a [T],
    [b, y, x]: [usize; 3],
    mut visit: impl FnMut(&'a [T]),
) -> usize {
    let window = &pool.window;
    let channels = window.input[3];
    let mut count = 0;
    for row in (0..window.filter[0]).filter_map(|k| window.row(y, k)) {
        for column in (0..window.filter[1]).filter_map(|l| window.column(x, l)) {
            visit(&input[window.input_at(b, row, column)..][..channels]);
            count += 1;
        }
    }
    count
}

impl Kernel for Int8Pool {
    fn run(&mut self, io: &mut Io<'_>) {
        let Split { inputs, output, scratch } = io.split::<i8>(0);
        let input: &[i8] = inputs.get(0);
        let Pool { window, clamp, is_max } = self.0;
        let channels = window.output[3];
        let sums: &mut [i32] = bytemuck::cast_slice_mut(&mut scratch[..channels * size_of::<i32>()]);
        window.for_each_output(|index, at| {
            sums.fill(if is_max { i32::MIN } else { 0 });
            let count = for_each_pixel(&self.0, input, at, |pixel| {
                if is_max {
                    for (max, &x) in sums.iter_mut().zip(pixel) {
                        *max = i32::from(x).max(*max);
                    }
                } else {
                    for (sum, &x) in sums.iter_mut().zip(pixel) {
                        *sum += i32::from(x);
                    }
                }
            });
            for (result, &sum) in output[index..index + channels].iter_mut().zip(sums.iter()) {
                let mean = if is_max { sum } else { rounded_mean(sum, count as i32) };
                *result = mean.clamp(clamp.0, clamp.1) as i8;
            }
        });
    }

    fn scratch_bytes(&self) -> usize {
        self.0.window.output[3] * size_of::<i32>()
    }
}

impl Kernel for FloatPool {
    fn run(&mut self, io: &mut Io<'_>) {
        let (input, output) = io.unary::<f32, f32>();
        let Pool { window, clamp, is_max } = self.0;
        let channels = window.output[3];
        window.for_each_output(|index, at| {
            let results = &mut output[index..index + channels];
            results.fill(if is_max { f32::MIN } else { 0.0 });
            let count = for_each_pixel(&self.0, input, at, |pixel| {
                if is_max {
                    for (max, &x) in results.iter_mut().zip(pixel) {
                        *max = x.max(*max);
                    }
                } else {
                    for (sum, &x) in results.iter_mut().zip(pixel) {
                        *sum += x;
                    }
                }
            });
            for result in results {
                let pooled = if is_max { *result } else { *result / count as f32 };
                *result = pooled.clamp(clamp.0, clamp.1);
            }
        });
    }
}
