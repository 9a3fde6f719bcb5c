//! Latency, measured where it counts: in a browser, by `tests/bench`. Then how long a first visit waits for numbers.

use anyhow::{Result, bail};

use crate::build;
use crate::step::{self, command, root};

pub fn run(arguments: &[String]) -> Result<()> {
    crate::only(arguments, &["--json", "--only", "--rounds", "--runtimes"], &[])?;
    for file in ["tests/bench/run.mjs", "tests/bench/cold.mjs"] {
        if !root().join(file).is_file() {
            bail!("{file} is not here");
        }
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
    step::run(command("node", &[]).args(all))?;
    step::run(&mut command("node", &["tests/bench/cold.mjs"]))
}
