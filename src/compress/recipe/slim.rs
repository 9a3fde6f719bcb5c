//! Options of the steps that write a model with fewer bytes.

use serde::{Deserialize, Serialize};

/// Options of slimming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct SlimOptions {
    /// Which runtimes shall still run the file.
    #[serde(default)]
    pub target: SlimTarget,
}

/// Which runtimes shall still run a slim file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum SlimTarget {
    /// TensorFlow Lite for Microcontrollers.
    #[default]
    Tflm,
    /// Every TensorFlow Lite runtime.
    Portable,
}

/// Options of packing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct PackOptions {
    /// Which encodings are tried.
    #[serde(default)]
    pub method: PackMethod,
}

/// Which encodings are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum PackMethod {
    /// Whichever is smallest, for each tensor.
    #[default]
    Smallest,
    /// Huffman codes alone.
    Huffman,
    /// Codebooks alone.
    Codebook,
    /// Bitmaps of what is not zero alone.
    Bitmap,
}
