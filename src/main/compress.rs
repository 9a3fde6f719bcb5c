//! `milliwatt compress`: a smaller model by a recipe.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use milliwatt::compress;
use milliwatt::error::Result;
use milliwatt::lab::Bench;
use milliwatt::lab::inputs::Purpose;
use milliwatt::progress::Silent;

use super::data::Data;
use super::{file_name, line, read, recipe_of, write};

#[derive(Args)]
#[command(group = clap::ArgGroup::new("how").required(true))]
pub struct Compress {
    /// TFLite file
    model: PathBuf,
    /// A named recipe; `milliwatt presets` lists them
    #[arg(long, group = "how")]
    preset: Option<String>,
    /// A recipe as JSON
    #[arg(long, group = "how")]
    recipe: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
    /// A TFLite file to learn from, for recipes that name another teacher than the model
    #[arg(long)]
    teacher: Option<PathBuf>,
    /// TFLite file to write
    #[arg(short, long)]
    output: PathBuf,
}

pub fn run(arguments: Compress, out: &mut dyn Write) -> Result<()> {
    let Compress { model, preset, recipe, data, teacher, output } = arguments;
    let recipe = recipe_of(preset.as_deref(), recipe.as_deref())?;
    let mut bench = Bench::new();
    bench.open(&read(&model)?, &file_name(&model))?;
    data.put(&mut bench, Purpose::learning(recipe.trained().is_some()))?;
    if !data.is_given() && recipe.needs_calibration() {
        line(out, format_args!("{}", compress::drawn::REMARK))?;
    }
    if let Some(teacher) = teacher {
        bench.set_teacher(&read(&teacher)?, &file_name(&teacher))?;
    }
    bench.train(&recipe, &mut Silent)?;
    bench.apply(&recipe, &mut Silent)?;
    write(&output, bench.candidate_bytes()?)
}
