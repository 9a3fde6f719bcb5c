//! Searching for a recipe under budgets: what is tried, and in which order. Pure: what a candidate costs and loses is told
//! to it, so that the same answers give the same search, and a search that was saved goes on as if it had never stopped.
//!
//! 1. *Starts*: the whole model in 8 bits with each way of choosing ranges (asked besides: on equalized channels, and with int16
//!    activations where int8 loses answers), in 4 bits, in codebooks, and as small as it gets.
//! 2. *Asking*: each layer alone is treated in each way, which says what a layer brings and what it loses.
//! 3. *Descending*: from 8 bits down, always the change that loses least for what it brings, until the sum of what was asked
//!    fits; then it is tried, and where the sum was wrong the target moves.
//! 4. *Refining*: one layer gets more, or one more and another less, as long as something better fits.
//! 5. *Tracing*: the same descent to other sizes, so that the front can be drawn.

mod plan;
mod walk;

use serde::{Deserialize, Serialize};

pub use plan::{Plan, Space, Treatment};

/// What a candidate costs: bytes of the file, bytes of RAM, joules of one inference (0 where nothing is known of them).
pub type Costs = [f64; 3];

/// What came out of a candidate.
///
/// As JSON it is the bits of its numbers: decimals would not come back exactly, and a search that goes on must not differ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "[u64; 5]", from = "[u64; 5]")]
pub struct Outcome {
    /// What it costs.
    pub costs: Costs,
    /// How far its outputs are from the original's; 0 is the same, more is worse.
    pub loss: f64,
    /// Share of the original's answers that it keeps, 0 to 1.
    pub kept: f64,
}

impl From<Outcome> for [u64; 5] {
    fn from(outcome: Outcome) -> Self {
        let [flash, ram, energy] = outcome.costs;
        [flash, ram, energy, outcome.loss, outcome.kept].map(f64::to_bits)
    }
}

impl From<[u64; 5]> for Outcome {
    fn from(bits: [u64; 5]) -> Self {
        let [flash, ram, energy, loss, kept] = bits.map(f64::from_bits);
        Self { costs: [flash, ram, energy], loss, kept }
    }
}

/// What a candidate must not exceed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budgets {
    /// Most of each cost; none where it does not matter.
    pub most: [Option<f64>; 3],
    /// Share of the original's answers that it has to keep.
    pub keeps: f64,
}

impl Budgets {
    /// Whether a candidate stays within all of them.
    pub fn fits(&self, outcome: &Outcome) -> bool {
        self.excess(&outcome.costs) == 0.0 && outcome.kept >= self.keeps
    }

    /// By how much costs exceed the budgets, as a sum of shares.
    fn excess(&self, costs: &Costs) -> f64 {
        let over = |(cost, most): (&f64, &Option<f64>)| most.map_or(0.0, |most| ((cost - most) / most).max(0.0));
        costs.iter().zip(&self.most).map(over).sum()
    }
}

/// How much less than without it a variant has to lose.
const GAIN: f64 = 0.8;

/// What to measure next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Next {
    /// Cheaply, for what one layer brings.
    Ask(Plan),
    /// In full.
    Try(Plan),
}

/// A plan and what came out; none where it cannot be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    plan: Plan,
    outcome: Option<Outcome>,
}

/// A search under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explorer {
    space: Space,
    budgets: Budgets,
    /// Candidates that are tried in full, at most.
    most: usize,
    seed: u64,
    asked: Vec<Known>,
    tried: Vec<Known>,
}

impl Explorer {
    /// The beginning of a search.
    pub fn new(space: Space, budgets: Budgets, most: usize, seed: u64) -> Self {
        Self { space, budgets, most, seed, asked: Vec::new(), tried: Vec::new() }
    }

    /// The recipe of a plan.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// What it must not exceed.
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// Takes in what came out of what [`Explorer::next`] wanted.
    pub fn tell(&mut self, next: Next, outcome: Option<Outcome>) {
        match next {
            Next::Ask(plan) => self.asked.push(Known { plan, outcome }),
            Next::Try(plan) => self.tried.push(Known { plan, outcome }),
        }
    }

