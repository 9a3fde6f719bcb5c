//! What a browser downloads, gzipped, against the budget.

use std::fs;
use std::io::Write;

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use crate::build;
use crate::stamp::files;
use crate::step::www;

/// HTML, CSS and JavaScript together: what a slow school network loads in a second.
const TEXT_BUDGET: usize = 120_000;
/// Each module by itself: a browser takes one of the bench's two to begin with, and the workshop only on demand.
const WASM_BUDGET: usize = 700_000;

pub fn run(arguments: &[String]) -> Result<()> {
    crate::only(arguments, &["--json"], &[])?;
    build::run(&[])?;
    let dist = www().join("dist");
    let mut text = 0;
    let mut modules = Vec::new();
    for file in files(&dist)? {
        let name = file.strip_prefix(&dist)?.to_string_lossy().replace('\\', "/");
        let bytes = gzipped(&fs::read(&file)?)?;
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("html" | "css" | "js" | "mjs") => text += bytes,
            Some("wasm") => modules.push((name.clone(), bytes)),
            _ => {}
        }
        println!("    {bytes:>9} B  {name}");
    }
    let wasm = modules.iter().map(|(_, bytes)| *bytes).max().context("www/dist holds no wasm module")?;
    println!("    {text:>9} B  of HTML, CSS and JavaScript, gzipped (at most {TEXT_BUDGET})");
    println!(
        "    {wasm:>9} B  of WebAssembly, gzipped, the largest of {} modules (at most {WASM_BUDGET})",
        modules.len()
    );
    if let Some(file) = crate::option(arguments, "--json")? {
        let modules: serde_json::Map<_, _> = modules.into_iter().map(|(name, bytes)| (name, bytes.into())).collect();
        let report = json!({ "text_gzip": text, "wasm_gzip": wasm, "modules": modules });
        fs::write(file, format!("{report:#}\n")).with_context(|| format!("cannot write {file}"))?;
    }
    for (what, bytes, budget) in [("text", text, TEXT_BUDGET), ("WebAssembly", wasm, WASM_BUDGET)] {
        if bytes > budget {
            bail!("the page downloads {bytes} bytes of {what}, more than its budget of {budget}");
        }
    }
    Ok(())
}

fn gzipped(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
