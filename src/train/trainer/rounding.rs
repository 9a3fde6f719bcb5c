//! The moment in a training at which numbers begin to be rounded.

use super::{Trainer, batch, roles};
use crate::compress::calibrate::Span;
use crate::error::Result;
use crate::train::fake::{self, FakeQuantization};
use crate::train::optimiser::Optimiser;
use crate::train::plan;
use crate::train::tape::Tape;
use crate::train::trainer::Examples;

/// Batches that are looked at before rounding begins.
const LOOKED_AT: usize = 8;

impl Trainer {
    /// From here on numbers are rounded, and normalizations are in the weights, as in the exported model.
    pub(super) fn begin_rounding(&mut self, examples: Examples<'_>) -> Result<()> {
        let Some(plan) = self.plan.quantization else { return Ok(()) };
        let norms = std::mem::take(&mut self.state.overlay.norms);
        for (node, norm) in norms.iter().enumerate().filter_map(|(node, norm)| Some((node, norm.as_ref()?))) {
            norm.fold(&self.model, node, &mut self.state.parameters)?;
        }
        let seen = self.look(examples)?;
        self.start_rounding(&plan, &seen)
    }

    /// The ranges of all activations on some batches.
    fn look(&self, examples: Examples<'_>) -> Result<Vec<Option<(Span, f32)>>> {
        let width = self.width_in();
        let mut seen = vec![None; self.model.values.len()];
        for batch in self.order.chunks(self.plan.batch).take(LOOKED_AT) {
            let input = batch::gather(examples.inputs, batch, width);
            let tape = Tape::forward(&self.model, &self.state.parameters, &input, batch.len())?;
            for (id, seen) in seen.iter_mut().enumerate().filter(|(id, _)| !tape.value(*id).is_empty()) {
                let (span, size) = fake::span(tape.value(id));
                let (before, largest) = seen.unwrap_or((span, size));
                *seen = Some((before.union(span), size.max(largest)));
            }
        }
        Ok(seen)
    }

    /// Puts the grids over the model.
    pub(super) fn start_rounding(&mut self, plan: &plan::Quantization, seen: &[Option<(Span, f32)>]) -> Result<()> {
        let quantization = FakeQuantization::start(&self.model, plan, &mut self.state.parameters, seen)?;
        self.state.overlay.quantization = Some(quantization);
        // Folding has changed what the weights mean: what was known of their gradients is no longer true.
        self.optimiser = Optimiser::new(self.plan.optimiser, self.plan.weight_decay, &self.state.parameters);
        self.average = self.average.take().map(|_| self.state.parameters.clone());
        // Losses with and without rounding cannot be compared.
        (self.best, self.epochs_without_progress) = (None, 0);
        self.parameters_were_added();
        Ok(())
    }

    /// Makes room for parameters that were added behind the others.
    pub(super) fn parameters_were_added(&mut self) {
        let parameters = &self.state.parameters;
        if self.optimiser.first.len() != parameters.slots.len() {
            self.optimiser = Optimiser::new(self.plan.optimiser, self.plan.weight_decay, parameters);
        }
        if let Some(average) = &mut self.average
            && average.slots.len() != parameters.slots.len()
        {
            *average = parameters.clone();
        }
        self.roles = roles(&self.model, parameters, self.state.overlay.quantization.as_ref());
        if let Some(masks) = &mut self.masks {
            masks.slots.resize(parameters.slots.len(), None);
        }
    }
}
