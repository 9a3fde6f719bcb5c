//! The WebAssembly modules, their bindings, and the page around them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::setup;
use crate::stamp::Stamp;
use crate::step::{self, already, cargo, node, root, run_quietly, step, www};

/// A flavour of the bench's module: its folder, and the instructions it may use. The page takes the last that runs.
pub const MODULES: &[(&str, &str)] = &[("simd", "+simd128"), ("relaxed", "+simd128,+relaxed-simd")];

/// The modules that the page loads only on demand; each is named like its feature. They exist once: what they make is the same
/// bits everywhere, which fused multiply-adds of relaxed SIMD would not give.
pub const ON_DEMAND: [&str; 2] = ["workshop", "memory"];

/// How a module is compiled, beyond the release profile: the compiler inlines only what is small or must be, as the kernels
/// say; what merely hints at it counts as little more than small; it repeats the bodies of loops only where it knows how often
/// they run; and dependencies are compiled for size. That takes an eighth off the download and nothing off the kernels' speed;
/// level 2 instead of 3 would slow down the matrix products by a third.
const COMPACT: &str =
    "-C llvm-args=-inline-threshold=5 -C llvm-args=-inlinehint-threshold=45 -C llvm-args=-unroll-runtime=false";
const SMALL_DEPENDENCIES: &[&str] = &["--config", "profile.release.package.'*'.opt-level='s'"];

pub fn run() -> Result<()> {
    modules()?;
    setup::npm()?;
    page()
}

/// Builds all modules and writes their bindings to `www/src/engine/wasm`.
pub fn modules() -> Result<()> {
    setup::wasm_target()?;
    let sources = names().into_iter().map(|name| Ok((name, sources(name)?))).collect::<Result<Vec<_>>>()?;
    let waiting = Mutex::new(names().into_iter());
    let lane = || -> Result<()> {
        loop {
            let name = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(name) = name else { return Ok(()) };
            // The progress of two Cargos would overwrite each other.
            step(&what(name), || step::run(compile(name).arg("--quiet")))?;
        }
    };
    // Most of the time goes into one pass that keeps a single core busy: two modules at once take little longer than one.
    thread::scope(|scope| {
        let other = scope.spawn(lane);
        let first = lane();
        first.and(other.join().unwrap_or_else(|_| bail!("building stopped in the middle")))
    })?;
    // In their order, whichever was compiled first: the second module's bindings are compared with the first's.
    for (name, sources) in sources {
        bind(name)?;
        sources.write()?;
    }
    Ok(())
}

/// The names of all modules, in the order in which they are built.
pub fn names() -> Vec<&'static str> {
    MODULES.iter().map(|(name, _)| *name).chain(ON_DEMAND).collect()
}

/// Builds one module while Cargo shows how far it is.
pub fn module(name: &str) -> Result<()> {
    step(&what(name), || {
        let sources = sources(name)?;
        // Cargo knows best what changed; asking it when nothing did takes a fifth of a second.
        step::run(&mut compile(name))?;
        bind(name)?;
        sources.write()
    })
}

fn what(name: &str) -> String {
    format!("WebAssembly module {name}")
}

/// The state of what a module is made from.
pub fn sources(name: &str) -> Result<Stamp> {
    let inputs = ["src", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "xtask/src/build.rs"]
        .map(|input| root().join(input));
    Stamp::of(&format!("module-{name}"), &inputs)
}

/// Where a module's bindings are.
pub fn bindings_of(name: &str) -> PathBuf {
    www().join("src/engine/wasm").join(name)
}

fn target(name: &str) -> PathBuf {
    root().join("target").join(format!("wasm-{name}"))
}

/// What compiles a module.
pub fn compile(name: &str) -> Command {
    let bench = MODULES.iter().find(|module| module.0 == name);
    let (_, instructions) = bench.unwrap_or(&MODULES[0]);
    let mut cargo = cargo(&["build", "--lib", "--release", "--locked", "--target", "wasm32-unknown-unknown"]);
    if bench.is_none() {
        cargo.args(["--features", name]);
    }
    cargo.args(SMALL_DEPENDENCIES);
    cargo.env("RUSTFLAGS", format!("-C target-feature={instructions} {COMPACT}"));
    cargo.env("CARGO_TARGET_DIR", target(name));
    cargo
}

/// Writes the bindings of a module that is compiled.
pub fn bind(name: &str) -> Result<()> {
    let wasm = target(name).join("wasm32-unknown-unknown/release/milliwatt.wasm");
    let out = bindings_of(name);
    let stamp = Stamp::of(&format!("bindings-{name}"), std::slice::from_ref(&wasm))?;
    if stamp.is_current(&out) {
        return Ok(());
    }
    bindings(&wasm, &out)?;
    if name == MODULES[1].0 {
        share_types(&out)?;
    }
    stamp.write()
}

/// Writes the JavaScript side, the types and the stripped module to `out`.
fn bindings(wasm: &Path, out: &Path) -> Result<()> {
    if out.exists() {
        fs::remove_dir_all(out)?;
    }
    Bindgen::new()
        .input_path(wasm)
        .out_name("milliwatt")
        .web(true)?
        // Without this `init()` has no address to load from.
        .omit_default_module_path(false)
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(out)
        .context("wasm-bindgen refused the module; does its version in Cargo.toml equal that in xtask/Cargo.toml?")
}

/// Both modules of the bench have the same interface: the types of one are declared as the types of the other, and the page
/// loads the bindings of the first for either, so they must be the same text.
fn share_types(out: &Path) -> Result<()> {
    let first = MODULES[0].0;
    let bindings = |folder: PathBuf| fs::read(folder.join("milliwatt.js"));
    if bindings(out.to_owned())? != bindings(out.with_file_name(first))? {
        bail!("the bindings of the bench's modules differ, but the page loads those of {first} for both");
    }
    fs::remove_file(out.join("milliwatt_bg.wasm.d.ts"))?;
    fs::write(
        out.join("milliwatt.d.ts"),
        format!("export * from \"../{first}/milliwatt\";\nexport {{ default }} from \"../{first}/milliwatt\";\n"),
    )?;
    Ok(())
}

/// Bundles the page into `www/dist`.
pub fn page() -> Result<()> {
    let stamp = page_stamp()?;
    if stamp.is_current(&www().join("dist/index.html")) {
        already("bundle of the page");
        return Ok(());
    }
    step("bundle of the page", || {
        run_quietly(&mut bundle())?;
        stamp.write()
    })
}

/// Bundles the page before these modules are there; it says so where one is asked for. The next [`page`] bundles it anew.
pub fn page_without(unbuilt: &[&str]) -> Result<()> {
    page_stamp()?.forget()?;
    run_quietly(bundle().env("MILLIWATT_UNBUILT", unbuilt.join(",")))
}

fn bundle() -> Command {
    node(&["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"])
}

fn page_stamp() -> Result<Stamp> {
    let inputs = [
        "src",
        "build",
        "public",
        "index.html",
        "vite.config.ts",
        "tsconfig.json",
        "package.json",
        "package-lock.json",
    ];
    Stamp::of("page", &inputs.map(|name| www().join(name)))
}
