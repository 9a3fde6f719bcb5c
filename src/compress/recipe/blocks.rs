//! Options of the removal of blocks.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Options of the removal of blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct BlocksOptions {
    /// How many go.
    pub remove: usize,
}

impl Default for BlocksOptions {
    fn default() -> Self {
        Self { remove: 1 }
    }
}

impl BlocksOptions {
    /// Refuses values out of range.
    ///
    /// # Errors
    /// `Parameter` naming the option.
    pub fn check(&self) -> Result<()> {
        if self.remove == 0 || self.remove > 1000 {
            return Err(Error::parameter(format!("remove {} is not between 1 and 1000 blocks", self.remove)));
        }
        Ok(())
    }
}
