//! Options of codebooks.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Options of weights that take few different values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct CodebookOptions {
    /// How many different values, 2 to 128.
    #[serde(default = "sixteen")]
    pub values: u32,
    /// Whether each output channel has its own values.
    #[serde(default)]
    pub tables: Tables,
    /// Weights that are zero stay zero.
    #[serde(default)]
    pub keep_zeros: bool,
}

fn sixteen() -> u32 {
    16
}

/// Whether each output channel has its own values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Tables {
    /// Values for each output channel where scales differ by channel, otherwise for the tensor: as TFLM unpacks them.
    #[default]
    PerChannel,
    /// The same values for all channels of a tensor.
    Shared,
}

impl Default for CodebookOptions {
    fn default() -> Self {
        Self { values: sixteen(), tables: Tables::default(), keep_zeros: false }
    }
}

impl CodebookOptions {
    /// Refuses values out of range.
    ///
    /// # Errors
    /// `Parameter` naming the option.
    pub fn check(&self) -> Result<()> {
        if (2..=128).contains(&self.values) {
            return Ok(());
        }
        Err(Error::parameter(format!("a codebook of {} values is not possible; 2 to 128 are", self.values)))
    }
}
