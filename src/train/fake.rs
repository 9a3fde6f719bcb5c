//! Numbers rounded as the integer model will round them, while it is trained.
//!
//! Forward, every weight and activation goes to the nearest level of its grid, `q = round(x / s) + z`, clamped; backward,
//! the rounding is passed over (*straight through*) and what was clamped gets no gradient. The scales obey the rules that
//! [`crate::compress::quantize`] has for TFLite, because the same code decides which activations share one.
//!
//! Activations with fewer than 8 bits lie in the highest levels of int8, from `128 - 2^bits` (which stands for 0) to
//! 127: int8 saturates above, and below the fused activation ends at 0. That only works where nothing is negative, so
//! other activations have 8 bits.
//!
//! Outputs of convolutions and fully connected layers go through the device's own arithmetic ([`Multiplier`]), so that
//! what is trained is what runs, level by level.
//!
//! *Sources*: straight-through and ranges from Jacob et al., arXiv 1712.05877; learned step sizes (LSQ) from Esser et al.,
//! arXiv 1902.08153; learned clipping (PACT) from Choi et al., arXiv 1805.06085.

mod grids;
mod levels;

use super::parameters::{Parameters, Slots};
use super::plan;
use super::plan::Steps;
use super::tape::Tape;
use crate::compress::calibrate::Span;
use crate::compress::quantize::asymmetric;
use crate::error::Result;
use crate::model::{Model, ValueId};
use crate::quant::{Multiplier, Quantization};
use levels::{Levels, back, balance};

/// How much of the old range stays when a batch has been seen.
const MOMENTUM: f32 = 0.95;
/// The step size of a channel whose weights are all zero: its bias is all that counts, and stays fine.
const NO_WEIGHTS: f32 = 1e-6;
const LOWEST: f32 = -128.0;
const HIGHEST: f32 = 127.0;

/// The grids of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct FakeQuantization {
    steps: Steps,
    /// Of weights and other constants, by their value.
    weights: Vec<Option<Constant>>,
    /// Biases, by their value: they are added to a sum.
    biases: Vec<Option<Sum>>,
    /// Activations that come out of a sum, by their value.
    sums: Vec<Option<Sum>>,
    /// Of activations, by their value.
    activations: Vec<Option<Place>>,
    groups: Vec<Group>,
}

/// The grid of a constant.
#[derive(Debug, Clone, PartialEq)]
struct Constant {
    /// Scales, and elements that lie together in each; the axis they run along.
    channels: usize,
    after: usize,
    axis: usize,
    /// Levels on each side of zero.
    top: f32,
    /// The parameter with the step sizes, where they learn.
    step: Option<ValueId>,
}

/// A sum of products, which the device keeps in 32 bits: its scale is that of the weights times that of the input.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sum {
    weights: ValueId,
    input: ValueId,
}

/// Where an activation gets its grid from.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    grid: Grid,
    /// Whether it is rounded; what only moves numbers that are rounded already has nothing to round.
    rounds: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Grid {
    Fixed(Quantization),
    Group(usize),
}

/// Activations that share one grid.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    /// The range that it covers, and the zero point where the step size learns.
    pub range: Vec<f32>,
    bits: u32,
    step: Option<ValueId>,
    members: Vec<ValueId>,
}

impl FakeQuantization {
    /// Chooses the grids of a model, from runs of it on some batches that are not rounded; step sizes that learn are added
    /// to the parameters.
    pub(super) fn start(
        model: &Model,
        plan: &plan::Quantization,
        parameters: &mut Parameters,
        seen: &[Option<(Span, f32)>],
    ) -> Result<Self> {
        let mut weights = grids::constants(model, plan);
        let learns = matches!(plan.method, Steps::Lsq | Steps::Pact);
        if plan.method == Steps::Lsq {
            for (id, constant) in weights.iter_mut().enumerate() {
                if let (Some(constant), Some(numbers)) = (constant, parameters.read(id)) {
                    let first = constant.first_steps(numbers);
                    constant.step = Some(parameters.add(first));
                }
            }
        }
        let (mut activations, mut groups) = grids::places(model, plan)?;
        for group in &mut groups {
            let known = group.members.iter().filter_map(|&id| seen[id]);
            let (span, size) = known.fold((Span { min: 0.0, max: 0.0 }, 0f32), |(span, size), (other, mean)| {
                (span.union(other), size.max(mean))
            });
            group.range = vec![span.min, span.max];
            if learns {
                let levels = group.levels_of(span);
                let top = levels.high - levels.zero_point;
                let small = 2.0 * size / top.max(1.0).sqrt();
                // With few levels it pays to clip from the start; with many, the range is covered.
                let clips = plan.method == Steps::Lsq && group.bits < 8 && small > 0.0;
                let step = if clips { levels.scale.min(small) } else { levels.scale };
                group.step = Some(parameters.add(vec![step]));
                group.range.push(levels.zero_point);
            }
        }
        // A model whose input is not float has nothing to be rounded there.
        activations.iter_mut().zip(&model.values).filter(|(_, value)| value.is_constant()).for_each(|(a, _)| *a = None);
        let [biases, sums] = grids::sums(model);
        Ok(Self { steps: plan.method, weights, biases, sums, activations, groups })
    }

