//! Chips that compute on charge: the same items on several of them, which differ only by their seed.

use super::run::{Item, in_array, items, score};
use super::{AnalogRequest, layers};
use crate::error::{Error, Result};
use crate::imc::analog::{Chip, Ranges, Seen};
use crate::imc::array::Macro;
use crate::imc::network::Mode;
use crate::lab::Bench;
use crate::lab::evaluation::Outcome;
use crate::lab::side::Side;
use crate::model::NodeId;
use crate::report::imc::ChipScores;
use crate::report::{Figure, Task};

/// Items that ranges of converters are chosen on.
const RANGED: usize = 8;

/// Chips of one kind, run one after the other, with the scores so far.
pub struct Chips {
    side: Side,
    rows: usize,
    items: Vec<Item>,
    request: AnalogRequest,
    ranges: Vec<(NodeId, Ranges)>,
    exact: Vec<Outcome>,
    scores: Vec<f64>,
    seen: Seen,
}

impl Chips {
    /// Runs the items exactly, and chooses ranges where that is asked for; no chip has run yet.
    ///
    /// # Errors
    /// `Parameter` for a circuit that cannot be built or a number of chips out of range; `Unsupported` for a model that the array
    /// cannot compute or that has no score; those of running.
    pub(super) fn new(bench: &Bench, array: &Macro, count: usize, request: &AnalogRequest) -> Result<Self> {
        request.circuit.check()?;
        if !(1..=100).contains(&request.chips) {
            return Err(Error::parameter(format!("{} chips; there must be 1 to 100", request.chips)));
        }
        let side = bench.imc_side()?;
        layers(&side.model)?;
        if side.card.task == Task::Other {
            return Err(Error::unsupported(
                "this model is neither a classifier nor an autoencoder, so there is no score",
            ));
        }
        let items = items(bench, side, count)?;
        let exact = answers(&mut in_array(side, array.rows, &Mode::Digital)?.0, &items)?;
        let mut ranges = Vec::new();
        if request.optimise {
            let (mut chip, watch) = in_array(side, array.rows, &Mode::Watching(request.circuit.clone()))?;
            answers(&mut chip, &items[..items.len().min(RANGED)])?;
            ranges = watch.best_ranges(&request.circuit);
        }
        let side = Side {
            model: side.model.clone(),
            bytes: Vec::new(),
            card: side.card.clone(),
            executor: None,
            threshold: side.threshold,
        };
        let request = request.clone();
        Ok(Self { side, rows: array.rows, items, request, ranges, exact, scores: Vec::new(), seen: Seen::default() })
    }

    /// Runs the next chip; false where all have run.
    ///
    /// # Errors
    /// Those of running.
    pub fn run(&mut self) -> Result<bool> {
        if self.scores.len() == self.request.chips {
            return Ok(false);
        }
        let chip = Chip { circuit: self.request.circuit.clone(), seed: self.scores.len() as u64 + 1 };
        let (mut side, watch) = in_array(&self.side, self.rows, &Mode::Analog(chip, self.ranges.clone()))?;
        let outcomes = answers(&mut side, &self.items)?;
        self.scores.push(match score(&outcomes, &self.items) {
            Some(found) => found.value,
            None => {
                let same = outcomes.iter().zip(&self.exact).filter(|(a, b)| a == b).count();
                100.0 * same as f64 / self.items.len().max(1) as f64
            }
        });
        watch.tallies().iter().for_each(|(_, tally)| self.seen.add(&tally.seen));
        Ok(self.scores.len() < self.request.chips)
    }

    /// Scores of the chips that have run.
    pub fn scores(&self) -> ChipScores {
        let (n, items) = (self.scores.len(), self.items.len());
        let mean = self.scores.iter().sum::<f64>() / n.max(1) as f64;
        let squares = self.scores.iter().map(|score| (score - mean) * (score - mean)).sum::<f64>();
        let deviation = libm::sqrt(squares / (n.max(2) - 1) as f64);
        let exact = score(&self.exact, &self.items);
        let area = matches!(self.exact.first(), Some(Outcome::Strangeness(_)));
        let (metric, unit) = match &exact {
            None => ("same answers", "%"),
            Some(_) if area => ("AUC", "1"),
            Some(_) => ("accuracy", "%"),
        };
        let note = "Mean over chips; the interval is one deviation between chips to either side";
        let agrees = || Figure::measured(100.0, "%", None, items, "The exact arithmetic agrees with itself");
        let clipped = 100.0 * self.seen.clipped as f64 / self.seen.conversions.max(1) as f64;
        ChipScores {
            metric: metric.into(),
            mean: Figure::measured(mean, unit, Some((mean - deviation, mean + deviation)), n, note),
            chips: self.scores.clone(),
            wanted: self.request.chips as u32,
            items: items as u32,
            exact: exact.unwrap_or_else(agrees),
            clipped: Figure::measured(clipped, "%", None, items, "Share of conversions outside the converters' range"),
            ranges: if self.request.optimise {
                format!(
                    "chosen on {} items for each bit of the weights and slice of the inputs of each layer, by the least mean \
                     square of clipping, rounding and the converter's noise",
                    items.min(RANGED)
                )
            } else {
                "the whole range of a column".into()
            },
        }
    }
}

fn answers(side: &mut Side, items: &[Item]) -> Result<Vec<Outcome>> {
    items.iter().map(|item| side.outcome(&item.windows)).collect()
}
