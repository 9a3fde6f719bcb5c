//! A recipe: small JSON that says how a candidate is made from the original.
//!
//! It is the undo history, the link, the saved preset and the sweep's search space. Unknown fields and versions are
//! refused, so that a recipe never means something else than it says.

mod bits;
mod blocks;
mod channels;
mod codebook;
mod equalize;
pub mod plan;
mod prune;
mod slim;
mod training;

pub use blocks::BlocksOptions;
pub use channels::{ChannelsOptions, Importance};
pub use plan::Plan;
pub use prune::{Criterion, Grouping, PruneOptions, PruneScope};
pub use training::{Change, Network, NetworkKind, Teacher, Training};

use serde::{Deserialize, Serialize};

pub use bits::Rounding;
pub use codebook::{CodebookOptions, Tables};
pub use equalize::{EqualizeBy, EqualizeOptions};
pub use slim::{PackMethod, PackOptions, SlimOptions, SlimTarget};

use crate::error::{Error, Result};
use crate::json;

/// The version that this build writes and reads.
pub const VERSION: u32 = 1;

/// The steps that make a candidate from the original; no steps leave it as it is.
///
/// ```
/// use milliwatt::compress::recipe::Recipe;
/// let recipe = Recipe::from_json(r#"{"version":1,"steps":[{"step":"prune","sparsity":0.5}]}"#).unwrap();
/// assert_eq!(Recipe::from_json(&recipe.to_json()).unwrap(), recipe);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// [`VERSION`].
    pub version: u32,
    /// In the order in which they are applied.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// One transform with its options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Learn from examples.
    Train(Box<Training>),
    /// Set the smallest weights to zero.
    Prune(PruneOptions),
    /// Leave whole blocks of layers out.
    Blocks(BlocksOptions),
    /// Take whole channels out.
    Channels(ChannelsOptions),
    /// Let channels have one size.
    Equalize(EqualizeOptions),
    /// Store weights and activations as integers.
    Quantize(QuantizeOptions),
    /// Let weights take few different values.
    Codebook(CodebookOptions),
    /// Leave out what no kernel reads.
    Slim(SlimOptions),
    /// Pack weights for TFLM to unpack.
    Pack(PackOptions),
}

/// Options of post-training quantization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct QuantizeOptions {
    /// Types of weights and activations.
    #[serde(default)]
    pub scheme: Scheme,
    /// One scale for each output channel of the weights, or one for the tensor.
    #[serde(default)]
    pub granularity: Granularity,
    /// How the range of each activation is chosen from the calibration inputs.
    #[serde(default)]
    pub calibration: Calibration,
    /// Keep float inputs and outputs, with QUANTIZE and DEQUANTIZE at the border.
    #[serde(default)]
    pub float_io: bool,
    /// Bits of the weights, 2 to 8; activations have 8. What a runtime cannot store so narrow is stored wider.
    #[serde(default = "bits::eight", skip_serializing_if = "bits::is_eight")]
    pub weight_bits: u32,
    /// Bits of int8 activations, 1 to 8: fewer make the steps coarser, in tensors that are int8 all the same.
    #[serde(default = "bits::eight", skip_serializing_if = "bits::is_eight")]
    pub activation_bits: u32,
    /// Zero in the middle of the levels of int8 activations.
    #[serde(default, skip_serializing_if = "bits::is_false")]
    pub symmetric: bool,
    /// Spread the bits over layers by how much each matters; `weight_bits` is then what a weight has on average.
    #[serde(default, skip_serializing_if = "bits::is_false")]
    pub mixed: bool,
    /// How weights are rounded.
    #[serde(default, skip_serializing_if = "Rounding::is_nearest")]
    pub rounding: Rounding,
    /// Move biases by what rounded weights lose on average; every rounding but the nearest does so anyway.
    #[serde(default, skip_serializing_if = "bits::is_false")]
    pub correct_bias: bool,
    /// Bits of each layer with weights, in the order of execution, in place of `weight_bits`; later layers take that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<u32>,
}

impl Default for QuantizeOptions {
    fn default() -> Self {
        Self {
            scheme: Scheme::default(),
            granularity: Granularity::default(),
            calibration: Calibration::default(),
            float_io: false,
            weight_bits: bits::eight(),
            activation_bits: bits::eight(),
            symmetric: false,
            mixed: false,
            rounding: Rounding::default(),
            correct_bias: false,
            layers: Vec::new(),
        }
    }
}

