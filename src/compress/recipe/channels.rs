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
    pub measure: Importance,
    /// Layers that read channels make up for those that go, as well as they can on the calibration inputs.
    #[serde(default, skip_serializing_if = "super::bits::is_false")]
    pub refit: bool,
    /// Layers keep a multiple of so many channels, which kernels like; layers that have fewer stay whole.
    #[serde(default = "four")]
    pub multiple: usize,
}

/// How important a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    /// The sum of the magnitudes of its weights.
    #[default]
    L1,
    /// The root of the sum of the squares of its weights.
    L2,
    /// What layers that read it give differently without it, on the calibration inputs, when all others make up for it.
    Reconstruction,
}

fn four() -> usize {
    4
}

impl Default for ChannelsOptions {
    fn default() -> Self {
        Self { keep: 0.5, scope: PruneScope::PerLayer, measure: Importance::L1, refit: false, multiple: four() }
    }
}

impl ChannelsOptions {
    /// The channels that are missed least in each layer, with layers that make up for them: what loses least where no training
    /// follows. Layers that lose alike pack well into RAM; unequal ones can leave gaps in it.
    pub fn fitted() -> Self {
        Self { measure: Importance::Reconstruction, refit: true, ..Self::default() }
    }

    /// Whether activations are measured.
    pub fn needs_calibration(&self) -> bool {
        self.refit || self.measure == Importance::Reconstruction
    }

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
