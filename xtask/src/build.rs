//! The WebAssembly modules, their bindings, and the page around them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::setup;
use crate::stamp::Stamp;
use crate::step::{cargo, node, root, run_quietly, step, www};

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

pub fn run(arguments: &[String]) -> Result<()> {
    crate::only(arguments, &[], &[])?;
    modules()?;
    setup::npm()?;
    page()
}

/// Builds all modules and writes their bindings to `www/src/wasm`.
pub fn modules() -> Result<()> {
    setup::wasm_target()?;
    for (name, instructions) in MODULES {
        module(name, instructions, &[])?;
    }
    for name in ON_DEMAND {
        module(name, MODULES[0].1, &["--features", name])?;
    }
    Ok(())
}

fn module(name: &str, instructions: &str, features: &[&str]) -> Result<()> {
    let target = root().join("target").join(format!("wasm-{name}"));
    let wasm = target.join("wasm32-unknown-unknown/release/milliwatt.wasm");
    // Cargo knows best what changed; asking it when nothing did takes a fifth of a second.
    crate::step::run(
        cargo(&["build", "--quiet", "--lib", "--release", "--locked", "--target", "wasm32-unknown-unknown"])
            .args(features)
            .args(SMALL_DEPENDENCIES)
            .env("RUSTFLAGS", format!("-C target-feature={instructions} {COMPACT}"))
            .env("CARGO_TARGET_DIR", &target),
    )?;
    let out = www().join("src/wasm").join(name);
    let stamp = Stamp::of(&format!("bindings-{name}"), std::slice::from_ref(&wasm))?;
    if stamp.is_current(&out) {
        return Ok(());
    }
    step(&format!("bindings of the {name} module"), || {
        bindings(&wasm, &out)?;
        if name == MODULES[1].0 {
            share_types(&out)?;
        }
        stamp.write()
    })
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

/// Both modules of the bench have the same interface: the types of one are declared as the types of the other, so that the page
/// can take either.
fn share_types(out: &Path) -> Result<()> {
    let first = MODULES[0].0;
    fs::remove_file(out.join("milliwatt_bg.wasm.d.ts"))?;
    fs::write(
        out.join("milliwatt.d.ts"),
        format!("export * from \"../{first}/milliwatt\";\nexport {{ default }} from \"../{first}/milliwatt\";\n"),
    )?;
    Ok(())
}

/// Bundles the page into `www/dist`.
pub fn page() -> Result<()> {
    let dist = www().join("dist");
    let inputs: Vec<PathBuf> = [
        "src",
        "build",
        "public",
        "index.html",
        "vite.config.ts",
        "tsconfig.json",
        "package.json",
        "package-lock.json",
    ]
    .iter()
    .map(|name| www().join(name))
    .collect();
    let stamp = Stamp::of("page", &inputs)?;
    if stamp.is_current(&dist.join("index.html")) {
        return Ok(());
    }
    step("bundle of the page", || {
        run_quietly(&mut node(&["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"]))?;
        stamp.write()
    })
}
