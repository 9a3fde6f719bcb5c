//! Arrays of many inputs: one row is one inference.

use ndarray::{ArrayD, IxDyn};

use crate::error::{Error, Result};
use crate::exec::Executor;
use crate::model::{Model, ValueId};
use crate::tensor::Tensor;

/// The rows of an array `[n, ...]`, each with the elements of the model's only input.
///
/// # Errors
/// `Parameter` when the model has several inputs, or rows have another number of elements or type.
pub fn rows(model: &Model, array: &Tensor) -> Result<Vec<Tensor>> {
    let input = only(&model.inputs, "inputs")?;
    let value = &model.values[input];
    if array.dtype() != value.dtype {
        return Err(Error::parameter(format!("the array is {}, the model takes {}", array.dtype(), value.dtype)));
    }
    let (count, expected) = (array.shape().first().copied().unwrap_or(0), without_batch(&value.shape));
    if array.len() != count * value.elements() {
        return Err(Error::parameter(format!(
            "the array has shape {:?}, the model takes [n, ...{expected:?}]",
            array.shape()
        )));
    }
    array.rows(&value.shape)
}

/// Runs the model on every row of `array`; the result is `[n, output shape without its batch]`.
///
/// # Errors
/// Those of [`rows`] and of running; `Parameter` when the model has several outputs.
pub fn run(model: &Model, executor: &mut Executor, array: &Tensor) -> Result<Tensor> {
    let output = &model.values[only(&model.outputs, "outputs")?];
    let rows = rows(model, array)?;
    let mut shape = vec![rows.len()];
    shape.extend(without_batch(&output.shape));
    // The result may be larger than one tensor of a model may be, so it is put together row by row.
    let mut results = Vec::with_capacity(rows.len());
    for row in rows {
        results.extend(executor.run(&[row])?.into_iter().take(1));
    }
    stack(&results, &shape, output.dtype)
}

/// Tensors of one type, one after the other, as one array; it may be larger than one tensor of a model may be.
///
/// # Errors
/// `Parameter` when they do not fill `shape`.
pub fn stack(results: &[Tensor], shape: &[usize], dtype: crate::tensor::DType) -> Result<Tensor> {
    macro_rules! stacked {
        ($variant:ident) => {{
            let mut all = Vec::new();
            for result in results {
                if let Tensor::$variant(array) = result {
                    all.extend(array.iter().cloned());
                }
            }
            ArrayD::from_shape_vec(IxDyn(shape), all)
                .map(Tensor::$variant)
                .map_err(|_| Error::parameter(format!("the outputs do not fill an array of shape {shape:?}")))
        }};
    }
    match results.first() {
        None => Tensor::zeros(dtype, shape),
        Some(Tensor::Float32(_)) => stacked!(Float32),
        Some(Tensor::Int8(_)) => stacked!(Int8),
        Some(Tensor::Uint8(_)) => stacked!(Uint8),
        Some(Tensor::Int16(_)) => stacked!(Int16),
        Some(Tensor::Int32(_)) => stacked!(Int32),
        Some(Tensor::Int64(_)) => stacked!(Int64),
        Some(Tensor::Bool(_)) => stacked!(Bool),
    }
}

fn only(ports: &[ValueId], what: &str) -> Result<ValueId> {
    match ports {
        [only] => Ok(*only),
        _ => Err(Error::parameter(format!("the model has {} {what}, an array feeds one", ports.len()))),
    }
}

/// The shape without its leading 1; a model of another batch keeps it.
fn without_batch(shape: &[usize]) -> &[usize] {
    match shape {
        [1, rest @ ..] => rest,
        _ => shape,
    }
}
