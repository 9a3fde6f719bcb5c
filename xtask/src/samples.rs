//! The built-in samples, made by the library's own training code from seeds, and what the page shows of them at first.

use anyhow::Result;

use crate::step::{self, cargo, step};

/// Another folder than the page's may be named, for a look at what would come out.
///
/// Hands over to programs in `examples/`, which are compiled with the library only when they are asked for.
pub fn run(arguments: &[String]) -> Result<()> {
    let options: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| *argument != "--").collect();
    step("samples, trained from their seeds", || example("samples", &options))?;
    if options.is_empty() {
        step("numbers of the first screen", || example("first_screen", &[]))?;
    }
    Ok(())
}

fn example(name: &str, options: &[&str]) -> Result<()> {
    let mut all = vec!["run", "--quiet", "--release", "--locked", "--example", name, "--"];
    all.extend(options);
    step::run(&mut cargo(&all))
}
