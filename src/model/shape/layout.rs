//! Elements moved, cut, joined or renamed, but not computed.

use super::{Inputs, normalize_axis};
use crate::error::{Error, Result};
use crate::limits;
use crate::model::op::StridedSlice;
use crate::tensor::elements;

// inputs: all of one shape but for `axis`
pub(super) fn concatenation(axis: i32, inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let mut output = inputs.value(0, "first input")?.shape.clone();
    let axis = normalize_axis(axis.into(), output.len())?;
    for position in 1..inputs.node.inputs.len() {
        let shape = &inputs.value(position, "part to join")?.shape;
        let fits =
            shape.len() == output.len() && shape.iter().zip(&output).enumerate().all(|(i, (a, b))| i == axis || a == b);
        if !fits {
            return Err(Error::format(format!(
                "input {position} of shape {shape:?} cannot be joined to {output:?} along axis {axis}"
            )));
        }
        output[axis] = output[axis].saturating_add(shape[axis]);
    }
    Ok(output)
}

// input: rank r; paddings: [r, 2] int32, before and after
pub(super) fn pad(inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let input = inputs.value(0, "input")?;
    let paddings = inputs.integers(1, "paddings")?;
    let (pairs, rest) = paddings.as_chunks::<2>();
    if pairs.len() != input.shape.len() || !rest.is_empty() {
        return Err(Error::format(format!(
            "{} paddings for {} dimensions; there must be one before and one after each",
            paddings.len(),
            input.shape.len()
        )));
    }
    input
        .shape
        .iter()
        .zip(pairs)
        .map(|(&dim, &[before, after])| match (usize::try_from(before), usize::try_from(after)) {
            (Ok(before), Ok(after)) => Ok(dim.saturating_add(before).saturating_add(after)),
            _ => Err(Error::format(format!("a negative padding: {before} before and {after} after"))),
        })
        .collect()
}

// shape: [r] int32, at most one -1
pub(super) fn reshape(new_shape: Option<&[i32]>, inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let input = inputs.value(0, "input")?;
    let count = elements(&input.shape)?;
    // The second input rules; old files have only the attribute, and some write an attribute of [0] for a scalar.
    let wanted: Vec<i64> = match (inputs.optional(1)?, new_shape) {
        (Some(value), _) if value.is_constant() => inputs.integers(1, "new shape")?,
        (_, Some([0])) => vec![],
        (_, Some(shape)) => shape.iter().map(|&dim| dim.into()).collect(),
        // TFLM goes by the declared shape, and does not read one that is computed.
        (Some(_), None) => inputs.integers_or_declared(1, "new shape")?,
        (None, None) => return Err(Error::format("RESHAPE has neither a shape input nor a new_shape attribute")),
    };
    limits::check("the new shape's dimensions", wanted.len(), limits::RANK)?;
    let mut known = 1usize;
    let mut open = None;
    for (axis, &dim) in wanted.iter().enumerate() {
        match usize::try_from(dim) {
            Ok(dim) => known = known.saturating_mul(dim),
            Err(_) if dim == -1 && open.is_none() => open = Some(axis),
            Err(_) => return Err(Error::format(format!("the new shape {wanted:?} has more than one open dimension"))),
        }
    }
    let mut output: Vec<usize> = wanted.iter().map(|&dim| usize::try_from(dim).unwrap_or(0)).collect();
    if let Some(axis) = open {
        if known == 0 || count % known != 0 {
            return Err(Error::format(format!("{count} elements do not fill the new shape {wanted:?}")));
        }
        output[axis] = count / known;
    } else if known != count {
        return Err(Error::format(format!("{count} elements do not fill the new shape {wanted:?}")));
    }
    Ok(output)
}

pub(super) fn squeeze(dims: &[i32], inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let shape = &inputs.value(0, "input")?.shape;
    let mut dropped: Vec<bool> = vec![false; shape.len()];
    if dims.is_empty() {
        dropped.iter_mut().zip(shape).for_each(|(dropped, &dim)| *dropped = dim == 1);
    }
    for &axis in dims {
        let axis = normalize_axis(axis.into(), shape.len())?;
        if shape[axis] != 1 {
            return Err(Error::format(format!("axis {axis} of shape {shape:?} is not 1, so it cannot be dropped")));
        }
        dropped[axis] = true;
    }
    Ok(shape.iter().zip(&dropped).filter(|(_, dropped)| !**dropped).map(|(&dim, _)| dim).collect())
}

// axis: one int32; -1 is after the last
pub(super) fn expand_dims(inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let mut shape = inputs.value(0, "input")?.shape.clone();
    let axes = inputs.integers(1, "axis")?;
    let [axis] = axes[..] else {
        return Err(Error::format(format!("{} axes where one is expected", axes.len())));
    };
    shape.insert(normalize_axis(axis, shape.len() + 1)?, 1);
    Ok(shape)
}

// permutation: [r] int32
pub(super) fn transpose(inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let shape = &inputs.value(0, "input")?.shape;
    let order = inputs.integers(1, "permutation")?;
    let mut seen = vec![false; shape.len()];
    let mut output = Vec::with_capacity(shape.len());
    for &axis in order.iter().take(limits::RANK) {
        let axis = normalize_axis(axis, shape.len())?;
        if std::mem::replace(&mut seen[axis], true) {
            return Err(Error::format(format!("the permutation {order:?} names axis {axis} twice")));
        }
        output.push(shape[axis]);
    }
    if order.len() != shape.len() {
        return Err(Error::format(format!("a permutation of {} axes for {} dimensions", order.len(), shape.len())));
    }
    Ok(output)
}

