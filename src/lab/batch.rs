//! Arrays of many inputs: one row is one inference.

use ndarray::{ArrayD, IxDyn};

use super::inputs::quantized;
use crate::error::{Error, Result};
use crate::exec::Executor;
use crate::model::{Model, Value, ValueId};
use crate::tensor::{DType, Tensor};

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

/// The arrays for a model's inputs, in the order of the inputs: by name where all names are the inputs', else in order.
///
/// # Errors
/// `Parameter` when there are not as many arrays as inputs.
pub fn inputs_in_order(model: &Model, mut arrays: Vec<(String, Tensor)>) -> Result<Vec<Tensor>> {
    let names: Vec<&str> = model.inputs.iter().map(|&id| model.values[id].name.as_str()).collect();
    if arrays.len() != names.len() {
        return Err(Error::parameter(format!(
            "{} for a model of {}: {}; give an NPZ with an array for each input, by name or in this order",
            plural(arrays.len(), "array"),
            plural(names.len(), "input"),
            names.join(", ")
        )));
    }
    // A signature may have other names than the values.
    let arguments = model.signatures.iter().flat_map(|signature| &signature.inputs);
    let arguments: Vec<&(String, ValueId)> = arguments.collect();
    let place = |name: &str| {
        let argument = arguments.iter().find(|(known, _)| known == name);
        let by_argument = argument.and_then(|(_, id)| model.inputs.iter().position(|input| input == id));
        names.iter().position(|known| *known == name).or(by_argument)
    };
    let places: Vec<Option<usize>> = arrays.iter().map(|(name, _)| place(name)).collect();
    if arrays.len() > 1 && places.iter().any(Option::is_some) {
        for (at, (name, _)) in arrays.iter().enumerate() {
            if places[at].is_none() || places[..at].contains(&places[at]) {
                return Err(Error::parameter(format!(
                    "{name:?} is not the name of one more input; the model has {}",
                    names.join(", ")
                )));
            }
        }
        let order = crate::order::of(arrays.len(), &|a, b| places[a].cmp(&places[b]));
        let mut taken: Vec<Option<(String, Tensor)>> = arrays.into_iter().map(Some).collect();
        arrays = order.into_iter().filter_map(|at| taken[at].take()).collect();
    }
    Ok(arrays.into_iter().map(|(_, array)| array).collect())
}

/// Runs the model on every row of its inputs; for each output its name and an array `[n, output shape without its batch]`.
///
/// Floats are quantized where the input is an integer with a scale. Names that are empty or not unique become `y0`, `y1`, …
///
/// # Errors
/// `Parameter` when inputs have another number of elements or type, or not the same number of rows; those of running.
pub fn run(model: &Model, executor: &mut Executor, inputs: &[Tensor]) -> Result<Vec<(String, Tensor)>> {
    if inputs.len() != model.inputs.len() {
        return Err(Error::parameter(format!("{} arrays for {} inputs", inputs.len(), model.inputs.len())));
    }
    let mut rows: Vec<std::vec::IntoIter<Tensor>> = vec![];
    let mut count = None;
    for (position, (array, &id)) in inputs.iter().zip(&model.inputs).enumerate() {
        let found = rows_of(&model.values[id], array).map_err(|error| error.at(format_args!("input {position}")))?;
        if count.is_some_and(|count| count != found.len()) {
            return Err(Error::parameter(format!(
                "input {position} has {} where those before have {}",
                plural(found.len(), "row"),
                count.unwrap_or(0)
            )));
        }
        count = Some(found.len());
        rows.push(found.into_iter());
    }
    let count = count.unwrap_or(1);
    // The result may be larger than one tensor of a model may be, so it is put together row by row.
    let mut results: Vec<Vec<Tensor>> = vec![Vec::with_capacity(count); model.outputs.len()];
    for _ in 0..count {
        let row: Vec<Tensor> = rows.iter_mut().filter_map(Iterator::next).collect();
        for (result, output) in results.iter_mut().zip(executor.run(&row)?) {
            result.push(output);
        }
    }
    let names: Vec<&str> = model.outputs.iter().map(|&id| model.values[id].name.as_str()).collect();
    let is_plain = |name: &str| !name.is_empty() && names.iter().filter(|other| **other == name).count() == 1;
    let all_plain = names.iter().all(|name| is_plain(name));
    let mut arrays = vec![];
    for (position, (tensors, &id)) in results.iter().zip(&model.outputs).enumerate() {
        let value = &model.values[id];
        let mut shape = vec![count];
        shape.extend(without_batch(&value.shape));
        let name = if all_plain { value.name.clone() } else { format!("y{position}") };
        arrays.push((name, stack(tensors, &shape, value.dtype)?));
    }
    Ok(arrays)
}

/// The rows of an array as a value takes them, floats quantized where it is an integer with a scale.
fn rows_of(value: &Value, array: &Tensor) -> Result<Vec<Tensor>> {
    let (count, expected) = (array.shape().first().copied().unwrap_or(0), without_batch(&value.shape));
    if array.len() != count * value.elements() {
        return Err(Error::parameter(format!(
            "the array has shape {:?}, the model takes [n, ...{expected:?}]",
            array.shape()
        )));
    }
    if array.dtype() == value.dtype {
        return array.rows(&value.shape);
    }
    if array.dtype() != DType::Float32 || value.quantization.is_none() {
        return Err(Error::parameter(format!("the array is {}, the model takes {}", array.dtype(), value.dtype)));
    }
    array.rows(&value.shape)?.iter().map(|row| quantized(row.to_f32_vec().into_iter(), value)).collect()
}

fn plural(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
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
