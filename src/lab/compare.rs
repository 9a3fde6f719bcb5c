//! A and B side by side, in numbers and in one sentence.

use crate::report::{Compared, Comparison, Delta, Figure, FigureKind};

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
    .filter_map(|(of, a, b, more_is_better)| Some(delta(of, a?, b?, more_is_better)))
    .collect();
    let sentence = sentence(a, b, &deltas);
    Comparison { deltas, sentence }
}

fn delta(of: &str, a: &Figure, b: &Figure, more_is_better: bool) -> Delta {
    let difference = b.value - a.value;
    // Only measured intervals can overlap by chance; a model's band moves both sides together.
    let overlap = a.kind == FigureKind::Measured
        && matches!((a.low, a.high, b.low, b.high), (Some(al), Some(ah), Some(bl), Some(bh)) if al <= bh && bl <= ah);
    let verdict = match difference {
        0.0 => "same",
        _ if overlap => "unclear",
        d if (d > 0.0) == more_is_better => "better",
        _ => "worse",
    };
    let ratio = (a.value != 0.0).then(|| difference / a.value);
    Delta { of: of.into(), difference, ratio, verdict: verdict.into() }
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
                let clear = if delta.verdict == "unclear" { " (within chance)" } else { "" };
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
