//! Options of pruning at once.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Options of pruning at once, without learning.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct PruneOptions {
    /// Share of the weights that become zero, 0 to 1; [`Grouping::NOfM`] says it itself.
    pub sparsity: f64,
    /// Where the least important weights are sought.
    #[serde(default)]
    pub scope: PruneScope,
    /// What makes a weight important.
    #[serde(default, skip_serializing_if = "is_default")]
    pub criterion: Criterion,
    /// Which weights fall together.
    #[serde(default, skip_serializing_if = "is_default")]
    pub grouping: Grouping,
    /// The share of each layer with weights, in the order of execution, in place of `sparsity`; later layers keep theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<f64>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Where the least important weights are sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum PruneScope {
    /// Among all layers together: layers with small weights lose more.
    Global,
    /// In each layer for itself: every layer loses the same share.
    #[default]
    PerLayer,
}

/// What makes a weight important.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Its size.
    #[default]
    Magnitude,
    /// Its size times the size of what it meets on the calibration inputs.
    Inputs,
    /// Chance, always the same: what any other criterion must beat.
    Random,
}

/// What makes a weight of a network that learns important.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum PruneBy {
    /// Its size.
    #[default]
    Magnitude,
    /// The square of what the loss would change without it, to first order, averaged over the last steps.
    Taylor,
    /// What the loss of the first step would change without it, to first order, for good.
    Snip,
}

/// Which weights fall together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Grouping {
    /// Each for itself.
    #[default]
    Single,
    /// Of each `m` neighbours in a filter `n` stay.
    NOfM {
        /// Weights that stay.
        n: usize,
        /// Weights in a group.
        m: usize,
    },
    /// Neighbours in a filter stay or fall together.
    Block {
        /// Weights in a block.
        size: usize,
    },
}

impl PruneOptions {
    /// Refuses values out of range.
    ///
    /// # Errors
    /// `Parameter` naming the option.
    pub fn check(&self) -> Result<()> {
        let all = [self.sparsity].into_iter().chain(self.layers.iter().copied());
        if let Some(sparsity) = all.into_iter().find(|sparsity| !(0.0..=1.0).contains(sparsity)) {
            return Err(Error::parameter(format!("sparsity {sparsity} is not between 0 and 1")));
        }
        match self.grouping {
            Grouping::NOfM { n, m } if n > m || !(1..=64).contains(&m) => {
                Err(Error::parameter(format!("{n} of {m} neighbours cannot stay")))
            }
            Grouping::Block { size } if !(1..=64).contains(&size) => {
                Err(Error::parameter(format!("blocks of {size} weights are not possible; 1 to 64 are")))
            }
            _ => Ok(()),
        }
    }
}
