//! Teaching a network: gradients by reverse mode over the IR.
//!
//! The whole of it in four steps, each a file:
//! 1. [`tape`] runs the model on a batch and keeps every value (*forward*);
//! 2. [`loss`] says how far the output is from what it should be, and in which direction each number is wrong;
//! 3. [`tape`] walks back through the nodes; for each, `gradients` turns the wrongness of its output into that of
//!    its inputs and weights (the chain rule, *backward*);
//! 4. [`optimiser`] moves every weight a little against its gradient.
//!
//! [`fit()`] repeats this on shuffled batches. Sums run in one fixed order, without fused multiply-adds and with
//! [`libm`]'s functions: a seed gives the same weights on every machine and in the browser.

pub mod architecture;
pub mod fit;
pub mod gemm;
mod gradients;
pub mod loss;
pub mod optimiser;
pub mod standardise;
pub mod tape;

pub use fit::{Examples, Options, Trained, fit};
pub use loss::Loss;
pub use tape::{Parameters, Tape};
