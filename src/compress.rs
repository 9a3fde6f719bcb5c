//! Making a model smaller: transforms that turn one [`Model`] into another.
//!
//! A transform is one file and one row of [`transforms`]; the page draws its controls from that row.

pub mod calibrate;
pub mod channels;
pub mod codebook;
mod deliver;
pub mod dequantize;
pub mod fold;
pub mod lint;
pub mod pack;
mod presets;
pub mod prune;
pub mod quantize;
pub mod recipe;
mod rows;
pub mod slim;

pub use deliver::deliver;
pub use presets::{Preset, presets};

use recipe::{Recipe, Step};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
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
            Step::Train(_) => {
                return Err(Error::unsupported(
                    "training needs labelled examples, which this way of applying a recipe has not",
                ));
            }
            Step::Prune(options) => prune::prune(&candidate, options)?,
            Step::Channels(options) => channels::remove(&candidate, options)?,
            Step::Quantize(options) => quantize::quantize(&candidate, options, calibration, progress)?,
            Step::Codebook(options) => codebook::codebook(&candidate, options, progress)?,
            Step::Slim(options) => slim::slim(&candidate, options),
            Step::Pack(options) => pack::pack(&candidate, options, progress)?,
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
    /// It shows only while another field has this value, as `field=value`, or is there at all, as `field`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_if: Option<String>,
}

impl TransformOption {
    fn only_if(mut self, condition: &str) -> Self {
        self.only_if = Some(condition.into());
        self
    }
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
    },
    /// Yes or no.
    Toggle {
        /// The value at first.
        default: bool,
    },
    /// A list of names.
    Names,
    /// An object of further options, which is there or not.
    Part {
        /// Whether it is there at first.
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

fn choice(value: &str, label: &str, sentence: &str) -> Choice {
    Choice { value: value.into(), label: label.into(), sentence: sentence.into() }
}

fn option(field: &str, label: &str, sentence: &str, control: Control) -> TransformOption {
    TransformOption { field: field.into(), label: label.into(), sentence: sentence.into(), control, only_if: None }
}

/// Every transform, in the order in which a recipe usually applies them.
pub fn transforms() -> Vec<Transform> {
    vec![
        rows::channels::row(),
        rows::train::row(),
        prune_row(),
        quantize_row(),
        rows::codebook(),
        rows::slim(),
        rows::pack(),
    ]
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
                Control::Number { min: 0.0, max: 0.95, step: 0.05, default: 0.5, unit: "%".into() },
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
            rows::weight_bits(),
            rows::mixed(),
            rows::rounding(),
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
                Control::Number { min: 95.0, max: 100.0, step: 0.05, default: 99.9, unit: String::new() },
            )
            .only_if("calibration.method=percentile"),
            option(
                "float_io",
                "Float in and out",
                "Keeps float32 inputs and outputs and converts at the border",
                Control::Toggle { default: false },
            ),
        ],
    }
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
    fn every_default_of_every_transform_makes_a_recipe() {
        for transform in transforms() {
            let mut step = serde_json::json!({ "step": transform.step });
            for option in &transform.options {
                // Every part is there, so that every option of it is.
                let value = match &option.control {
                    Control::Choice { default, .. } => default.clone().into(),
                    Control::Number { default, .. } if default.fract() == 0.0 => (*default as u64).into(),
                    Control::Number { default, .. } => (*default).into(),
                    Control::Toggle { default } => (*default).into(),
                    Control::Names => serde_json::json!([]),
                    Control::Part { .. } => serde_json::json!({}),
                };
                // Of two choices that exclude each other the default stands.
                let holds = option.only_if.as_ref().is_none_or(|condition| {
                    let (field, wanted) = condition.split_once('=').unwrap_or((condition, ""));
                    let found = step.pointer(&format!("/{}", field.replace('.', "/")));
                    found.is_some_and(|found| wanted.is_empty() || found == wanted)
                });
                let mut at = &mut step;
                for key in option.field.split('.').take(if holds { usize::MAX } else { 0 }) {
                    at = &mut at[key];
                }
                if holds {
                    *at = value;
                }
            }
            let text = serde_json::json!({ "version": 1, "steps": [step] }).to_string();
            Recipe::from_json(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        }
    }

    #[test]
    fn a_recipe_with_an_unknown_option_is_refused() {
        let error =
            Recipe::from_json(r#"{"version":1,"steps":[{"step":"prune","sparsity":0.5,"depth":3}]}"#).unwrap_err();
        assert!(error.to_string().contains("depth"), "{error}");
    }
}
