//! What a browser downloads, gzipped, against the budget.

use std::fs;
use std::io::Write;

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use crate::build;
use crate::stamp::files;
use crate::step::www;

/// HTML, CSS and JavaScript together, without the views that are loaded when they are first looked at: what a slow school network
/// loads in a second.
const TEXT_BUDGET: usize = 120_000;
/// One of the bench's two modules: a browser takes only the one that it can run.
const WASM_BUDGET: usize = 700_000;
/// The workshop, which is loaded when someone trains, searches or asks for other long work. It holds everything of that kind. Divided
/// into in-memory compute and the rest, either part would be above 800 kB: by function, in-memory compute alone is a tenth of its
/// code, training, searching and diagnosing a fifth, and the rest is what both need.
const WORKSHOP_BUDGET: usize = 1_000_000;

pub fn run(arguments: &[String]) -> Result<()> {
    crate::only(arguments, &["--json"], &[])?;
    build::run(&[])?;
    let dist = www().join("dist");
    let (mut text, mut later) = (0, 0);
    let workshop = fs::read(www().join("src/wasm").join(build::WORKSHOP).join("milliwatt_bg.wasm"))?;
    let (mut modules, mut on_demand) = (Vec::new(), 0);
    for file in files(&dist)? {
        let name = file.strip_prefix(&dist)?.to_string_lossy().replace('\\', "/");
        let content = fs::read(&file)?;
        let bytes = gzipped(&content)?;
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("html" | "css" | "js" | "mjs") if name.contains("/later-") => later += bytes,
            Some("html" | "css" | "js" | "mjs") => text += bytes,
            Some("wasm") if content == workshop => on_demand = bytes,
            Some("wasm") => modules.push((name.clone(), bytes)),
            _ => {}
        }
        println!("    {bytes:>9} B  {name}");
    }
    let wasm = modules.iter().map(|(_, bytes)| *bytes).max().context("www/dist holds no wasm module")?;
    println!("    {text:>9} B  of HTML, CSS and JavaScript, gzipped (at most {TEXT_BUDGET})");
    println!("    {later:>9} B  of views that are loaded when they are first looked at");
    println!(
        "    {wasm:>9} B  of WebAssembly, gzipped, the larger of the bench's {} modules (at most {WASM_BUDGET})",
        modules.len()
    );
    println!("    {on_demand:>9} B  of WebAssembly for the workshop, on demand (at most {WORKSHOP_BUDGET})");
    if let Some(file) = crate::option(arguments, "--json")? {
        let modules: serde_json::Map<_, _> = modules.into_iter().map(|(name, bytes)| (name, bytes.into())).collect();
        let report = json!({ "text_gzip": text, "wasm_gzip": wasm, "workshop_gzip": on_demand, "modules": modules });
        fs::write(file, format!("{report:#}\n")).with_context(|| format!("cannot write {file}"))?;
    }
    let budgets =
        [("text", text, TEXT_BUDGET), ("WebAssembly", wasm, WASM_BUDGET), ("the workshop", on_demand, WORKSHOP_BUDGET)];
    for (what, bytes, budget) in budgets {
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
