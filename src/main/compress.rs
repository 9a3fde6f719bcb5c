//! `milliwatt compress`: a smaller model by a recipe.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use milliwatt::compress;
use milliwatt::error::Result;
use milliwatt::format::{npy, tflite};
use milliwatt::lab::inputs::Split;
use milliwatt::lab::{Bench, batch, files};
use milliwatt::progress::Silent;

use super::{file_name, is_array, line, read, recipe_of, write};

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
    /// Example inputs, for recipes that measure activation ranges or learn: an NPY array, or a ZIP of clips, of which the
    /// page's share is taken
    #[arg(long)]
    data: Option<PathBuf>,
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
    let bytes = read(&model)?;
    let opened = tflite::read(&bytes)?;
    let data = data.map(|path| Ok((file_name(&path), read(&path)?))).transpose()?;
    let written = match data {
        Some((name, data)) if !is_array(&data) => {
            let mut bench = Bench::new();
            bench.open(&bytes, &file_name(&model))?;
            bench.set_files(vec![(name, data)], Split { seed: files::SEED, learns: recipe.trained().is_some() })?;
            if let Some(teacher) = teacher {
                bench.set_teacher(&read(&teacher)?, &file_name(&teacher))?;
            }
            bench.train(&recipe, &mut Silent)?;
            bench.apply(&recipe, &mut Silent)?;
            bench.candidate_bytes()?.to_vec()
        }
        data => {
            let array = data.map(|(name, data)| npy::read(&data).map_err(|error| error.at(name))).transpose()?;
            let rows = array.map(|array| batch::rows(&opened.model, &array)).transpose()?.unwrap_or_default();
            let windows: Vec<_> = rows.into_iter().map(|row| vec![row]).collect();
            if windows.is_empty() && recipe.needs_calibration() {
                line(out, format_args!("{}", compress::drawn::REMARK))?;
            }
            let candidate = compress::apply(&opened.model, &recipe, &windows, &mut Silent)?;
            if recipe.steps.is_empty() { bytes } else { compress::deliver(&candidate, &recipe, &windows)? }
        }
    };
    write(&output, &written)
}
