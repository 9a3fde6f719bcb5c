//! Options of weights of fewer than eight bits.

use serde::{Deserialize, Serialize};

/// How weights are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Each for itself, to the nearest level of a range that clips nothing.
    #[default]
    Nearest,
    /// In the range with the least error, each making up for those before it, with biases moved by what is still lost.
    Compensated,
    /// As compensated, then up or down by whole levels as long as the layer's output gains by it.
    Adaptive,
}

impl Rounding {
    pub(super) fn is_nearest(&self) -> bool {
        *self == Self::Nearest
    }
}

pub(super) fn eight() -> u32 {
    8
}

pub(super) fn is_eight(bits: &u32) -> bool {
    *bits == 8
}

pub(super) fn is_false(flag: &bool) -> bool {
    !flag
}
