//! Builds, serves, tests and measures the project: `cargo xtask help` lists the commands.

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

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    bin_name = "cargo xtask",
    about = "Builds, serves, tests and measures Milliwatt",
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the page and serve it on this machine
    ///
    /// The page is served as soon as its first screen can be; the parts that are loaded on demand are built meanwhile. What is missing
    /// (Rust's WebAssembly target, npm packages) is fetched first.
    Serve(serve::Options),
    /// Build the WebAssembly modules and the page into www/dist
    Build,
    /// Set up what is missing, then run every check and every test
    ///
    /// On Debian as root this installs Chromium, Firefox and PulseAudio; elsewhere it says what to install.
    Test,
    /// Check formatting, lints, documentation and types; runs no test and needs no browser
    Check,
    /// Measure latency in a browser, beside other runtimes
    Bench(bench::Options),
    /// Weigh what a browser downloads, and fail over the budget
    Size(size::Options),
    /// Make the built-in samples again
    ///
    /// Words are said by espeak-ng and flite, which this installs on Debian as root.
    Samples(samples::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(options) => serve::run(&options),
        Command::Build => build::run(),
        Command::Test => test::run(),
        Command::Check => check::run(),
        Command::Bench(options) => bench::run(&options),
        Command::Size(options) => size::run(&options),
        Command::Samples(options) => samples::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_understood_and_unknown_ones_refused() {
        let parse = |line: &str| Arguments::try_parse_from(line.split(' '));
        let Ok(Arguments { command: Command::Serve(options) }) = parse("xtask serve --port 9000 --dev") else {
            panic!("serve")
        };
        assert_eq!((options.port, options.dev), (9000, true));
        for known in [
            "build",
            "test",
            "check",
            "bench --json a.json --only kws01 --rounds 3",
            "size",
            "samples keywords --into made",
        ] {
            assert!(parse(&format!("xtask {known}")).is_ok(), "{known}");
        }
        for unknown in
            ["build --fast", "serve --port", "serve --port many", "tests", "samples dogs", "bench --rounds none"]
        {
            assert!(parse(&format!("xtask {unknown}")).is_err(), "{unknown}");
        }
    }
}
