//! Teaching a network: gradients by reverse mode over the IR.
//!
//! The whole of it in four steps, each a file:
//! 1. [`tape`] runs the model on a batch and keeps every value (*forward*);
//! 2. [`loss`] says how far the output is from what it should be, and in which direction each number is wrong;
//! 3. [`tape`] walks back through the nodes; for each, `gradients` turns the wrongness of its output into that of
//!    its inputs and weights (the chain rule, *backward*);
//! 4. [`optimiser`] moves every weight a little against its gradient.
//!
//! [`Trainer`] repeats this on shuffled batches as a [`Plan`] says; [`fit()`] is the plainest use of it. What else a
//! training can do lies over these four steps, each in a file of its own: batch normalization (`norm`), rounding as the
//! integer model will round (`fake`), weights that are set to zero (`pruning`), a teacher (`trainer/teacher`).
//!
//! Sums run in one fixed order, without fused multiply-adds and with [`libm`]'s functions: a seed gives the same weights
//! on every machine and in the browser.

pub mod architecture;
mod fake;
pub mod fit;
pub mod gemm;
mod gradients;
pub mod head;
pub mod loss;
mod norm;
pub mod optimiser;
mod parameters;
mod pruning;
pub mod speed;
pub mod standardise;
pub mod tape;
pub mod trainer;

pub use crate::compress::recipe::plan::{self, Plan};
pub use fit::{Options, Trained, fit};
pub use loss::Loss;
pub use parameters::Parameters;
pub use tape::Tape;
pub use trainer::{Data, Examples, Judgement, Metrics, Progress, Share, Trainer, one_hot};
