//! Operators that move elements without computing: CONCATENATION, SPLIT, PAD, PADV2, TRANSPOSE, STRIDED_SLICE.

use crate::error::{Error, Result};
use crate::exec::kernel::{Io, Kernel, Split};
use crate::exec::site::{Site, affine, index_constant};
use crate::exec::walk::{Walk, strides};
use crate::model::op::Activation;
use crate::model::shape::slice_axis;
use crate::model::{Op, Value};
use crate::tensor::DType;

/// Whether two values stand for the same real numbers where their integers are equal.
fn same_scale(a: &Value, b: &Value) -> bool {
    match (&a.quantization, &b.quantization) {
        (Some(a), Some(b)) => a.scale == b.scale && a.zero_point == b.zero_point,
        (a, b) => a == b,
    }
}

/// An axis counted from the front or, where negative, from the back.
fn axis(axis: i64, rank: usize) -> Result<usize> {
    let positive = if axis < 0 { axis + rank as i64 } else { axis };
    usize::try_from(positive)
        .ok()
        .filter(|&axis| axis < rank)
        .ok_or_else(|| Error::format(format!("axis {axis} of {rank} dimensions")))
}

/// Bytes of one element that lies in the arena.
fn element_bytes(dtype: DType) -> usize {
    dtype.bits().unwrap_or(8).div_ceil(8)
}

/// Bytes of everything below an axis: what stays contiguous when arrays are joined or cut along it.
fn bytes_from(value: &Value, axis: usize) -> usize {
    value.shape[axis..].iter().product::<usize>() * element_bytes(value.dtype)
}

/// Prepares a CONCATENATION. TFLM copies integers as they are, so all scales must be equal.
pub fn prepare_concatenation(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let Op::Concatenation { axis: declared, activation } = site.node.op else {
        return Err(Error::parameter(format!("{} is not CONCATENATION", site.node.op.name())));
    };
    if activation != Activation::None {
        return Err(Error::unsupported(format!("the fused activation {activation:?}; TFLM refuses it too")));
    }
    let y = site.output(0)?;
    let axis = axis(declared.into(), y.shape.len())?;
    let mut parts = Vec::with_capacity(site.node.inputs.len());
    for position in 0..site.node.inputs.len() {
        let x = site.input(position)?;
        if x.dtype != y.dtype || x.shape.len() != y.shape.len() {
            return Err(site.unsupported_types());
        }
        if !x.dtype.is_float() && !same_scale(x, y) {
            return Err(Error::unsupported(format!(
                "input {position} has another scale or zero point than the output"
            )));
        }
        parts.push(bytes_from(x, axis));
    }
    if parts.iter().sum::<usize>() != bytes_from(y, axis) {
        return Err(Error::format("the inputs do not fill the output"));
    }
    Ok(Box::new(Concatenation { parts }))
}

/// Bytes that each input gives in turn.
struct Concatenation {
    parts: Vec<usize>,
}

impl Kernel for Concatenation {
    fn run(&mut self, io: &mut Io<'_>) {
        let Split { inputs, output, .. } = io.split::<u8>(0);
        for (outer, mut row) in output.chunks_exact_mut(self.parts.iter().sum()).enumerate() {
            for (position, &part) in self.parts.iter().enumerate() {
                let (to, rest) = row.split_at_mut(part);
                to.copy_from_slice(&inputs.get::<u8>(position)[outer * part..][..part]);
                row = rest;
            }
        }
    }
}

/// Prepares a SPLIT; its inputs are the axis and the array.
pub fn prepare_split(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let x = site.input(1)?;
    let [declared] = index_constant(site, 0)?[..] else {
        return Err(Error::format("the axis is not one number"));
    };
    let axis = axis(declared, x.shape.len())?;
    let count = site.node.outputs.len();
    if count == 0 {
        return Err(Error::format("it has no output"));
    }
    let whole = bytes_from(x, axis);
    for position in 0..count {
        let y = site.output(position)?;
        if y.dtype != x.dtype || y.shape.len() != x.shape.len() || bytes_from(y, axis) * count != whole {
            return Err(site.unsupported_types());
        }
        if !x.dtype.is_float() && !same_scale(x, y) {
            return Err(Error::unsupported(format!(
                "output {position} has another scale or zero point than the input"
            )));
        }
    }
    Ok(Box::new(SplitArray { part: whole / count, count }))
}

