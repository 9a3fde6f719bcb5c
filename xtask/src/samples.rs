//! The built-in samples, made by the library's own training code from seeds.

use anyhow::Result;

use crate::step::{self, cargo};

/// Hands over to `examples/samples.rs`, which is compiled with the library only when it is asked for.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut all = vec!["run", "--quiet", "--release", "--locked", "--example", "samples", "--"];
    all.extend(arguments.iter().map(String::as_str).filter(|argument| *argument != "--"));
    step::run(&mut cargo(&all))
}
