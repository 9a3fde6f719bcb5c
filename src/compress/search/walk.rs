//! Where a search goes next, from what it knows alone: there is no other state.

use super::plan::Plan;
use super::{Budgets, Costs, Explorer, Next, Outcome};
use crate::order;
use crate::random::Random;

/// Descents to one target before it is given up.
const ATTEMPTS: usize = 10;
/// Candidates tried in vain before refining ends.
const PATIENCE: usize = 12;
/// How much worse than the best a sum may promise to be and still be tried: sums are not exact.
const HOPE: f64 = 1.25;
/// Sizes that the front is traced at.
const TRACED: usize = 5;
/// Of every so many refinements one is drawn from the best few instead of being the best.
const DRAWN_ONE_OF: usize = 4;
const DRAWN_FROM: usize = 12;

/// What treating one layer brings and loses, against 8 bits.
#[derive(Debug, Clone, Copy)]
struct Effect {
    costs: Costs,
    loss: f64,
}

/// Effects by layer and treatment; none where it was not asked or cannot be made.
struct Effects {
    base: Outcome,
    table: Vec<Vec<Option<Effect>>>,
}

impl Effects {
    fn of(&self, layer: usize, treatment: usize) -> Option<Effect> {
        self.table.get(layer)?.get(treatment).copied().flatten()
    }

    fn sum(&self, plan: &Plan) -> Effect {
        let mut sum = Effect { costs: [0.0; 3], loss: 0.0 };
        for effect in plan.layers.iter().enumerate().filter_map(|(layer, &at)| self.of(layer, at)) {
            sum.costs.iter_mut().zip(effect.costs).for_each(|(sum, cost)| *sum += cost);
            sum.loss += effect.loss;
        }
        sum
    }
}

impl Explorer {
    /// What to measure next; none when the search is over.
    pub fn next(&self) -> Option<Next> {
        let space = &self.space;
        let untried = |plan: &Plan| !self.knows(plan);
        let unasked = |plan: &Plan| Self::outcome_of(&self.asked, plan).is_none();
        if let Some(plan) = (0..space.calibrations()).map(|at| space.whole(true, at)).find(untried) {
            return Some(Next::Try(plan));
        }
        let variants = [self.ranges()].into_iter().chain(self.variants());
        if let Some(plan) = variants.flat_map(|at| space.probes(at)).find(unasked) {
            return Some(Next::Ask(plan));
        }
        if let Some(plan) = self.starts().into_iter().find(untried) {
            return Some(Next::Try(plan));
        }
        let calibration = self.calibration();
        for &packed in self.space.modes() {
            if let Some(plan) = self.space.asks(packed, calibration).into_iter().find(unasked) {
                return Some(Next::Ask(plan));
            }
        }
        if self.tried.len() >= self.most {
            return None;
        }
        let plan = self.descended(0).or_else(|| self.refined()).or_else(|| self.narrowed()).or_else(|| self.traced());
        plan.map(Next::Try)
    }

    fn knows(&self, plan: &Plan) -> bool {
        Self::outcome_of(&self.tried, plan).is_some()
    }

    /// What is tried before layers are asked.
    fn starts(&self) -> Vec<Plan> {
        let space = &self.space;
        let mut starts = Vec::new();
        let calibration = self.calibration();
        for &packed in space.modes() {
            let whole = space.whole(packed, calibration);
            let all = |treatment: usize| Plan { layers: vec![treatment; whole.layers.len()], ..whole.clone() };
            starts.push(whole.clone());
            let count = space.treatments(packed).len();
            // Uniform bits, and uniform codebooks of the usual size, as people would try them.
            let uniform: Vec<usize> = (1..count)
                .filter(|&at| {
                    let treatment = space.treatments(packed)[at];
                    treatment.values == 16 || (!packed && treatment.bits == 4)
                })
                .collect();
            starts.extend(uniform.into_iter().map(all));
        }
        starts
    }

    /// What was asked with a way of packing, as differences from 8 bits.
    fn effects(&self, packed: bool) -> Option<Effects> {
        let calibration = self.calibration();
        let whole = self.space.whole(packed, calibration);
        let base = (*Self::outcome_of(&self.asked, &whole)?)?;
        let count = self.space.treatments(packed).len();
        let effect = |layer: usize, treatment: usize| {
            if treatment == 0 {
                return Some(Effect { costs: [0.0; 3], loss: 0.0 });
            }
            let outcome = (*Self::outcome_of(&self.asked, &whole.with(layer, treatment))?)?;
            let difference = |at: usize| outcome.costs[at] - base.costs[at];
            let costs = [difference(0), difference(1), difference(2)];
            // Nothing is for nothing: chance alone makes rounding look like a gain.
            Some(Effect { costs, loss: (outcome.loss - base.loss).max(1e-9) })
        };
        let row = |layer: usize| (0..count).map(|treatment| effect(layer, treatment)).collect();
        Some(Effects { base, table: (0..whole.layers.len()).map(row).collect() })
    }

    /// The next descent at a share of the channels whose prediction has not been tried.
    fn descended(&self, keep: usize) -> Option<Plan> {
        if self.budgets.most.iter().all(Option::is_none) {
            return None;
        }
        self.space.modes().iter().find_map(|&packed| self.descent(packed, keep, &self.budgets))
    }

