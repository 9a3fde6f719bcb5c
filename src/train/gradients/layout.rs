//! Operators that only move numbers: PAD, TRANSPOSE, CONCATENATION. Gradients move back the same way.

use super::Gradients;
use crate::error::{Error, Result};
use crate::exec::walk::{Walk, strides};
use crate::model::Op;
use crate::train::tape::View;

/// Where each output of one example comes from; `None` in the border of a PAD.
fn sources(view: View<'_>) -> Result<Vec<Option<usize>>> {
    let (from, to) = (view.input_shape(0), view.output_shape());
    let numbers = view.integers(1)?;
    let mut sources = vec![None; to.iter().product()];
    if matches!(view.op(), Op::Transpose) {
        let steps = strides(from);
        let axes: Option<Vec<_>> =
            numbers.iter().map(|&axis| usize::try_from(axis).ok().and_then(|axis| steps.get(axis))).collect();
        let axes = axes.filter(|axes| axes.len() == to.len());
        let axes = axes.ok_or_else(|| Error::format(format!("{numbers:?} is no order of {} axes", from.len())))?;
        let walk = Walk::new(to, axes.into_iter().map(|&step| [step]).collect(), [0])?;
        walk.for_each(|index, [source]| sources[index] = Some(source));
    } else {
        let steps = strides(to);
        if numbers.len() != 2 * from.len() || steps.len() != from.len() {
            return Err(Error::format(format!("{} paddings for {} dimensions", numbers.len(), from.len())));
        }
        let start = numbers.iter().step_by(2).zip(&steps).map(|(&before, step)| before as isize * step).sum();
        let walk = Walk::new(from, steps.iter().map(|&step| [step]).collect(), [start])?;
        walk.for_each(|index, [target]| {
            if let Some(source) = sources.get_mut(target) {
                *source = Some(index);
            }
        });
    }
    Ok(sources)
}

pub(super) fn moved_forward(view: View<'_>) -> Result<Vec<f32>> {
    let sources = sources(view)?;
    let border = match view.op() {
        Op::PadV2 => view.input(2)?.first().copied().unwrap_or(0.0),
        _ => 0.0,
    };
    let examples = view.input(0)?.chunks_exact(view.input_shape(0).iter().product::<usize>().max(1));
    Ok(examples.flat_map(|x| sources.iter().map(|from| from.map_or(border, |from| x[from]))).collect())
}

pub(super) fn moved_backward(view: View<'_>, dy: &[f32]) -> Result<Gradients> {
    let sources = sources(view)?;
    let mut dx = vec![0.0; view.input(0)?.len()];
    let examples = dx.chunks_exact_mut(view.input_shape(0).iter().product::<usize>().max(1));
    for (dx, dy) in examples.zip(dy.chunks_exact(sources.len())) {
        for (from, dy) in sources.iter().zip(dy) {
            if let Some(from) = from {
                dx[*from] += dy;
            }
        }
    }
    Ok(vec![(0, dx)])
}

/// How many numbers each input gives in turn.
fn parts(view: View<'_>, axis: i32) -> Result<Vec<usize>> {
    let rank = view.output_shape().len() as i64;
    let positive = if axis < 0 { i64::from(axis) + rank } else { i64::from(axis) };
    let found = usize::try_from(positive).ok().filter(|_| positive < rank);
    let axis = found.ok_or_else(|| Error::format(format!("axis {axis} of {rank} dimensions")))?;
    let part = |position: usize| view.input_shape(position).get(axis..).map(|shape| shape.iter().product::<usize>());
    (0..view.node.inputs.len())
        .map(|position| {
            if !view.is_batched(position) {
                return Err(Error::unsupported("joining with a constant cannot be trained yet"));
            }
            part(position).filter(|&part| part > 0).ok_or_else(|| Error::format("an input has fewer axes or is empty"))
        })
        .collect()
}

pub(super) fn concatenation_forward(view: View<'_>, axis: i32) -> Result<Vec<f32>> {
    let mut inputs = Vec::new();
    for (position, part) in parts(view, axis)?.into_iter().enumerate() {
        inputs.push(view.input(position)?.chunks_exact(part));
    }
    let mut y = Vec::with_capacity(view.batch() * view.output_shape().iter().product::<usize>());
    while y.len() < y.capacity() {
        let before = y.len();
        inputs.iter_mut().filter_map(Iterator::next).for_each(|part| y.extend_from_slice(part));
        if y.len() == before {
            return Err(Error::format("the inputs do not fill the output"));
        }
    }
    Ok(y)
}

pub(super) fn concatenation_backward(view: View<'_>, axis: i32, dy: &[f32]) -> Result<Gradients> {
    let parts = parts(view, axis)?;
    let mut gradients: Gradients = (0..parts.len()).map(|position| (position, Vec::new())).collect();
    for mut row in dy.chunks_exact(parts.iter().sum()) {
        for ((_, gradient), &part) in gradients.iter_mut().zip(&parts) {
            let (first, rest) = row.split_at(part);
            gradient.extend_from_slice(first);
            row = rest;
        }
    }
    Ok(gradients)
}