/// Types of weights and activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// int8 weights, int8 activations, int32 biases.
    #[default]
    Int8,
    /// int8 weights, int16 activations, int64 biases.
    Int16x8,
}

/// How finely weight scales are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// One scale for each output channel of convolutions; one for each fully connected layer, as TFLM's older
    /// libraries need it.
    #[default]
    PerChannel,
    /// One scale for each output channel of fully connected layers, too, which TFLM knows since 2024.
    EveryLayer,
    /// One scale for each weight tensor.
    PerTensor,
}

/// How the range of an activation is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Calibration {
    /// From the smallest to the largest value seen.
    #[default]
    MinMax,
    /// Between two percentiles, so that rare outliers do not widen the steps.
    Percentile {
        /// Share of values that stays inside, such as 99.9.
        percent: f64,
    },
    /// The range with the least mean squared error.
    Mse,
    /// The range whose quantized histogram is nearest in Kullback-Leibler divergence.
    Kl,
    /// From the smallest and largest value of each input, averaged with those before it at a share of 0.95, as TensorFlow's
    /// calibrators do.
    MovingAverage,
}

impl Recipe {
    /// The recipe that changes nothing.
    pub fn original() -> Self {
        Self { version: VERSION, steps: Vec::new() }
    }

    /// A recipe of these steps.
    pub fn of(steps: Vec<Step>) -> Self {
        Self { version: VERSION, steps }
    }

    /// Reads a recipe.
    ///
    /// # Errors
    /// `Parameter` for text that is not a recipe, names unknown options, or is of a newer version.
    pub fn from_json(text: &str) -> Result<Self> {
        let recipe: Self = serde_json::from_str(text)
            .map_err(|error| Error::parameter(format!("this is not a recipe that Milliwatt can read: {error}")))?;
        recipe.check()?;
        Ok(recipe)
    }

    /// Writes the recipe as compact JSON.
    pub fn to_json(&self) -> String {
        json::text(self)
    }

    /// Whether any step measures activations and therefore needs inputs.
    pub fn needs_calibration(&self) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Quantize(_) => true,
            Step::Equalize(options) => options.by != EqualizeBy::Weights,
            Step::Prune(options) => options.criterion == Criterion::Inputs,
            Step::Channels(options) => options.needs_calibration(),
            _ => false,
        })
    }

    /// The steps up to the one that trains, as a recipe of their own: what it makes takes long, and is made once.
    pub fn trained(&self) -> Option<Self> {
        let last = self.steps.iter().position(|step| matches!(step, Step::Train(_)))?;
        Some(Self::of(self.steps[..=last].to_vec()))
    }

    /// Refuses values out of range.
    ///
    /// # Errors
    /// `Parameter` naming the option.
    pub fn check(&self) -> Result<()> {
        if self.version != VERSION {
            return Err(Error::parameter(format!(
                "the recipe is of version {}, this build reads version {VERSION}",
                self.version
            )));
        }
        if self.steps.iter().filter(|step| matches!(step, Step::Train(_))).count() > 1 {
            return Err(Error::parameter(
                "a recipe trains at most once: pruning, rounding and a teacher go into one training",
            ));
        }
        for step in &self.steps {
            match step {
                Step::Train(training) => training.check()?,
                Step::Prune(options) => options.check()?,
                Step::Blocks(options) => options.check()?,
                Step::Channels(options) => options.check()?,
                Step::Quantize(QuantizeOptions { calibration: Calibration::Percentile { percent }, .. })
                    if !(50.0..=100.0).contains(percent) =>
                {
                    return Err(Error::parameter(format!("percentile {percent} is not between 50 and 100")));
                }
                Step::Quantize(QuantizeOptions { activation_bits: bits, .. }) if !(1..=8).contains(bits) => {
                    return Err(Error::parameter(format!("activations of {bits} bits are not possible; 1 to 8 are")));
                }
                Step::Quantize(QuantizeOptions { weight_bits, layers, .. }) => {
                    let all = [*weight_bits].into_iter().chain(layers.iter().copied());
                    if let Some(bits) = all.into_iter().find(|bits| !(2..=8).contains(bits)) {
                        return Err(Error::parameter(format!("weights of {bits} bits are not possible; 2 to 8 are")));
                    }
                }
                Step::Codebook(options) => options.check()?,
                _ => {}
            }
        }
        Ok(())
    }
}
