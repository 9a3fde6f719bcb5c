//! One training, step by step: it can be paused, looked at, changed, saved, and kept when it is stopped.
//!
//! Everything that happens is named by the model, the plan and the data: the same three give the same weights, bit for
//! bit, natively and in the browser, also after a pause.

mod batch;
mod checkpoint;
mod metrics;
mod outcome;
mod rounding;
mod share;
mod start;
mod teacher;
#[cfg(test)]
mod tests;

use super::fake::FakeQuantization;
use super::norm;
use super::optimiser::{Optimiser, Role};
use super::parameters::Parameters;
use super::plan::Plan;
use super::pruning::Masks;
use super::tape::Overlay;
use crate::compress::fold::fold;
use crate::compress::prune::weight_values;
use crate::compress::quantize;
use crate::error::{Error, Result};
use crate::model::{Model, Value, ValueId};
use crate::random::Random;
use batch::Batch;
pub use batch::{Examples, one_hot};
pub use metrics::{Data, Judgement, Metrics};
pub use share::Share;
pub use start::Progress;
use teacher::Teacher;

/// What can be kept of a network: its numbers and what lies over it.
#[derive(Debug, Clone)]
struct State {
    parameters: Parameters,
    overlay: Overlay,
}

/// A training under way.
#[derive(Debug)]
pub struct Trainer {
    plan: Plan,
    model: Model,
    state: State,
    optimiser: Optimiser,
    roles: Vec<Role>,
    masks: Option<Masks>,
    teacher: Option<Teacher>,
    /// The value that the loss looks at, and what it is multiplied with.
    head: (ValueId, f32),
    /// The average of the weights.
    average: Option<Parameters>,
    /// The state with the smallest validation loss, and that loss.
    best: Option<(f64, State)>,
    epochs_without_progress: usize,
    /// The state that learning began with, where it may be kept.
    start: Option<State>,
    /// Whether [`Trainer::choose`] keeps that state.
    keeps_start: bool,
    random: Random,
    order: Vec<usize>,
    /// How often the examples have been shuffled.
    epochs_begun: usize,
    done: usize,
    epoch_sum: f64,
    is_over: bool,
}

impl Trainer {
    /// Makes a model ready to be trained; it is folded first, as it is before quantization.
    ///
    /// # Errors
    /// `Parameter` for a plan out of range; `Unsupported` for models that cannot be trained or quantized.
    pub fn new(model: &Model, plan: &Plan) -> Result<Self> {
        plan.check()?;
        let mut model = fold(model)?;
        // All values of the model come first; numbers that exist only while training have ids behind them.
        if plan.quantization.is_some() {
            quantize::separate_fixed_concatenations(&mut model, &mut Vec::new());
        }
        if plan.batch_norm {
            norm::give_biases(&mut model);
        }
        let mut parameters = Parameters::of(&model)?;
        freeze_first_layers(&model, plan.last_layers, &mut parameters);
        let norms = if plan.batch_norm { norm::attach(&model, &mut parameters) } else { Vec::new() };
        let roles = roles(&model, &parameters, None);
        let masks = plan.pruning.map(|pruning| Masks::new(pruning, &model, &parameters));
        let head = head(&model, plan)?;
        Ok(Self {
            optimiser: Optimiser::new(plan.optimiser, plan.weight_decay, &parameters),
            average: plan.average.map(|_| parameters.clone()),
            state: State { parameters, overlay: Overlay { norms, quantization: None } },
            plan: plan.clone(),
            roles,
            masks,
            teacher: None,
            head,
            best: None,
            epochs_without_progress: 0,
            start: None,
            keeps_start: false,
            random: Random::new(plan.seed),
            order: Vec::new(),
            epochs_begun: 0,
            done: 0,
            epoch_sum: 0.0,
            is_over: false,
            model,
        })
    }

    /// Gives the student a teacher, a float model with the same input and as many outputs.
    ///
    /// # Errors
    /// `Parameter` when the plan has no distillation or the two do not fit.
    pub fn set_teacher(&mut self, teacher: &Model) -> Result<()> {
        let plan = self.plan.distillation.clone();
        let plan = plan.ok_or_else(|| Error::parameter("the plan does not say how to learn from a teacher"))?;
        let teacher = Teacher::new(teacher, &self.model, plan, self.head, &mut self.state.parameters)?;
        self.parameters_were_added();
        self.teacher = Some(teacher);
        Ok(())
    }