    /// The parameters that are step sizes.
    pub(super) fn step_sizes(&self) -> impl Iterator<Item = ValueId> + '_ {
        let weights = self.weights.iter().flatten().filter_map(|constant| constant.step);
        weights.chain(self.groups.iter().filter_map(|group| group.step))
    }

    /// The state that is not among the parameters.
    pub(super) fn groups_mut(&mut self) -> &mut [Group] {
        &mut self.groups
    }

    /// The rounded constants.
    pub(super) fn weights(&self, parameters: &Parameters) -> Result<Slots> {
        let round = |(id, constant): (usize, &Option<Constant>)| {
            let (constant, numbers) = (constant.as_ref()?, parameters.read(id)?);
            let scales = constant.scales(parameters, numbers);
            let mut rounded = vec![0.0; numbers.len()];
            constant.for_each_run(numbers.len(), |channel, run| {
                constant.levels(&scales, channel).round(&numbers[run.clone()], &mut rounded[run]);
            });
            Some(rounded)
        };
        let mut slots: Slots = self.weights.iter().enumerate().map(round).collect();
        for (id, bias) in self.biases.iter().enumerate() {
            if let Some(rounded) = bias.and_then(|sum| self.rounded_bias(id, sum, parameters)) {
                slots[id] = Some(rounded);
            }
        }
        Ok(slots)
    }

    fn rounded_bias(&self, id: ValueId, sum: Sum, parameters: &Parameters) -> Option<Vec<f32>> {
        let (input, scales) = self.scales_of(sum, parameters)?;
        let round = |(channel, &x): (usize, &f32)| {
            let scale = f64::from(input * scales[if scales.len() > 1 { channel } else { 0 }]);
            (libm::round(f64::from(x) / scale) * scale) as f32
        };
        Some(parameters.read(id)?.iter().enumerate().map(round).collect())
    }

    /// The scale of a sum's input, and those of its weights, one or one for each channel.
    fn scales_of(&self, sum: Sum, parameters: &Parameters) -> Option<(f32, Vec<f32>)> {
        let input = self.levels(sum.input, parameters)?.0.scale;
        let weights = self.weights.get(sum.weights)?.as_ref()?;
        Some((input, weights.scales(parameters, parameters.read(sum.weights)?)))
    }

    /// An activation that comes out of a sum, as the device rounds it: the sum is a whole number, and its way to a level
    /// is rounded twice. With few bits sums are small, and the first rounding shows.
    fn requantized(&self, sum: Sum, levels: Levels, parameters: &Parameters, x: &[f32]) -> Option<Vec<f32>> {
        let (input, scales) = self.scales_of(sum, parameters)?;
        let channels = scales.len().max(1);
        let multiplier = |w: &f32| Multiplier::new(f64::from(input) * f64::from(*w) / f64::from(levels.scale));
        let multipliers: Vec<Multiplier> = scales.iter().map(multiplier).collect();
        let inverses: Vec<f32> = scales.iter().map(|w| 1.0 / (input * w)).collect();
        let mut rounded = vec![0.0; x.len()];
        for (x, rounded) in x.chunks(channels).zip(rounded.chunks_mut(channels)) {
            for (c, (&x, rounded)) in x.iter().zip(rounded).enumerate() {
                let sum = libm::rintf(x * inverses[c]) as i32;
                let level =
                    (multipliers[c].apply_double(sum) as f32 + levels.zero_point).clamp(levels.low, levels.high);
                // A NaN would be lost in whole numbers.
                *rounded = if x.is_nan() { x } else { (level - levels.zero_point) * levels.scale };
            }
        }
        Some(rounded)
    }

    /// Turns gradients of rounded weights into those of the weights, and adds those of their step sizes.
    pub(super) fn weights_backward(&self, parameters: &Parameters, slots: &mut Slots) {
        for (id, constant) in self.weights.iter().enumerate() {
            let (Some(constant), Some(numbers)) = (constant, parameters.read(id)) else { continue };
            let (Some(step), Some(mut dy)) = (constant.step, slots[id].take()) else { continue };
            let scales = constant.scales(parameters, numbers);
            let balance = balance(self.steps, numbers.len() / constant.channels, constant.top);
            let mut gradient = vec![0.0; constant.channels];
            constant.for_each_run(numbers.len(), |channel, run| {
                let levels = constant.levels(&scales, channel);
                gradient[channel] += balance * back(levels, self.steps, &numbers[run.clone()], &mut dy[run]);
            });
            slots[id] = parameters.get(id).map(|_| dy);
            slots[step] = Some(gradient);
        }
    }

    fn levels(&self, id: ValueId, parameters: &Parameters) -> Option<(Levels, Option<ValueId>)> {
        match &self.activations.get(id)?.as_ref()?.grid {
            Grid::Fixed(quantization) => {
                let (scale, zero_point) = quantization.single().ok()?;
                Some((Levels { scale, zero_point: zero_point as f32, low: LOWEST, high: HIGHEST }, None))
            }
            Grid::Group(group) => {
                let group = self.groups.get(*group)?;
                Some((group.levels(parameters), group.step))
            }
        }
    }

    /// A rounded activation, `None` where it is not rounded.
    pub(super) fn activation(&self, id: ValueId, parameters: &Parameters, x: &[f32]) -> Option<Vec<f32>> {
        self.activations.get(id)?.as_ref().filter(|place| place.rounds)?;
        let levels = self.levels(id, parameters)?.0;
        if let Some(rounded) = self.sums[id].and_then(|sum| self.requantized(sum, levels, parameters, x)) {
            return Some(rounded);
        }
        let mut rounded = vec![0.0; x.len()];
        levels.round(x, &mut rounded);
        Some(rounded)
    }

    /// Lets the gradient of a rounded activation through; returns that of its step size where it learns.
    pub(super) fn activation_backward(
        &self,
        id: ValueId,
        parameters: &Parameters,
        x: &[f32],
        dy: &mut [f32],
        batch: usize,
    ) -> Option<(ValueId, f32)> {
        let (levels, step) = self.levels(id, parameters)?;
        let gradient = back(levels, self.steps, x, dy);
        let top = (levels.high - levels.zero_point).max(1.0);
        step.map(|step| (step, balance(self.steps, x.len() / batch.max(1), top) * gradient))
    }

    /// The ranges of a batch, where they are measured.
    pub(super) fn seen(&self, tape: &Tape<'_>) -> Vec<Span> {
        if matches!(self.steps, Steps::Lsq | Steps::Pact) {
            return Vec::new();
        }
        let of_group = |group: &Group| {
            let spans = group.members.iter().map(|&id| span(tape.unrounded(id)).0);
            spans.fold(Span { min: 0.0, max: 0.0 }, Span::union)
        };
        self.groups.iter().map(of_group).collect()
    }

    /// Takes the ranges of a batch into account.
    pub(super) fn observe(&mut self, seen: &[Span]) {
        let keep = if self.steps == Steps::MinMax { None } else { Some(MOMENTUM) };
        for (group, span) in self.groups.iter_mut().zip(seen) {
            if let [min, max] = &mut group.range[..] {
                match keep {
                    None => (*min, *max) = (min.min(span.min), max.max(span.max)),
                    Some(keep) => {
                        *min = keep * *min + (1.0 - keep) * span.min;
                        *max = keep * *max + (1.0 - keep) * span.max;
                    }
                }
            }
        }
    }

    /// The scales that the integer model gets: of activations and of constants, by value.
    pub(super) fn scales(&self, parameters: &Parameters) -> [Vec<Option<Quantization>>; 2] {
        let activation = |id: usize| {
            self.activations[id].as_ref()?;
            let (levels, _) = self.levels(id, parameters)?;
            Some(Quantization::per_tensor(levels.scale, levels.zero_point as i64))
        };
        let weight = |(id, constant): (usize, &Option<Constant>)| {
            let constant = constant.as_ref()?;
            let scale = constant.scales(parameters, parameters.read(id)?);
            Some(Quantization { zero_point: vec![0; scale.len()], scale, axis: constant.axis })
        };
        let activations = (0..self.activations.len()).map(activation).collect();
        [activations, self.weights.iter().enumerate().map(weight).collect()]
    }
}

