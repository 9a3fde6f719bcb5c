//! Two inputs, number by number, with broadcasting: ADD, SUB, MUL, and PRELU, whose second input is its slope.

use super::Gradients;
use crate::error::Result;
use crate::exec::walk::Walk;
use crate::model::Op;
use crate::train::tape::View;

fn value(op: &Op, a: f32, b: f32) -> f32 {
    match op {
        Op::Sub { .. } => a - b,
        Op::Mul { .. } => a * b,
        Op::Prelu => {
            if a < 0.0 {
                a * b
            } else {
                a
            }
        }
        _ => a + b,
    }
}

/// The derivatives by both inputs.
fn slopes(op: &Op, a: f32, b: f32) -> [f32; 2] {
    match op {
        Op::Sub { .. } => [1.0, -1.0],
        Op::Mul { .. } => [b, a],
        Op::Prelu => {
            if a < 0.0 {
                [b, a]
            } else {
                [1.0, 0.0]
            }
        }
        _ => [1.0, 1.0],
    }
}

/// Calls `visit(output, first input, second input)` with the indices of every output of the batch.
fn for_each(view: View<'_>, mut visit: impl FnMut(usize, usize, usize)) -> Result<()> {
    let shapes = [view.input_shape(0), view.input_shape(1)];
    let outputs: usize = view.output_shape().iter().product();
    let elements = |shape: &[usize]| shape.iter().product::<usize>();
    // A constant is one array for all examples.
    let step = |position: usize| if view.is_batched(position) { elements(shapes[position]) } else { 0 };
    let (first, second) = (step(0), step(1));
    if first == outputs && second == outputs {
        (0..outputs * view.batch()).for_each(|index| visit(index, index, index));
        return Ok(());
    }
    let mut one = Vec::with_capacity(outputs);
    Walk::broadcast(shapes, view.output_shape())?.for_each(|_, at| one.push(at));
    for example in 0..view.batch() {
        for (index, [a, b]) in one.iter().enumerate() {
            visit(example * outputs + index, example * first + a, example * second + b);
        }
    }
    Ok(())
}

pub(super) fn forward(view: View<'_>) -> Result<Vec<f32>> {
    let (a, b) = (view.input(0)?, view.input(1)?);
    let mut y = vec![0.0; view.batch() * view.output_shape().iter().product::<usize>()];
    for_each(view, |to, i, j| y[to] = value(view.op(), a[i], b[j]))?;
    Ok(y)
}

pub(super) fn backward(view: View<'_>, dy: &[f32]) -> Result<Gradients> {
    let (a, b) = (view.input(0)?, view.input(1)?);
    let (mut da, mut db) = (vec![0.0; a.len()], vec![0.0; b.len()]);
    for_each(view, |from, i, j| {
        let [slope_a, slope_b] = slopes(view.op(), a[i], b[j]);
        da[i] += dy[from] * slope_a;
        db[j] += dy[from] * slope_b;
    })?;
    Ok([(0, da), (1, db)].into_iter().filter(|(position, _)| view.needs_gradient(*position)).collect())
}
