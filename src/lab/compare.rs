//! A and B side by side, in numbers and in one sentence.

use std::collections::BTreeMap;

use crate::metrics::paired::{self, Difference, Discordant};
use crate::report::{Compared, Comparison, Delta, Figure, FigureKind, ItemAnswers, Verdict};

/// A difference that is larger than chance makes it in all but one of twenty comparisons of equals.
const SIGNIFICANT: f64 = 0.05;

/// Compares two sides of the bench.
pub fn compare(a: &Compared, b: &Compared) -> Comparison {
    let deltas: Vec<Delta> = [
        ("flash", Some(&a.strip.flash), Some(&b.strip.flash), false),
        ("ram", Some(&a.strip.ram), Some(&b.strip.ram), false),
        ("score", a.strip.score.as_ref(), b.strip.score.as_ref(), true),
        ("latency", a.strip.latency.as_ref(), b.strip.latency.as_ref(), false),
        ("energy", a.strip.energy.as_ref(), b.strip.energy.as_ref(), false),
        ("agreement", a.strip.agreement.as_ref(), b.strip.agreement.as_ref(), true),
    ]
    .into_iter()
    .filter_map(|(of, one, other, more_is_better)| {
        let (one, other) = (one?, other?);
        Some(match paired(of, a, b) {
            Some((difference, test)) => Delta { test: Some(test), ..delta(of, one, other, true, Some(difference.p)) },
            None => delta(of, one, other, more_is_better, None),
        })
    })
    .collect();
    let sentence = sentence(a, b, &deltas);
    Comparison { deltas, sentence }
}

/// How one figure moved. Where both sides answered the same items, `p` decides whether it is more than chance.
fn delta(of: &str, a: &Figure, b: &Figure, more_is_better: bool, p: Option<f64>) -> Delta {
    let difference = b.value - a.value;
    // Only measured intervals can overlap by chance; a model's band moves both sides together.
    let overlap = a.kind == FigureKind::Measured
        && matches!((a.low, a.high, b.low, b.high), (Some(al), Some(ah), Some(bl), Some(bh)) if al <= bh && bl <= ah);
    let chance = p.map_or(overlap, |p| p >= SIGNIFICANT);
    let verdict = match difference {
        0.0 => Verdict::Same,
        _ if chance => Verdict::Unclear,
        d if (d > 0.0) == more_is_better => Verdict::Better,
        _ => Verdict::Worse,
    };
    let ratio = (a.value != 0.0).then(|| difference / a.value);
    Delta { of: of.into(), difference, ratio, verdict, test: None }
}

/// The paired difference of a figure that is measured item by item, and its test in words.
fn paired(of: &str, a: &Compared, b: &Compared) -> Option<(Difference, String)> {
    let (a, b) = (&a.evaluation.as_ref()?.answers, &b.evaluation.as_ref()?.answers);
    let pairs = pairs(a, b);
    if of == "agreement" {
        let discordant = Discordant::of(pairs.iter().filter_map(|&(i, j)| Some((*a.same.get(i)?, *b.same.get(j)?))));
        return shares(discordant, "as the original does");
    }
    if of != "score" {
        return None;
    }
    if a.anomaly_score.is_empty() {
        return shares(
            Discordant::of(pairs.iter().filter_map(|&(i, j)| Some(((*a.right.get(i)?)?, (*b.right.get(j)?)?)))),
            "right",
        );
    }
    let item =
        |&(i, j): &(usize, usize)| Some((*a.anomaly_score.get(i)?, *b.anomaly_score.get(j)?, (*a.anomalous.get(i)?)?));
    let items: Vec<_> = pairs.iter().filter_map(item).collect();
    let difference = paired::auc_difference(&items)?;
    let Difference { value, low, high, p } = difference;
    let test = format!(
        "On the same {} items B's AUC differs from A's by {value:+.3}, 95 % interval {low:+.3} to {high:+.3} (DeLong's test, {})",
        items.len(),
        probability(p)
    );
    Some((difference, test))
}

/// Where each item that both sides answered stands in either list.
fn pairs(a: &ItemAnswers, b: &ItemAnswers) -> Vec<(usize, usize)> {
    let places: BTreeMap<u32, usize> = b.item.iter().enumerate().map(|(at, &item)| (item, at)).collect();
    a.item.iter().enumerate().filter_map(|(at, item)| Some((at, *places.get(item)?))).collect()
}

fn shares(discordant: Discordant, answered: &str) -> Option<(Difference, String)> {
    let difference = discordant.difference()?;
    let Discordant { first, second, n } = discordant;
    let test = format!(
        "Of {n} items A alone answers {first} {answered}, B alone {second}: B's share differs by {:+.1} points, 95 % interval \
         {:+.1} to {:+.1} (McNemar's exact test, {})",
        difference.value * 100.0,
        difference.low * 100.0,
        difference.high * 100.0,
        probability(difference.p)
    );
    Some((difference, test))
}

