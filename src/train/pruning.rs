//! Setting weights to zero while the network learns to do without them.
//!
//! A *mask* beside each weight tensor holds 1 where a weight lives and 0 where it is dead. More and more die along
//! `s(t) = s (1 - (1 - t)^3)`: many at first, when the others can still take over, few at last. The masks stay when
//! training for integers begins; a dead weight is exactly 0 in the integer model too.
//!
//! *Sources*: the schedule from M. Zhu, S. Gupta, "To prune, or not to prune", arXiv 1710.01878; regrowth of dead weights
//! with a large gradient from U. Evci et al., "Rigging the lottery" (RigL), arXiv 1911.11134; sensitivities, weight times
//! gradient, from P. Molchanov et al., "Importance Estimation for Neural Network Pruning", arXiv 1906.10771 (Taylor), and from
//! N. Lee et al., "SNIP: Single-shot Network Pruning based on Connection Sensitivity", arXiv 1810.02340.

use super::parameters::{Parameters, Slots};
use super::plan::{Pattern, PruneBy, Pruning};
use crate::compress::prune::{smallest, weight_values};
use crate::compress::recipe::PruneScope;
use crate::model::{Model, Node, Op, ValueId};

/// The weights that may die: single weights of depthwise filters may not. A filter of nine that stands alone for its channel has
/// none to spare, and all of them together are a small part of a network.
fn prunable(model: &Model, pattern: Pattern) -> Vec<ValueId> {
    let of_depthwise = |id: ValueId| {
        let weights = |node: &Node| node.op.weights_input().and_then(|position| node.input(position));
        model.nodes.iter().any(|node| is_depthwise(&node.op) && weights(node) == Some(id))
    };
    let spared = |id: &ValueId| pattern == Pattern::Unstructured && of_depthwise(*id);
    weight_values(model).into_iter().filter(|id| !spared(id)).collect()
}

/// Share of the average of squared sensitivities that stays in each step.
const KEPT: f32 = 0.9;

/// The masks of a model.
#[derive(Debug, Clone)]
pub(super) struct Masks {
    plan: Pruning,
    /// 1 and 0, by value.
    pub slots: Slots,
    /// How much the loss depends on each weight, where that decides; none where its size does.
    pub sensitivity: Slots,
}

impl Masks {
    /// All weights live, except those that are zero already: a network that was pruned before stays so.
    pub fn new(plan: Pruning, model: &Model, parameters: &Parameters) -> Self {
        let mut slots: Slots = vec![None; parameters.slots.len()];
        let may_die = prunable(model, plan.pattern);
        for id in weight_values(model) {
            let Some(weights) = parameters.get(id) else { continue };
            if may_die.contains(&id) || weights.contains(&0.0) {
                slots[id] = Some(weights.iter().map(|&w| if w == 0.0 { 0.0 } else { 1.0 }).collect());
            }
        }
        let zeros = |slot: &Option<Vec<f32>>| slot.as_ref().map(|mask| vec![0.0; mask.len()]);
        let sensitivity = if plan.by == PruneBy::Magnitude { vec![] } else { slots.iter().map(zeros).collect() };
        Self { plan, slots, sensitivity }
    }

    /// Takes in what the loss of step `done` would change without each weight.
    pub fn see(&mut self, parameters: &Parameters, gradients: &Parameters, done: usize) {
        for (id, seen) in self.sensitivity.iter_mut().enumerate() {
            let (Some(seen), Some(weights), Some(gradient)) = (seen, parameters.get(id), gradients.get(id)) else {
                continue;
            };
            for ((seen, w), g) in seen.iter_mut().zip(weights).zip(gradient) {
                match self.plan.by {
                    PruneBy::Taylor => *seen = KEPT * *seen + (1.0 - KEPT) * (w * g) * (w * g),
                    PruneBy::Snip if done == 0 => *seen = (w * g).abs(),
                    _ => {}
                }
            }
        }
    }

    /// How important each weight of a tensor is.
    fn importance(&self, id: ValueId, weights: &[f32]) -> Vec<f32> {
        let seen = self.sensitivity.get(id).and_then(Option::as_ref);
        seen.map_or_else(|| weights.iter().map(|w| w.abs()).collect(), Clone::clone)
    }

    /// Whether a cut falls on step `done` of `total`.
    pub fn is_due(&self, done: usize, total: usize) -> bool {
        let Pruning { begin, end, every, .. } = self.plan;
        let [first, last] = [begin, end].map(|share| (share * total as f64) as usize);
        (first..=last).contains(&done) && ((done - first).is_multiple_of(every.max(1)) || done == last)
    }

    /// Whether weights are still to fall after step `done` of `total`.
    pub fn falls(&self, done: usize, total: usize) -> bool {
        self.plan.takes_weights() && done <= (self.plan.end * total as f64) as usize
    }

