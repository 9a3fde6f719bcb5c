//! `milliwatt audio`: what can be done with sound alone, without a model.

#[path = "audio/features.rs"]
mod features;

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;
use milliwatt::error::{Error, Result};

/// One variant for each thing to do; each has a function below, and its row in [`run`].
#[derive(Subcommand)]
pub enum Audio {
    /// Turn sound into the features that a model eats
    Features(features::Features),
    /// Normalize a sound and say what that did to it and what it would cost
    Normalize {
        /// WAV file
        input: PathBuf,
        /// The method
        #[arg(long, default_value = "peak")]
        method: String,
        /// An option of the method as `name=value`; may be given several times
        #[arg(long = "option", value_name = "NAME=VALUE")]
        options: Vec<String>,
        /// Compute in 16-bit fixed point, as a small microcontroller would
        #[arg(long)]
        fixed: bool,
        /// WAV file to write
        #[arg(short, long)]
        output: PathBuf,
        /// Write JSON instead of text
        #[arg(long)]
        json: bool,
    },
}

pub fn run(command: Audio, _out: &mut dyn Write) -> Result<()> {
    match command {
        Audio::Features(arguments) => features::run(arguments),
        Audio::Normalize { .. } => Err(Error::unsupported("normalizing is not built yet")),
    }
}
