//! Changes of a recipe that may bring back what a layer lost.

use super::cause::Cause;
use crate::compress::recipe::{
    Calibration, ChannelsOptions, Granularity, Importance, PruneScope, Recipe, Rounding, Step,
};

/// A change of the recipe.
#[derive(Debug, Clone, PartialEq)]
pub struct Remedy {
    /// What it does, in words.
    pub sentence: String,
    /// The recipe with the change.
    pub recipe: Recipe,
}

/// Changes that apply to a recipe, those that fit the cause first.
///
/// `layer` is the place of the layer among those with weights, where it has some; `layers` is how many there are.
pub fn remedies(recipe: &Recipe, cause: Cause, layer: Option<usize>, layers: usize) -> Vec<Remedy> {
    let mut found: Vec<(bool, Remedy)> = Vec::new();
    for (at, step) in recipe.steps.iter().enumerate() {
        let mut offer = |fits: bool, sentence: &str, step: Step| {
            let mut recipe = recipe.clone();
            recipe.steps[at] = step;
            found.push((fits, Remedy { sentence: sentence.into(), recipe }));
        };
        match step {
            Step::Quantize(options) => {
                if options.granularity == Granularity::PerTensor {
                    let better = Step::Quantize(crate::compress::recipe::QuantizeOptions {
                        granularity: Granularity::PerChannel,
                        ..options.clone()
                    });
                    offer(cause == Cause::Spread, "Give each channel a scale of its own", better);
                }
                // Only fully connected layers share a scale there.
                if options.granularity == Granularity::PerChannel && cause == Cause::Spread {
                    let better = Step::Quantize(crate::compress::recipe::QuantizeOptions {
                        granularity: Granularity::EveryLayer,
                        ..options.clone()
                    });
                    offer(true, "Give each channel of fully connected layers a scale of its own, too", better);
                }
                let bits = |at: usize| options.layers.get(at).copied().unwrap_or(options.weight_bits);
                if let Some(layer) = layer.filter(|&layer| bits(layer) < 8 && !options.mixed) {
                    let mut own: Vec<u32> = (0..layers.max(layer + 1)).map(bits).collect();
                    own[layer] = 8;
                    let mut better = options.clone();
                    better.layers = own;
                    offer(
                        matches!(cause, Cause::Levels | Cause::Dead | Cause::Rounding),
                        "Give this layer 8 bits",
                        Step::Quantize(better),
                    );
                }
                if options.weight_bits < 8 && options.layers.is_empty() && !options.mixed {
                    let mut better = options.clone();
                    better.mixed = true;
                    offer(
                        cause == Cause::Levels,
                        "Spread the same bits over layers by how much they matter",
                        Step::Quantize(better),
                    );
                }
                if options.rounding == Rounding::Nearest {
                    let mut better = options.clone();
                    better.rounding = Rounding::Compensated;
                    offer(
                        matches!(cause, Cause::Levels | Cause::Shifted | Cause::Rounding | Cause::Dead),
                        "Round so that weights make up for each other, and move biases by what is still lost",
                        Step::Quantize(better),
                    );
                }
                for (calibration, fits, sentence) in [
                    (
                        Calibration::MinMax,
                        cause == Cause::Saturated,
                        "Choose ranges from the smallest to the largest value",
                    ),
                    (
                        Calibration::Percentile { percent: 99.9 },
                        cause == Cause::Wide,
                        "Cut off the rarest thousandth of the values",
                    ),
                    (
                        Calibration::Mse,
                        matches!(cause, Cause::Wide | Cause::Saturated | Cause::Rounding),
                        "Choose ranges with the least error",
                    ),
                ] {
                    if options.calibration != calibration {
                        let mut better = options.clone();
                        better.calibration = calibration;
                        offer(fits, sentence, Step::Quantize(better));
                    }
                }
            }
            Step::Codebook(options) => {
                let values = |at: usize| options.layers.get(at).copied().unwrap_or(options.values);
                if let Some(layer) = layer.filter(|&layer| values(layer) > 0) {
                    let mut better = options.clone();
                    better.layers = (0..layers.max(layer + 1)).map(values).collect();
                    better.layers[layer] = 0;
                    offer(cause == Cause::Levels, "Leave this layer out of the codebooks", Step::Codebook(better));
                }
            }
            Step::Prune(options) if options.scope == PruneScope::PerLayer => {
                let sparsity = |at: usize| options.layers.get(at).copied().unwrap_or(options.sparsity);
                if let Some(layer) = layer.filter(|&layer| sparsity(layer) > 0.0) {
                    let mut better = options.clone();
                    better.layers = (0..layers.max(layer + 1)).map(sparsity).collect();
                    better.layers[layer] = 0.0;
                    offer(
                        matches!(cause, Cause::Dead | Cause::Shifted | Cause::Rounding),
                        "Leave this layer's weights unpruned",
                        Step::Prune(better),
                    );
                }
            }
            // What is learned afterwards does not depend on it.
            Step::Channels(options) if !options.refit && !recipe.steps[at..].iter().any(is_training) => {
                let better = ChannelsOptions { measure: Importance::Reconstruction, refit: true, ..options.clone() };
                let sentence = "Let layers make up for the channels that go, and let those go that are missed least";
                offer(true, sentence, Step::Channels(better));
            }
            _ => {}
        }
    }
    let (first, rest): (Vec<_>, Vec<_>) = found.into_iter().partition(|(fits, _)| *fits);
    first.into_iter().chain(rest).map(|(_, remedy)| remedy).collect()
}

fn is_training(step: &Step) -> bool {
    matches!(step, Step::Train(_))
}
