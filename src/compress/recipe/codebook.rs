//! Options of codebooks.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Options of weights that take few different values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct CodebookOptions {
    /// Which values: `own` for those that suit the weights best, or a number format's name ([`crate::compress::formats`]).
    #[serde(default = "own", skip_serializing_if = "is_own")]
    pub format: String,
    /// Neighbours in a filter that share a scale of the format, at most 1024; 0 where a whole channel does.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub group: u32,
    /// How many different values, 2 to 128.
    #[serde(default = "sixteen")]
    pub values: u32,
    /// Whether each output channel has its own values.
    #[serde(default)]
    pub tables: Tables,
    /// Weights that are zero stay zero.
    #[serde(default)]
    pub keep_zeros: bool,
    /// Values of each layer with weights, in the order of execution, in place of `values`; 0 leaves a layer as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<u32>,
}

fn own() -> String {
    "own".into()
}

fn is_own(format: &str) -> bool {
    format == "own"
}

fn is_zero(group: &u32) -> bool {
    *group == 0
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
        Self {
            format: own(),
            group: 0,
            values: sixteen(),
            tables: Tables::default(),
            keep_zeros: false,
            layers: Vec::new(),
        }
    }
}

impl CodebookOptions {
    /// Whether the values are found for the weights, and not those of a number format.
    pub fn is_own(&self) -> bool {
        is_own(&self.format)
    }

    /// Refuses values out of range.
    ///
    /// # Errors
    /// `Parameter` naming the option.
    pub fn check(&self) -> Result<()> {
        if self.group == 1 || self.group > 1024 {
            return Err(Error::parameter(format!("groups of {} weights are not possible; 2 to 1024 are", self.group)));
        }
        if self.group > 0 && self.is_own() {
            return Err(Error::parameter("groups share the scale of a number format, and none is chosen"));
        }
        let all = [self.values].into_iter().chain(self.layers.iter().copied().filter(|&values| values != 0));
        match all.into_iter().find(|values| !(2..=128).contains(values)) {
            Some(values) => {
                Err(Error::parameter(format!("a codebook of {values} values is not possible; 2 to 128 are")))
            }
            None => Ok(()),
        }
    }
}
