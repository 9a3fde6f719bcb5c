//! Running both sides on the test set, in parts that can be merged, and what came out of it.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::json;
use crate::metrics;
use crate::report::{EvaluationReport, Figure, Flip, ItemAnswers, Task};

/// What one side said of one item.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The class of the largest score.
    Class(usize),
    /// The mean squared error of rebuilding the item: higher is stranger.
    Strangeness(f64),
}

/// What both sides said of one item.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ItemResult {
    /// Index in the test set.
    pub item: usize,
    /// The original's answer.
    pub original: Outcome,
    /// The candidate's answer.
    pub candidate: Outcome,
}

/// Results of some of the items; workers make parts, one bench merges them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Partial {
    /// In any order, each item once.
    pub results: Vec<ItemResult>,
}

impl Partial {
    /// Reads what [`Partial::to_json`] wrote.
    ///
    /// # Errors
    /// `Parameter` when the text is something else.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| Error::parameter(format!("this is no partial evaluation: {error}")))
    }

    /// Writes the results for another worker.
    pub fn to_json(&self) -> String {
        json::text(self)
    }

    /// Adds the results of another part; an item that is there already is replaced.
    pub fn merge(&mut self, other: Self) {
        for result in other.results {
            match self.results.binary_search_by_key(&result.item, |known| known.item) {
                Ok(at) => self.results[at] = result,
                Err(at) => self.results.insert(at, result),
            }
        }
    }
}

/// An item as the evaluation needs it.
pub struct Labelled<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its class, where known.
    pub label: Option<usize>,
}

/// Strangeness above which each side calls an item anomalous.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Thresholds {
    /// Of the original.
    pub original: f64,
    /// Of the candidate.
    pub candidate: f64,
}

/// Sums up the results for the report.
///
/// For reconstruction, label 0 is normal and every other label anomalous.
pub fn summarize(
    partial: &Partial,
    items: &[Labelled],
    classes: &[String],
    task: Task,
    thresholds: Thresholds,
) -> EvaluationReport {
    let results: Vec<&ItemResult> = partial.results.iter().filter(|result| result.item < items.len()).collect();
    let answer = |outcome: Outcome, threshold: f64| match outcome {
        Outcome::Class(class) => class,
        Outcome::Strangeness(value) => usize::from(value > threshold),
    };
    let names = |class: usize| classes.get(class).cloned().unwrap_or_else(|| format!("class {class}"));
    let mut confusion = vec![vec![0u32; classes.len()]; classes.len()];
    let mut flips = Vec::new();
    let mut answers = ItemAnswers::default();
    let (mut agreed, mut hits, mut labelled) = (0, 0, 0);
    for result in &results {
        let item = &items[result.item];
        let original = answer(result.original, thresholds.original);
        let candidate = answer(result.candidate, thresholds.candidate);
        agreed += usize::from(original == candidate);
        answers.item.push(result.item as u32);
        answers.same.push(original == candidate);
        answers.right.push(item.label.map(|label| candidate == label));
        if let Outcome::Strangeness(score) = result.candidate {
            answers.anomaly_score.push(score);
            answers.anomalous.push(item.label.map(|label| label != 0));
        }
        if let Some(label) = item.label {
            labelled += 1;
            hits += usize::from(candidate == label);
            if let Some(cell) = confusion.get_mut(label).and_then(|row| row.get_mut(candidate)) {
                *cell += 1;
            }
        }
        if original != candidate {
            flips.push(Flip {
                item: result.item as u32,
                name: item.name.into(),
                label: item.label.map(names),
                original: names(original),
                candidate: names(candidate),
            });
        }
    }
    // Where the original was right and the candidate is not, the flip hurts: those first.
    let (hurt, other): (Vec<Flip>, Vec<Flip>) =
        flips.into_iter().partition(|flip| flip.label.as_ref() == Some(&flip.original));
    let flips = [hurt, other].concat();
    let percent = |hits, n| {
        let share = metrics::share(hits, n);
        (share.value * 100.0, Some((share.low * 100.0, share.high * 100.0)))
    };
    let score = match task {
        Task::Reconstruction => auc(&results, items),
        _ if labelled > 0 => {
            let (value, interval) = percent(hits, labelled);
            let note = "Share of test items that the candidate answers right, with Wilson's 95 % interval";
            Some(Figure::measured(value, "%", interval, labelled, note))
        }
        _ => None,
    };
    let agreement = (!results.is_empty()).then(|| {
        let (value, interval) = percent(agreed, results.len());
        let note = "Share of test items on which the candidate answers as the original does";
        Figure::measured(value, "%", interval, results.len(), note)
    });
    EvaluationReport {
        metric: if task == Task::Reconstruction { "AUC" } else { "accuracy" }.into(),
        score,
        agreement,
        answers,
        flips,
        confusion: if labelled > 0 { confusion } else { Vec::new() },
        classes: classes.to_vec(),
    }
}

fn auc(results: &[&ItemResult], items: &[Labelled]) -> Option<Figure> {
    let scored: Vec<(f64, bool)> = results
        .iter()
        .filter_map(|result| match (result.candidate, items[result.item].label) {
            (Outcome::Strangeness(value), Some(label)) => Some((value, label != 0)),
            _ => None,
        })
        .collect();
    let score = metrics::auc(&scored)?;
    let note = "Area under the ROC curve of the reconstruction error, with Hanley and McNeil's 95 % interval";
    Some(Figure::measured(score.value, "1", Some((score.low, score.high)), score.n, note))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(item: usize, original: usize, candidate: usize) -> ItemResult {
        ItemResult { item, original: Outcome::Class(original), candidate: Outcome::Class(candidate) }
    }

    #[test]
    fn merging_parts_in_any_order_gives_the_same() {
        let part = |items: &[usize]| Partial { results: items.iter().map(|&i| result(i, 0, i % 2)).collect() };
        let (mut forwards, mut backwards) = (Partial::default(), Partial::default());
        [part(&[0, 1]), part(&[2, 3])].into_iter().for_each(|part| forwards.merge(part));
        [part(&[2, 3]), part(&[0, 1])].into_iter().for_each(|part| backwards.merge(part));
        assert_eq!(forwards, backwards);
    }

    #[test]
    fn a_flip_from_right_to_wrong_stands_first() {
        let items: Vec<Labelled> = (0..3).map(|_| Labelled { name: "clip", label: Some(1) }).collect();
        let classes = ["no".to_string(), "yes".to_string()];
        let partial = Partial { results: vec![result(0, 0, 1), result(1, 1, 1), result(2, 1, 0)] };
        let report = summarize(&partial, &items, &classes, Task::Classification, Thresholds::default());
        assert_eq!(report.flips.iter().map(|flip| flip.item).collect::<Vec<_>>(), [2, 0]);
        assert_eq!(report.confusion, [[0, 0], [1, 2]]);
        assert!((report.agreement.unwrap().value - 100.0 / 3.0).abs() < 1e-9);
    }
}
