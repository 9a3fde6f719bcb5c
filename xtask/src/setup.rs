//! What the other commands need, fetched when it is missing.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::stamp::Stamp;
use crate::step::{already, command, find_program, node, root, run_quietly, step, www};

/// The browsers' names on PATH, each with the Debian packages that bring it.
const PROGRAMS: &[(&[&str], &[&str])] = &[
    (&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"], &["chromium"]),
    (&["chromedriver"], &["chromium-driver"]),
    (&["firefox-esr", "firefox"], &["firefox-esr"]),
];

/// Everything that `cargo xtask test` needs beyond Rust and Node.
pub fn all() -> Result<()> {
    wasm_target()?;
    npm()?;
    browsers()?;
    wasm_pack()?;
    wasm_bindgen()
}

/// The Rust target for WebAssembly. Where rustup manages the toolchain, `rust-toolchain.toml` already asks for it.
pub fn wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let installed = says(&mut command("rustc", &["--print", "target-libdir", "--target", TARGET]))
        .is_some_and(|folder| PathBuf::from(folder.trim()).is_dir());
    if installed {
        already("Rust's WebAssembly target");
        return Ok(());
    }
    if find_program(&["rustup"]).is_none() {
        bail!(
            "Rust's target {TARGET} is missing, and there is no rustup to add it: install it as your Rust was installed"
        );
    }
    step("Rust's WebAssembly target", || run_quietly(&mut command("rustup", &["target", "add", TARGET])))
}

/// The page's packages, exactly as the lock file says.
pub fn npm() -> Result<()> {
    let modules = www().join("node_modules");
    let inputs = ["package.json", "package-lock.json", ".npmrc"].map(|name| www().join(name));
    // In the folder itself, so that whoever deletes the folder deletes the stamp with it.
    let stamp = Stamp::in_file(modules.join(".milliwatt"), &inputs)?;
    if stamp.is_current(&modules) {
        already("npm packages of the page");
        return Ok(());
    }
    let version = says(node(&["--version"]).stderr(Stdio::null()))
        .context("Node is not here: install Node 20.19 or newer from your system or nodejs.org, then run this again")?;
    let numbers: Vec<u32> =
        version.trim().trim_start_matches('v').split('.').filter_map(|part| part.parse().ok()).collect();
    if numbers.as_slice() < [20, 19].as_slice() {
        bail!("Node 20.19 or newer is needed; this one is {}", version.trim());
    }
    step("npm packages of the page", || {
        let npm = find_program(&["npm"]).context("npm, which comes with Node, is not on PATH")?;
        run_quietly(command(npm, &["ci", "--no-fund", "--no-audit", "--loglevel=error"]).current_dir(www()))?;
        stamp.write()
    })
}

/// Chromium with its driver, and Firefox.
fn browsers() -> Result<()> {
    let mut packages = missing(PROGRAMS);
    if packages.is_empty() {
        return Ok(());
    }
    // Without it Firefox has no sound device and keeps every AudioContext suspended.
    packages.push("pulseaudio");
    debian(&packages, "the tests drive real browsers")
}

/// The two speech synthesizers that say the words of the keyword sample.
pub fn voices() -> Result<()> {
    let packages = missing(&[(&["espeak-ng"], &["espeak-ng"]), (&["flite"], &["flite"])]);
    if packages.is_empty() {
        return Ok(());
    }
    debian(&packages, "speech synthesizers say the words of the keyword sample")
}

/// The packages of those programs that are not there.
fn missing(programs: &[(&[&str], &[&'static str])]) -> Vec<&'static str> {
    programs
        .iter()
        .filter(|(names, _)| find_program(names).is_none())
        .flat_map(|(_, debian)| *debian)
        .copied()
        .collect()
}

/// Installs packages on Debian as root; says elsewhere what is missing and why.
fn debian(packages: &[&str], why: &str) -> Result<()> {
    let is_root = says(&mut command("id", &["-u"])).is_some_and(|id| id.trim() == "0");
    if !is_root || find_program(&["apt-get"]).is_none() {
        bail!("{why}, and these are missing here; install them, then run this again: {}", packages.join(", "));
    }
    step(&format!("Debian's {}", packages.join(", ")), || {
        run_quietly(&mut command("apt-get", &["update", "-qq"]))?;
        let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
        arguments.extend(packages);
        run_quietly(command("apt-get", &arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    })
}

/// Runs the tests of the wasm module inside a browser.
fn wasm_pack() -> Result<()> {
    if find_program(&["wasm-pack"]).is_some() {
        return Ok(());
    }
    step("wasm-pack, built from source", || cargo_install(&["wasm-pack", "--locked"]))
}

/// wasm-pack's test runner, which must have the very version of the library.
fn wasm_bindgen() -> Result<()> {
    let wanted = locked_version("wasm-bindgen")?;
    let runner = find_program(&["wasm-bindgen-test-runner"]);
    let found = says(command("wasm-bindgen", &["--version"]).stderr(Stdio::null()));
    if runner.is_some() && found.is_some_and(|line| line.split_whitespace().nth(1) == Some(&wanted)) {
        return Ok(());
    }
    step(&format!("wasm-bindgen-cli {wanted}, built from source"), || {
        // Not `--locked`: its lock file names crates that a registry may have withdrawn.
        cargo_install(&["wasm-bindgen-cli", "--version", &wanted, "--force"])
    })
}

fn cargo_install(arguments: &[&str]) -> Result<()> {
    let mut all = vec!["install", "--quiet"];
    all.extend(arguments);
    run_quietly(&mut crate::step::cargo(&all))
}

/// The version of a package in `Cargo.lock`.
fn locked_version(package: &str) -> Result<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("Cargo.lock cannot be read")?;
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| **line != *name);
    lines
        .nth(1)
        .and_then(|line| line.strip_prefix("version = \""))
        .and_then(|line| line.strip_suffix('"'))
        .map(str::to_owned)
        .with_context(|| format!("Cargo.lock does not name {package}"))
}

/// What a command prints, where it can be started and succeeds.
fn says(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