    /// Things measured, and about how many there will be.
    pub fn progress(&self) -> (usize, usize) {
        let done = self.asked.len() + self.tried.len();
        let modes = self.space.modes();
        let asks: usize = modes.iter().map(|&packed| self.space.asks(packed, self.calibration()).len()).sum();
        (done, (asks + self.most).max(done))
    }

    /// The index among the tried of the best that fits: it loses least, and of equals takes fewest bytes.
    pub fn best(&self) -> Option<usize> {
        self.least(|outcome| self.budgets.fits(outcome).then_some((outcome.loss, outcome.costs[0])))
    }

    /// The index among the tried of the smallest that keeps the answers.
    pub fn smallest(&self) -> Option<usize> {
        self.least(|outcome| (outcome.kept >= self.budgets.keeps).then_some((outcome.costs[0], outcome.loss)))
    }

    fn least(&self, rank: impl Fn(&Outcome) -> Option<(f64, f64)>) -> Option<usize> {
        let mut best: Option<(usize, (f64, f64))> = None;
        for (index, known) in self.tried.iter().enumerate() {
            let Some(found) = known.outcome.as_ref().and_then(&rank) else { continue };
            if best.is_none_or(|(_, so_far)| found < so_far) {
                best = Some((index, found));
            }
        }
        best.map(|(index, _)| index)
    }

    /// Whether the tried candidate of this index stays within the budgets.
    pub fn fits(&self, index: usize) -> bool {
        self.tried.get(index).and_then(|known| known.outcome).is_some_and(|outcome| self.budgets.fits(&outcome))
    }

    /// What came out of the tried candidate of this index.
    pub fn outcome(&self, index: usize) -> Option<Outcome> {
        self.tried.get(index)?.outcome
    }

    fn outcome_of<'a>(list: &'a [Known], plan: &Plan) -> Option<&'a Option<Outcome>> {
        list.iter().find(|known| known.plan == *plan).map(|known| &known.outcome)
    }

    /// The way of choosing ranges that lost least with 8 bits, or a variant of it that is worth more.
    fn calibration(&self) -> usize {
        let plain = self.ranges();
        let loss = |plan: &Plan| Some((*Self::outcome_of(&self.asked, plan)?)?.loss);
        // The share that is still lost, in 8 bits and in 4; chance makes things look better on a few windows, so that a
        // variant has to gain much, in both.
        let still = |&at: &usize| {
            let shares = self.space.probes(at).into_iter().zip(self.space.probes(plain));
            let shares = shares.map(|(one, other)| Some(loss(&one)? / loss(&other)?));
            shares.collect::<Option<Vec<f64>>>()?.into_iter().reduce(f64::max)
        };
        let found =
            self.variants().into_iter().filter_map(|at| Some((at, still(&at)?))).filter(|(_, still)| *still < GAIN);
        found.reduce(|best, one| if one.1 < best.1 { one } else { best }).map_or(plain, |(at, _)| at)
    }

    /// Variants of the best way of choosing ranges that are asked about: int16 activations take twice the RAM and time, so only
    /// where int8 loses too many answers.
    fn variants(&self) -> Vec<usize> {
        let plain = self.ranges();
        let (mut variants, wide) = self.space.variants(plain);
        let outcome = Self::outcome_of(&self.tried, &self.space.whole(true, plain)).copied().flatten();
        if outcome.is_some_and(|outcome| outcome.kept < self.budgets.keeps) {
            variants.extend(wide);
        }
        variants
    }

    /// The way of choosing ranges that lost least with 8 bits.
    fn ranges(&self) -> usize {
        let loss = |calibration: usize| {
            let plan = self.space.whole(true, calibration);
            Self::outcome_of(&self.tried, &plan).copied().flatten().map_or(f64::INFINITY, |outcome| outcome.loss)
        };
        let all = 0..self.space.calibrations();
        all.fold(0, |best, at| if loss(at) < loss(best) { at } else { best })
    }
}

#[cfg(test)]
mod tests;
