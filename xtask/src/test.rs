//! Everything, cheapest first, so that what is wrong shows early.

use std::fs;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::stamp::files;
use crate::step::{self, cargo, command, find_program, root, step};
use crate::tally::Tally;
use crate::{build, check, setup, size};

pub fn run() -> Result<()> {
    let start = Instant::now();
    setup::all()?;
    check::all()?;
    let mut tally = step("tests of the crate, native", || {
        let mut tests = cargo(&["test", "--quiet", "--workspace", "--locked", "--features", "milliwatt/cli"]);
        Tally::of_crate(&mut tests, &root().join("target/xtask/skipped.txt"))
    })?;
    for (name, features) in build::MODULES {
        step(&format!("tests in Chromium, {name} module"), || wasm(name, features))?;
    }
    build::run()?;
    step("download budgets", || size::run(&size::Options::default()))?;
    tally.add(step("tests of the page in Chromium and Firefox", page)?);
    println!("\nNothing failed, in {:.0} s", start.elapsed().as_secs_f64());
    print!("{tally}");
    Ok(())
}

/// The tests of the wasm module, by wasm-pack.
fn wasm(name: &str, features: &str) -> Result<()> {
    let driver = find_program(&["chromedriver"]).context("chromedriver is not on PATH")?;
    let driver = driver.to_string_lossy();
    let mut wasm_pack = command("wasm-pack", &["test", "--headless", "--chrome", "--chromedriver", &driver]);
    // By itself wasm-pack compiles every program for the browser, the native ones too.
    wasm_pack.args(["--mode", "no-install", "--", "--locked", "--test", "browser"]);
    // The first module's flags are the project's own (.cargo/config.toml). Another's would make Cargo compile everything
    // again and again in one folder.
    if name != build::MODULES[0].0 {
        wasm_pack
            .env("RUSTFLAGS", format!("-C target-feature={features}"))
            .env("CARGO_TARGET_DIR", root().join("target").join(format!("wasm-{name}")));
    }
    step::run(&mut wasm_pack)
}

/// What a file of page tests says in a line of its own where nothing may run beside it: it measures time, or listens.
const ALONE: &str = "// Runs alone: ";

/// The tests of the built page, by Node's own runner: several files side by side, then those that run alone.
fn page() -> Result<Tally> {
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for file in files(&root().join("tests/page"))? {
        if file.to_string_lossy().ends_with(".test.mjs") {
            let text = fs::read_to_string(&file)?;
            if text.lines().any(|line| line.starts_with(ALONE)) { &mut alone } else { &mut together }.push(file);
        }
    }
    if together.is_empty() {
        bail!("tests/page holds no *.test.mjs that others may run beside");
    }
    // Each file drives one browser at a time, and Firefox alone keeps two cores busy.
    let cores = thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).clamp(1, 4));
    let mut tally = Tally::default();
    // What fails side by side does not hide what fails alone.
    let results = [("together", together, cores), ("alone", alone, 1)].map(|(name, files, at_once)| -> Result<()> {
        let report = root().join(format!("target/xtask/page-{name}.tap"));
        let mut node = command("node", &["--test", "--test-reporter=spec", "--test-reporter-destination=stdout"]);
        node.arg(format!("--test-concurrency={at_once}"));
        node.arg("--test-reporter=tap").arg(format!("--test-reporter-destination={}", report.display()));
        step::run(node.args(files))?;
        tally.add(Tally::of_page(&report)?);
        Ok(())
    });
    results.into_iter().collect::<Result<()>>()?;
    Ok(tally)
}
