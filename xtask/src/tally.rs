//! How many tests passed and how many were skipped, in the last lines of `cargo xtask test`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::step;

/// What a run of tests came to.
#[derive(Default)]
pub struct Tally {
    passed: usize,
    ignored: usize,
    /// The tests that were skipped, wholly or in part, each with its reason.
    skipped: BTreeMap<String, String>,
}

impl Tally {
    /// Runs Rust's tests and counts them.
    ///
    /// They know no skipping: those that need what is not there write themselves into `list` (see `tests/common`), and are taken off
    /// those that passed.
    pub fn of_crate(command: &mut Command, list: &Path) -> Result<Self> {
        start_file(list)?;
        // A test knows its own name only where it has a thread of its own, which one core alone would not give it.
        let threads = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
        command.env("MILLIWATT_SKIPPED", list).env("RUST_TEST_THREADS", threads.to_string());
        let said = run_and_read(command)?;
        Ok(Self::of_words(&said, &fs::read_to_string(list)?))
    }

    fn of_words(said: &str, skipped: &str) -> Self {
        let mut tally = Self::default();
        for line in said.lines().filter_map(|line| line.split_once("test result: ok. ")) {
            for part in line.1.split("; ") {
                match part.split_once(' ') {
                    Some((count, "passed")) => tally.passed += count.parse().unwrap_or(0),
                    Some((count, "ignored")) => tally.ignored += count.parse().unwrap_or(0),
                    _ => {}
                }
            }
        }
        for (test, reason) in skipped.lines().filter_map(|line| line.split_once('\t')) {
            tally.skipped.entry(test.to_owned()).or_insert_with(|| reason.to_owned());
        }
        tally.passed = tally.passed.saturating_sub(tally.skipped.len());
        tally
    }

    /// Counts what Node's runner wrote in the Test Anything Protocol.
    pub fn of_page(report: &Path) -> Result<Self> {
        let text = fs::read_to_string(report).with_context(|| format!("cannot read {}", report.display()))?;
        let mut tally = Self::default();
        for line in text.lines() {
            let Some((_, name)) = line.strip_prefix("ok ").and_then(|rest| rest.split_once(" - ")) else { continue };
            match name.split_once(" # SKIP") {
                Some((name, reason)) => {
                    tally.skipped.insert(format!("page: {name}"), reason.trim().to_owned());
                }
                None => tally.passed += 1,
            }
        }
        Ok(tally)
    }

    /// Adds what another run came to.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.ignored += other.ignored;
        self.skipped.extend(other.skipped);
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        writeln!(out, "Tests passed: {}", self.passed)?;
        writeln!(out, "Tests skipped: {}", self.skipped.len())?;
        writeln!(out, "Tests that are run by hand only: {}", self.ignored)?;
        let (shared, others): (Vec<_>, Vec<_>) =
            self.skipped.iter().partition(|(_, reason)| reason.contains("../shared"));
        for (why, tests) in [("because ../shared is not there", shared), ("for another reason", others)] {
            if !tests.is_empty() {
                writeln!(out, "Skipped, wholly or in part, {why}: {}", tests.len())?;
            }
            for (test, reason) in tests {
                writeln!(out, "    {test}: {reason}")?;
            }
        }
        Ok(())
    }
}

/// Makes an empty file, in a folder that may not be there yet.
fn start_file(path: &Path) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, "").with_context(|| format!("cannot write {}", path.display()))
}

/// Runs a command, passes on what it prints as it comes, and returns it.
fn run_and_read(command: &mut Command) -> Result<String> {
    let line = step::line(command);
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("this could not be started: `{line}`"))?;
    let mut said = Vec::new();
    if let Some(mut out) = child.stdout.take() {
        let mut buffer = [0; 4096];
        loop {
            let read = out.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            said.extend_from_slice(&buffer[..read]);
            std::io::stdout().write_all(&buffer[..read])?;
            std::io::stdout().flush()?;
        }
    }
    step::succeeded(child.wait()?, &line)?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_was_skipped_is_not_counted_as_passed() {
        let said = "running 3 tests\n...\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                    test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
        let skipped = "audio::a\tneeds ../shared/x\naudio::a\tneeds ../shared/y\nexec::b\tneeds a C++ compiler\n";
        let tally = Tally::of_words(said, skipped);
        assert_eq!((tally.passed, tally.ignored, tally.skipped.len()), (5, 1, 2));
        let said = tally.to_string();
        assert!(said.contains("because ../shared is not there: 1\n    audio::a: needs ../shared/x"), "{said}");
        assert!(said.contains("for another reason: 1\n    exec::b: needs a C++ compiler"), "{said}");
    }
}