// begin, end, strides: [k] int32 for the first k axes
pub(super) fn strided_slice(op: &StridedSlice, inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    if op.ellipsis_mask != 0 || op.new_axis_mask != 0 {
        return Err(Error::unsupported(
            "an ellipsis_mask or new_axis_mask is not supported (nor by TFLM); reshape before slicing instead",
        ));
    }
    let shape = &inputs.value(0, "input")?.shape;
    let begins = inputs.integers(1, "begins")?;
    let ends = inputs.integers(2, "ends")?;
    let strides = inputs.integers(3, "strides")?;
    if begins.len() != ends.len() || begins.len() != strides.len() || begins.len() > shape.len() {
        return Err(Error::format(format!(
            "{} begins, {} ends and {} strides for {} dimensions",
            begins.len(),
            ends.len(),
            strides.len(),
            shape.len()
        )));
    }
    let mut output = Vec::with_capacity(shape.len());
    for (axis, &dim) in shape.iter().enumerate() {
        let Some(((&begin, &end), &stride)) = begins.get(axis).zip(ends.get(axis)).zip(strides.get(axis)) else {
            output.push(dim);
            continue;
        };
        let (taken, _) = slice_axis(op, axis, dim, begin, end, stride)?;
        if op.shrink_axis_mask & (1 << axis) == 0 {
            output.push(taken);
        }
    }
    Ok(output)
}

/// How many elements a STRIDED_SLICE takes along one axis of `dim` elements, and the index of the first.
///
/// # Errors
/// `Format` for a stride of 0 and for a dropped axis whose index is outside.
///
/// *Source*: `StartForAxis` and `StopForAxis` in TFLite's `strided_slice_logic.h`.
///
/// ```
/// use milliwatt::model::{op::StridedSlice, shape::slice_axis};
/// // x[8::-3] of ten elements takes 8, 5 and 2.
/// let op = StridedSlice { end_mask: 1, ..StridedSlice::default() };
/// assert_eq!(slice_axis(&op, 0, 10, 8, 0, -3).unwrap(), (3, 8));
/// ```
pub fn slice_axis(
    op: &StridedSlice,
    axis: usize,
    dim: usize,
    begin: i64,
    end: i64,
    stride: i64,
) -> Result<(usize, usize)> {
    // TENSOR_ELEMENTS keeps sizes far below 2^31, and clamping below keeps the sums small.
    let size = i64::try_from(dim).unwrap_or(i64::MAX);
    let set = |mask: i32| mask & (1 << axis) != 0;
    if stride == 0 {
        return Err(Error::format(format!("a stride of 0 along axis {axis}")));
    }
    let wrap = |index: i64| if index < 0 { index.saturating_add(size) } else { index };
    if set(op.shrink_axis_mask) {
        let index = wrap(begin);
        return usize::try_from(index)
            .ok()
            .filter(|&index| index < dim)
            .map(|index| (1, index))
            .ok_or_else(|| Error::format(format!("index {begin} is outside of the {dim} along axis {axis}")));
    }
    let end = if op.offset { begin.saturating_add(end) } else { end };
    // A backward slice may end before element 0, which is -1 here.
    let (low, high) = if stride > 0 { (0, size) } else { (-1, size - 1) };
    let first = if set(op.begin_mask) { if stride > 0 { low } else { high } } else { wrap(begin).clamp(low, high) };
    let last = if set(op.end_mask) { if stride > 0 { high } else { low } } else { wrap(end).clamp(low, high) };
    let distance = if stride > 0 { last - first } else { first - last };
    let taken = if distance > 0 { (distance - 1) / stride.saturating_abs() + 1 } else { 0 };
    Ok((usize::try_from(taken).unwrap_or(0), usize::try_from(first).unwrap_or(0)))
}

// axis: one int32; input: cut into `count` equal parts
pub(super) fn split(count: usize, inputs: &Inputs<'_>) -> Result<Vec<Vec<usize>>> {
    let axes = inputs.integers(0, "axis")?;
    let [axis] = axes[..] else {
        return Err(Error::format(format!("{} axes where one is expected", axes.len())));
    };
    let mut shape = inputs.value(1, "input")?.shape.clone();
    let axis = normalize_axis(axis, shape.len())?;
    if count == 0 || shape[axis] % count != 0 || count != inputs.node.outputs.len() {
        return Err(Error::format(format!(
            "{} along axis {axis} do not split into {count} equal parts for {} outputs",
            shape[axis],
            inputs.node.outputs.len()
        )));
    }
    shape[axis] /= count;
    Ok(vec![shape; count])
}

// input: [N, H, W, C]; size: [2] int32; output: [N, H', W', C]
pub(super) fn resize(inputs: &Inputs<'_>) -> Result<Vec<usize>> {
    let [batch, _, _, depth] = inputs.image(0, "input")?;
    let size = inputs.integers(1, "size")?;
    let [height, width] = size[..] else {
        return Err(Error::format(format!("{} sizes where height and width are expected", size.len())));
    };
    match (usize::try_from(height), usize::try_from(width)) {
        (Ok(height), Ok(width)) if height > 0 && width > 0 => Ok(vec![batch, height, width, depth]),
        _ => Err(Error::format(format!("an image cannot be resized to {height} x {width}"))),
    }
}
