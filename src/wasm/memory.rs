//! The memory module: what computes in memory, for the Memory and Hardware views and for code that visitors write.

mod imc;
mod matrices;
mod nn;
