//! `milliwatt audio experiment`: the level experiment of the page, as a table.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use milliwatt::cost;
use milliwatt::error::{Error, Result};
use milliwatt::lab::Bench;
use milliwatt::lab::inputs::Split;
use milliwatt::progress::Silent;
use milliwatt::report::levels::{LevelsReport, TreatmentRow};
use milliwatt::report::{Figure, Task};

use crate::{file_name, line, print_json, read, recipe_of};

#[derive(Args)]
pub struct Experiment {
    /// TFLite file
    model: PathBuf,
    /// Test clips: an NPZ of audio int16 [n, samples] and labels, a ZIP of WAV files in folders by label, or a WAV file;
    /// a fifth of them, at most 100, is set aside to measure ranges and levels on
    #[arg(long)]
    data: PathBuf,
    /// The recipe of the second side; `milliwatt presets` lists them
    #[arg(long, default_value = "int8")]
    preset: String,
    /// The split of the clips
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Device of the energy figures; `milliwatt devices` lists them
    #[arg(long, default_value = "nucleo-u385rg-q")]
    device: String,
    /// Write JSON instead of a table
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Experiment, out: &mut dyn Write) -> Result<()> {
    let Experiment { model, data, preset, seed, device, json } = arguments;
    if cost::device::find(&device).is_none() {
        return Err(Error::parameter(format!("no device is called {device:?}; `milliwatt devices` lists them")));
    }
    let mut bench = Bench::new();
    let card = bench.open(&read(&model)?, &file_name(&model))?;
    if card.task == Task::Other {
        return Err(Error::unsupported("this model is neither a classifier nor an autoencoder, so there is no score"));
    }
    bench.set_files(vec![(file_name(&data), read(&data)?)], Split::of(seed))?;
    bench.apply(&recipe_of(Some(&preset), None)?, &mut Silent)?;
    let played = bench.play_levels(0, bench.level_items())?;
    let report = bench.levels_report(&played, &device)?;
    match json {
        true => print_json(out, &report),
        false => table(&report, &card.name, &preset, out),
    }
}

/// A table in Markdown, as the README shows it.
fn table(report: &LevelsReport, model: &str, preset: &str, out: &mut dyn Write) -> Result<()> {
    for (side, name) in [(0, model), (1, preset)] {
        let of = format!("{} of {name} on {} clips", report.metric, report.items);
        line(out, format_args!("{of} (measured), and energy of the normalizer on {} (modelled)\n", report.device))?;
        let conditions: Vec<&str> = report.conditions.iter().map(|condition| condition.label.as_str()).collect();
        line(out, format_args!("| | {} | mean of levels | \u{b5}J/s | of 1 mW |", conditions.join(" | ")))?;
        line(out, format_args!("|---|{}---|---|---|", "---|".repeat(conditions.len())))?;
        for row in &report.treatments {
            line(out, format_args!("{}", table_row(row, side)))?;
        }
        line(out, format_args!(""))?;
    }
    for (what, energy) in
        [("Features of a second", &report.front_end), ("One inference for a second", &report.inference)]
    {
        let energy =
            energy.as_ref().map_or("unknown".into(), |energy| format!("{:.0} \u{b5}J (modelled)", energy.value * 1e6));
        line(out, format_args!("- {what} of sound on {}: {energy}.", report.device))?;
    }
    for sentence in &report.findings {
        line(out, format_args!("- {sentence}"))?;
    }
    Ok(())
}

fn table_row(row: &TreatmentRow, side: usize) -> String {
    let score = |figure: &Figure| match figure.unit.as_str() {
        "%" => format!("{:.1}", figure.value),
        _ => format!("{:.3}", figure.value),
    };
    let Some(found) = row.sides.get(side) else { return String::new() };
    let scores: Vec<String> = found.scores.iter().map(score).collect();
    let mean = match (found.mean.low, found.mean.high) {
        (Some(low), Some(high)) => format!("{} ({low:.1} to {high:.1})", score(&found.mean)),
        _ => score(&found.mean),
    };
    let energy = row.energy.as_ref().map_or("unknown".into(), |energy| format!("{:.2}", energy.value * 1e6));
    let budget = row.budget.as_ref().map_or("unknown".into(), |share| format!("{:.3} %", share.value));
    format!("| {} | {} | {mean} | {energy} | {budget} |", row.label, scores.join(" | "))
}
