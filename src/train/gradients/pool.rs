//! AVERAGE_POOL_2D and MAX_POOL_2D: the mean or the largest number of each window, channel by channel.
//!
//! The border is not part of a window. The largest number gets all of the gradient, the first one of equals.

use super::{Gradients, image_shape};
use crate::error::Result;
use crate::exec::window::Window;
use crate::model::op::Pool2d;
use crate::train::tape::View;

fn window(view: View<'_>, op: &Pool2d) -> Result<Window> {
    let (mut x, mut y) = (image_shape(view.input_shape(0))?, image_shape(view.output_shape())?);
    (x[0], y[0]) = (view.batch(), view.batch());
    Window::new(x, y, op.filter, op.stride, [1, 1], op.padding)
}

/// Calls `visit` with the index of the first channel of every pixel that the window covers at `(b, y, x)`.
fn for_each_tap(window: &Window, [b, y, x]: [usize; 3], mut visit: impl FnMut(usize)) {
    for row in (0..window.filter[0]).filter_map(|k| window.row(y, k)) {
        for column in (0..window.filter[1]).filter_map(|l| window.column(x, l)) {
            visit(window.input_at(b, row, column));
        }
    }
}

fn count(window: &Window, at: [usize; 3]) -> f32 {
    let mut count = 0.0;
    for_each_tap(window, at, |_| count += 1.0);
    count
}

pub(super) fn average_forward(view: View<'_>, op: &Pool2d) -> Result<Vec<f32>> {
    let (window, x) = (window(view, op)?, view.input(0)?);
    let channels = window.output[3];
    let mut y = vec![0.0; window.output.iter().product()];
    window.for_each_output(|index, at| {
        let y = &mut y[index..index + channels];
        for_each_tap(&window, at, |from| y.iter_mut().zip(&x[from..]).for_each(|(y, x)| *y += x));
        let count = count(&window, at);
        y.iter_mut().for_each(|y| *y /= count);
    });
    Ok(y)
}

pub(super) fn average_backward(view: View<'_>, op: &Pool2d, dy: &[f32]) -> Result<Gradients> {
    let window = window(view, op)?;
    let channels = window.output[3];
    let mut dx = vec![0.0; view.input(0)?.len()];
    window.for_each_output(|index, at| {
        let count = count(&window, at);
        let share: Vec<f32> = dy[index..index + channels].iter().map(|dy| dy / count).collect();
        for_each_tap(&window, at, |from| dx[from..].iter_mut().zip(&share).for_each(|(dx, share)| *dx += share));
    });
    Ok(vec![(0, dx)])
}

/// The largest number of each window, and where it stands.
fn largest(view: View<'_>, op: &Pool2d) -> Result<Vec<(f32, usize)>> {
    let (window, x) = (window(view, op)?, view.input(0)?);
    let channels = window.output[3];
    let mut y = vec![(f32::NEG_INFINITY, 0); window.output.iter().product()];
    window.for_each_output(|index, at| {
        let y = &mut y[index..index + channels];
        for_each_tap(&window, at, |from| {
            for (c, best) in y.iter_mut().enumerate() {
                // A NaN wins and stays, to be seen in the loss.
                if x[from + c] > best.0 || x[from + c].is_nan() {
                    *best = (x[from + c], from + c);
                }
            }
        });
    });
    Ok(y)
}

pub(super) fn max_forward(view: View<'_>, op: &Pool2d) -> Result<Vec<f32>> {
    Ok(largest(view, op)?.into_iter().map(|(largest, _)| largest).collect())
}

pub(super) fn max_backward(view: View<'_>, op: &Pool2d, dy: &[f32]) -> Result<Gradients> {
    let mut dx = vec![0.0; view.input(0)?.len()];
    for ((_, from), dy) in largest(view, op)?.into_iter().zip(dy) {
        dx[from] += dy;
    }
    Ok(vec![(0, dx)])
}
