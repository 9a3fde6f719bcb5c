//! The numbers of a model that training reads or changes.

use crate::error::{Error, Result};
use crate::model::{Model, Op, Value, ValueId};
use crate::tensor::DType;

/// One array of numbers for each value of a model that has one.
pub(super) type Slots = Vec<Option<Vec<f32>>>;

/// The constants of a model as `float32`: the weights, biases and slopes that learn, and the others that are only read.
///
/// A [`ValueId`] finds them. Training adds numbers that no value of the model stands for (the scales of batch
/// normalization, step sizes of quantization); these have ids behind the model's values.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// What learns.
    pub(super) slots: Slots,
    /// What is only read.
    pub(super) fixed: Slots,
}

impl Parameters {
    /// Takes the constants out of a model; weights and biases learn, and the slopes of PRELU.
    ///
    /// # Errors
    /// `Unsupported` when weights are not `float32`, `Format` when data has the wrong length.
    pub fn of(model: &Model) -> Result<Self> {
        let mut slots: Slots = vec![None; model.values.len()];
        for (index, node) in model.nodes.iter().enumerate() {
            for id in learning_inputs(&node.op).into_iter().flatten().filter_map(|position| node.input(position)) {
                let data = model.values.get(id).map(float_data).transpose().map_err(|e| e.at(model.place(index)))?;
                if let (Some(slot), Some(Some(data))) = (slots.get_mut(id), data) {
                    *slot = Some(data);
                }
            }
        }
        let mut fixed: Slots = vec![None; model.values.len()];
        for (id, value) in model.values.iter().enumerate() {
            if slots[id].is_none() && value.dtype == DType::Float32 {
                fixed[id] = float_data(value)?;
            }
        }
        Ok(Self { slots, fixed })
    }

    /// The same model with these weights and biases.
    ///
    /// *Panics*: none; a model with other values than the one that the parameters come from keeps its own.
    pub fn put_into(&self, model: &Model) -> Model {
        let mut model = model.clone();
        for (id, value) in model.values.iter_mut().enumerate() {
            if let Some(data) = self.read(id).filter(|data| data.len() == value.elements() && value.is_constant()) {
                value.data = Some(bytemuck::cast_slice(data).to_vec().into());
            }
        }
        model
    }

    /// The numbers that learn.
    pub fn count(&self) -> usize {
        self.slots.iter().flatten().map(Vec::len).sum()
    }

    /// The numbers of one constant, `None` where the value does not learn.
    pub fn get(&self, value: ValueId) -> Option<&[f32]> {
        self.slots.get(value)?.as_deref()
    }

    /// The same, to change them.
    pub fn get_mut(&mut self, value: ValueId) -> Option<&mut Vec<f32>> {
        self.slots.get_mut(value)?.as_mut()
    }

    /// The numbers of one constant, whether it learns or not.
    pub(super) fn read(&self, value: ValueId) -> Option<&[f32]> {
        self.get(value).or_else(|| self.fixed.get(value)?.as_deref())
    }

    /// Keeps a constant as it is from here on.
    pub(super) fn freeze(&mut self, value: ValueId) {
        if let (Some(slot), Some(fixed)) = (self.slots.get_mut(value), self.fixed.get_mut(value))
            && slot.is_some()
        {
            *fixed = slot.take();
        }
    }

    /// Adds numbers that learn and that no value of the model stands for; returns their id.
    pub(super) fn add(&mut self, numbers: Vec<f32>) -> ValueId {
        self.slots.push(Some(numbers));
        self.fixed.push(None);
        self.slots.len() - 1
    }
}

/// The positions of an operator's inputs that learn where they are constants.
fn learning_inputs(op: &Op) -> [Option<usize>; 2] {
    match op {
        Op::Prelu => [Some(1), None],
        op => [op.weights_input(), op.bias_input()],
    }
}

/// The elements of a `float32` constant; `None` for an activation.
fn float_data(value: &Value) -> Result<Option<Vec<f32>>> {
    let Some(data) = &value.data else { return Ok(None) };
    if value.dtype != DType::Float32 {
        return Err(Error::unsupported(format!("weights of type {} cannot be trained, only float32", value.dtype)));
    }
    if data.len() != 4 * value.elements() {
        return Err(Error::format(format!("a constant of {} elements has {} bytes", value.elements(), data.len())));
    }
    Ok(Some(data.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()))
}
