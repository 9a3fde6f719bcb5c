//! Making a model smaller: transforms that turn one [`Model`] into another.
//!
//! A transform is one file and one row of [`transforms`]; the page draws its controls from that row.

pub mod calibrate;
pub mod channels;
pub mod fold;
pub mod prune;
pub mod quantize;
pub mod recipe;

use recipe::{PruneOptions, QuantizeOptions, Recipe, Step};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::model::{Model, validate};
use crate::progress::Progress;
use crate::tensor::Tensor;

/// Makes the candidate: applies the steps of a recipe in order and validates the model after each.
///
/// `calibration` holds the inputs of some samples, in the types and shapes of `model`'s inputs; steps that measure
/// activations run them.
///
/// # Errors
/// Those of the recipe's own check and of each transform.
pub fn apply(
    model: &Model,
    recipe: &Recipe,
    calibration: &[Vec<Tensor>],
    progress: &mut dyn Progress,
) -> Result<Model> {
    recipe.check()?;
    let mut candidate = model.clone();
    for step in &recipe.steps {
        candidate = match step {
            Step::Prune(options) => prune::prune(&candidate, options)?,
            Step::Channels(options) => channels::remove(&candidate, options)?,
            Step::Quantize(options) => quantize::quantize(&candidate, options, calibration, progress)?,
        };
        validate::validate(&candidate)?;
    }
    Ok(candidate)
}

/// A transform as the page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Transform {
    /// The `step` of a recipe.
    pub step: String,
    /// Its name.
    pub label: String,
    /// What it does, in one sentence.
    pub sentence: String,
    /// Its options, in the order in which they are shown.
    pub options: Vec<TransformOption>,
}

/// An option of a transform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct TransformOption {
    /// The field of the step; `calibration.method` names a field inside a field.
    pub field: String,
    /// Its name.
    pub label: String,
    /// What it does, in one sentence.
    pub sentence: String,
    /// How it is chosen.
    pub control: Control,
}

/// How an option is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "control", rename_all = "snake_case")]
pub enum Control {
    /// One of several values.
    Choice {
        /// Value, name and sentence of each.
        choices: Vec<Choice>,
        /// The value at first.
        default: String,
    },
    /// A number on a slider.
    Number {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
        /// Step.
        step: f64,
        /// The value at first.
        default: f64,
        /// `%` where the value is a share that is shown as percent, otherwise empty.
        unit: String,
        /// The option shows only while another field has this value, as `field=value`.
        only_if: Option<String>,
    },
    /// Yes or no.
    Toggle {
        /// The value at first.
        default: bool,
    },
}

/// One value of a [`Control::Choice`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Choice {
    /// As it stands in the recipe.
    pub value: String,
    /// Its name.
    pub label: String,
    /// What it means, in one sentence.
    pub sentence: String,
}

/// A named recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Preset {
    /// Stable name, the same on the command line and in links.
    pub name: String,
    /// Name to show.
    pub label: String,
    /// What it does, in one sentence.
    pub sentence: String,
    /// What it stands for.
    pub recipe: Recipe,
}

fn choice(value: &str, label: &str, sentence: &str) -> Choice {
    Choice { value: value.into(), label: label.into(), sentence: sentence.into() }
}

fn option(field: &str, label: &str, sentence: &str, control: Control) -> TransformOption {
    TransformOption { field: field.into(), label: label.into(), sentence: sentence.into(), control }
}

/// Every transform, in the order in which a recipe usually applies them.
pub fn transforms() -> Vec<Transform> {
    vec![prune_row(), channels_row(), quantize_row()]
}

fn prune_row() -> Transform {
    Transform {
        step: "prune".into(),
        label: "Prune".into(),
        sentence: "Sets the smallest weights to zero; the file shrinks only with an encoding that skips zeros".into(),
        options: vec![
            option(
                "sparsity",
                "Sparsity",
                "Share of the weights that become zero",
                Control::Number { min: 0.0, max: 0.95, step: 0.05, default: 0.5, unit: "%".into(), only_if: None },
            ),
            option(
                "scope",
                "Smallest of",
                "Where the smallest weights are sought",
                Control::Choice {
                    choices: vec![
                        choice("per_layer", "each layer", "Every layer loses the same share"),
                        choice("global", "all layers", "Layers with small weights lose more"),
                    ],
                    default: "per_layer".into(),
                },
            ),
        ],
    }
}