    /// Changes the step size at its highest, from the next step on.
    ///
    /// # Errors
    /// `Parameter` for a step size out of range.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        let plan = Plan { learning_rate, ..self.plan.clone() };
        plan.check()?;
        self.plan = plan;
        Ok(())
    }

    /// Whether there is nothing more to do: the last epoch is over, or progress has stopped.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether numbers are rounded by now, as the integer model will round them.
    pub fn is_rounding(&self) -> bool {
        self.state.overlay.quantization.is_some()
    }

    /// Steps that have been done.
    pub fn steps_done(&self) -> usize {
        self.done
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// One step on the next batch.
    ///
    /// Batches are of one size; examples that are left over wait for the next epoch, which shuffles anew.
    ///
    /// # Errors
    /// `Parameter` when the data do not fit the model or the training is over, `Unsupported` for an operator without a
    /// gradient, `Numeric` when the loss is no longer a number.
    pub fn step(&mut self, data: Data<'_>) -> Result<Metrics> {
        let batch = self.next_batch(data.training)?;
        let part = |part| self.share_of(&batch.part(part, self.plan.parts));
        let shares = (0..self.plan.parts).map(part).collect::<Result<Vec<_>>>()?;
        self.take(data, &shares)
    }

    /// The step on the shares of all parts of a batch, in the order of the parts.
    ///
    /// # Errors
    /// As [`Trainer::step`]; `Parameter` when the shares are not those of all parts of a batch of this training.
    pub fn take(&mut self, data: Data<'_>, shares: &[Share]) -> Result<Metrics> {
        if self.order.is_empty() || shares.len() != self.plan.parts {
            return Err(Error::parameter(format!("a step needs the shares of {} parts", self.plan.parts)));
        }
        let steps = self.order.len() / self.plan.batch.max(1);
        let total = steps * self.plan.epochs;
        let epoch = self.done / steps.max(1);
        let (loss, accuracy, mut gradients) = self.gather(shares)?;
        if !loss.is_finite() {
            return Err(Error::numeric(format!(
                "the loss is {loss} after {} steps; try a smaller learning rate",
                self.done
            )));
        }
        self.remember_start();
        if let Some(masks) = &mut self.masks {
            masks.see(&self.state.parameters, &gradients, self.done);
        }
        if let Some(masks) = self.masks.as_mut().filter(|masks| masks.is_due(self.done, total)) {
            masks.cut(&self.model, &self.state.parameters, &gradients, self.done, total);
        }
        if let Some(masks) = &self.masks {
            masks.apply(&mut gradients);
        }
        let gradient_norm = clip(&mut gradients, self.plan.clip_norm);
        let factor = self.plan.schedule.factor(self.done, total, steps, self.plan.warm_up);
        let learning_rate = self.plan.learning_rate * factor;
        self.optimiser.step(&mut self.state.parameters, &gradients, learning_rate, &self.roles);
        self.keep_sound();
        self.average_weights();
        self.done += 1;
        self.epoch_sum += loss;

        let ends = self.done.is_multiple_of(steps);
        let epoch_loss = ends.then(|| std::mem::take(&mut self.epoch_sum) / steps as f64);
        let validation = data.validation.filter(|_| ends).map(|examples| self.judge(examples)).transpose()?;
        // While weights still fall, a smaller loss is that of a larger network.
        let falls = self.masks.as_ref().is_some_and(|masks| masks.falls(self.done, total));
        if let Some(judgement) = validation.filter(|_| !falls) {
            self.note_progress(judgement.loss);
        }
        self.is_over |= self.done == total;
        let sparsity = self.masks.as_ref().map_or(0.0, |masks| masks.sparsity(&self.model));
        let (step, is_last) = (self.done, self.is_over);
        Ok(Metrics {
            step,
            steps: total,
            epoch,
            loss,
            accuracy,
            learning_rate,
            gradient_norm,
            sparsity,
            epoch_loss,
            validation,
            is_last,
        })
    }

    /// The next batch; where an epoch begins, the examples are shuffled and rounding may begin.
    fn next_batch(&mut self, training: Examples<'_>) -> Result<Batch> {
        let wide_out = self.model.values[self.head.0].elements();
        let rows = training.rows(self.width_in(), wide_out, self.needs_targets())?;
        if self.plan.batch == 0 || self.plan.batch > rows {
            return Err(Error::parameter(format!(
                "a batch of {} cannot be taken from {rows} examples",
                self.plan.batch
            )));
        }
        let steps = rows / self.plan.batch;
        if self.is_over || self.done >= steps * self.plan.epochs {
            return Err(Error::parameter("the training is over"));
        }
        let (epoch, at) = (self.done / steps, self.done % steps);
        if epoch >= self.epochs_begun {
            self.begin_epoch(epoch, rows, training)?;
        }
        let rows = &self.order[at * self.plan.batch..(at + 1) * self.plan.batch];
        Ok(Batch::gather(training, rows, &self.plan, self.done, self.width_in(), wide_out))
    }

    fn begin_epoch(&mut self, epoch: usize, rows: usize, examples: Examples<'_>) -> Result<()> {
        if self.order.len() != rows {
            self.order = (0..rows).collect();
        }
        self.random.shuffle(&mut self.order);
        self.epochs_begun = epoch + 1;
        let begins = self.plan.quantization.is_some_and(|quantization| epoch >= quantization.begin_epoch);
        if begins && self.state.overlay.quantization.is_none() {
            self.begin_rounding(examples)?;
        }
        Ok(())
    }

    /// Keeps dead weights at zero, and step sizes above it.
    fn keep_sound(&mut self) {
        if let Some(masks) = &self.masks {
            masks.apply(&mut self.state.parameters);
        }
        if let Some(quantization) = &self.state.overlay.quantization {
            for id in quantization.step_sizes() {
                let steps = self.state.parameters.get_mut(id).map(Vec::as_mut_slice).unwrap_or_default();
                steps.iter_mut().for_each(|step| *step = if *step < 1e-8 { 1e-8 } else { *step });
            }
        }
    }

    fn average_weights(&mut self) {
        let (Some(average), Some(keep)) = (&mut self.average, self.plan.average) else { return };
        // At first the average would be mostly the start: fewer steps count less.
        let keep = keep.min((1.0 + self.done as f64) / (10.0 + self.done as f64)) as f32;
        for (average, now) in average.slots.iter_mut().zip(&self.state.parameters.slots) {
            if let (Some(average), Some(now)) = (average, now) {
                average.iter_mut().zip(now).for_each(|(average, now)| *average = keep * *average + (1.0 - keep) * now);
            }
        }
        if let Some(masks) = &self.masks {
            masks.apply(average);
        }
    }

    fn note_progress(&mut self, loss: f64) {
        let least = self.plan.early_stopping.map_or(0.0, |stopping| stopping.least);
        if self.best.as_ref().is_none_or(|(best, _)| loss < best - least) {
            self.best = self.plan.early_stopping.map(|_| (loss, self.current()));
            self.epochs_without_progress = 0;
        } else {
            self.epochs_without_progress += 1;
            let patience = self.plan.early_stopping.map_or(usize::MAX, |stopping| stopping.patience);
            self.is_over |= self.epochs_without_progress >= patience;
        }
    }

    fn width_in(&self) -> usize {
        self.model.inputs.first().and_then(|&id| self.model.values.get(id)).map_or(0, Value::elements)
    }

    fn needs_targets(&self) -> bool {
        self.plan.loss != super::Loss::Reconstruction && self.teacher.is_none()
    }
}

