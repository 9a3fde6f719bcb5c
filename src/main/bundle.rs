//! `milliwatt bundle`: the model with all that a board needs.

use std::path::PathBuf;

use clap::Args;
use milliwatt::compress::recipe::Recipe;
use milliwatt::error::Result;
use milliwatt::lab::Bench;
use milliwatt::lab::inputs::Purpose;
use milliwatt::progress::Silent;

use super::data::Data;
use super::{file_name, read, recipe_of, write};

#[derive(Args)]
#[command(group = clap::ArgGroup::new("made").required(false))]
pub struct Bundle {
    /// TFLite file
    model: PathBuf,
    /// A named recipe; `milliwatt presets` lists them; without a recipe the model stays as it is
    #[arg(long, group = "made")]
    preset: Option<String>,
    /// A recipe as JSON
    #[arg(long, group = "made")]
    recipe: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
    /// A TFLite file to learn from, for recipes that name another teacher than the model
    #[arg(long)]
    teacher: Option<PathBuf>,
    /// Device of the latency and energy figures; `milliwatt devices` lists them
    #[arg(long, default_value = "nucleo-h7a3zi-q")]
    device: String,
    /// Inferences each second, for average power
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// ZIP file to write
    #[arg(short, long)]
    output: PathBuf,
}

pub fn run(arguments: Bundle) -> Result<()> {
    let Bundle { model, preset, recipe, data, teacher, device, rate, output } = arguments;
    let recipe = match (&preset, &recipe) {
        (None, None) => Recipe::original(),
        _ => recipe_of(preset.as_deref(), recipe.as_deref())?,
    };
    let mut bench = Bench::new();
    bench.open(&read(&model)?, &file_name(&model))?;
    data.put(&mut bench, Purpose::learning(recipe.trained().is_some()))?;
    if let Some(teacher) = teacher {
        bench.set_teacher(&read(&teacher)?, &file_name(&teacher))?;
    }
    bench.train(&recipe, &mut Silent)?;
    write(&output, &bench.bundle(&recipe, &device, rate, &mut Silent)?)?;
    if let Some(caution) = bench.caution()? {
        eprintln!("caution: {caution}");
    }
    Ok(())
}
