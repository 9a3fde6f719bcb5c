//! What a model's outputs mean, in words and bars.

use crate::metrics;
use crate::report::Bar;

/// The class of the largest score, and a bar for each class.
pub fn of_scores(scores: &[f32], classes: &[String]) -> (String, Vec<Bar>) {
    let name = |class: usize| classes.get(class).cloned().unwrap_or_else(|| format!("class {class}"));
    let bar = |(class, &value): (usize, &f32)| Bar { label: name(class), value, fraction: value.clamp(0.0, 1.0) };
    (metrics::top(scores.iter().copied()).map(name).unwrap_or_default(), scores.iter().enumerate().map(bar).collect())
}

/// Whether an error of rebuilding is over the threshold, and its bar, in whose middle the threshold stands.
pub fn of_strangeness(value: f64, threshold: f64, classes: &[String]) -> (String, Vec<Bar>) {
    let name = classes.get(usize::from(value > threshold)).cloned().unwrap_or_default();
    let fraction = if threshold > 0.0 { (value / (2.0 * threshold)).clamp(0.0, 1.0) } else { 0.0 };
    (name, vec![Bar { label: "reconstruction error".into(), value: value as f32, fraction: fraction as f32 }])
}
