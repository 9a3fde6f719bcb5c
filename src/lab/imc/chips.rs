//! Chips that compute on charge: the same items on several of them, which differ only by their seed. What one scores does not depend
//! on the others, so that several workers can share them.

use serde::{Deserialize, Serialize};

use super::run::{Item, in_array, items, score};
use super::{AnalogRequest, card, layers};
use crate::error::{Error, Result};
use crate::exec::{Executor, Options};
use crate::imc::analog::{Chip, Ranges, Seen};
use crate::imc::array::Macro;
use crate::imc::fitted;
use crate::imc::mapper::layer::Layer;
use crate::imc::network::{Mode, Tally};
use crate::lab::Bench;
use crate::lab::evaluation::Outcome;
use crate::lab::side::Side;
use crate::model::NodeId;
use crate::report::imc::{ChipScores, EnergyPart};
use crate::report::{Figure, Task};

/// Items that ranges of converters are chosen on.
const RANGED: usize = 8;

/// What one chip did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ChipRun {
    /// Which chip: its seed, counted from 1.
    pub seed: u32,
    /// In the unit of the metric.
    pub score: f64,
    /// Conversions outside the converters' range.
    pub clipped: f64,
    /// All conversions.
    pub conversions: f64,
    /// Joules of charging columns for them.
    pub charging: f64,
}

/// Chips of one kind, with what those did that have run, here or elsewhere.
pub struct Chips {
    side: Side,
    rows: usize,
    items: Vec<Item>,
    request: AnalogRequest,
    ranges: Vec<(NodeId, Ranges)>,
    exact: Vec<Outcome>,
    /// By seed.
    runs: Vec<ChipRun>,
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
        // What the exact array answers is what the processor answers, bit for bit, and that is sooner there.
        let executor = Some(Executor::new(&side.model, Options::default())?);
        let mut processor = Side {
            model: side.model.clone(),
            bytes: Vec::new(),
            card: side.card.clone(),
            executor,
            threshold: side.threshold,
        };
        let exact = answers(&mut processor, &items)?;
        let mut ranges = Vec::new();
        if request.optimise {
            let (mut chip, watch) = in_array(side, array.rows, &Mode::Watching(request.circuit.clone()))?;
            answers(&mut chip, &items[..items.len().min(RANGED)])?;
            ranges = watch.best_ranges(&request.circuit);
        }
        let side = Side { executor: None, ..processor };
        let request = request.clone();
        Ok(Self { side, rows: array.rows, items, request, ranges, exact, runs: Vec::new() })
    }

    /// Runs one chip.
    ///
    /// # Errors
    /// `Parameter` for a seed that is not asked for; those of running.
    pub fn run(&self, seed: u32) -> Result<ChipRun> {
        if !(1..=self.request.chips as u32).contains(&seed) {
            return Err(Error::parameter(format!("chip {seed} of {}", self.request.chips)));
        }
        let chip = Chip { circuit: self.request.circuit.clone(), seed: u64::from(seed) };
        let (mut side, watch) = in_array(&self.side, self.rows, &Mode::Analog(chip, self.ranges.clone()))?;
        let outcomes = answers(&mut side, &self.items)?;
        let score = match score(&outcomes, &self.items) {
            Some(found) => found.value,
            None => {
                let same = outcomes.iter().zip(&self.exact).filter(|(a, b)| a == b).count();
                100.0 * same as f64 / self.items.len().max(1) as f64
            }
        };
        let tallies = watch.tallies();
        let sum = |of: &dyn Fn(&Seen) -> u64| tallies.iter().map(|(_, tally)| of(&tally.seen)).sum::<u64>() as f64;
        let charging = |&(node, ref tally): &(NodeId, Tally)| {
            let rows = Layer::of(&self.side.model, node).map_or(self.rows, |layer| layer.rows().min(self.rows));
            tally.seen.conversions as f64 * self.request.circuit.charging(rows).0
        };
        Ok(ChipRun {
            seed,
            score,
            clipped: sum(&|seen| seen.clipped),
            conversions: sum(&|seen| seen.conversions),
            charging: tallies.iter().map(charging).sum(),
        })
    }

    /// Takes in what a chip did.
    pub fn take(&mut self, run: ChipRun) {
        self.runs.retain(|known| known.seed != run.seed);
        let at = self.runs.partition_point(|known| known.seed < run.seed);
        self.runs.insert(at, run);
    }

    /// Scores of the chips that have run, as far as none before them is missing.
    pub fn scores(&self) -> ChipScores {
        let runs: Vec<&ChipRun> =
            self.runs.iter().zip(1..).filter(|(run, seed)| run.seed == *seed).map(|(run, _)| run).collect();
        let scores: Vec<f64> = runs.iter().map(|run| run.score).collect();
        let (n, items) = (scores.len(), self.items.len());
        let mean = scores.iter().sum::<f64>() / n.max(1) as f64;
        let squares = scores.iter().map(|score| (score - mean) * (score - mean)).sum::<f64>();
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
        let sum = |of: &dyn Fn(&ChipRun) -> f64| runs.iter().map(|run| of(run)).sum::<f64>();
        let clipped = 100.0 * sum(&|run| run.clipped) / sum(&|run| run.conversions).max(1.0);
        let windows: usize = self.items.iter().map(|item| item.windows.len()).sum();
        let inferences = (n * windows).max(1) as f64;
        let band = fitted::errors(false).p90;
        let part = |part: &str, label: &str, joules: f64, note: &str| EnergyPart {
            part: part.into(),
            label: label.into(),
            in_macro: true,
            energy: card::modelled(joules / inferences, "J", band, note),
        };
        let conversion = self.request.circuit.converting().0;
        ChipScores {
            metric: metric.into(),
            mean: Figure::measured(mean, unit, Some((mean - deviation, mean + deviation)), n, note),
            chips: scores,
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
            energy: vec![
                part(
                    "charge",
                    "Charging columns",
                    sum(&|run| run.charging),
                    "Every cell of a column charged to the supply for each conversion, parasitics included: at most",
                ),
                part(
                    "convert",
                    "Converting",
                    conversion * sum(&|run| run.conversions),
                    "The published equation of a converter of so many bits",
                ),
            ],
        }
    }
}

fn answers(side: &mut Side, items: &[Item]) -> Result<Vec<Outcome>> {
    items.iter().map(|item| side.outcome(&item.windows)).collect()
}
