//! Making a model smaller: transforms that turn one [`Model`] into another.
//!
//! A transform is one file and one row of [`transforms`]; the page draws its controls from that row.

pub mod blocks;
pub mod calibrate;
pub mod channels;
pub mod codebook;
mod deliver;
pub mod dequantize;
pub mod drawn;
pub mod equalize;
pub mod fold;
pub mod formats;
pub mod lint;
mod offer;
pub mod pack;
mod positive;
mod presets;
pub mod prune;
pub mod quantize;
pub mod recipe;
mod rows;
pub mod search;
pub mod slim;

pub use deliver::{deliver, random_inputs, same_bits};
pub use offer::{Offer, offers, opening};
pub use presets::{Preset, presets};
pub use rows::transforms;

use recipe::{Recipe, Step};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::{Model, validate};
use crate::progress::Progress;
use crate::tensor::Tensor;

/// Makes the candidate: applies the steps of a recipe in order and validates the model after each.
///
/// `calibration` holds the inputs of some samples, in the types and shapes of `model`'s inputs; steps that measure
/// activations run them. Without any, they run inputs that are drawn ([`drawn`]).
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
    let drawn = if calibration.is_empty() && recipe.needs_calibration() { drawn::inputs(model)? } else { Vec::new() };
    let calibration = if calibration.is_empty() { &drawn } else { calibration };
    let mut candidate = model.clone();
    for step in &recipe.steps {
        candidate = match step {
            Step::Train(_) => {
                return Err(Error::unsupported(
                    "training needs labelled examples, which this way of applying a recipe has not",
                ));
            }
            Step::Prune(options) => prune::prune_on(&candidate, options, calibration, progress)?,
            Step::Blocks(options) => blocks::without(&candidate, options)?,
            Step::Channels(options) => channels::remove_on(&candidate, options, calibration, progress)?,
            Step::Equalize(options) => equalize::equalize(&candidate, options, calibration, progress)?,
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
    /// It shows only while another field has this value, as `field=value`, or another, as `field!=value`, or is there at all, as
    /// `field`.
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
        /// `%` where the value is a share that is shown as percent, `auto` where 0 follows from the data, otherwise empty.
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
