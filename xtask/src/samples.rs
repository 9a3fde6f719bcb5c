//! The built-in samples, made by the library's own training code from seeds.

use anyhow::Result;

use crate::step::{self, cargo};

/// Hands over to `examples/samples.rs`, which trains the model, and `examples/first_screen.rs`, which measures it; both
/// are compiled with the library only when they are asked for.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut train = vec!["run", "--quiet", "--release", "--locked", "--example", "samples", "--"];
    train.extend(arguments.iter().map(String::as_str).filter(|argument| *argument != "--"));
    step::run(&mut cargo(&train))?;
    step::run(&mut cargo(&["run", "--quiet", "--release", "--locked", "--example", "first_screen"]))
}
