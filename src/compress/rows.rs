//! Every transform as the page shows it, one file for each family, and the small builders that all rows are made with.

mod blocks;
mod channels;
mod prune;
mod quantize;
mod smaller;
mod train;

use super::{Choice, Control, Transform, TransformOption};

/// Every transform, in the order in which a recipe usually applies them.
pub fn transforms() -> Vec<Transform> {
    vec![
        blocks::row(),
        channels::row(),
        train::row(),
        prune::row(),
        quantize::equalize(),
        quantize::row(),
        smaller::codebook(),
        smaller::slim(),
        smaller::pack(),
    ]
}

fn transform(step: &str, label: &str, sentence: &str, options: Vec<TransformOption>) -> Transform {
    Transform { step: step.into(), label: label.into(), sentence: sentence.into(), options }
}

fn option(field: &str, label: &str, sentence: &str, control: Control) -> TransformOption {
    TransformOption { field: field.into(), label: label.into(), sentence: sentence.into(), control, only_if: None }
}

fn number(min: f64, max: f64, step: f64, default: f64) -> Control {
    Control::Number { min, max, step, default, unit: String::new() }
}

/// A share that is shown as percent.
fn share(min: f64, max: f64, default: f64) -> Control {
    Control::Number { min, max, step: 0.05, default, unit: "%".into() }
}

fn toggle(default: bool) -> Control {
    Control::Toggle { default }
}

/// One of several: value, name and sentence of each.
fn choices(default: &str, choices: &[(&str, &str, &str)]) -> Control {
    let choice = |&(value, label, sentence): &(&str, &str, &str)| Choice {
        value: value.into(),
        label: label.into(),
        sentence: sentence.into(),
    };
    Control::Choice { choices: choices.iter().map(choice).collect(), default: default.into() }
}
