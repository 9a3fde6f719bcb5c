//! Changes of a recipe that do away with what a lint found.

use serde::Serialize;

use crate::compress::quantize::computes_with_integers;
use crate::compress::recipe::{Granularity, QuantizeOptions, Recipe, Scheme, SlimTarget, Step};
use crate::model::Model;

/// What can be done about a problem by changing the recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mend {
    /// int8 activations from end to end.
    Integers,
    /// Weights of 8 bits in every layer.
    Bytes,
    /// One scale for each weight tensor.
    OneScale,
    /// Weights that are not packed.
    Unpacked,
    /// A slim file that every runtime reads.
    Portable,
}

impl Mend {
    /// The named recipe that comes nearest, for who has no recipe yet.
    pub fn preset(self) -> &'static str {
        match self {
            Self::Integers | Self::Bytes => "int8",
            Self::OneScale => "int8-per-tensor",
            Self::Unpacked => "slim-tflm",
            Self::Portable => "slim-portable",
        }
    }

    /// What to do where no change of the recipe can bring it about: the file was opened so.
    pub fn elsewhere(self) -> &'static str {
        match self {
            Self::Integers => {
                "start from the float model that this file was made from: integers cannot be quantized again"
            }
            Self::Bytes | Self::OneScale => {
                "start from the float model that this file was made from, and quantize that"
            }
            Self::Unpacked => "start from the file before its weights were packed",
            Self::Portable => "start from the file before it was slimmed",
        }
    }

    /// The recipe with the change; none where no step of it can bring that about, as in a file that was opened with the problem.
    ///
    /// ```
    /// use milliwatt::compress::{lint::Mend, recipe::Recipe};
    /// use milliwatt::model::Model;
    /// let packed = Recipe::from_json(r#"{"version":1,"steps":[{"step":"slim"},{"step":"pack"}]}"#).unwrap();
    /// assert_eq!(Mend::Unpacked.mended(&packed, &Model::default()).unwrap().steps.len(), 1);
    /// assert_eq!(Mend::Unpacked.mended(&Recipe::original(), &Model::default()), None);
    /// ```
    pub fn mended(self, recipe: &Recipe, original: &Model) -> Option<Recipe> {
        let mut mended = recipe.clone();
        match self {
            Self::Integers => {
                if let Some(options) = quantization(&mut mended) {
                    (options.scheme, options.float_io) = (Scheme::Int8, false);
                } else if is_float(recipe, original) {
                    let later = |step: &Step| matches!(step, Step::Codebook(_) | Step::Slim(_) | Step::Pack(_));
                    let at = mended.steps.iter().position(later).unwrap_or(mended.steps.len());
                    mended.steps.insert(at, Step::Quantize(QuantizeOptions::default()));
                }
            }
            Self::Bytes => {
                if let Some(options) = quantization(&mut mended) {
                    (options.weight_bits, options.mixed, options.layers) = (8, false, Vec::new());
                }
            }
            Self::OneScale => {
                if let Some(options) = quantization(&mut mended) {
                    options.granularity = match options.granularity {
                        Granularity::EveryLayer => Granularity::PerChannel,
                        _ => Granularity::PerTensor,
                    };
                }
            }
            Self::Unpacked => mended.steps.retain(|step| !matches!(step, Step::Pack(_))),
            Self::Portable => {
                for step in &mut mended.steps {
                    if let Step::Slim(options) = step {
                        options.target = SlimTarget::Portable;
                    }
                }
            }
        }
        (mended != *recipe).then_some(mended)
    }
}

fn quantization(recipe: &mut Recipe) -> Option<&mut QuantizeOptions> {
    recipe.steps.iter_mut().find_map(|step| match step {
        Step::Quantize(options) => Some(options),
        _ => None,
    })
}

/// Whether what a recipe makes without quantizing computes with real numbers: training turns integers back into them.
fn is_float(recipe: &Recipe, original: &Model) -> bool {
    let trained = recipe.steps.iter().find_map(|step| match step {
        Step::Train(training) => Some(training.plan.quantization.is_none()),
        _ => None,
    });
    trained.unwrap_or_else(|| !computes_with_integers(original))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compress::recipe::{SlimOptions, Training};

    #[test]
    fn integers_come_before_what_makes_files_small_and_only_where_there_are_real_numbers() {
        let slim = Recipe::of(vec![Step::Slim(SlimOptions::default())]);
        let mended = Mend::Integers.mended(&slim, &Model::default()).unwrap();
        assert!(matches!(mended.steps[..], [Step::Quantize(_), Step::Slim(_)]));
        let mut trained = Training::default();
        trained.plan.quantization = Some(crate::compress::recipe::plan::Quantization::default());
        let trained = Recipe::of(vec![Step::Train(Box::new(trained))]);
        assert_eq!(Mend::Integers.mended(&trained, &Model::default()), None);
    }

    #[test]
    fn a_change_that_changes_nothing_is_none() {
        let int8 = Recipe::of(vec![Step::Quantize(QuantizeOptions::default())]);
        for mend in [Mend::Integers, Mend::Bytes, Mend::Unpacked, Mend::Portable] {
            assert_eq!(mend.mended(&int8, &Model::default()), None, "{mend:?}");
        }
        assert!(Mend::OneScale.mended(&int8, &Model::default()).is_some());
    }
}