    fn descent(&self, packed: bool, keep: usize, budgets: &Budgets) -> Option<Plan> {
        let effects = self.effects(packed)?;
        let whole = Plan { keep, ..self.space.whole(packed, self.calibration()) };
        // With fewer channels everything is smaller by about the same share, which the first try tells.
        let base = match (keep, Self::outcome_of(&self.tried, &whole)) {
            (0, _) => effects.base.costs,
            (_, Some(outcome)) => (*outcome)?.costs,
            (_, None) => return Some(whole),
        };
        let mut target = budgets.clone();
        for _ in 0..ATTEMPTS {
            let plan = self.downhill(&whole, &base, &effects, &target);
            let Some(outcome) = Self::outcome_of(&self.tried, &plan) else { return Some(plan) };
            let Some(outcome) = outcome else { return None };
            if budgets.excess(&outcome.costs) == 0.0 {
                return None;
            }
            for at in 0..3 {
                let (Some(most), Some(aim)) = (budgets.most[at], target.most[at].as_mut()) else { continue };
                let over = outcome.costs[at] - most;
                if over > 0.0 {
                    *aim -= over + 0.002 * most;
                }
            }
        }
        None
    }

    /// From 8 bits always the change that loses least for what it brings, until the sum fits or nothing brings more.
    fn downhill(&self, whole: &Plan, base: &Costs, effects: &Effects, target: &Budgets) -> Plan {
        let mut plan = whole.clone();
        let mut costs = *base;
        let scale: Costs =
            [0, 1, 2].map(|at| if effects.base.costs[at] > 0.0 { base[at] / effects.base.costs[at] } else { 1.0 });
        loop {
            let excess = target.excess(&costs);
            if excess == 0.0 {
                return plan;
            }
            let mut best: Option<(f64, usize, usize, Costs)> = None;
            for layer in 0..plan.layers.len() {
                let Some(now) = effects.of(layer, plan.layers[layer]) else { continue };
                for treatment in 0..self.space.treatments(plan.packed).len() {
                    let Some(then) = effects.of(layer, treatment) else { continue };
                    let changed = [0, 1, 2].map(|at| costs[at] + scale[at] * (then.costs[at] - now.costs[at]));
                    let relief = excess - target.excess(&changed);
                    if relief <= 1e-9 {
                        continue;
                    }
                    let price = (then.loss - now.loss) / relief;
                    if best.is_none_or(|(least, ..)| price < least) {
                        best = Some((price, layer, treatment, changed));
                    }
                }
            }
            let Some((_, layer, treatment, changed)) = best else { return plan };
            (plan.layers[layer], costs) = (treatment, changed);
        }
    }

    /// One layer changed, or two against each other, so that something better than the best should fit.
    fn refined(&self) -> Option<Plan> {
        if self.budgets.most.iter().all(Option::is_none) {
            return None;
        }
        let index = self.best()?;
        let (plan, now) = (&self.tried[index].plan, self.tried[index].outcome?);
        let since = self.tried.len() - 1 - index;
        if since >= PATIENCE {
            return None;
        }
        let effects = self.effects(plan.packed)?;
        let own = effects.sum(plan);
        let mut found: Vec<(f64, Plan)> = Vec::new();
        let mut consider = |changed: Plan| {
            let sum = effects.sum(&changed);
            let costs = [0, 1, 2].map(|at| now.costs[at] + sum.costs[at] - own.costs[at]);
            if sum.loss < HOPE * own.loss && self.budgets.excess(&costs) == 0.0 && !self.knows(&changed) {
                found.push((sum.loss, changed));
            }
        };
        let treatments = 0..self.space.treatments(plan.packed).len();
        let asked: Vec<usize> = (0..plan.layers.len()).filter(|&layer| self.space.matters(layer)).collect();
        for &layer in &asked {
            for treatment in treatments.clone() {
                let one = plan.with(layer, treatment);
                for &other in asked.iter().filter(|&&other| other > layer) {
                    for against in treatments.clone() {
                        consider(one.with(other, against));
                    }
                }
                consider(one);
            }
        }
        let order = order::of(found.len(), &|a, b| found[a].0.total_cmp(&found[b].0));
        let drawn = self.tried.len() % DRAWN_ONE_OF == DRAWN_ONE_OF - 1;
        let at =
            if drawn { Random::new(self.seed ^ self.tried.len() as u64).below(order.len().min(DRAWN_FROM)) } else { 0 };
        order.get(at).map(|&at| found[at].1.clone())
    }

    /// Fewer channels, where nothing else fits, and at last the smallest that there is.
    fn narrowed(&self) -> Option<Plan> {
        if self.budgets.most.iter().all(Option::is_none) || self.best().is_some() {
            return None;
        }
        let fewer = (1..self.space.keeps()).find_map(|keep| self.descended(keep));
        fewer.or_else(|| {
            let nothing = Budgets { most: self.budgets.most.map(|most| most.map(|_| 1.0)), ..self.budgets.clone() };
            (0..self.space.keeps())
                .filter_map(|keep| {
                    let packed = *self.space.modes().first()?;
                    let effects = self.effects(packed)?;
                    let whole = Plan { keep, ..self.space.whole(packed, self.calibration()) };
                    Some(self.downhill(&whole, &effects.base.costs, &effects, &nothing))
                })
                .find(|plan| !self.knows(plan))
        })
    }

    /// Descents to sizes between 8 bits and the smallest.
    fn traced(&self) -> Option<Plan> {
        let packed = *self.space.modes().first()?;
        let effects = self.effects(packed)?;
        let whole = self.space.whole(packed, self.calibration());
        let aim = |bytes: f64| Budgets { most: [Some(bytes), None, None], keeps: 0.0 };
        let least = self.downhill(&whole, &effects.base.costs, &effects, &aim(1.0));
        let (most, least) = (effects.base.costs[0], effects.base.costs[0] + effects.sum(&least).costs[0]);
        (1..=TRACED)
            .map(|at| aim(most + (least - most) * at as f64 / TRACED as f64))
            .map(|target| self.downhill(&whole, &effects.base.costs, &effects, &target))
            .find(|plan| !self.knows(plan))
    }
}