/// Bytes that each of `count` outputs takes in turn.
struct SplitArray {
    part: usize,
    count: usize,
}

impl Kernel for SplitArray {
    fn run(&mut self, io: &mut Io<'_>) {
        let row = self.part * self.count;
        for position in 0..self.count {
            let Split { inputs, output, .. } = io.split::<u8>(position);
            let from = inputs.get::<u8>(1).chunks_exact(row);
            for (to, row) in output.chunks_exact_mut(self.part).zip(from) {
                to.copy_from_slice(&row[position * self.part..][..self.part]);
            }
        }
    }
}

/// Prepares a PAD or PADV2. The border is 0, or the zero point of the output, or PADV2's third input.
pub fn prepare_pad(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let (x, y) = site.same_type()?;
    let paddings = index_constant(site, 1)?;
    if paddings.len() != 2 * x.shape.len() || x.shape.len() != y.shape.len() {
        return Err(Error::format(format!("{} paddings for {} dimensions", paddings.len(), x.shape.len())));
    }
    if !x.dtype.is_float() && !same_scale(x, y) {
        return Err(Error::unsupported("input and output differ in scale or zero point"));
    }
    let steps = strides(&y.shape);
    let mut start = 0;
    for ((pair, &step), (&from, &to)) in paddings.chunks_exact(2).zip(&steps).zip(x.shape.iter().zip(&y.shape)) {
        let (before, after) = (pair[0], pair[1]);
        if before < 0 || after < 0 || before.saturating_add(after).saturating_add(from as i64) != to as i64 {
            return Err(Error::format(format!("paddings {before} and {after} do not turn {from} into {to}")));
        }
        start += before as isize * step;
    }
    let walk = Walk::new(&x.shape, steps.iter().map(|&step| [step]).collect(), [start])?;
    let value = match &site.node.op {
        Op::PadV2 => pad_constant(site, x)?,
        _ => pad_default(y)?,
    };
    Ok(match value {
        Border::One(value) => Box::new(Pad { walk, value }),
        Border::Two(value) => Box::new(Pad { walk, value }),
        Border::Four(value) => Box::new(Pad { walk, value }),
    })
}

/// An element of the border, by its size; its bits are copied whatever the type.
enum Border {
    One(u8),
    Two(u16),
    Four(u32),
}

fn pad_default(y: &Value) -> Result<Border> {
    let zero_point = || if y.quantization.is_some() { affine(y).map(|(_, zero_point)| zero_point) } else { Ok(0) };
    Ok(match y.dtype {
        DType::Float32 | DType::Int32 => Border::Four(0),
        DType::Int8 | DType::Uint8 => Border::One(zero_point()? as u8),
        DType::Int16 => Border::Two(zero_point()? as u16),
        other => return Err(Error::unsupported(format!("it is not executed for {other}"))),
    })
}

fn pad_constant(site: &Site<'_>, x: &Value) -> Result<Border> {
    let value = site.input(2)?;
    if value.dtype != x.dtype || value.elements() != 1 {
        return Err(Error::unsupported(format!("a border of type {} and shape {:?}", value.dtype, value.shape)));
    }
    if !x.dtype.is_float() && value.quantization.is_some() && !same_scale(value, x) {
        return Err(Error::unsupported("the border has another scale or zero point than the input"));
    }
    let integer = || site.decoded(2, Value::to_i64).map(|values| values[0]);
    Ok(match x.dtype {
        DType::Float32 => Border::Four(site.decoded(2, Value::to_f32)?[0].to_bits()),
        DType::Int32 => Border::Four(integer()? as u32),
        DType::Int8 | DType::Uint8 => Border::One(integer()? as u8),
        DType::Int16 => Border::Two(integer()? as u16),
        other => return Err(Error::unsupported(format!("it is not executed for {other}"))),
    })
}

