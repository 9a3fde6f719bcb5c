//! The record of one run, along which gradients flow back.

use super::gradients;
use crate::error::{Error, Result};
use crate::limits;
use crate::model::{Model, Node, Value, ValueId};
use crate::tensor::DType;

/// One array of numbers for each value of a model that has one.
pub(super) type Slots = Vec<Option<Vec<f32>>>;

/// The constants of a model that learn: the weights and biases of its nodes, as `float32`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    pub(super) slots: Slots,
}

impl Parameters {
    /// Takes the weights and biases out of a model.
    ///
    /// # Errors
    /// `Unsupported` when one of them is not `float32`, `Format` when its data has the wrong length.
    pub fn of(model: &Model) -> Result<Self> {
        let mut slots: Slots = vec![None; model.values.len()];
        for (index, node) in model.nodes.iter().enumerate() {
            let positions = [node.op.weights_input(), node.op.bias_input()];
            for id in positions.into_iter().flatten().filter_map(|position| node.input(position)) {
                let data = model.values.get(id).map(float_data).transpose().map_err(|e| e.at(model.place(index)))?;
                if let (Some(slot), Some(Some(data))) = (slots.get_mut(id), data) {
                    *slot = Some(data);
                }
            }
        }
        Ok(Self { slots })
    }

    /// The same model with these weights and biases.
    ///
    /// *Panics*: none; a model with other values than the one that the parameters come from keeps its own.
    pub fn put_into(&self, model: &Model) -> Model {
        let mut model = model.clone();
        for (value, slot) in model.values.iter_mut().zip(&self.slots) {
            if let Some(data) = slot.as_ref().filter(|data| data.len() == value.elements()) {
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

/// One run of a model on a batch, every value kept.
#[derive(Debug)]
pub struct Tape<'a> {
    model: &'a Model,
    parameters: &'a Parameters,
    batch: usize,
    values: Slots,
}

/// What a node sees of the tape: the numbers and shapes of its inputs and outputs.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub node: &'a Node,
    tape: &'a Tape<'a>,
}

impl<'a> Tape<'a> {
    /// Runs the model on a batch.
    ///
    /// *Shapes*: `input` is `[batch, elements of the model's only input]`; the model's own batch must be 1.
    ///
    /// # Errors
    /// `Unsupported` for an operator that cannot be trained, `Parameter` when the input does not fit.
    pub fn forward(model: &'a Model, parameters: &'a Parameters, input: &[f32], batch: usize) -> Result<Self> {
        let (&[id], &[_]) = (&model.inputs[..], &model.outputs[..]) else {
            return Err(Error::unsupported("only models with one input and one output can be trained"));
        };
        let value = model.values.get(id).ok_or_else(|| Error::format("the model's input is not among its values"))?;
        if value.shape.first() != Some(&1) || Some(input.len()) != value.elements().checked_mul(batch) {
            return Err(Error::parameter(format!(
                "{} numbers are not {batch} inputs of shape {:?} with a batch of 1",
                input.len(),
                value.shape
            )));
        }
        let mut tape = Self { model, parameters, batch, values: vec![None; model.values.len()] };
        tape.values[id] = Some(input.to_vec());
        for (index, node) in model.nodes.iter().enumerate() {
            let at = |error: Error| error.at(model.place(index));
            let output = gradients::forward(View { node, tape: &tape }).map_err(at)?;
            let &[id] = &node.outputs[..] else {
                return Err(at(Error::unsupported("several outputs cannot be trained")));
            };
            limits::check("numbers in a training batch", output.len(), limits::ARENA_BYTES)?;
            if Some(output.len()) != tape.elements(id).checked_mul(batch) {
                return Err(at(Error::format("the output's shape does not hold what the node computes")));
            }
            tape.values[id] = Some(output);
        }
        Ok(tape)
    }

    /// The model's output.
    ///
    /// *Shapes*: `[batch, elements of the model's output]`.
    pub fn output(&self) -> &[f32] {
        self.model.outputs.first().and_then(|&id| self.values.get(id)?.as_deref()).unwrap_or_default()
    }

    /// The gradient of every parameter, given that of the output.
    ///
    /// *Shapes*: `output` as [`Tape::output`]; each gradient has the shape of its parameter.
    ///
    /// # Errors
    /// Those of [`Tape::forward`].
    pub fn backward(&self, output: Vec<f32>) -> Result<Parameters> {
        let mut slots: Slots = vec![None; self.model.values.len()];
        let &[id] = &self.model.outputs[..] else { return Ok(Parameters { slots }) };
        slots[id] = Some(output);
        for (index, node) in self.model.nodes.iter().enumerate().rev() {
            let Some(gradient) = node.outputs.first().and_then(|&id| slots[id].take()) else { continue };
            let view = View { node, tape: self };
            let inputs = gradients::backward(view, gradient).map_err(|error| error.at(self.model.place(index)))?;
            for (position, gradient) in inputs {
                let Some(id) = node.input(position) else { continue };
                match &mut slots[id] {
                    // A value that several nodes read is wrong in the sum of their ways.
                    Some(sum) => sum.iter_mut().zip(&gradient).for_each(|(sum, more)| *sum += more),
                    empty => *empty = Some(gradient),
                }
            }
        }
        // What is left on activations nobody produced: the model's input.
        for (slot, parameter) in slots.iter_mut().zip(&self.parameters.slots) {
            if parameter.is_none() {
                *slot = None;
            }
        }
        Ok(Parameters { slots })
    }

    fn elements(&self, id: ValueId) -> usize {
        self.model.values.get(id).map_or(0, Value::elements)
    }
}

impl<'a> View<'a> {
    /// The numbers of the input at a position: of the batch, or of a parameter.
    pub fn input(self, position: usize) -> Result<&'a [f32]> {
        let id = self.node.input(position).ok_or_else(|| Error::format(format!("input {position} is missing")))?;
        let activation = self.tape.values.get(id).and_then(Option::as_deref);
        activation
            .or_else(|| self.tape.parameters.get(id))
            .ok_or_else(|| Error::unsupported(format!("input {position} is a constant that training cannot read")))
    }

    /// The numbers of an optional parameter.
    pub fn optional(self, position: usize) -> Result<Option<&'a [f32]>> {
        self.node.input(position).map(|_| self.input(position)).transpose()
    }

    /// The dimensions of the input at a position, with a batch of 1.
    pub fn input_shape(self, position: usize) -> &'a [usize] {
        let value = self.node.input(position).and_then(|id| self.tape.model.values.get(id));
        value.map_or(&[], |value| &value.shape)
    }

    /// The numbers that the node gave.
    pub fn output(self) -> &'a [f32] {
        self.node.outputs.first().and_then(|&id| self.tape.values.get(id)?.as_deref()).unwrap_or_default()
    }

    /// Whether anybody asks for the gradient of an input: nobody does for the model's own.
    pub fn needs_gradient(self, position: usize) -> bool {
        self.node.input(position).is_some_and(|id| !self.tape.model.inputs.contains(&id))
    }

    /// How many inputs run at once.
    pub fn batch(self) -> usize {
        self.tape.batch
    }
}
