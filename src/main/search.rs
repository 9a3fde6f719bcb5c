//! `milliwatt search`: a recipe under budgets, without a page.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use milliwatt::compress::recipe::SlimTarget;
use milliwatt::error::{Error, Result};
use milliwatt::lab::Bench;
use milliwatt::lab::inputs::Purpose;
use milliwatt::progress::Silent;
use milliwatt::report::search::{SearchRequest, Trial};
use serde::Serialize;

use super::data::Data;
use super::{file_name, line, print_json, read, write};

#[derive(Args)]
pub struct Search {
    /// TFLite file
    model: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Most bytes of the file
    #[arg(long, value_name = "BYTES")]
    flash: Option<f64>,
    /// Most bytes of RAM
    #[arg(long, value_name = "BYTES")]
    ram: Option<f64>,
    /// Most microjoules of one inference on the device
    #[arg(long, value_name = "MICROJOULES")]
    energy: Option<f64>,
    /// Device of the energy; `milliwatt devices` lists them
    #[arg(long, default_value = "nucleo-h7a3zi-q")]
    device: String,
    /// Keep to what every TFLite runtime runs, not only TFLM
    #[arg(long)]
    portable: bool,
    /// Percent of the original's answers that have to stay
    #[arg(long, default_value_t = 90.0)]
    keeps: f64,
    /// Candidates that are tried in full, at most
    #[arg(long, default_value_t = 60)]
    trials: usize,
    /// Names the choices that are left to chance
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// File that the search is saved to after each candidate, and gone on with where it is there
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    /// Write the file that was found
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Write JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Found {
    sentence: String,
    answer: Option<Trial>,
    trials: Vec<Trial>,
}

pub fn run(arguments: &Search, out: &mut dyn Write) -> Result<()> {
    let mut bench = Bench::new();
    bench.open(&read(&arguments.model)?, &file_name(&arguments.model))?;
    arguments.data.required("search")?;
    arguments.data.put(&mut bench, Purpose::Ranges)?;
    let request = SearchRequest {
        flash: arguments.flash,
        ram: arguments.ram,
        energy: arguments.energy.map(|microjoules| microjoules * 1e-6),
        device: arguments.device.clone(),
        target: if arguments.portable { SlimTarget::Portable } else { SlimTarget::Tflm },
        keeps: arguments.keeps,
        trials: arguments.trials,
        seed: arguments.seed,
    };
    let state = match &arguments.resume {
        Some(path) if path.exists() => {
            Some(String::from_utf8(read(path)?).map_err(|_| Error::format("the state is not UTF-8 text"))?)
        }
        _ => None,
    };
    let mut search = bench.search(&request, state.as_deref())?;
    while !search.is_over() {
        let news = search.step(&bench, &mut Silent)?;
        if let Some(path) = arguments.resume.as_ref().filter(|_| news.trial.is_some() || news.is_over) {
            write(path, search.state().as_bytes())?;
        }
        if let Some(trial) = news.trial.filter(|_| !arguments.json) {
            show(&trial, out)?;
        }
    }
    let answer = search.answer();
    if let (Some(path), Some(answer)) = (&arguments.output, &answer) {
        bench.apply(&answer.recipe, &mut Silent)?;
        write(path, bench.candidate_bytes()?)?;
    }
    let found = Found { sentence: search.sentence(), answer, trials: search.trials() };
    if arguments.json {
        return print_json(out, &found);
    }
    line(out, format_args!("{}", found.sentence))?;
    found.answer.iter().try_for_each(|answer| line(out, format_args!("{}", answer.recipe.to_json())))
}

fn show(trial: &Trial, out: &mut dyn Write) -> Result<()> {
    let score = trial.strip.score.as_ref().map(|score| format!("{:.2} {}", score.value, score.unit));
    line(
        out,
        format_args!(
            "{} {:>8.0} B flash {:>8.0} B RAM  {:<9} {} {:.5}  {}",
            if trial.fits { "*" } else { " " },
            trial.strip.flash.value,
            trial.strip.ram.value,
            trial.metric,
            score.unwrap_or_else(|| "-".into()),
            trial.distance.value,
            trial.recipe.to_json()
        ),
    )
}