/// Only the last layers learn, where a plan says so.
fn freeze_first_layers(model: &Model, last: usize, parameters: &mut Parameters) {
    if last == 0 {
        return;
    }
    let with_weights =
        |node: &&crate::model::Node| node.inputs.iter().flatten().any(|&id| parameters.get(id).is_some());
    let layers: Vec<_> = model.nodes.iter().filter(with_weights).collect();
    for node in &layers[..layers.len().saturating_sub(last)] {
        node.inputs.iter().flatten().for_each(|&id| parameters.freeze(id));
    }
}

/// The value that the loss looks at.
fn head(model: &Model, plan: &Plan) -> Result<(ValueId, f32)> {
    let &[output] = &model.outputs[..] else {
        return Err(Error::unsupported("only models with one input and one output can be trained"));
    };
    let last = model.producer(output).map(|node| &model.nodes[node]);
    let around = last.and_then(|node| plan.loss.goes_around(&node.op).zip(node.input(0)));
    Ok(around.map_or((output, 1.0), |(factor, id)| (id, factor)))
}

fn roles(model: &Model, parameters: &Parameters, quantization: Option<&FakeQuantization>) -> Vec<Role> {
    let mut roles = vec![Role::Other; parameters.slots.len()];
    weight_values(model).into_iter().for_each(|id| roles[id] = Role::Weight);
    if let Some(quantization) = quantization {
        quantization.step_sizes().for_each(|id| roles[id] = Role::StepSize);
    }
    roles
}

fn scaled(numbers: &[f32], factor: f32) -> Vec<f32> {
    // Exactly the same numbers where there is nothing to multiply with.
    numbers.iter().map(|x| x * factor).collect()
}

/// Shortens the gradient to a length; returns the one that it had.
fn clip(gradients: &mut Parameters, length: Option<f64>) -> f64 {
    let squares = gradients.slots.iter().flatten().flatten().map(|&g| f64::from(g) * f64::from(g));
    let norm = squares.sum::<f64>().sqrt();
    if let Some(length) = length.filter(|&length| norm > length) {
        let factor = (length / norm) as f32;
        gradients.slots.iter_mut().flatten().flatten().for_each(|g| *g *= factor);
    }
    norm
}

/// How many rows have their largest number where the target has it; `None` without targets.
fn count_right(output: &[f32], targets: &[f32], classes: usize) -> Option<usize> {
    let largest = |row: &[f32]| (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best });
    let pairs = || output.chunks_exact(classes).zip(targets.chunks_exact(classes));
    (!targets.is_empty()).then(|| pairs().filter(|(row, target)| largest(row) == largest(target)).count())
}
