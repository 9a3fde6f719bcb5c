//! The record of one run, along which gradients flow back.

use super::fake::FakeQuantization;
use super::gradients;
use super::norm::{Norm, Seen};
use super::parameters::{Parameters, Slots};
use crate::error::{Error, Result};
use crate::limits;
use crate::model::{Model, Node, Op, Value, ValueId};

/// What lies over the graph while it is trained, and is gone when it is exported.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    /// The batch normalization behind each node.
    pub(super) norms: Vec<Option<Norm>>,
    /// Numbers rounded as the integer model will round them.
    pub(super) quantization: Option<FakeQuantization>,
}

/// One run of a model on a batch, every value kept.
#[derive(Debug)]
pub struct Tape<'a> {
    model: &'a Model,
    parameters: &'a Parameters,
    overlay: Option<&'a Overlay>,
    batch: usize,
    /// What the nodes read: activations, rounded where they are quantized.
    values: Slots,
    /// Activations before rounding, where `values` holds rounded ones.
    raw: Slots,
    /// Weights after rounding, where they are quantized.
    weights: Slots,
    norms: Vec<Option<Seen>>,
    /// Whether the gradient of each value is of use: some parameter lies on its way.
    wanted: Vec<bool>,
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
        Self::run(model, parameters, None, input, batch, true)
    }

    /// Runs the model with what lies over it; `learning` normalizes with the batch's own mean and variance.
    ///
    /// # Errors
    /// Those of [`Tape::forward`].
    pub(super) fn run(
        model: &'a Model,
        parameters: &'a Parameters,
        overlay: Option<&'a Overlay>,
        input: &[f32],
        batch: usize,
        learning: bool,
    ) -> Result<Self> {
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
        let empty = || vec![None; model.values.len()];
        let mut wanted: Vec<bool> = parameters.slots.iter().map(Option::is_some).collect();
        for node in &model.nodes {
            let any = node.inputs.iter().flatten().any(|&id| wanted.get(id).copied().unwrap_or(false));
            node.outputs.iter().for_each(|&id| wanted[id] |= any);
        }
        let quantization = overlay.and_then(|overlay| overlay.quantization.as_ref());
        let weights = quantization.map_or_else(|| Ok(empty()), |fake| fake.weights(parameters))?;
        let (values, raw, norms) = (empty(), empty(), model.nodes.iter().map(|_| None).collect());
        let mut tape = Self { model, parameters, overlay, batch, values, raw, weights, norms, wanted };
        tape.keep(id, input.to_vec());
        for (index, node) in model.nodes.iter().enumerate() {
            tape.step(index, node, learning).map_err(|error| error.at(model.place(index)))?;
        }
        Ok(tape)
    }

    /// Runs one node: what it computes, its normalization, its fused activation, its rounding.
    fn step(&mut self, index: usize, node: &Node, learning: bool) -> Result<()> {
        let mut y = gradients::forward(View { node, tape: self })?;
        let &[id] = &node.outputs[..] else { return Err(Error::unsupported("several outputs cannot be trained")) };
        limits::check("numbers in a training batch", y.len(), limits::ARENA_BYTES)?;
        if Some(y.len()) != self.elements(id).checked_mul(self.batch) {
            return Err(Error::format("the output's shape does not hold what the node computes"));
        }
        if let Some(norm) = self.norm(index) {
            self.norms[index] = Some(norm.forward(self.parameters, &mut y, learning)?);
        }
        gradients::activate(&node.op, &mut y)?;
        self.keep(id, y);
        Ok(())
    }

    fn norm(&self, node: usize) -> Option<&'a Norm> {
        self.overlay?.norms.get(node)?.as_ref()
    }

    fn quantization(&self) -> Option<&'a FakeQuantization> {
        self.overlay?.quantization.as_ref()
    }

    /// Keeps an activation, rounded where it is quantized.
    fn keep(&mut self, id: ValueId, y: Vec<f32>) {
        match self.quantization().and_then(|fake| fake.activation(id, self.parameters, &y)) {
            Some(rounded) => {
                self.raw[id] = Some(y);
                self.values[id] = Some(rounded);
            }
            None => self.values[id] = Some(y),
        }
    }

    /// The model's output.
    ///
    /// *Shapes*: `[batch, elements of the model's output]`.
    pub fn output(&self) -> &[f32] {
        self.model.outputs.first().map_or(&[], |&id| self.value(id))
    }

    /// An activation, as the nodes read it.
    ///
    /// *Shapes*: `[batch, elements of the value]`.
    pub fn value(&self, id: ValueId) -> &[f32] {
        self.values.get(id).and_then(Option::as_deref).unwrap_or_default()
    }

    /// An activation before it was rounded.
    pub(super) fn unrounded(&self, id: ValueId) -> &[f32] {
        self.raw.get(id).and_then(Option::as_deref).unwrap_or_else(|| self.value(id))
    }

    /// What each batch normalization saw.
    pub(super) fn seen(&self) -> &[Option<Seen>] {
        &self.norms
    }

    /// The gradient of every parameter, given that of the output.
    ///
    /// *Shapes*: `output` as [`Tape::output`]; each gradient has the shape of its parameter.
    ///
    /// # Errors
    /// Those of [`Tape::forward`].
    pub fn backward(&self, output: Vec<f32>) -> Result<Parameters> {
        self.backward_from(self.model.outputs.first().map(|&id| (id, output)).into_iter().collect())
    }

    /// The gradient of every parameter, given those of some activations.
    ///
    /// # Errors
    /// Those of [`Tape::forward`].
    pub(super) fn backward_from(&self, starts: Vec<(ValueId, Vec<f32>)>) -> Result<Parameters> {
        let mut slots: Slots = vec![None; self.parameters.slots.len()];
        starts.into_iter().for_each(|(id, gradient)| add(&mut slots, id, gradient));
        for (index, node) in self.model.nodes.iter().enumerate().rev() {
            let Some(&id) = node.outputs.first() else { continue };
            if !self.wanted[id] {
                continue;
            }
            let Some(mut dy) = slots[id].take() else { continue };
            self.through_rounding(id, &mut dy, &mut slots);
            let view = View { node, tape: self };
            gradients::through_activation(view, &mut dy)
                .and_then(|()| self.through_norm(index, &mut dy, &mut slots))
                .and_then(|()| gradients::backward(view, dy))
                .map_err(|error| error.at(self.model.place(index)))?
                .into_iter()
                .filter_map(|(position, gradient)| Some((node.input(position)?, gradient)))
                .for_each(|(id, gradient)| add(&mut slots, id, gradient));
        }
        // What is left on activations nobody produced: the model's input.
        for (slot, parameter) in slots.iter_mut().zip(&self.parameters.slots) {
            if parameter.is_none() {
                *slot = None;
            }
        }
        if let Some(fake) = self.quantization() {
            fake.weights_backward(self.parameters, &mut slots);
        }
        Ok(Parameters { fixed: vec![None; slots.len()], slots })
    }

    fn through_rounding(&self, id: ValueId, dy: &mut [f32], slots: &mut Slots) {
        if let (Some(fake), Some(raw)) = (self.quantization(), &self.raw[id])
            && let Some((step, gradient)) = fake.activation_backward(id, self.parameters, raw, dy, self.batch)
        {
            add(slots, step, vec![gradient]);
        }
    }

    fn through_norm(&self, node: usize, dy: &mut [f32], slots: &mut Slots) -> Result<()> {
        if let (Some(norm), Some(seen)) = (self.norm(node), &self.norms[node]) {
            let gradients = norm.backward(self.parameters, seen, dy)?;
            gradients.into_iter().for_each(|(id, gradient)| add(slots, id, gradient));
        }
        Ok(())
    }

    fn elements(&self, id: ValueId) -> usize {
        self.model.values.get(id).map_or(0, Value::elements)
    }
}