impl Group {
    /// The grid that covers a range.
    fn levels_of(&self, span: Span) -> Levels {
        let (low, high) = (LOWEST, HIGHEST);
        if self.bits < 8 {
            let levels = ((1u32 << self.bits) - 1) as f32;
            let scale = if span.max > 0.0 { span.max / levels } else { 1.0 };
            return Levels { scale, zero_point: high - levels, low: high - levels, high };
        }
        let quantization = asymmetric(span);
        Levels { scale: quantization.scale_of(0), zero_point: quantization.zero_point_of(0) as f32, low, high }
    }

    fn levels(&self, parameters: &Parameters) -> Levels {
        let (min, max) = (self.range.first().copied().unwrap_or(0.0), self.range.get(1).copied().unwrap_or(0.0));
        let levels = self.levels_of(Span { min, max });
        match (self.step.and_then(|step| parameters.read(step)), self.range.get(2)) {
            (Some(&[scale]), Some(&zero_point)) => Levels { scale, zero_point, ..levels },
            _ => levels,
        }
    }
}

impl Constant {
    /// The step sizes: those that have been learned, or the smallest that clip nothing.
    fn scales(&self, parameters: &Parameters, numbers: &[f32]) -> Vec<f32> {
        if let Some(learned) = self.step.and_then(|step| parameters.read(step)) {
            return learned.to_vec();
        }
        self.reduced(numbers, |largest, x| if x.abs() > largest { x.abs() } else { largest })
            .iter()
            .map(|largest| if *largest > 0.0 { largest / self.top } else { NO_WEIGHTS })
            .collect()
    }

