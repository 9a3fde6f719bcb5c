//! What a search is about: the original's answers, kept, so that every candidate runs alone.

use super::{SearchRequest, compress, cost};
use crate::compress::prune::weight_values;
use crate::compress::quantize::computes_with_integers;
use crate::compress::recipe::Recipe;
use crate::compress::search::{Outcome, Space};
use crate::error::{Error, Result};
use crate::lab::evaluation::Outcome as Answer;
use crate::lab::side::Side;
use crate::lab::{Bench, card, inputs, normal_windows};
use crate::metrics::{self, SignalNoise};
use crate::model::Model;
use crate::progress::Progress;
use crate::random::Random;
use crate::report::Task;
use crate::tensor::Tensor;

/// Windows that a layer alone is asked on.
const ASKED: usize = 24;
/// Numbers of windows that are kept at once: beyond, fewer items are tested.
const KEPT_NUMBERS: usize = 48 << 20;

pub(super) struct Subject {
    pub about: String,
    pub task: Task,
    pub space: Space,
    /// The windows of each test item, and what the original answers.
    pub test: Vec<Vec<Tensor>>,
    pub answers: Vec<Answer>,
    pub normal: Vec<Vec<Tensor>>,
    pub threshold: f64,
    original: Model,
    device: &'static cost::Device,
    /// The windows that candidates are chosen by, before they take the type of a model, and what the original says of each.
    tuning: Vec<(Tensor, Vec<f32>)>,
    /// The places of those that layers are asked on.
    asked: Vec<usize>,
}

impl Subject {
    pub fn new(bench: &Bench, request: &SearchRequest) -> Result<Self> {
        let original = bench.original()?;
        if let Some(blocked) = &original.card.blocked {
            return Err(Error::unsupported(blocked.clone()));
        }
        let Some(all) = &bench.inputs else {
            return Err(Error::parameter("A search measures what it tries: give it inputs first"));
        };
        let device = cost::device::find(&request.device)
            .ok_or_else(|| Error::parameter(format!("no device is called {:?}", request.device)))?;
        if request.energy.is_some() && cost::estimate(&original.model, device)?.energy.is_none() {
            return Err(Error::parameter(format!(
                "the energy of {} is not known, so it cannot be a budget",
                device.name
            )));
        }
        let front_end = card::front_end(&original.model);
        let mut side = Side::open(&original.bytes, &original.card.name)?;
        let task = side.card.task;
        let mut windows = all.tuning_windows(front_end)?;
        // A state that goes on elsewhere asks the same windows.
        let mut order: Vec<usize> = (0..windows.len()).collect();
        Random::new(u64::from(request.seed)).shuffle(&mut order);
        order.truncate(ASKED);
        order.sort_unstable();
        let mut tuning = Vec::with_capacity(windows.len());
        for window in windows.drain(..) {
            let said = said(&mut side, &window)?;
            tuning.push((window, said));
        }
        let (mut test, mut answers, mut numbers) = (Vec::new(), Vec::new(), 0);
        for &item in &all.test {
            let windows = all.items[item].windows(front_end)?;
            numbers += windows.iter().map(Tensor::len).sum::<usize>();
            if numbers > KEPT_NUMBERS {
                break;
            }
            answers.push(side.outcome(&windows)?);
            test.push(windows);
        }
        let is_normal = task == Task::Reconstruction;
        let normal = if is_normal { normal_windows(all, front_end)? } else { Vec::new() };
        let threshold = if is_normal { side.normal_threshold(&normal)? } else { 0.0 };
        let model = original.model.clone();
        let about = format!("{}|{}|{}|{}", original.card.sha256, all.name, all.calibration.len(), all.test.len());
        let space = Space {
            weights: weight_values(&model).iter().map(|&id| model.values[id].elements()).collect(),
            is_integer: computes_with_integers(&model),
            target: request.target,
        };
        Ok(Self { about, task, space, test, answers, normal, threshold, original: model, device, tuning, asked: order })
    }

