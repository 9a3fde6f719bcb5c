//! From a candidate to the bytes that are offered: written, read back, run, and compared.

use super::recipe::{Recipe, Step};
use crate::error::{Error, Result};
use crate::exec::{Executor, Options};
use crate::format::tflite::{self, Style};
use crate::model::{Model, Value};
use crate::random::Random;
use crate::tensor::Tensor;

/// Inputs on which file and model are compared.
const COMPARED: usize = 4;

/// The file of a candidate, once it is known to compute what the candidate computes.
///
/// It is read again, and both run: on the first of `inputs`, or on random ones where there are none. A model that cannot
/// run here is compared by its constants alone.
///
/// # Errors
/// Those of writing, reading and running; `Numeric` where an output differs, which would be a fault of Milliwatt.
pub fn deliver(candidate: &Model, recipe: &Recipe, inputs: &[Vec<Tensor>]) -> Result<Vec<u8>> {
    let is_slim = recipe.steps.iter().any(|step| matches!(step, Step::Slim(_)));
    let file = tflite::write_as(candidate, if is_slim { Style::Bare } else { Style::Usual })?;
    let read = tflite::read(&file)?.model;
    let same = |a: &Model, b: &Model| a.values.iter().zip(&b.values).all(|(a, b)| a.data == b.data);
    let carried = candidate.subgraphs.iter().zip(&read.subgraphs).all(|(a, b)| same(a, b));
    if !same(candidate, &read) || !carried || candidate.subgraphs.len() != read.subgraphs.len() {
        return Err(differs("a constant"));
    }
    let options = Options::default();
    let (Ok(mut model), Ok(mut written)) = (Executor::new(candidate, options), Executor::new(&read, options)) else {
        return Ok(file);
    };
    let random: Vec<Vec<Tensor>>;
    let fits = |given: &&Vec<Tensor>| {
        given.len() == candidate.inputs.len()
            && given.iter().zip(&candidate.inputs).all(|(tensor, &id)| {
                let value = &candidate.values[id];
                tensor.dtype() == value.dtype && tensor.shape() == value.shape
            })
    };
    let mut compared: Vec<&Vec<Tensor>> = inputs.iter().filter(fits).take(COMPARED).collect();
    if compared.is_empty() {
        let mut generator = Random::new(1);
        random = (0..COMPARED).map(|_| random_inputs(candidate, &mut generator)).collect::<Result<_>>()?;
        compared = random.iter().collect();
    }
    for inputs in compared {
        for (output, (a, b)) in model.run(inputs)?.iter().zip(&written.run(inputs)?).enumerate() {
            if !same_bits(a, b) {
                return Err(differs(&format!("output {output}")));
            }
        }
    }
    Ok(file)
}

fn differs(what: &str) -> Error {
    Error::numeric(format!(
        "{what} of the written file is not that of the model it was written from, so the file is not offered; please \
         report this"
    ))
}

/// Inputs over the whole range of their types, floats within a few units.
///
/// # Errors
/// Those of making tensors.
pub fn random_inputs(model: &Model, random: &mut Random) -> Result<Vec<Tensor>> {
    let one = |value: &Value, random: &mut Random| -> Result<Tensor> {
        let mut tensor = Tensor::zeros(value.dtype, &value.shape)?;
        match &mut tensor {
            Tensor::Float32(array) => array.iter_mut().for_each(|x| *x = random.normal() as f32),
            Tensor::Int8(array) => array.iter_mut().for_each(|x| *x = random.below(256) as u8 as i8),
            Tensor::Uint8(array) => array.iter_mut().for_each(|x| *x = random.below(256) as u8),
            Tensor::Int16(array) => array.iter_mut().for_each(|x| *x = random.below(65_536) as u16 as i16),
            // Indices and truth values: zero is always one.
            Tensor::Int32(_) | Tensor::Int64(_) | Tensor::Bool(_) => {}
        }
        Ok(tensor)
    };
    model.inputs.iter().map(|&id| one(&model.values[id], random)).collect()
}

/// Whether two tensors hold the same numbers, NaN to the same NaN included.
pub fn same_bits(a: &Tensor, b: &Tensor) -> bool {
    // Outputs are floats or integers of at most 24 bits, which floats hold exactly; comparing the arrays themselves would
    // take a copy of the comparison for each type.
    let bits = |tensor: &Tensor| -> Vec<u32> { tensor.to_f32_vec().into_iter().map(f32::to_bits).collect() };
    a.dtype() == b.dtype() && a.shape() == b.shape() && bits(a) == bits(b)
}
