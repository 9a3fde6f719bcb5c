//! The house's errands: `cargo xtask help` lists them.

mod bench;
mod build;
mod check;
mod lint;
mod samples;
mod serve;
mod setup;
mod size;
mod stamp;
mod step;
mod tally;
mod test;

use anyhow::{Result, bail};
use std::process::ExitCode;

/// One errand: its name, the options it takes, a sentence for `help`, and what it does with its arguments.
type Errand = (&'static str, &'static str, &'static str, fn(&[String]) -> Result<()>);

const ERRANDS: &[Errand] = &[
    (
        "serve",
        "[--port N] [--dev]",
        "Build the page and serve it on this machine; --dev reloads it on every edit",
        serve::run,
    ),
    ("build", "", "Build the WebAssembly modules and the page into www/dist", build::run),
    ("test", "", "Set up what is missing, then run every check and every test", test::run),
    (
        "check",
        "",
        "Formatting, lints, documentation, types: everything that needs no browser and runs no test",
        check::run,
    ),
    ("bench", "[--json FILE] [--only MODELS]", "Measure latency in a browser, beside other runtimes", bench::run),
    ("size", "[--json FILE]", "Weigh what a browser downloads, and fail over the budget", size::run),
    ("samples", "[keywords] [machine] [--into FOLDER]", "Make the built-in samples again", samples::run),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        help();
        return Ok(());
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") || rest.iter().any(|argument| argument == "--help") {
        help();
        return Ok(());
    }
    match ERRANDS.iter().find(|errand| errand.0 == name) {
        Some(errand) => errand.3(rest),
        None => bail!("there is no errand of this name; `cargo xtask help` lists them: {name}"),
    }
}

fn help() {
    println!("cargo xtask ERRAND\n");
    for (name, options, sentence, _) in ERRANDS {
        println!("  {:<24} {sentence}", format!("{name} {options}"));
    }
}

/// The value after `--name`, where it was given.
fn option<'a>(arguments: &'a [String], name: &str) -> Result<Option<&'a str>> {
    match arguments.iter().position(|argument| argument == name) {
        None => Ok(None),
        Some(at) => match arguments.get(at + 1) {
            Some(value) => Ok(Some(value)),
            None => bail!("{name} wants a value after it"),
        },
    }
}

/// Refuses arguments that the errand does not know.
fn only(arguments: &[String], valued: &[&str], flags: &[&str]) -> Result<()> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if valued.contains(&argument.as_str()) {
            rest.next();
        } else if !flags.contains(&argument.as_str()) {
            bail!("this errand does not take this argument; `cargo xtask help` lists what each takes: {argument}");
        }
    }
    Ok(())
}