/// Walks over the input, writing inside the border.
struct Pad<E> {
    walk: Walk<1>,
    value: E,
}

impl<E: bytemuck::Pod + Send> Kernel for Pad<E> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<E, E>();
        y.fill(self.value);
        self.walk.for_each(|from, [to]| y[to] = x[from]);
    }
}

/// Prepares a TRANSPOSE.
pub fn prepare_transpose(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let (x, y) = site.same_type()?;
    let permutation = index_constant(site, 1)?;
    if permutation.len() != x.shape.len() || y.shape.len() != x.shape.len() {
        return Err(Error::format(format!("a permutation of {} for {} axes", permutation.len(), x.shape.len())));
    }
    let from = strides(&x.shape);
    let mut steps = Vec::with_capacity(from.len());
    let mut seen = vec![false; from.len()];
    for (&old, &length) in permutation.iter().zip(&y.shape) {
        let old = axis(old, from.len())?;
        if seen[old] || x.shape[old] != length {
            return Err(Error::format(format!("{permutation:?} does not turn {:?} into {:?}", x.shape, y.shape)));
        }
        seen[old] = true;
        steps.push([from[old]]);
    }
    gather(y, Walk::new(&y.shape, steps, [0])?)
}

/// Prepares a STRIDED_SLICE.
pub fn prepare_strided_slice(site: &Site<'_>) -> Result<Box<dyn Kernel>> {
    let Op::StridedSlice(op) = site.node.op else {
        return Err(Error::parameter(format!("{} is not STRIDED_SLICE", site.node.op.name())));
    };
    if op.ellipsis_mask != 0 || op.new_axis_mask != 0 || op.offset {
        return Err(Error::unsupported(
            "an ellipsis, a new axis or ends that count from begins; TFLM refuses them too",
        ));
    }
    let (x, y) = site.same_type()?;
    let [begin, end, step] = [1, 2, 3].map(|position| index_constant(site, position));
    let (begin, end, step) = (begin?, end?, step?);
    let rank = x.shape.len();
    if [&begin, &end, &step].iter().any(|list| list.len() != rank) {
        return Err(Error::unsupported(format!("begins, ends and strides that are not {rank} each")));
    }
    let mut shape = Vec::new();
    let mut steps = Vec::new();
    let mut start = 0;
    for (axis, stride) in strides(&x.shape).into_iter().enumerate() {
        let (taken, first) = slice_axis(&op, axis, x.shape[axis], begin[axis], end[axis], step[axis])?;
        start += first as isize * stride;
        if op.shrink_axis_mask & (1 << axis) == 0 {
            shape.push(taken);
            // The stride of a single element may be anything; where there are more, it is shorter than the axis.
            steps.push([if taken > 1 { step[axis] as isize * stride } else { 0 }]);
        }
    }
    if shape != y.shape {
        return Err(Error::format(format!("the slice has the shape {shape:?}, but the output {:?}", y.shape)));
    }
    gather(y, Walk::new(&shape, steps, [start])?)
}

/// A kernel that reads the input along a walk over the output.
fn gather(y: &Value, walk: Walk<1>) -> Result<Box<dyn Kernel>> {
    Ok(match element_bytes(y.dtype) {
        1 => Box::new(Gather { walk, element: std::marker::PhantomData::<u8> }),
        2 => Box::new(Gather { walk, element: std::marker::PhantomData::<u16> }),
        4 => Box::new(Gather { walk, element: std::marker::PhantomData::<u32> }),
        8 => Box::new(Gather { walk, element: std::marker::PhantomData::<u64> }),
        _ => return Err(Error::unsupported(format!("it is not executed for {}", y.dtype))),
    })
}

struct Gather<E> {
    walk: Walk<1>,
    element: std::marker::PhantomData<E>,
}

impl<E: bytemuck::Pod + Send> Kernel for Gather<E> {
    fn run(&mut self, io: &mut Io<'_>) {
        let (x, y) = io.unary::<E, E>();
        self.walk.for_each(|to, [from]| y[to] = x[from]);
    }
}
