//! The level experiment: every clip of the test set, quiet and loud, clicked and noisy, through each normalizer and both
//! models. It answers by measurement what peak normalization buys at the edge, and what breaks it.
//!
//! A normalizer stands in the place of the level that the model's own front end sets (none, for some). So that the
//! comparison is fair to a model that was trained with one of them, each other one is set on the calibration clips:
//! its target is the mean level at which the reference front end gave it those clips.

mod findings;
mod price;
mod treatment;

use serde::{Deserialize, Serialize};

use super::evaluation::{ItemResult, Outcome, Partial};
use super::inputs::{Inputs, Item, Source};
use super::{Bench, card};
use crate::audio::disturb::{CONDITIONS, Condition};
use crate::audio::resample;
use crate::cost;
use crate::error::{Error, Result};
use crate::json;
use crate::metrics;
use crate::report::levels::{ConditionRow, LevelsReport, SideScores, TreatmentRow};
use crate::report::{Figure, Task};
use price::Price;
use treatment::Fitted;

/// Items that carry a label and may be played, at most: more would only take longer.
pub const MOST_ITEMS: usize = 1000;

/// Results of some of the items in every condition under every treatment; workers make parts, one bench merges them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LevelsPartial {
    /// One part for each condition of each treatment, the conditions of the first treatment first.
    cells: Vec<Partial>,
}

impl LevelsPartial {
    /// Reads what [`LevelsPartial::to_json`] wrote.
    ///
    /// # Errors
    /// `Parameter` when the text is something else.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|error| Error::parameter(format!("this is no part of the experiment: {error}")))
    }

    /// Writes the results for another worker.
    pub fn to_json(&self) -> String {
        json::text(self)
    }

    /// The results of a treatment (by its place in the report) in a condition (by its place in the table).
    pub fn cell(&self, treatment: usize, condition: usize) -> Option<&Partial> {
        self.cells.get(treatment * CONDITIONS.len() + condition)
    }

    /// Adds the results of another part.
    pub fn merge(&mut self, other: Self) {
        self.cells.resize(self.cells.len().max(other.cells.len()), Partial::default());
        self.cells.iter_mut().zip(other.cells).for_each(|(cell, part)| cell.merge(part));
    }
}

/// The sound of an item at the front end's rate.
fn sound(item: &Item, rate: u32) -> Result<Vec<f32>> {
    match &item.source {
        Source::Sound { samples, sample_rate } if *sample_rate == rate => Ok(samples.clone()),
        Source::Sound { samples, sample_rate } => resample::resample(samples, *sample_rate, rate),
        Source::Windows(_) => Err(Error::parameter(
            "The test items are arrays of features, not sound, so that they cannot be played louder or quieter",
        )),
    }
}

impl Bench {
    /// Items that the level experiment plays.
    pub fn level_items(&self) -> usize {
        self.test_items().min(MOST_ITEMS)
    }

    /// Plays test items `from..to` in every condition under every treatment to both sides; a part for
    /// [`Bench::levels_report`].
    ///
    /// # Errors
    /// `Parameter` without inputs or candidate, for items that are no sound, and for a model that takes none; those of
    /// the front end and of running.
    pub fn play_levels(&mut self, from: usize, to: usize) -> Result<LevelsPartial> {
        self.candidate()?;
        let front_end = self.front_end()?.copied().ok_or_else(|| {
            Error::parameter("This model does not take any of the sound features that Milliwatt knows")
        })?;
        let end = to.min(self.level_items());
        let (Some(original), Some(candidate), Some(inputs)) = (&mut self.original, &mut self.candidate, &self.inputs)
        else {
            return Err(Error::parameter("There are no inputs to test with"));
        };
        let mut treatments = treatment::fitted(&front_end, &calibration(inputs, front_end.sample_rate)?)?;
        let mut cells = vec![Partial::default(); treatments.len() * CONDITIONS.len()];
        for index in from.min(end)..end {
            let item = &inputs.items[inputs.test[index]];
            let clip = sound(item, front_end.sample_rate)?;
            for (at, condition) in CONDITIONS.iter().enumerate() {
                // The same click and the same noise under every treatment.
                let heard = condition.disturbance.apply(&clip, index as u64);
                for (row, treatment) in treatments.iter_mut().enumerate() {
                    let windows = treatment.windows(&heard)?;
                    cells[row * CONDITIONS.len() + at].results.push(ItemResult {
                        item: index,
                        original: original.outcome(&windows)?,
                        candidate: candidate.side.outcome(&windows)?,
                    });
                }
            }
        }
        Ok(LevelsPartial { cells })
    }

    /// What came out of the level experiment, priced for a device.
    ///
    /// # Errors
    /// `Parameter` for a device that does not exist, or before anything was played.
    pub fn levels_report(&self, played: &LevelsPartial, device: &str) -> Result<LevelsReport> {
        let device =
            cost::device::find(device).ok_or_else(|| Error::parameter(format!("no device is called {device:?}")))?;
        let original = self.original()?;
        let Some(inputs) = &self.inputs else { return Err(Error::parameter("There are no inputs to test with")) };
        let front_end = card::front_end(&original.model).copied().ok_or_else(|| {
            Error::parameter("This model does not take any of the sound features that Milliwatt knows")
        })?;
        let labels: Vec<Option<usize>> = inputs.test.iter().map(|&item| inputs.items[item].label).collect();
        let treatments = treatment::fitted(&front_end, &calibration(inputs, front_end.sample_rate)?)?;
        if played.cells.len() != treatments.len() * CONDITIONS.len() {
            return Err(Error::parameter("The experiment has not been played yet"));
        }
        let task = original.card.task;
        let rows: Result<Vec<TreatmentRow>> = treatments
            .iter()
            .zip(played.cells.chunks_exact(CONDITIONS.len()))
            .map(|(treatment, cells)| row(treatment, cells, &labels, task, device))
            .collect();
        let treatments = rows?;
        let conditions = CONDITIONS.iter().map(condition_row).collect();
        let items = played.cells.first().map_or(0, |cell| cell.results.len());
        let metric = if task == Task::Reconstruction { "AUC" } else { "accuracy" }.to_owned();
        Ok(LevelsReport {
            findings: findings::findings(&treatments, &metric),
            front_end: price::front_end(front_end.name, device),
            inference: price::inference(&self.candidate()?.side.model, device),
            metric,
            items: items as u32,
            device: device.name.into(),
            conditions,
            treatments,
        })
    }
}

