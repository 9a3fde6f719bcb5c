//! Latency, measured where it counts: in a browser, by `tests/bench`.

use anyhow::{Result, bail};

use crate::build;
use crate::step::{self, command, root};

pub fn run(arguments: &[String]) -> Result<()> {
    crate::only(arguments, &["--json"], &[])?;
    let bench = root().join("tests/bench/run.mjs");
    if !bench.is_file() {
        bail!("tests/bench/run.mjs is not here");
    }
    build::run(&[])?;
    let mut all = vec!["tests/bench/run.mjs"];
    all.extend(arguments.iter().map(String::as_str));
    step::run(&mut command("node", &all))
}
