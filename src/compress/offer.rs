//! Which presets suit a model, and which one to begin with.

use serde::{Deserialize, Serialize};

use super::channels::Channels;
use super::prune::weight_values;
use super::quantize::computes_with_integers;
use super::recipe::{ChannelsOptions, Recipe, Step};
use super::{Preset, presets};
use crate::format::tflite;
use crate::model::Model;
use crate::tensor::DType;

/// A preset for one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Offer {
    /// The preset's stable name.
    pub name: String,
    /// Why it does not suit the model, in a few words; `None` where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// All presets, each with what keeps it from the model.
///
/// `rebuilds` says that the model gives its own input back, as anomaly detectors do.
///
/// ```
/// use milliwatt::compress::offers;
/// use milliwatt::model::Model;
/// let offers = offers(&Model::default(), false);
/// assert!(offers.iter().any(|offer| offer.name == "original" && offer.reason.is_none()));
/// ```
pub fn offers(model: &Model, rebuilds: bool) -> Vec<Offer> {
    let facts = Facts::of(model, rebuilds);
    presets()
        .into_iter()
        .map(|preset| Offer { reason: facts.obstacle(&preset).map(Into::into), name: preset.name })
        .collect()
}

/// The preset that side B begins with: int8 of a float model, without what TFLM does not read of any other.
pub fn opening(offers: &[Offer]) -> &'static str {
    let suits = |name: &&&str| offers.iter().any(|offer| offer.name == **name && offer.reason.is_none());
    ["int8", "slim-tflm"].iter().find(suits).copied().unwrap_or("original")
}

/// What decides which presets suit a model.
struct Facts {
    is_integer: bool,
    /// Whether a changed model can be written.
    is_writable: bool,
    /// Whether every operator is known, so that it can run and learn.
    is_known: bool,
    /// Types of weights.
    weights: Vec<DType>,
    has_channels: bool,
    rebuilds: bool,
}

impl Facts {
    fn of(model: &Model, rebuilds: bool) -> Self {
        Self {
            is_integer: computes_with_integers(model) || takes_integers(model),
            is_writable: tflite::write(model).is_ok(),
            is_known: model.nodes.iter().all(|node| node.op.is_known()),
            weights: weight_values(model).into_iter().map(|id| model.values[id].dtype).collect(),
            has_channels: Channels::of(model).is_ok_and(|channels| !channels.is_empty()),
            rebuilds,
        }
    }

    fn all(&self, dtypes: &[DType]) -> bool {
        !self.weights.is_empty() && self.weights.iter().all(|dtype| dtypes.contains(dtype))
    }

    fn obstacle(&self, Preset { name, recipe, .. }: &Preset) -> Option<&'static str> {
        if recipe.steps.is_empty() {
            return None;
        }
        if !self.is_writable {
            return Some("an operator's options cannot be written");
        }
        harmful(name, recipe, self.rebuilds).or_else(|| recipe.steps.iter().find_map(|step| self.obstacle_to(step)))
    }

    fn obstacle_to(&self, step: &Step) -> Option<&'static str> {
        let needs = |holds: bool, reason| (!holds).then_some(reason);
        match step {
            Step::Quantize(_) => needs(!self.is_integer, "the model has integers already")
                .or(needs(self.is_known, "an operator is unknown")),
            Step::Train(_) => needs(self.is_known, "an operator is unknown")
                .or(needs(self.all(&[DType::Float32, DType::Int8]), "needs float32 or int8 weights")),
            Step::Channels(ChannelsOptions { refit, .. }) => needs(self.has_channels, "no channels can go")
                .or(needs(!refit || self.all(&[DType::Float32]), "needs float32 weights")),
            Step::Prune(_) => needs(self.all(&[DType::Float32, DType::Int8]), "needs float32 or int8 weights"),
            Step::Codebook(_) | Step::Pack(_) if self.all(&[DType::Float32]) => Some("needs int8 first"),
            Step::Codebook(_) => needs(self.all(&[DType::Int8]), "needs int8 weights"),
            _ => None,
        }
    }
}

/// Whether no input of the model is a real number.
fn takes_integers(model: &Model) -> bool {
    !model.inputs.is_empty() && model.inputs.iter().all(|&id| model.values[id].dtype != DType::Float32)
}

/// Presets that lose far more than their sentence says.
///
/// *Source*: measured on the four networks of MLPerf Tiny with items that nothing was chosen on: pruned by halves without
/// training, and by four fifths with little data, all end at chance; 16 values a channel take the AUC of the anomaly detector
/// from 0.837 to 0.676.
fn harmful(name: &str, recipe: &Recipe, rebuilds: bool) -> Option<&'static str> {
    let loses_half = matches!(name, "prune-50" | "prune-50-int8" | "train-prune-80-int8");
    let has_codebook = recipe.steps.iter().any(|step| matches!(step, Step::Codebook(_)));
    if loses_half {
        Some("ends at chance on tested networks")
    } else {
        (has_codebook && rebuilds).then_some("loses a sixth of the AUC on the tested network")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::op::FullyConnected;
    use crate::model::{Node, Op, Value};

    fn reasons(model: &Model, rebuilds: bool) -> Vec<(String, String)> {
        let offers = offers(model, rebuilds);
        offers.into_iter().filter_map(|offer| Some((offer.name, offer.reason?))).collect()
    }

    fn float() -> Model {
        let mut model = Model::default();
        let x = model.add_value(Value::activation("x", DType::Float32, &[1, 2]));
        let w = model.add_value(Value::constant("w", DType::Float32, &[2, 2], vec![0; 16]));
        let y = model.add_value(Value::activation("y", DType::Float32, &[1, 2]));
        model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[y]));
        (model.inputs, model.outputs) = (vec![x], vec![y]);
        model
    }

    #[test]
    fn a_float_model_begins_as_int8_and_packing_says_that_it_needs_int8_first() {
        let offers = offers(&float(), false);
        assert_eq!(opening(&offers), "int8");
        let reason = |name: &str| offers.iter().find(|offer| offer.name == name).unwrap().reason.clone();
        assert_eq!(reason("huffman").as_deref(), Some("needs int8 first"));
        assert_eq!(reason("prune-50").as_deref(), Some("ends at chance on tested networks"));
        assert_eq!((reason("int8"), reason("slim-tflm"), reason("train-int8")), (None, None, None));
    }

    #[test]
    fn codebooks_are_not_offered_to_networks_that_rebuild_their_input() {
        assert!(reasons(&float(), true).iter().any(|(name, reason)| name == "codebook4" && reason.contains("AUC")));
    }
}