    /// Where step sizes that learn begin: `2 mean|w| / sqrt(Qp)`, or what clips nothing if that is smaller.
    fn first_steps(&self, numbers: &[f32]) -> Vec<f32> {
        let count = (numbers.len() / self.channels.max(1)) as f32;
        let sums = self.reduced(numbers, |sum, x| sum + x.abs());
        let largest = self.reduced(numbers, |largest, x| largest.max(x.abs()));
        let step = |(sum, largest): (&f32, &f32)| {
            let step = (2.0 * sum / count / self.top.sqrt()).min(largest / self.top);
            if step > 0.0 { step } else { NO_WEIGHTS }
        };
        sums.iter().zip(&largest).map(step).collect()
    }

    /// One number for each channel.
    fn reduced(&self, numbers: &[f32], with: impl Fn(f32, f32) -> f32) -> Vec<f32> {
        let mut reduced = vec![0f32; self.channels];
        self.for_each_run(numbers.len(), |channel, run| {
            reduced[channel] = numbers[run].iter().fold(reduced[channel], |all, &x| with(all, x));
        });
        reduced
    }

    /// Calls `visit` with every stretch of numbers of one channel.
    fn for_each_run(&self, len: usize, mut visit: impl FnMut(usize, std::ops::Range<usize>)) {
        for (index, start) in (0..len).step_by(self.after.max(1)).enumerate() {
            visit(index % self.channels.max(1), start..len.min(start + self.after.max(1)));
        }
    }

    fn levels(&self, scales: &[f32], channel: usize) -> Levels {
        Levels { scale: scales.get(channel).copied().unwrap_or(1.0), zero_point: 0.0, low: -self.top, high: self.top }
    }
}

/// The range of some numbers, with zero, and their mean size.
pub(super) fn span(x: &[f32]) -> (Span, f32) {
    let (mut min, mut max, mut sum) = (0f32, 0f32, 0f64);
    for &x in x {
        min = if x < min { x } else { min };
        max = if x > max { x } else { max };
        sum += f64::from(x.abs());
    }
    (Span { min, max }, (sum / x.len().max(1) as f64) as f32)
}