/// A p-value as people write it.
fn probability(p: f64) -> String {
    if p < 0.001 { "p < 0.001".into() } else { format!("p = {p:.3}") }
}

fn sentence(a: &Compared, b: &Compared, deltas: &[Delta]) -> String {
    let mut parts = Vec::new();
    for delta in deltas {
        let percent = delta.ratio.map(|ratio| libm::fabs(ratio) * 100.0).unwrap_or_default();
        let less = delta.difference < 0.0;
        match delta.of.as_str() {
            "flash" if percent >= 0.5 => {
                parts.push(format!("{percent:.0} % {}", if less { "smaller" } else { "larger" }));
            }
            "energy" if percent >= 0.5 => {
                parts.push(format!("needs {percent:.0} % {} energy", if less { "less" } else { "more" }));
            }
            "score" if delta.difference != 0.0 => {
                let metric = b.evaluation.as_ref().map_or("accuracy", |evaluation| evaluation.metric.as_str());
                // Accuracy is in percent, so its difference is in points; AUC runs from 0 to 1.
                let amount = match b.strip.score.as_ref().map(|score| score.unit.as_str()) {
                    Some("%") => format!("{:.1} points", libm::fabs(delta.difference)),
                    _ => format!("{:.3}", libm::fabs(delta.difference)),
                };
                let clear = if delta.verdict == Verdict::Unclear { " (within chance)" } else { "" };
                parts.push(format!("{amount} {} {metric}{clear}", if less { "less" } else { "more" }));
            }
            _ => {}
        }
    }
    match (&parts[..], a.recipe == b.recipe) {
        (_, true) => "A and B are the same".into(),
        ([], false) => "B costs and scores the same as A".into(),
        ([only], _) => format!("B is {}", as_predicate(only)),
        ([first, rest @ ..], _) => format!("B is {}, {}", as_predicate(first), rest.join(", ")),
    }
}

/// The first part of the sentence follows "B is"; parts that carry their own verb are reworded.
fn as_predicate(part: &str) -> String {
    match part.strip_prefix("needs ") {
        Some(rest) => format!("as large as A and needs {rest}"),
        None if part.ends_with("smaller") || part.ends_with("larger") => part.to_string(),
        None => format!("as large as A, with {part}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(right: impl Iterator<Item = bool>) -> ItemAnswers {
        let right: Vec<bool> = right.collect();
        ItemAnswers {
            item: (0..right.len() as u32).collect(),
            same: right.clone(),
            right: right.into_iter().map(Some).collect(),
            ..ItemAnswers::default()
        }
    }

    fn moved(a: &ItemAnswers, b: &ItemAnswers) -> Delta {
        let figure = |answers: &ItemAnswers| {
            let hits = answers.right.iter().filter(|right| **right == Some(true)).count();
            let share = crate::metrics::share(hits, answers.item.len());
            let interval = Some((share.low * 100.0, share.high * 100.0));
            Figure::measured(share.value * 100.0, "%", interval, share.n, "")
        };
        let discordant = pairs(a, b).into_iter().map(|(i, j)| (a.right[i] == Some(true), b.right[j] == Some(true)));
        let (difference, test) = shares(Discordant::of(discordant), "right").unwrap();
        Delta { test: Some(test), ..delta("score", &figure(a), &figure(b), true, Some(difference.p)) }
    }

    #[test]
    fn twelve_items_lost_and_none_won_are_worse_although_both_intervals_overlap() {
        let (a, b) = (answers((0..750).map(|i| i >= 50)), answers((0..750).map(|i| i >= 62)));
        let delta = moved(&a, &b);
        assert_eq!(delta.verdict, Verdict::Worse);
        assert_eq!(
            delta.test.unwrap(),
            "Of 750 items A alone answers 12 right, B alone 0: B's share differs by -1.6 points, 95 % interval -2.6 to -0.6 \
             (McNemar's exact test, p < 0.001)"
        );
    }

    #[test]
    fn as_many_won_as_lost_is_the_same() {
        let (a, b) = (answers((0..100).map(|i| i != 3)), answers((0..100).map(|i| i != 4)));
        assert_eq!(moved(&a, &b).verdict, Verdict::Same);
    }

    #[test]
    fn only_items_that_both_answered_are_paired() {
        let (a, mut b) = (answers((0..4).map(|_| true)), answers((0..4).map(|_| true)));
        b.item = vec![2, 3, 4, 5];
        assert_eq!(pairs(&a, &b), [(2, 0), (3, 1)]);
    }
}