/// The sound that normalizers are set on.
fn calibration(inputs: &Inputs, rate: u32) -> Result<Vec<Vec<f32>>> {
    inputs.calibration.iter().map(|&item| sound(&inputs.items[item], rate)).collect()
}

fn condition_row(condition: &Condition) -> ConditionRow {
    ConditionRow { id: condition.id.into(), label: condition.label.into(), decibels: condition.disturbance.decibels() }
}

fn row(
    treatment: &Fitted,
    cells: &[Partial],
    labels: &[Option<usize>],
    task: Task,
    device: &'static cost::Device,
) -> Result<TreatmentRow> {
    let original = |result: &ItemResult| result.original;
    let candidate = |result: &ItemResult| result.candidate;
    let price = Price::of(treatment, device)?;
    Ok(TreatmentRow {
        id: treatment.row.id.into(),
        label: treatment.row.label.into(),
        sentence: treatment.sentence(),
        breaks: treatment.breaks().into(),
        operations: price.operations,
        state: price.state,
        lookahead: price.lookahead,
        energy: price.energy,
        budget: price.budget,
        sides: vec![scores(cells, labels, task, original), scores(cells, labels, task, candidate)],
    })
}

/// One side's scores in every condition, and over the levels.
fn scores(
    cells: &[Partial],
    labels: &[Option<usize>],
    task: Task,
    of: impl Fn(&ItemResult) -> Outcome + Copy,
) -> SideScores {
    let scores: Vec<Figure> = cells.iter().map(|cell| score(cell, labels, task, of)).collect();
    let levels: Vec<usize> = (0..cells.len()).filter(|&at| CONDITIONS[at].disturbance.decibels().is_some()).collect();
    let mean = levels.iter().map(|&at| scores[at].value).sum::<f64>() / levels.len().max(1) as f64;
    let worst = levels.iter().map(|&at| &scores[at]).min_by(|a, b| a.value.total_cmp(&b.value)).cloned();
    let n = cells.first().map_or(0, |cell| cell.results.len());
    let (unit, interval) = match task {
        Task::Reconstruction => ("1", None),
        _ => ("%", per_clip(cells, &levels, labels, of).map(|half| ((mean - half).max(0.0), (mean + half).min(100.0)))),
    };
    let note = "Mean of the scores at all levels, with the 95 % interval of the mean over clips where there is one";
    let mean = Figure::measured(mean, unit, interval, n, note);
    SideScores { worst: worst.unwrap_or_else(|| mean.clone()), scores, mean }
}

/// Half the 95 % interval, in percent, of the mean over clips of the share of levels at which a clip is answered right.
/// The levels of a clip depend on each other, the clips do not.
fn per_clip(
    cells: &[Partial],
    levels: &[usize],
    labels: &[Option<usize>],
    of: impl Fn(&ItemResult) -> Outcome,
) -> Option<f64> {
    let clips = cells.first()?.results.len();
    let right = |at: usize, clip: usize| {
        let result = cells[at].results.get(clip)?;
        Some(f64::from(u8::from(
            matches!(of(result), Outcome::Class(class) if Some(class) == labels.get(result.item).copied().flatten()),
        )))
    };
    let shares: Vec<f64> = (0..clips)
        .map(|clip| levels.iter().filter_map(|&at| right(at, clip)).sum::<f64>() / levels.len().max(1) as f64)
        .collect();
    metrics::mean_interval(&shares).map(|half| 100.0 * half)
}

/// The score of one side in one condition.
fn score(cell: &Partial, labels: &[Option<usize>], task: Task, of: impl Fn(&ItemResult) -> Outcome) -> Figure {
    let labelled =
        cell.results.iter().filter_map(|result| Some((of(result), labels.get(result.item).copied().flatten()?)));
    if task == Task::Reconstruction {
        let scored: Vec<(f64, bool)> = labelled
            .filter_map(|(outcome, label)| match outcome {
                Outcome::Strangeness(value) => Some((value, label != 0)),
                Outcome::Class(_) => None,
            })
            .collect();
        let note = "Area under the ROC curve of the reconstruction error in this condition, with Hanley and McNeil's 95 % interval";
        return match metrics::auc(&scored) {
            Some(score) => Figure::measured(score.value, "1", Some((score.low, score.high)), score.n, note),
            None => {
                Figure::measured(0.5, "1", Some((0.0, 1.0)), 0, "Only one kind of item, so that nothing can be told")
            }
        };
    }
    let answers: Vec<bool> =
        labelled.map(|(outcome, label)| matches!(outcome, Outcome::Class(class) if class == label)).collect();
    let share = metrics::share(answers.iter().filter(|&&right| right).count(), answers.len());
    let note = "Share of test items that are answered right in this condition, with Wilson's 95 % interval";
    Figure::measured(100.0 * share.value, "%", Some((100.0 * share.low, 100.0 * share.high)), share.n, note)
}
