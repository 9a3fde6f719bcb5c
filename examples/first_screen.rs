//! Measures the built-in sample once and writes what the page shows before its engine has loaded.
//!
//! `cargo xtask samples` runs it after the model has been trained. The page measures the same again and says so if a
//! number differs.

use std::fs;
use std::path::Path;

use milliwatt::compress::{self, recipe::Recipe};
use milliwatt::lab::{Bench, compare};
use milliwatt::progress::Silent;
use milliwatt::report::Report;

/// What the page starts with (`www/src/state.ts`, `www/src/worker`).
const GENERATOR: &str = "machine";
const SEED: u64 = 1;
const DEVICE: &str = "nucleo-h7a3zi-q";
const RATE_HZ: f64 = 1.0;
const LAYER_ITEMS: usize = 16;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/public/samples/machine");
    let model = fs::read(folder.join("model.tflite"))?;
    let mut bench = Bench::new();
    bench.open(&model, "model.tflite")?;
    let data = bench.set_generated(GENERATOR, SEED)?;
    let int8 = compress::presets().into_iter().find(|preset| preset.name == "int8").map(|preset| preset.recipe);
    let a = report(&mut bench, &Recipe::original())?;
    let b = report(&mut bench, &int8.ok_or("there is no preset int8")?)?;
    let comparison = compare::compare(&a, &b);
    fs::write(folder.join("data.json"), serde_json::to_string(&data)?)?;
    fs::write(folder.join("report-a.json"), serde_json::to_string(&a)?)?;
    fs::write(folder.join("report-b.json"), serde_json::to_string(&b)?)?;
    fs::write(folder.join("comparison.json"), serde_json::to_string(&comparison)?)?;
    println!("{}", comparison.sentence);
    Ok(())
}

fn report(bench: &mut Bench, recipe: &Recipe) -> Result<Report, milliwatt::Error> {
    bench.apply(recipe, &mut Silent)?;
    let items = bench.test_items();
    let part = bench.evaluate(0, items)?;
    bench.add_evaluation(part);
    bench.measure_layers(LAYER_ITEMS.min(items))?;
    bench.report(DEVICE, RATE_HZ)
}
