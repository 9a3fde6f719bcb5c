//! The built-in samples, made by the library's own training code from seeds and the words of two speech synthesizers.

use anyhow::Result;

use crate::setup;
use crate::step::{self, cargo};

/// Hands over to `examples/samples`, which is compiled with the library only when it is asked for.
pub fn run(arguments: &[String]) -> Result<()> {
    if arguments.iter().all(|argument| argument != "machine") {
        setup::voices()?;
    }
    let mut all = vec!["run", "--quiet", "--release", "--locked", "--example", "samples", "--"];
    all.extend(arguments.iter().map(String::as_str).filter(|argument| *argument != "--"));
    step::run(&mut cargo(&all))
}
