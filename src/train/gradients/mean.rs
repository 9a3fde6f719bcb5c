//! MEAN over some axes: every number of a mean has an equal share of its gradient.

use super::Gradients;
use crate::error::{Error, Result};
use crate::exec::walk::Walk;
use crate::train::tape::View;

/// Where each number of one example goes.
fn targets(view: View<'_>) -> Result<Vec<usize>> {
    let shape = view.input_shape(0);
    let mut kept = shape.to_vec();
    for axis in view.integers(1)? {
        let positive = if axis < 0 { axis + kept.len() as i64 } else { axis };
        let length = usize::try_from(positive).ok().and_then(|axis| kept.get_mut(axis));
        *length.ok_or_else(|| Error::format(format!("axis {axis} of {} dimensions", shape.len())))? = 1;
    }
    let mut targets = Vec::new();
    Walk::broadcast([&kept], shape)?.for_each(|_, [to]| targets.push(to));
    Ok(targets)
}

pub(super) fn forward(view: View<'_>) -> Result<Vec<f32>> {
    let targets = targets(view)?;
    let outputs: usize = view.output_shape().iter().product();
    let count = (targets.len() / outputs.max(1)) as f32;
    let mut y = vec![0.0; view.batch() * outputs];
    for (x, y) in view.input(0)?.chunks_exact(targets.len()).zip(y.chunks_exact_mut(outputs)) {
        x.iter().zip(&targets).for_each(|(x, &to)| y[to] += x);
        y.iter_mut().for_each(|y| *y /= count);
    }
    Ok(y)
}

pub(super) fn backward(view: View<'_>, dy: &[f32]) -> Result<Gradients> {
    let targets = targets(view)?;
    let outputs: usize = view.output_shape().iter().product();
    let count = (targets.len() / outputs.max(1)) as f32;
    let dx = dy.chunks_exact(outputs).flat_map(|dy| targets.iter().map(|&to| dy[to] / count)).collect();
    Ok(vec![(0, dx)])
}
