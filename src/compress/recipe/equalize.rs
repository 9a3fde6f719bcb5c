//! Options of cross-layer equalization.

use serde::{Deserialize, Serialize};

/// Options of cross-layer equalization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct EqualizeOptions {
    /// What shall have one size.
    #[serde(default)]
    pub by: EqualizeBy,
    /// Scale by powers of two, which rounds nothing.
    #[serde(default)]
    pub powers_of_two: bool,
}

/// What shall have one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum EqualizeBy {
    /// The weights that make a channel and those that read it.
    #[default]
    Weights,
    /// The channel on the calibration inputs.
    Activations,
    /// The channel on the calibration inputs and the weights that read it.
    Both,
}
