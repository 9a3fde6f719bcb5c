//! Latency, measured where it counts: in a browser, by `tests/bench`. Then how long a first visit waits for numbers.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::build;
use crate::step::{self, command, root};

#[derive(clap::Args)]
pub struct Options {
    /// Write the measurements to this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure these models only, with commas between (kws01, ic01, sound, training)
    #[arg(long, value_name = "MODELS")]
    only: Option<String>,
    /// How often each is measured
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Compare with these runtimes only, with commas between (litert, onnx, meyda, tfjs)
    #[arg(long, value_name = "RUNTIMES")]
    runtimes: Option<String>,
}

pub fn run(options: &Options) -> Result<()> {
    for file in ["tests/bench/run.mjs", "tests/bench/cold.mjs"] {
        if !root().join(file).is_file() {
            bail!("{file} is not here");
        }
    }
    build::run()?;
    let mut node = command("node", &["tests/bench/run.mjs"]);
    if let Some(file) = &options.json {
        // Node runs in the project's root; the file is meant where the command was called.
        node.arg("--json").arg(std::path::absolute(file)?);
    }
    let rounds = options.rounds.map(|rounds| rounds.to_string());
    for (name, value) in [("--only", &options.only), ("--rounds", &rounds), ("--runtimes", &options.runtimes)] {
        if let Some(value) = value {
            node.args([name, value]);
        }
    }
    step::run(&mut node)?;
    step::run(&mut command("node", &["tests/bench/cold.mjs"]))
}