    /// Windows that candidates are chosen by.
    pub fn tuned(&self) -> usize {
        self.tuning.len()
    }

    /// A candidate made from few windows and compared on them: what a layer brings, cheaply.
    pub fn asked(&self, recipe: &Recipe, progress: &mut dyn Progress) -> Result<Outcome> {
        let feed = |&at: &usize| Ok(vec![inputs::feed(&self.original, &self.tuning[at].0)?]);
        let windows = self.asked.iter().map(feed).collect::<Result<Vec<_>>>()?;
        let candidate = compress::apply(&self.original, recipe, &windows, progress)?;
        let mut side = Side::open(&compress::deliver(&candidate, recipe, &windows)?, "")?;
        let (outcome, noise) = self.compared(&mut side, &mut self.asked.iter().copied())?;
        // The squared error shows what a few windows do not show in answers, and errors of layers add up.
        Ok(Outcome { loss: lost(noise), ..outcome })
    }

    /// What a candidate costs and loses.
    pub fn outcome(&self, side: &mut Side) -> Result<Outcome> {
        Ok(self.compared(side, &mut (0..self.tuning.len()))?.0)
    }

    fn compared(&self, side: &mut Side, places: &mut dyn Iterator<Item = usize>) -> Result<(Outcome, SignalNoise)> {
        let (mut loss, mut kept, mut count, mut noise) = (0.0, 0.0, 0.0, SignalNoise::default());
        for at in places {
            let (window, truth) = &self.tuning[at];
            let answer = said(side, window)?;
            count += 1.0;
            noise.add(truth, &answer);
            if self.task == Task::Classification {
                loss += divergence(truth, &answer);
                kept +=
                    f64::from(u8::from(metrics::top(truth.iter().copied()) == metrics::top(answer.iter().copied())));
            }
        }
        let energy = cost::estimate(&side.model, self.device).ok().and_then(|estimate| Some(estimate.energy?.value.0));
        let costs = [side.bytes.len() as f64, cost::memory(&side.model).total_bytes().0 as f64, energy.unwrap_or(0.0)];
        let lost = lost(noise);
        let (loss, kept) = match self.task {
            Task::Classification => (loss / f64::max(count, 1.0), kept / f64::max(count, 1.0)),
            _ => (lost, (1.0 - lost).max(0.0)),
        };
        Ok((Outcome { costs, loss, kept }, noise))
    }
}

/// Noise as a share of the signal; all of it where there is no signal.
fn lost(noise: SignalNoise) -> f64 {
    if noise.signal > 0.0 { noise.noise / noise.signal } else { 1.0 }
}

/// What a model says of a window, before a softmax hides small changes.
fn said(side: &mut Side, window: &Tensor) -> Result<Vec<f32>> {
    let input = inputs::feed(&side.model, window)?;
    let watched = side.model.answers();
    let Some(executor) = &mut side.executor else {
        return Err(Error::unsupported(side.card.blocked.clone().unwrap_or_default()));
    };
    let mut said = Vec::new();
    let values = &side.model.values;
    executor.run_tapped(&[input], &mut |value, view| {
        if watched.contains(&value) {
            said.extend(view.to_f32(values[value].quantization.as_ref()));
        }
    })?;
    Ok(said)
}

/// The Kullback-Leibler divergence of two lists of logits, after a softmax.
fn divergence(truth: &[f32], answer: &[f32]) -> f64 {
    let logs = |logits: &[f32]| -> Vec<f64> {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let shifted: Vec<f64> = logits.iter().map(|&logit| f64::from(logit - largest)).collect();
        let sum: f64 = shifted.iter().map(|&x| libm::exp(x)).sum();
        shifted.iter().map(|x| x - libm::log(sum)).collect()
    };
    let (p, q) = (logs(truth), logs(answer));
    p.iter().zip(&q).map(|(p, q)| libm::exp(*p) * (p - q)).sum::<f64>().max(0.0)
}
