//! Running things: a step says what it does, how long it took, and stops everything when it fails.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The project's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The folder of the page.
pub fn www() -> PathBuf {
    root().join("www")
}

/// How many steps there will be, how many have begun, and since when.
struct Plan {
    steps: usize,
    begun: usize,
    start: Instant,
}

static PLAN: Mutex<Option<Plan>> = Mutex::new(None);

/// Makes the steps from here on say which of `steps` they are, and how long it has taken so far.
pub fn plan(steps: usize) {
    *PLAN.lock().unwrap_or_else(PoisonError::into_inner) = Some(Plan { steps, begun: 0, start: Instant::now() });
}

/// Minutes and seconds since the plan began; nothing without a plan.
pub fn clock() -> String {
    let plan = PLAN.lock().unwrap_or_else(PoisonError::into_inner);
    plan.as_ref().map_or_else(String::new, |plan| {
        let seconds = plan.start.elapsed().as_secs();
        format!("{}:{:02}", seconds / 60, seconds % 60)
    })
}

/// The number of the next step, where there is a plan.
fn next() -> Option<String> {
    let mut plan = PLAN.lock().unwrap_or_else(PoisonError::into_inner);
    let plan = plan.as_mut()?;
    plan.begun += 1;
    Some(format!("step {} of {}", plan.begun, plan.steps))
}

/// Says that a step of the plan has nothing to do; without a plan nobody waits to hear it.
pub fn already(what: &str) {
    if let Some(number) = next() {
        println!("\n==> {number}: {what}: already there");
    }
}

/// Does `work`, announced by one line and closed by one with its time.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    match next() {
        Some(number) => println!("\n==> {number}: {what} ({} since the start)", clock()),
        None => println!("\n==> {what}"),
    }
    let start = Instant::now();
    let result = work();
    let seconds = start.elapsed().as_secs_f64();
    match &result {
        Ok(_) => println!("    {what}: {seconds:.1} s"),
        Err(_) => println!("    {what}: failed after {seconds:.1} s"),
    }
    result.with_context(|| format!("stopped at \"{what}\""))
}

/// `program` with `arguments`, to run in the project's root.
pub fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// The cargo that runs this.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments);
    // Set by the outer cargo for xtask itself; left in place they would make the inner one rebuild things.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CARGO_CRATE_NAME" {
            command.env_remove(&name);
        }
    }
    command
}

/// Node, in the folder of the page.
pub fn node(arguments: &[&str]) -> Command {
    let mut command = command("node", arguments);
    command.current_dir(www());
    command
}

/// Runs a command that talks to the terminal itself; an error names the command, so that it can be repeated.
pub fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    let status = command
        .status()
        .with_context(|| format!("this could not be started; is it installed and on PATH? `{line}`"))?;
    succeeded(status, &line)
}

/// An error that names the command, where it failed.
pub fn succeeded(status: ExitStatus, line: &str) -> Result<()> {
    if !status.success() {
        bail!("this did not succeed ({status}): `{line}`");
    }
    Ok(())
}

/// Runs a command and shows what it said only when it fails.
pub fn run_quietly(command: &mut Command) -> Result<()> {
    let line = line(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("this could not be started; is it installed and on PATH? `{line}`"))?;
    if !output.status.success() {
        eprintln!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("this did not succeed ({}): `{line}`", output.status);
    }
    Ok(())
}

/// A command as one would type it.
pub fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

/// The first of `names` that is on PATH.
pub fn find_program(names: &[&str]) -> Option<PathBuf> {
    let paths = env::var_os("PATH")?;
    for name in names {
        for folder in env::split_paths(&paths) {
            let candidate = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
            if candidate.is_file() {
                return Some(candidate);
            }
        }
    }
    None
}
