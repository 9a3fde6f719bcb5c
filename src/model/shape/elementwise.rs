//! Element by element, and means over axes.

use super::{Inputs, normalize_axis};
use crate::error::{Error, Result};

/// Two shapes stretched to one: dimensions are aligned at the end, and 1 stretches.
fn stretch(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let rank = a.len().max(b.len());
    let dim = |shape: &[usize], axis: usize| {
        let missing = rank - shape.len();
        if axis < missing { 1 } else { shape[axis - missing] }
    };
    (0..rank)
        .map(|axis| match (dim(a, axis), dim(b, axis)) {
            (x, y) if x == y => Ok(x),
            (1, y) => Ok(y),
            (x, 1) => Ok(x),
            _ => Err(Error::format(format!("shapes {a:?} and {b:?} do not broadcast to one"))),
        })
        .collect()
}

pub(super) fn broadcast(inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    stretch(&inputs.value(0, "first input")?.shape, &inputs.value(1, "second input")?.shape)
}

pub(super) fn prelu(inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let input = inputs.value(0, "input")?;
    let alpha = inputs.value(1, "slopes")?;
    let output = stretch(&input.shape, &alpha.shape)?;
    if output != input.shape {
        return Err(Error::format(format!(
            "slopes of shape {:?} do not fit an input of shape {:?}",
            alpha.shape, input.shape
        )));
    }
    Ok(output)
}

// input: any; axes: [k] int32, negative ones count from the end
pub(super) fn mean(keep_dims: bool, inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let input = inputs.value(0, "input")?;
    let mut reduced = vec![false; input.shape.len()];
    for axis in inputs.integers(1, "axes")? {
        reduced[normalize_axis(axis, input.shape.len())?] = true;
    }
    let dims = input.shape.iter().zip(&reduced);
    Ok(if keep_dims {
        dims.map(|(&dim, &reduced)| if reduced { 1 } else { dim }).collect()
    } else {
        dims.filter(|(_, reduced)| !**reduced).map(|(&dim, _)| dim).collect()
    })
}
