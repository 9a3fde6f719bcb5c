//! The page, served on this machine only: as soon as its first screen can be, while the rest is built behind it.

use std::fs;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::stamp::files;
use crate::step::{self, clock, command, node, run_quietly, step, www};
use crate::{build, setup};

/// The module that the first screen cannot do without.
const FIRST: &str = build::MODULES[0].0;

#[derive(clap::Args)]
pub struct Options {
    /// The port to serve on; the next free one where it is taken
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Build every module first, then reload the page on every edit
    #[arg(long)]
    pub dev: bool,
}

pub fn run(&Options { port, dev }: &Options) -> Result<()> {
    if dev {
        step::plan(build::names().len() + 2);
        build::modules()?;
        setup::npm()?;
        return step::run(&mut vite(&[], port));
    }
    let left = left_to_build()?;
    if left.is_empty() {
        step::plan(build::names().len() + 3);
        build::run()?;
        return step::run(&mut vite(&["preview"], port));
    }
    step::plan(4);
    setup::wasm_target()?;
    setup::npm()?;
    build::module(FIRST)?;
    step("bundle of the page", || build::page_without(&left))?;
    println!(
        "\n==> the page can be looked at, {} after the start; what is still being built behind it: {}",
        clock(),
        left.join(", ")
    );
    serve_while_building(port, left)
}

/// Modules that are not there, or that what they are made from has left behind; those that a visitor asks for first come first.
fn left_to_build() -> Result<Vec<&'static str>> {
    let mut left = Vec::new();
    for name in build::names().into_iter().rev().filter(|name| *name != FIRST) {
        if !build::sources(name)?.is_current(&build::bindings_of(name)) {
            left.push(name);
        }
    }
    left.sort_by_key(|name| !build::ON_DEMAND.contains(name));
    Ok(left)
}

/// Vite prints the address, and takes the next free port when this one is taken.
fn vite(task: &[&str], port: u16) -> Command {
    let mut vite = node(&["node_modules/vite/bin/vite.js"]);
    vite.args(task).args(["--host", "127.0.0.1", "--port", &port.to_string()]);
    vite
}

/// Serves `www/dist` until the server ends, and ends the builds with it. A build that fails ends the server.
fn serve_while_building(port: u16, left: Vec<&'static str>) -> Result<()> {
    let mut server = vite(&["preview"], port).spawn().context("Node could not be started")?;
    let running = Arc::new(Running::default());
    let mut builds: Option<JoinHandle<Result<()>>> = Some(thread::spawn({
        let running = Arc::clone(&running);
        move || build_behind(left, &running)
    }));
    loop {
        if let Some(status) = server.try_wait()? {
            running.stop();
            return step::succeeded(status, "vite preview");
        }
        if let Some(done) = builds.take_if(|builds| builds.is_finished())
            && let Err(error) = done.join().unwrap_or_else(|_| bail!("building stopped in the middle"))
        {
            server.kill()?;
            return Err(error.context("the page cannot be completed, so it is no longer served"));
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// Builds these modules one after the other, and the page again after each, so that a reload finds it.
fn build_behind(mut left: Vec<&'static str>, running: &Running) -> Result<()> {
    while !left.is_empty() {
        let name = left.remove(0);
        let start = Instant::now();
        let sources = build::sources(name)?;
        running.run(build::compile(name).arg("--quiet"), name)?;
        build::bind(name)?;
        sources.write()?;
        keeping_assets(|| build::page_without(&left))?;
        let seconds = start.elapsed().as_secs();
        println!(
            "    {name}: built in {seconds} s, {} after the start; reload the page to use it; still to come: {}",
            clock(),
            left.len()
        );
    }
    Ok(())
}

/// Does what replaces `www/dist`, and puts back what was replaced under other names: a page that is open may still ask for it.
fn keeping_assets(work: impl FnOnce() -> Result<()>) -> Result<()> {
    let mut before = Vec::new();
    for file in files(&www().join("dist/assets"))? {
        before.push((fs::read(&file)?, file));
    }
    work()?;
    for (content, file) in before {
        if !file.exists() {
            fs::write(file, content)?;
        }
    }
    Ok(())
}

/// The build that runs, so that it can be stopped from another thread.
#[derive(Default)]
struct Running(Mutex<State>);

#[derive(Default)]
struct State {
    child: Option<Child>,
    stopped: bool,
}

impl Running {
    fn run(&self, command: &mut Command, what: &str) -> Result<()> {
        {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if state.stopped {
                bail!("stopped before {what}");
            }
            state.child = Some(command.spawn().context("Cargo could not be started")?);
        }
        loop {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(child) = &mut state.child else { bail!("{what} was stopped") };
            if let Some(status) = child.try_wait()? {
                state.child = None;
                return step::succeeded(status, &step::line(command));
            }
            drop(state);
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Ends the build with all that it started: a compiler would work on alone for minutes.
    fn stop(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.stopped = true;
        if let Some(mut child) = state.child.take() {
            for id in descendants(child.id()) {
                // One that has ended meanwhile is what is wanted.
                let _ = run_quietly(&mut command("kill", &[&id.to_string()]));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The processes that a process started, and those that they started, as far as `ps` tells.
fn descendants(of: u32) -> Vec<u32> {
    let Ok(listed) = command("ps", &["-A", "-o", "pid=,ppid="]).output() else { return Vec::new() };
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let pairs: Vec<(u32, u32)> = text
        .lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().filter_map(|number| number.parse().ok());
            Some((numbers.next()?, numbers.next()?))
        })
        .collect();
    let mut found = vec![of];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        found.extend(pairs.iter().filter(|pair| pair.1 == parent).map(|pair| pair.0));
        at += 1;
    }
    found.split_off(1)
}