fn channels_row() -> Transform {
    let share = |default| Control::Number { min: 0.1, max: 1.0, step: 0.05, default, unit: "%".into(), only_if: None };
    Transform {
        step: "channels".into(),
        label: "Remove channels".into(),
        sentence:
            "Takes whole filters out, with all that is made of them: a plain smaller model, in bytes, RAM and time"
                .into(),
        options: vec![
            option("keep", "Channels that stay", "Share of the channels of the layers that stays", share(0.75)),
            option(
                "scope",
                "Least important of",
                "Where the least important channels are sought",
                Control::Choice {
                    choices: vec![
                        choice("per_layer", "each layer", "Every layer loses the same share"),
                        choice("global", "all layers", "Layers with many unimportant channels lose more"),
                    ],
                    default: "per_layer".into(),
                },
            ),
            option(
                "measure",
                "Importance",
                "How important a channel is, from the weights that make it and those that read it",
                Control::Choice {
                    choices: vec![
                        choice("l1", "magnitudes (L1)", "The sum of the magnitudes of its weights"),
                        choice("l2", "squares (L2)", "The root of the sum of the squares of its weights"),
                    ],
                    default: "l1".into(),
                },
            ),
            option(
                "multiple",
                "Multiple of",
                "Layers keep a multiple of so many channels; kernels compute four or eight at a time",
                Control::Number { min: 1.0, max: 16.0, step: 1.0, default: 4.0, unit: String::new(), only_if: None },
            ),
        ],
    }
}

fn quantize_row() -> Transform {
    Transform {
        step: "quantize".into(),
        label: "Quantize".into(),
        sentence: "Stores weights and activations as 8-bit integers: a quarter of the size, and integer arithmetic"
            .into(),
        options: vec![
            option(
                "scheme",
                "Types",
                "Types of weights and activations",
                Control::Choice {
                    choices: vec![choice("int8", "int8", "int8 weights and activations, int32 biases")],
                    default: "int8".into(),
                },
            ),
            option(
                "granularity",
                "Weight scales",
                "How finely the scales of weights are chosen",
                Control::Choice {
                    choices: vec![
                        choice("per_channel", "per channel", "One scale for each output channel of a convolution"),
                        choice(
                            "per_tensor",
                            "per tensor",
                            "One scale for each weight tensor: smaller tables, less exact",
                        ),
                    ],
                    default: "per_channel".into(),
                },
            ),
            option(
                "calibration.method",
                "Activation ranges",
                "How the range of each activation is chosen from the calibration inputs",
                Control::Choice {
                    choices: vec![
                        choice("min_max", "min-max", "From the smallest to the largest value seen"),
                        choice("percentile", "percentile", "Rare outliers are cut off, so that steps are finer"),
                        choice("mse", "least error", "The range with the least mean squared error"),
                        choice("kl", "KL divergence", "The range whose histogram changes least"),
                    ],
                    default: "min_max".into(),
                },
            ),
            option(
                "calibration.percent",
                "Percentile",
                "Share of values that stays inside the range",
                Control::Number {
                    min: 95.0,
                    max: 100.0,
                    step: 0.05,
                    default: 99.9,
                    unit: String::new(),
                    only_if: Some("calibration.method=percentile".into()),
                },
            ),
            option(
                "float_io",
                "Float in and out",
                "Keeps float32 inputs and outputs and converts at the border",
                Control::Toggle { default: false },
            ),
        ],
    }
}

/// The named recipes, in the order in which they are shown.
pub fn presets() -> Vec<Preset> {
    let preset = |name: &str, label: &str, sentence: &str, steps: Vec<Step>| Preset {
        name: name.into(),
        label: label.into(),
        sentence: sentence.into(),
        recipe: Recipe::of(steps),
    };
    let prune = |sparsity| Step::Prune(PruneOptions { sparsity, scope: recipe::PruneScope::PerLayer });
    let int8 = || Step::Quantize(QuantizeOptions::default());
    vec![
        preset("original", "Original", "The model as it was opened", vec![]),
        preset("int8", "int8", "8-bit weights and activations, one scale for each channel", vec![int8()]),
        preset(
            "int8-per-tensor",
            "int8 per tensor",
            "8-bit weights and activations, one scale for each tensor",
            vec![Step::Quantize(QuantizeOptions {
                granularity: recipe::Granularity::PerTensor,
                ..QuantizeOptions::default()
            })],
        ),
        preset("prune-50", "Pruned 50 %", "Half of the weights of each layer set to zero", vec![prune(0.5)]),
        preset(
            "prune-50-int8",
            "Pruned 50 % + int8",
            "Half of the weights of each layer set to zero, then 8-bit integers",
            vec![prune(0.5), int8()],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_survives_json() {
        for preset in presets() {
            let text = preset.recipe.to_json();
            assert_eq!(Recipe::from_json(&text).unwrap(), preset.recipe, "{}", preset.name);
        }
    }

    #[test]
    fn a_recipe_with_an_unknown_option_is_refused() {
        let error =
            Recipe::from_json(r#"{"version":1,"steps":[{"step":"prune","sparsity":0.5,"depth":3}]}"#).unwrap_err();
        assert!(error.to_string().contains("depth"), "{error}");
    }
}
