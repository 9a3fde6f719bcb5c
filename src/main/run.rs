//! `milliwatt run`: a model on every row of its inputs.

use std::path::PathBuf;

use clap::Args;
use milliwatt::error::{Error, Result};
use milliwatt::exec::{Executor, Kernels, Options};
use milliwatt::format::{Kind, kind_of, npy, tflite, zip};
use milliwatt::lab::batch;
use milliwatt::quant::Arithmetic;

use super::{read, write};

#[derive(Args)]
pub struct Run {
    /// TFLite file
    model: PathBuf,
    /// NPY array [n, input shape without its batch], or an NPZ with an array for each input, by name or in order; in the
    /// model's input type, or float32, which is quantized with the input's scale
    #[arg(long)]
    input: PathBuf,
    /// NPY array to write: [n, output shape without its batch]; an NPZ with an array for each output where the model has
    /// several or the name ends in .npz
    #[arg(long)]
    output: PathBuf,
    /// Integer arithmetic: tflm, single or xnnpack
    #[arg(long, default_value = "tflm")]
    arithmetic: String,
    /// Kernels: fast, or reference for the obvious loops
    #[arg(long, default_value = "fast")]
    kernels: String,
}

pub fn run(arguments: &Run) -> Result<()> {
    let Run { model, input, output, arithmetic, kernels } = arguments;
    let options = Options { arithmetic: Arithmetic::from_name(arithmetic)?, kernels: kernels_of(kernels)? };
    let model = tflite::read(&read(model)?)?.model;
    let mut executor = Executor::new(&model, options)?;
    let bytes = read(input)?;
    let arrays = match kind_of(&bytes) {
        Some(Kind::Npz | Kind::Zip) => npy::read_npz(&bytes).map_err(|error| error.at(input.display()))?,
        _ => vec![(String::new(), npy::read(&bytes).map_err(|error| error.at(input.display()))?)],
    };
    let inputs = batch::inputs_in_order(&model, arrays)?;
    let outputs = batch::run(&model, &mut executor, &inputs)?;
    let one_array = output.extension().is_none_or(|extension| extension != "npz");
    let file = match &outputs[..] {
        [(_, only)] if one_array => npy::write(only)?,
        several => {
            let named = several.iter().map(|(name, array)| Ok((format!("{name}.npy"), npy::write(array)?)));
            zip::write(&named.collect::<Result<Vec<_>>>()?)?
        }
    };
    write(output, &file)
}

fn kernels_of(name: &str) -> Result<Kernels> {
    match name {
        "fast" => Ok(Kernels::Fast),
        "reference" => Ok(Kernels::Reference),
        _ => Err(Error::parameter(format!("no kernels are called {name:?}; there are fast and reference"))),
    }
}
