//! Everything, cheapest first, so that what is wrong shows early.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::stamp::files;
use crate::step::{self, cargo, command, find_program, root, step};
use crate::tally::Tally;
use crate::{build, check, setup, size};

pub fn run(arguments: &[String]) -> Result<()> {
    crate::only(arguments, &[], &[])?;
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
    build::run(&[])?;
    step("download budgets", || size::run(&[]))?;
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

/// The tests of the built page, by Node's own runner.
fn page() -> Result<Tally> {
    let tests: Vec<String> = files(&root().join("tests/page"))?
        .iter()
        .filter_map(|file| file.to_str())
        .filter(|file| file.ends_with(".test.mjs"))
        .map(str::to_owned)
        .collect();
    if tests.is_empty() {
        bail!("tests/page holds no *.test.mjs");
    }
    // One browser at a time: two cores are soon busy, and times are part of what is tested.
    let mut arguments = vec!["--test", "--test-concurrency=1", "--test-reporter=spec"];
    arguments.extend(["--test-reporter-destination=stdout", "--test-reporter=tap"]);
    let report = root().join("target/xtask/page.tap");
    let destination = format!("--test-reporter-destination={}", report.display());
    arguments.push(&destination);
    arguments.extend(tests.iter().map(String::as_str));
    step::run(&mut command("node", &arguments))?;
    Tally::of_page(&report)
}