    /// The share of the last sparsity that is due at step `done` of `total`.
    fn progress(&self, done: usize, total: usize) -> f64 {
        let Pruning { begin, end, .. } = self.plan;
        let part = (done as f64 / total.max(1) as f64 - begin) / (end - begin);
        // With begin and end on one step, all falls at once.
        let left = 1.0 - if part.is_finite() { part.clamp(0.0, 1.0) } else { 1.0 };
        1.0 - left * left * left
    }

    /// Lets weights die as the schedule asks, and some live again if the plan says so.
    pub fn cut(&mut self, model: &Model, parameters: &Parameters, gradients: &Parameters, done: usize, total: usize) {
        let last = (self.plan.end * total as f64) as usize;
        let progress = if done >= last { 1.0 } else { self.progress(done, total) };
        match self.plan.pattern {
            Pattern::Unstructured => {
                self.cut_smallest(model, parameters, progress * self.plan.sparsity);
                if self.plan.regrowth > 0.0 && done < last {
                    let share = self.plan.regrowth * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * progress));
                    self.regrow(&prunable(model, self.plan.pattern), parameters, gradients, share);
                }
            }
            Pattern::NOfM { n, m } => self.cut_groups(model, parameters, m, (progress * (m - n) as f64) as usize),
            Pattern::Filters => self.cut_filters(model, parameters, progress * self.plan.sparsity),
        }
    }

    /// Sets dead weights to zero.
    pub fn apply(&self, parameters: &mut Parameters) {
        for (slot, mask) in parameters.slots.iter_mut().zip(&self.slots) {
            if let (Some(weights), Some(mask)) = (slot, mask) {
                weights.iter_mut().zip(mask).for_each(|(w, &alive)| *w = if alive == 0.0 { 0.0 } else { *w });
            }
        }
    }

    /// Share of the weights that are dead.
    pub fn sparsity(&self, model: &Model) -> f64 {
        let masks = || weight_values(model).into_iter().filter_map(|id| self.slots.get(id)?.as_ref());
        let dead: usize = masks().map(|mask| mask.iter().filter(|&&alive| alive == 0.0).count()).sum();
        dead as f64 / masks().map(Vec::len).sum::<usize>().max(1) as f64
    }

    fn cut_smallest(&mut self, model: &Model, parameters: &Parameters, sparsity: f64) {
        let values = prunable(model, self.plan.pattern);
        let pools: Vec<&[ValueId]> = match self.plan.scope {
            PruneScope::Global => vec![&values],
            PruneScope::PerLayer => values.chunks(1).collect(),
        };
        for pool in pools {
            let mut magnitudes = Vec::new();
            for &id in pool {
                let (Some(weights), Some(mask)) = (parameters.get(id), &self.slots[id]) else { continue };
                // The dead come before the smallest of the living.
                let size =
                    |(i, (&size, &alive)): (usize, (&f32, &f32))| (if alive == 0.0 { -1.0 } else { size }, id, i);
                magnitudes.extend(self.importance(id, weights).iter().zip(mask).enumerate().map(size));
            }
            let dead = smallest(&mut magnitudes, sparsity);
            for &(_, id, index) in &magnitudes[..dead] {
                if let Some(mask) = &mut self.slots[id] {
                    mask[index] = 0.0;
                }
            }
        }
    }

    /// In each layer, a share of the living dies, the smallest first, and as many of the dead live again, those with the
    /// largest gradient first; they start from 0.
    fn regrow(&mut self, values: &[ValueId], parameters: &Parameters, gradients: &Parameters, share: f64) {
        for &id in values {
            let (Some(mask), Some(weights), Some(gradient)) =
                (&mut self.slots[id], parameters.get(id), gradients.get(id))
            else {
                continue;
            };
            let chosen = |numbers: &[f32], alive: f32| -> Vec<(f32, ValueId, usize)> {
                let among = numbers.iter().zip(&*mask).enumerate().filter(|(_, (_, a))| **a == alive);
                among.map(|(index, (x, _))| (x.abs(), id, index)).collect()
            };
            let (mut living, mut dead) = (chosen(weights, 1.0), chosen(gradient, 0.0));
            let count = smallest(&mut living, share).min(dead.len());
            dead.iter_mut().for_each(|(size, ..)| *size = -*size);
            smallest(&mut dead, 0.0);
            living[..count].iter().for_each(|&(_, _, index)| mask[index] = 0.0);
            dead[..count].iter().for_each(|&(_, _, index)| mask[index] = 1.0);
        }
    }

    /// In each group of `m` neighbours along a row, the `dead` smallest die.
    fn cut_groups(&mut self, model: &Model, parameters: &Parameters, m: usize, dead: usize) {
        for node in &model.nodes {
            let Some((id, rows)) = weights_of(model, node).filter(|_| !is_depthwise(&node.op)) else { continue };
            let Some(weights) = parameters.get(id).map(|weights| self.importance(id, weights)) else { continue };
            let Some(mask) = &mut self.slots[id] else { continue };
            if !(weights.len() / rows.max(1)).is_multiple_of(m) {
                continue;
            }
            for (weights, mask) in weights.chunks_exact(m).zip(mask.chunks_exact_mut(m)) {
                let mut order: Vec<_> = weights.iter().enumerate().map(|(index, &w)| (w, id, index)).collect();
                smallest(&mut order, 0.0);
                order[..dead].iter().for_each(|&(_, _, index)| mask[index] = 0.0);
            }
        }
    }

    /// In each layer but the last, the share of filters with the smallest norm dies, with their biases.
    fn cut_filters(&mut self, model: &Model, parameters: &Parameters, share: f64) {
        let layers: Vec<&Node> = model.nodes.iter().filter(|node| node.op.weights_input().is_some()).collect();
        for node in layers.iter().rev().skip(1) {
            let Some((id, rows)) = weights_of(model, node).filter(|_| !is_depthwise(&node.op)) else { continue };
            let Some(weights) = parameters.get(id).map(|weights| self.importance(id, weights)) else { continue };
            let power = if self.sensitivity.is_empty() { 2 } else { 1 };
            let Some(mask) = &mut self.slots[id] else { continue };
            let length = weights.len() / rows.max(1);
            let norm = |filter: &[f32]| filter.iter().map(|w| f64::from(*w).powi(power)).sum::<f64>() as f32;
            let mut norms: Vec<_> =
                weights.chunks_exact(length.max(1)).enumerate().map(|(row, filter)| (norm(filter), id, row)).collect();
            let dead = smallest(&mut norms, share);
            norms[..dead].iter().for_each(|&(_, _, row)| mask[row * length..(row + 1) * length].fill(0.0));
            let bias = node.op.bias_input().and_then(|position| node.input(position));
            if let Some(bias) = bias.filter(|&bias| parameters.get(bias).is_some()) {
                let alive = self.slots[bias].get_or_insert_with(|| vec![1.0; rows]);
                norms[..dead].iter().for_each(|&(_, _, row)| alive[row] = 0.0);
            }
        }
    }
}

