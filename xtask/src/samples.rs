//! The built-in samples, made by the library's own training code from seeds and the words of two speech synthesizers.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use crate::setup;
use crate::step::{self, cargo};

#[derive(clap::Args)]
pub struct Options {
    /// The samples to make; all where none is named
    samples: Vec<Sample>,
    /// The folder to write to, instead of www/public/samples
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Sample {
    Keywords,
    Machine,
}

/// Hands over to `examples/samples`, which is compiled with the library only when it is asked for.
pub fn run(options: &Options) -> Result<()> {
    if options.samples.is_empty() || options.samples.contains(&Sample::Keywords) {
        setup::voices()?;
    }
    let mut samples = cargo(&["run", "--quiet", "--release", "--locked", "--example", "samples", "--"]);
    samples.args(options.samples.iter().map(|sample| match sample {
        Sample::Keywords => "keywords",
        Sample::Machine => "machine",
    }));
    if let Some(folder) = &options.into {
        // The program runs in the project's root; the folder is meant where the command was called.
        samples.arg("--into").arg(std::path::absolute(folder)?);
    }
    step::run(&mut samples)
}
