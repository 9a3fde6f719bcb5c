//! Milliwatt shows what a tiny neural network costs on a microcontroller, and makes it cost less.
//!
//! Four shapes hold it together: bytes become a [`Model`], a model becomes another model, a model with an input
//! gives outputs, and a model gives costs.

// The library never prints; the command and the tests may.
#![warn(clippy::print_stdout)]

pub mod audio;
pub mod compress;
pub mod cost;
pub mod error;
pub mod exec;
pub mod format;
pub mod limits;
pub mod model;
pub mod progress;
pub mod quant;
pub mod random;
pub mod report;
pub mod tensor;
pub mod train;
pub mod units;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

pub use error::{Error, Result};
pub use model::Model;
