//! What a browser downloads, gzipped, against the budget.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

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
const WASM_BUDGET: usize = 690_000;
/// The modules of [`build::ON_DEMAND`], in their order. Most of either is what both need: reading, running and writing models, and
/// their inputs.
const ON_DEMAND_BUDGETS: [usize; build::ON_DEMAND.len()] = [850_000, 620_000];

#[derive(clap::Args, Default)]
pub struct Options {
    /// Write the sizes to this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub fn run(options: &Options) -> Result<()> {
    build::run()?;
    let dist = www().join("dist");
    let (mut text, mut later) = (0, 0);
    let document = fs::read_to_string(dist.join("index.html"))?;
    let module = |name: &str| fs::read(www().join("src/engine/wasm").join(name).join("milliwatt_bg.wasm"));
    let on_demand = build::ON_DEMAND.iter().map(|name| module(name)).collect::<Result<Vec<_>, _>>()?;
    let (mut modules, mut asked) = (Vec::new(), [0; build::ON_DEMAND.len()]);
    for file in files(&dist)? {
        let name = file.strip_prefix(&dist)?.to_string_lossy().replace('\\', "/");
        let content = fs::read(&file)?;
        let bytes = gzipped(&content)?;
        // What the document itself asks for is never later, whatever it is called.
        let is_later = name.contains("/later-") && !document.contains(&name);
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("html" | "css" | "js" | "mjs") if is_later => later += bytes,
            Some("html" | "css" | "js" | "mjs") => text += bytes,
            Some("wasm") => match on_demand.iter().position(|module| *module == content) {
                Some(at) => asked[at] = bytes,
                None => modules.push((name.clone(), bytes)),
            },
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
    let on_demand: Vec<_> = build::ON_DEMAND.into_iter().zip(asked).zip(ON_DEMAND_BUDGETS).collect();
    for ((name, bytes), budget) in &on_demand {
        println!("    {bytes:>9} B  of WebAssembly for {name}, on demand (at most {budget})");
    }
    if let Some(file) = &options.json {
        let modules: serde_json::Map<_, _> = modules.into_iter().map(|(name, bytes)| (name, bytes.into())).collect();
        let on_demand: serde_json::Map<_, _> =
            on_demand.iter().map(|((name, bytes), _)| ((*name).to_owned(), (*bytes).into())).collect();
        let report = json!({ "text_gzip": text, "wasm_gzip": wasm, "on_demand": on_demand, "modules": modules });
        fs::write(file, format!("{report:#}\n")).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let always = [(("text", text), TEXT_BUDGET), (("WebAssembly", wasm), WASM_BUDGET)];
    for ((what, bytes), budget) in always.into_iter().chain(on_demand) {
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