/// The weights of a node and how many filters they are.
fn weights_of(model: &Model, node: &Node) -> Option<(ValueId, usize)> {
    let id = node.input(node.op.weights_input()?)?;
    Some((id, *model.values.get(id)?.shape.get(node.op.weights_channel_axis()?)?))
}

fn is_depthwise(op: &Op) -> bool {
    matches!(op, Op::DepthwiseConv2d(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::architecture::{Architecture, Kind, dense};

    fn masks(plan: Pruning) -> (Model, Parameters, Masks) {
        let model = dense("test", 8, &[6, 4, 3], 1).unwrap();
        let parameters = Parameters::of(&model).unwrap();
        let masks = Masks::new(plan, &model, &parameters);
        (model, parameters, masks)
    }

    #[test]
    fn sparsity_follows_the_cubic_schedule_and_ends_exactly_where_it_should() {
        let plan = Pruning { sparsity: 0.8, scope: PruneScope::Global, begin: 0.2, end: 0.6, ..Pruning::default() };
        let (model, parameters, mut masks) = masks(plan);
        let mut seen = Vec::new();
        for done in (0..100).filter(|&done| masks.is_due(done, 100)).collect::<Vec<_>>() {
            masks.cut(&model, &parameters, &parameters, done, 100);
            seen.push((done, masks.sparsity(&model)));
        }
        let expected = [(20, 0.0), (30, 0.4625), (40, 0.7), (50, 0.7875), (60, 0.8)];
        assert_eq!(seen.len(), expected.len(), "{seen:?}");
        for ((at, found), (due, expected)) in seen.iter().zip(expected) {
            assert!(*at == due && (found - expected).abs() < 0.01, "{at}: {found}, not {expected}");
        }
    }

    #[test]
    fn with_begin_and_end_on_one_step_all_fall_at_once() {
        let plan = Pruning { sparsity: 0.5, begin: 0.0, end: 0.0, ..Pruning::default() };
        let (model, mut parameters, mut masks) = masks(plan);
        assert!(masks.is_due(0, 10) && !masks.is_due(10, 10));
        masks.cut(&model, &parameters.clone(), &parameters, 0, 10);
        masks.apply(&mut parameters);
        let zeros = parameters.slots.iter().flatten().flatten().filter(|&&w| w == 0.0).count();
        // Half of 48, 24 and 12 weights, and 13 biases that are 0 anyway.
        assert_eq!(zeros, 24 + 12 + 6 + 13);
    }

    #[test]
    fn by_taylor_and_snip_a_weight_falls_that_the_loss_does_not_depend_on_however_large_it_is() {
        for by in [PruneBy::Taylor, PruneBy::Snip] {
            let plan = Pruning { sparsity: 0.25, by, begin: 0.0, end: 0.0, ..Pruning::default() };
            let (model, mut parameters, mut masks) = masks(plan);
            let id = weight_values(&model)[0];
            let mut gradients = parameters.clone();
            gradients.slots.iter_mut().flatten().flatten().for_each(|g| *g = 1.0);
            parameters.get_mut(id).unwrap()[5] = 100.0;
            gradients.get_mut(id).unwrap()[5] = 0.0;
            masks.see(&parameters, &gradients, 0);
            masks.cut(&model, &parameters, &gradients, 0, 10);
            let alive = masks.slots[id].clone().unwrap();
            assert_eq!(alive[5], 0.0, "{by:?}");
            assert_eq!(alive.iter().filter(|&&alive| alive == 0.0).count(), 12);
            // What the first step said stands with SNIP alone.
            let before = masks.sensitivity.clone();
            masks.see(&parameters, &gradients, 1);
            assert_eq!(masks.sensitivity == before, by == PruneBy::Snip);
        }
    }

    #[test]
    fn two_of_four_neighbours_stay() {
        let plan = Pruning { pattern: Pattern::NOfM { n: 2, m: 4 }, ..Pruning::default() };
        let (model, parameters, mut masks) = masks(plan);
        masks.cut(&model, &parameters, &parameters, 50, 100);
        let ids = weight_values(&model);
        let [first, second] = [0, 1].map(|i| masks.slots[ids[i]].clone().unwrap());
        assert!(first.chunks(4).all(|group| group.iter().sum::<f32>() == 2.0));
        // Rows of six are no whole groups of four.
        assert!(second.iter().all(|&alive| alive == 1.0));
    }

    #[test]
    fn whole_filters_die_with_their_biases_but_not_those_of_the_last_layer() {
        let plan = Pruning { pattern: Pattern::Filters, sparsity: 0.5, ..Pruning::default() };
        let (model, parameters, mut masks) = masks(plan);
        masks.cut(&model, &parameters, &parameters, 50, 100);
        let alive = |id: ValueId| masks.slots[id].clone().unwrap();
        let ids = weight_values(&model);
        assert_eq!(alive(ids[0]).chunks(8).filter(|row| row.iter().all(|&a| a == 0.0)).count(), 3);
        assert_eq!(alive(model.nodes[0].input(2).unwrap()).iter().sum::<f32>(), 3.0);
        assert!(alive(ids[2]).iter().all(|&a| a == 1.0));
    }

    #[test]
    fn regrowth_keeps_the_number_of_living_weights_and_wakes_those_with_a_large_gradient() {
        let plan = Pruning { sparsity: 0.5, regrowth: 0.3, begin: 0.0, end: 1.0, ..Pruning::default() };
        let (model, parameters, mut masks) = masks(plan);
        masks.cut_smallest(&model, &parameters, 0.5);
        let id = weight_values(&model)[0];
        let before = masks.slots[id].clone().unwrap();
        let mut gradients = parameters.clone();
        let dead = before.iter().position(|&alive| alive == 0.0).unwrap();
        gradients.get_mut(id).unwrap()[dead] = 100.0;
        masks.regrow(&[id], &parameters, &gradients, 0.1);
        let after = masks.slots[id].clone().unwrap();
        assert_eq!(after.iter().sum::<f32>(), before.iter().sum::<f32>());
        assert_eq!(after[dead], 1.0);
    }

    #[test]
    fn zeros_that_a_depthwise_filter_has_stay_though_no_more_of_its_weights_die() {
        let model = Architecture::of(Kind::DsCnn).build(1).unwrap();
        let depthwise = model.nodes.iter().find(|node| is_depthwise(&node.op)).unwrap();
        let (id, _) = weights_of(&model, depthwise).unwrap();
        let mut parameters = Parameters::of(&model).unwrap();
        parameters.get_mut(id).unwrap()[..5].fill(0.0);
        let plan = Pruning { sparsity: 0.5, regrowth: 0.3, begin: 0.0, end: 1.0, ..Pruning::default() };
        let mut masks = Masks::new(plan, &model, &parameters);
        for done in [5, 10] {
            masks.cut(&model, &parameters, &parameters, done, 10);
        }
        let mask = masks.slots[id].clone().unwrap();
        assert!(mask.iter().enumerate().all(|(index, &alive)| alive == if index < 5 { 0.0 } else { 1.0 }));
        parameters.get_mut(id).unwrap().fill(1.0);
        masks.apply(&mut parameters);
        assert_eq!(parameters.get(id).unwrap()[..6], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    }
}
