//! What comes out of a training: how good the network is, the float model, the integer model.

use super::{Examples, Judgement, State, Trainer, batch, count_right, scaled};
use crate::compress::quantize;
use crate::compress::recipe::QuantizeOptions;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::train::parameters::Parameters;
use crate::train::tape::Tape;

impl Trainer {
    /// The state now: with averaged weights where the plan asks for it.
    pub(super) fn current(&self) -> State {
        match &self.average {
            Some(average) => State { parameters: average.clone(), overlay: self.state.overlay.clone() },
            None => self.state.clone(),
        }
    }

    /// The state that is kept: the first where learning made nothing better, the best where validation chooses, otherwise that
    /// of now.
    pub(super) fn kept(&self) -> State {
        if let Some(start) = self.start.as_ref().filter(|_| self.keeps_start) {
            return start.clone();
        }
        self.best.as_ref().map_or_else(|| self.current(), |(_, state)| state.clone())
    }

    /// How good the network is now on some examples, rounded where it is trained rounded.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn judge(&self, examples: Examples<'_>) -> Result<Judgement> {
        self.judge_state(&self.current(), examples)
    }

    /// How good the network is that [`Trainer::model`] and [`Trainer::export`] give.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn judge_kept(&self, examples: Examples<'_>) -> Result<Judgement> {
        self.judge_state(&self.kept(), examples)
    }

    fn judge_state(&self, State { parameters, overlay }: &State, examples: Examples<'_>) -> Result<Judgement> {
        let (id, factor) = self.head;
        let classes = self.model.values[id].elements();
        let rows = examples.rows(self.width_in(), classes, self.needs_targets())?;
        let all: Vec<usize> = (0..rows).collect();
        let (mut sum, mut right) = (0.0, Some(0));
        for batch in all.chunks(self.plan.batch.max(1)) {
            let inputs = batch::gather(examples.inputs, batch, self.width_in());
            let tape = Tape::run(&self.model, parameters, Some(overlay), &inputs, batch.len(), false)?;
            let output = scaled(tape.value(id), factor);
            let targets = batch::targets(examples, batch, &inputs, &self.plan, classes);
            if !targets.is_empty() {
                sum += self.plan.loss.of(&output, &targets, batch.len())?.0 * batch.len() as f64;
            }
            // The answer is the model's own output: rounded probabilities may be equal where logits are not.
            let found = if self.plan.loss.classifies() { count_right(tape.output(), &targets, classes) } else { None };
            right = right.zip(found).map(|(all, more)| all + more);
        }
        Ok(Judgement { loss: sum / rows.max(1) as f64, right, n: rows })
    }

    /// What the network now makes of some inputs, rounded where it is trained rounded.
    ///
    /// *Shapes*: `[n, elements of the model's input]` to `[n, elements of its output]`.
    ///
    /// # Errors
    /// `Parameter` when the inputs do not fit the model.
    pub fn outputs(&self, inputs: &[f32]) -> Result<Vec<f32>> {
        let State { parameters, overlay } = self.current();
        let mut outputs = Vec::new();
        for batch in inputs.chunks(self.width_in().max(1) * self.plan.batch.max(1)) {
            let rows = batch.len() / self.width_in().max(1);
            let tape = Tape::run(&self.model, &parameters, Some(&overlay), batch, rows, false)?;
            outputs.extend_from_slice(tape.output());
        }
        Ok(outputs)
    }

    /// The float model as it has been learned, without what lay over it.
    ///
    /// # Errors
    /// None where a step has succeeded.
    pub fn model(&self) -> Result<Model> {
        Ok(self.folded(&self.kept())?.put_into(&self.model))
    }

    /// The parameters with the normalizations in the weights.
    fn folded(&self, state: &State) -> Result<Parameters> {
        let mut parameters = state.parameters.clone();
        for (node, norm) in state.overlay.norms.iter().enumerate() {
            if let Some(norm) = norm {
                norm.fold(&self.model, node, &mut parameters)?;
            }
        }
        Ok(parameters)
    }

    /// The integer model, with the scales and levels that it was trained with.
    ///
    /// # Errors
    /// `Parameter` when the plan has no quantization or it has not begun.
    pub fn export(&self) -> Result<Model> {
        let state = self.kept();
        let (Some(plan), Some(quantization)) = (self.plan.quantization, &state.overlay.quantization) else {
            return Err(Error::parameter("this training has not been one for integers so far"));
        };
        let [activations, weights] = quantization.scales(&state.parameters);
        let mut rounded = state.parameters.clone();
        for (id, weights) in quantization.weights(&state.parameters)?.into_iter().enumerate() {
            if let (Some(weights), Some(slot)) = (weights, rounded.slots.get_mut(id)) {
                *slot = Some(weights);
            }
        }
        let options =
            QuantizeOptions { granularity: plan.granularity, float_io: plan.float_io, ..QuantizeOptions::default() };
        quantize::quantize_with(&rounded.put_into(&self.model), &activations, &weights, &options)
    }
}
