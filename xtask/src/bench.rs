//! Latency, measured where it counts: in a browser, by `tests/bench`.

use anyhow::{Result, bail};

use crate::build;
use crate::step::{self, command, root};

pub fn run(arguments: &[String]) -> Result<()> {
    crate::only(arguments, &["--json", "--only", "--rounds", "--runtimes"], &[])?;
    let bench = root().join("tests/bench/run.mjs");
    if !bench.is_file() {
        bail!("tests/bench/run.mjs is not here");
    }
    build::run(&[])?;
    let mut all = vec!["tests/bench/run.mjs".to_owned()];
    if let Some(file) = crate::option(arguments, "--json")? {
        // Node runs in the project's root; the file is meant where the errand was called.
        all.extend(["--json".to_owned(), std::path::absolute(file)?.to_string_lossy().into_owned()]);
    }
    for name in ["--only", "--rounds", "--runtimes"] {
        if let Some(value) = crate::option(arguments, name)? {
            all.extend([name.to_owned(), value.to_owned()]);
        }
    }
    step::run(command("node", &[]).args(all))
}
