//! `milliwatt report`: what a model costs, and how good it is.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use milliwatt::compress::recipe::Recipe;
use milliwatt::cost;
use milliwatt::error::Result;
use milliwatt::lab::Bench;
use milliwatt::lab::inputs::Purpose;
use milliwatt::progress::Silent;
use milliwatt::report::{self, text};

use super::data::Data;
use super::{file_name, line, print_json, read};

#[derive(Args)]
pub struct Report {
    /// TFLite file
    model: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Device of the latency and energy figures; `milliwatt devices` lists them
    #[arg(long)]
    device: Option<String>,
    /// Inferences each second, for average power
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// Write JSON instead of text
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Report, out: &mut dyn Write) -> Result<()> {
    let Report { model, data, device, rate, json } = arguments;
    let mut bench = Bench::new();
    bench.open(&read(&model)?, &file_name(&model))?;
    data.put(&mut bench, Purpose::Test)?;
    bench.apply(&Recipe::original(), &mut Silent)?;
    if bench.test_items() > 0 {
        let part = bench.evaluate(0, bench.test_items())?;
        bench.add_evaluation(part);
    }
    let device = device.unwrap_or_else(|| cost::devices()[0].id.to_string());
    let report = bench.report(&device, rate)?;
    if json { print_json(out, &report) } else { print(out, &report) }
}

fn print(out: &mut dyn Write, report: &report::Report) -> Result<()> {
    let strip = &report.strip;
    let metric = report.evaluation.as_ref().map_or("score", |evaluation| evaluation.metric.as_str());
    let rows = [
        ("flash", Some(&strip.flash)),
        ("RAM", Some(&strip.ram)),
        ("CMSIS-NN", Some(&strip.ram_cmsis_nn)),
        (metric, strip.score.as_ref()),
        ("time", strip.latency.as_ref()),
        ("energy", strip.energy.as_ref()),
        ("time, TFLM", strip.latency_tflm.as_ref()),
        ("energy, TFLM", strip.energy_tflm.as_ref()),
    ];
    for (name, figure) in rows {
        let Some(figure) = figure else { continue };
        let least = if figure.at_least { "at least " } else { "" };
        let (value, kind) = (text::quantity(figure.value, &figure.unit), text::kind(figure));
        line(out, format_args!("{name:<12} {least}{value}  [{kind}] {}", figure.note))?;
    }
    let per_second = text::quantity(report.rate_hz, "1");
    line(out, format_args!("At {per_second} inferences a second:"))?;
    for device in &report.devices {
        line(out, format_args!("{:<16} {}; {}", device.name, device.fits_sentence, device.verdict))?;
        for sentence in device.sentences() {
            line(out, format_args!("{:<16} {sentence}", ""))?;
        }
    }
    Ok(())
}
