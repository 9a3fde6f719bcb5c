//! The state that a training began with, which is kept where learning made nothing better.

use super::{Examples, State, Trainer, batch, scaled};
use crate::error::Result;
use crate::train::tape::Tape;

/// Standard errors by which the learned network has to be ahead: less is chance one time in twenty or more.
const ERRORS: f64 = 2.0;

/// What validation says of the learned network beside the one that it began as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The mean validation loss of the network as it began, rounded where it is trained rounded.
    pub before: f64,
    /// The mean validation loss of the network that was learned.
    pub after: f64,
    /// Whether the learned network is kept.
    pub is_better: bool,
}

impl Trainer {
    /// Remembers the state before the first step, or that before the first rounded one.
    ///
    /// A network that loses weights has no such state: what it began as is not as small.
    pub(super) fn remember_start(&mut self) {
        let rounds = self.plan.quantization.is_some();
        let is_due = self.start.is_none() && rounds == self.is_rounding();
        if is_due && !self.plan.pruning.is_some_and(|pruning| pruning.takes_weights()) {
            self.start = Some(self.current());
        }
    }

    /// Decides by validation examples whether the learned network is kept or the one that it began as; `None` where there is
    /// nothing to decide by.
    ///
    /// The learned one is kept where its loss is smaller by more than two standard errors of the paired differences: a
    /// smaller gain on few examples is chance, and would be paid for on others.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn choose(&mut self, validation: Examples<'_>) -> Result<Option<Progress>> {
        self.keeps_start = false;
        let learned = self.kept();
        let Some(start) = &self.start else { return Ok(None) };
        let (before, after) = (self.losses(start, validation)?, self.losses(&learned, validation)?);
        if before.is_empty() {
            return Ok(None);
        }
        let n = before.len() as f64;
        let gains: Vec<f64> = before.iter().zip(&after).map(|(before, after)| before - after).collect();
        let mean = gains.iter().sum::<f64>() / n;
        let variance = gains.iter().map(|gain| (gain - mean) * (gain - mean)).sum::<f64>() / (n - 1.0).max(1.0);
        let is_better = mean > ERRORS * (variance / n).sqrt();
        self.keeps_start = !is_better;
        let average = |losses: &[f64]| losses.iter().sum::<f64>() / n;
        Ok(Some(Progress { before: average(&before), after: average(&after), is_better }))
    }

    /// The loss of each example; none without targets.
    fn losses(&self, State { parameters, overlay }: &State, examples: Examples<'_>) -> Result<Vec<f64>> {
        let (id, factor) = self.head;
        let wide = self.model.values[id].elements();
        let rows = examples.rows(self.width_in(), wide, self.needs_targets())?;
        let all: Vec<usize> = (0..rows).collect();
        let mut losses = Vec::with_capacity(rows);
        for batch in all.chunks(self.plan.batch.max(1)) {
            let inputs = batch::gather(examples.inputs, batch, self.width_in());
            let tape = Tape::run(&self.model, parameters, Some(overlay), &inputs, batch.len(), false)?;
            let output = scaled(tape.value(id), factor);
            let targets = batch::targets(examples, batch, &inputs, &self.plan, wide);
            for (output, target) in output.chunks_exact(wide.max(1)).zip(targets.chunks_exact(wide.max(1))) {
                losses.push(self.plan.loss.of(output, target, 1)?.0);
            }
        }
        Ok(losses)
    }
}
