//! Recipes with names, the same on the command line and on the page.

use serde::{Deserialize, Serialize};

use super::recipe::{
    self, ChannelsOptions, CodebookOptions, PackMethod, PackOptions, Plan, PruneOptions, QuantizeOptions, Recipe,
    SlimOptions, SlimTarget, Step, Training, plan,
};

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

/// The named recipes, in the order in which they are shown.
pub fn presets() -> Vec<Preset> {
    let preset = |name: &str, label: &str, sentence: &str, steps: Vec<Step>| Preset {
        name: name.into(),
        label: label.into(),
        sentence: sentence.into(),
        recipe: Recipe::of(steps),
    };
    let prune = |sparsity| Step::Prune(PruneOptions { sparsity, ..PruneOptions::default() });
    let int8 = || Step::Quantize(QuantizeOptions::default());
    let trained = |plan: Plan| vec![Step::Train(Box::new(Training { plan, ..Training::default() }))];
    let bits = |weight_bits| Some(plan::Quantization { weight_bits, ..plan::Quantization::default() });
    let slim = |target| Step::Slim(SlimOptions { target });
    vec![
        preset("original", "Original", "The model as it was opened", vec![]),
        preset("int8", "int8", "8-bit weights and activations, one scale for each channel", vec![int8()]),
        preset(
            "int8-fitted",
            "int8, fitted",
            "8-bit weights and activations in the ranges with the least error, each weight making up for those before it",
            vec![Step::Quantize(QuantizeOptions {
                calibration: recipe::Calibration::Mse,
                rounding: recipe::Rounding::Compensated,
                ..QuantizeOptions::default()
            })],
        ),
        preset(
            "int4",
            "int4 weights",
            "4-bit weights, rounded so that each makes up for those before it, and 8-bit activations",
            vec![Step::Quantize(QuantizeOptions {
                weight_bits: 4,
                rounding: recipe::Rounding::Compensated,
                ..QuantizeOptions::default()
            })],
        ),
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
        preset(
            "channels-75",
            "Three quarters of the channels",
            "A smaller network: a quarter of the channels goes, and the layers that read them make up for it",
            vec![Step::Channels(ChannelsOptions { keep: 0.75, ..ChannelsOptions::fitted() })],
        ),
        preset(
            "train-int8",
            "Trained for int8",
            "Learns on with the rounding of 8-bit integers in place, so that it loses less by it",
            trained(Plan { quantization: bits(8), ..Plan::automatic() }),
        ),
        preset(
            "train-int4",
            "Trained for 4-bit weights",
            "Learns on with weights of 16 levels and 8-bit activations",
            trained(Plan { quantization: bits(4), ..Plan::automatic() }),
        ),
        preset(
            "train-prune-80-int8",
            "Trained, pruned 80 %, int8",
            "Learns on while four fifths of its weights fall to zero, rounded to 8-bit integers",
            trained(Plan {
                // Without it, what has lost most of its weights falls silent and does not wake again.
                batch_norm: true,
                learning_rate: 2e-3,
                quantization: bits(8),
                pruning: Some(plan::Pruning { sparsity: 0.8, ..plan::Pruning::default() }),
                ..Plan::automatic()
            }),
        ),
        preset(
            "slim-portable",
            "Slim, any runtime",
            "The same model without what no runtime reads",
            vec![slim(SlimTarget::Portable)],
        ),
        preset(
            "slim-tflm",
            "Slim, TFLM",
            "The same model without what TFLM does not read",
            vec![slim(SlimTarget::Tflm)],
        ),
        preset(
            "huffman",
            "Huffman",
            "The same weights in a code that TFLM unpacks: frequent values take few bits",
            vec![slim(SlimTarget::Tflm), Step::Pack(PackOptions { method: PackMethod::Huffman })],
        ),
        preset(
            "codebook4",
            "Codebook, 4 bits",
            "16 values for each channel of the larger weights, packed so that TFLM unpacks them",
            vec![
                Step::Codebook(CodebookOptions::default()),
                slim(SlimTarget::Tflm),
                Step::Pack(PackOptions::default()),
            ],
        ),
    ]
}