/// A value that several nodes read is wrong in the sum of their ways.
fn add(slots: &mut Slots, id: ValueId, gradient: Vec<f32>) {
    match slots.get_mut(id) {
        Some(Some(sum)) => sum.iter_mut().zip(&gradient).for_each(|(sum, more)| *sum += more),
        Some(empty) => *empty = Some(gradient),
        None => {}
    }
}

impl<'a> View<'a> {
    /// The numbers of the input at a position: of the batch, or of a constant.
    pub fn input(self, position: usize) -> Result<&'a [f32]> {
        let id = self.node.input(position).ok_or_else(|| Error::format(format!("input {position} is missing")))?;
        let found = [&self.tape.values, &self.tape.weights].into_iter().find_map(|slots| slots.get(id)?.as_deref());
        found
            .or_else(|| self.tape.parameters.read(id))
            .ok_or_else(|| Error::unsupported(format!("input {position} is a constant that training cannot read")))
    }

    /// The numbers of an optional parameter.
    pub fn optional(self, position: usize) -> Result<Option<&'a [f32]>> {
        self.node.input(position).map(|_| self.input(position)).transpose()
    }

    /// The whole numbers of a constant input, such as axes and paddings.
    pub fn integers(self, position: usize) -> Result<Vec<i64>> {
        let id = self.node.input(position).ok_or_else(|| Error::format(format!("input {position} is missing")))?;
        let value = self.tape.model.values.get(id).ok_or_else(|| Error::format("an input is not among the values"))?;
        value.to_i64()
    }

    /// Whether the input at a position has one array for each example of the batch; constants have one for all.
    pub fn is_batched(self, position: usize) -> bool {
        self.node.input(position).is_some_and(|id| self.tape.values.get(id).is_some_and(Option::is_some))
    }

    /// The dimensions of the input at a position, with a batch of 1.
    pub fn input_shape(self, position: usize) -> &'a [usize] {
        self.shape(self.node.input(position))
    }

    /// The dimensions of the output, with a batch of 1.
    pub fn output_shape(self) -> &'a [usize] {
        self.shape(self.node.outputs.first().copied())
    }

    fn shape(self, id: Option<ValueId>) -> &'a [usize] {
        id.and_then(|id| self.tape.model.values.get(id)).map_or(&[], |value| &value.shape)
    }

    /// The numbers that the node gave, before they were rounded.
    pub fn output(self) -> &'a [f32] {
        self.node.outputs.first().map_or(&[], |&id| self.tape.unrounded(id))
    }

    /// What the node computes.
    pub fn op(self) -> &'a Op {
        &self.node.op
    }

    /// Whether anybody asks for the gradient of an input: nobody does for the model's own, nor for what is fixed.
    pub fn needs_gradient(self, position: usize) -> bool {
        self.node.input(position).is_some_and(|id| self.tape.wanted.get(id).copied().unwrap_or(false))
    }

    /// How many inputs run at once.
    pub fn batch(self) -> usize {
        self.tape.batch
    }
}
