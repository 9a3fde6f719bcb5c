//! Options of the removal of channels.

use serde::{Deserialize, Serialize};

use super::PruneScope;
use crate::error::{Error, Result};

/// Options of the removal of channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ChannelsOptions {
    /// Share of the channels that stay, 0 to 1.
    pub keep: f64,
    /// Where the least important channels are sought.
    #[serde(default)]
    pub scope: PruneScope,
    /// How important a channel is.
    #[serde(default)]
    pub measure: Norm,
    /// Layers keep a multiple of so many channels, which kernels like; layers that have fewer stay whole.
    #[serde(default = "four")]
    pub multiple: usize,
}

/// How large some weights are together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    /// The sum of their magnitudes.
    #[default]
    L1,
    /// The root of the sum of their squares.
    L2,
}

fn four() -> usize {
    4
}

impl Default for ChannelsOptions {
    fn default() -> Self {
        Self { keep: 0.5, scope: PruneScope::PerLayer, measure: Norm::L1, multiple: four() }
    }
}

impl ChannelsOptions {
    /// Refuses values out of range.
    ///
    /// # Errors
    /// `Parameter` naming the option.
    pub fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.keep) {
            return Err(Error::parameter(format!("keep {} is not between 0 and 1", self.keep)));
        }
        if !(1..=64).contains(&self.multiple) {
            return Err(Error::parameter(format!("multiple {} is not between 1 and 64", self.multiple)));
        }
        Ok(())
    }
}
