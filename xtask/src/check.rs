//! What can be wrong before anything runs.

use anyhow::Result;

use crate::step::{self, cargo, node, step};
use crate::{build, lint, setup};

pub fn run() -> Result<()> {
    all()?;
    println!("\nNothing to complain about");
    Ok(())
}

pub fn all() -> Result<()> {
    step("rustfmt", || step::run(&mut cargo(&["fmt", "--all", "--check"])))?;
    step("house rules", lint::run)?;
    step("Clippy, native", || {
        step::run(&mut cargo(&[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--locked",
            "--features",
            "milliwatt/cli",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    for features in [""].into_iter().chain(build::ON_DEMAND) {
        step(&format!("Clippy, WebAssembly {features}"), || {
            step::run(&mut cargo(&[
                "clippy",
                "--quiet",
                "--lib",
                "--tests",
                "--locked",
                "--target",
                "wasm32-unknown-unknown",
                "--features",
                features,
                "--",
                "-D",
                "warnings",
            ]))
        })?;
    }
    step("documentation", || {
        step::run(cargo(&["doc", "--quiet", "--lib", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    // The page's types come from the bindings of the module.
    build::modules()?;
    setup::npm()?;
    let tsc =
        |project: &str| step::run(&mut node(&["node_modules/typescript/bin/tsc", "--noEmit", "--project", project]));
    step("types of the page", || tsc("tsconfig.json"))?;
    step("types of the page's tests", || tsc("../tests/tsconfig.json"))
}
