//! `milliwatt`: the page's pipeline as a command, with the same bits.

#[path = "main/audio.rs"]
mod audio;
#[path = "main/diagnose.rs"]
mod diagnose;
#[path = "main/imc.rs"]
mod imc;
#[path = "main/search.rs"]
mod search;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use milliwatt::compress::{self, lint, recipe::Recipe};
use milliwatt::error::{Error, Result};
use milliwatt::exec::{Executor, Kernels, Options};
use milliwatt::format::{self, npy, tflite};
use milliwatt::lab::inputs::Split;
use milliwatt::lab::{Bench, batch, card, files};
use milliwatt::progress::Silent;
use milliwatt::quant::Arithmetic;
use milliwatt::tensor::Tensor;
use milliwatt::{cost, report};

/// Shows what a tiny neural network costs on a microcontroller, and makes it cost less.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say what is in a model file
    Info {
        /// TFLite file
        model: PathBuf,
        /// Write JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Run a model on every row of an array
    Run {
        /// TFLite file
        model: PathBuf,
        /// NPY array [n, input shape without its batch] in the model's input type
        #[arg(long)]
        input: PathBuf,
        /// NPY array to write: [n, output shape without its batch]
        #[arg(long)]
        output: PathBuf,
        /// Integer arithmetic: tflm, single or xnnpack
        #[arg(long, default_value = "tflm")]
        arithmetic: String,
        /// Kernels: fast, or reference for the obvious loops
        #[arg(long, default_value = "fast")]
        kernels: String,
    },
    /// Make a smaller model
    #[command(group = clap::ArgGroup::new("how").required(true))]
    Compress {
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
    },
    /// Say what keeps a model from its target, what to do about it, and which operators TFLM needs
    Lint {
        /// TFLite file
        model: PathBuf,
        /// tflm, cmsis-nn, esp-nn or ethos-u
        #[arg(long, default_value = "tflm")]
        target: String,
        /// Write JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// List the named recipes
    Presets,
    /// List the devices of the cost model
    Devices,
    /// Say what a model costs, and how good it is where data is given
    Report {
        /// TFLite file
        model: PathBuf,
        /// Inputs to test on: an NPY array, or a ZIP of clips in a folder for each class
        #[arg(long)]
        data: Option<PathBuf>,
        /// NPY array of one class for each input
        #[arg(long, requires = "data")]
        labels: Option<PathBuf>,
        /// Device of the latency and energy figures; `milliwatt devices` lists them
        #[arg(long)]
        device: Option<String>,
        /// Inferences each second, for average power
        #[arg(long, default_value_t = 1.0)]
        rate: f64,
        /// Write JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Pack a model for the board: with C++ that runs it, test vectors, its recipe and a report
    #[command(group = clap::ArgGroup::new("made").required(false))]
    Bundle {
        /// TFLite file
        model: PathBuf,
        /// A named recipe; `milliwatt presets` lists them; without a recipe the model stays as it is
        #[arg(long, group = "made")]
        preset: Option<String>,
        /// A recipe as JSON
        #[arg(long, group = "made")]
        recipe: Option<PathBuf>,
        /// Inputs to measure with: an NPY array, an NPZ of arrays and labels, or a ZIP of clips
        #[arg(long)]
        data: Option<PathBuf>,
        /// NPY array of one class for each input
        #[arg(long, requires = "data")]
        labels: Option<PathBuf>,
        /// Device of the latency and energy figures; `milliwatt devices` lists them
        #[arg(long, default_value = "nucleo-h7a3zi-q")]
        device: String,
        /// Inferences each second, for average power
        #[arg(long, default_value_t = 1.0)]
        rate: f64,
        /// ZIP file to write
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Say why a recipe's candidate lost, layer by layer, and what may help
    Diagnose(diagnose::Diagnose),
    /// Find a recipe under budgets
    Search(Box<search::Search>),
    /// Work on sound
    Audio {
        #[command(subcommand)]
        command: audio::Audio,
    },
    /// Compute in memory
    Imc {
        #[command(subcommand)]
        command: imc::Imc,
    },
}

fn main() -> ExitCode {
    let result = run(Arguments::parse().command, &mut std::io::stdout().lock());
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed pipe (`| head`) leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "milliwatt: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, out: &mut dyn Write) -> Result<()> {
    match command {
        Command::Info { model, json } => info(&model, json, out),
        Command::Run { model, input, output, arithmetic, kernels } => {
            let options = Options { arithmetic: Arithmetic::from_name(&arithmetic)?, kernels: kernels_of(&kernels)? };
            let model = tflite::read(&read(&model)?)?.model;
            let mut executor = Executor::new(&model, options)?;
            let rows = npy::read(&read(&input)?).map_err(|error| error.at(input.display()))?;
            write(&output, &npy::write(&batch::run(&model, &mut executor, &rows)?)?)
        }
        Command::Compress { model, preset, recipe, data, teacher, output } => {
            let recipe = recipe_of(preset.as_deref(), recipe.as_deref())?;
            let bytes = read(&model)?;
            let opened = tflite::read(&bytes)?;
            let data = data.map(|path| Ok((file_name(&path), read(&path)?))).transpose()?;
            let written = match data {
                Some((name, data)) if !is_array(&data) => {
                    let mut bench = Bench::new();
                    bench.open(&bytes, &file_name(&model))?;
                    bench.set_files(
                        vec![(name, data)],
                        Split { seed: files::SEED, learns: recipe.trained().is_some() },
                    )?;
                    if let Some(teacher) = teacher {
                        bench.set_teacher(&read(&teacher)?, &file_name(&teacher))?;
                    }
                    bench.train(&recipe, &mut Silent)?;
                    bench.apply(&recipe, &mut Silent)?;
                    bench.candidate_bytes()?.to_vec()
                }
                data => {
                    let array =
                        data.map(|(name, data)| npy::read(&data).map_err(|error| error.at(name))).transpose()?;
                    let rows = array.map(|array| batch::rows(&opened.model, &array)).transpose()?.unwrap_or_default();
                    let windows: Vec<_> = rows.into_iter().map(|row| vec![row]).collect();
                    let candidate = compress::apply(&opened.model, &recipe, &windows, &mut Silent)?;
                    if recipe.steps.is_empty() { bytes } else { compress::deliver(&candidate, &recipe, &windows)? }
                }
            };
            write(&output, &written)
        }
        Command::Lint { model, target, json } => {
            let model = tflite::read(&read(&model)?)?.model;
            let problems = lint::lint(&model, lint::Target::from_name(&target)?);
            if json {
                return print_json(out, &problems);
            }
            for problem in &problems {
                let preset = problem.mend.map(|mend| format!(" (preset {})", mend.preset())).unwrap_or_default();
                let severity = format!("{:?}", problem.severity).to_lowercase();
                line(
                    out,
                    format_args!("{severity}: {}: {}; {}{preset}", problem.place, problem.sentence, problem.fix),
                )?;
            }
            lint::resolver(&model)?.iter().try_for_each(|text| line(out, format_args!("{text}")))
        }
        Command::Presets => {
            for preset in compress::presets() {
                line(out, format_args!("{:<18} {}", preset.name, preset.sentence))?;
            }
            Ok(())
        }
        Command::Devices => {
            for device in cost::devices() {
                line(out, format_args!("{:<18} {}", device.id, device.name))?;
            }
            Ok(())
        }
        Command::Report { model, data, labels, device, rate, json } => {
            let mut bench = Bench::new();
            bench.open(&read(&model)?, &file_name(&model))?;
            if let Some(path) = data {
                self::data(&mut bench, &path, labels.as_deref(), false)?;
            }
            bench.apply(&Recipe::original(), &mut Silent)?;
            if bench.test_items() > 0 {
                let part = bench.evaluate(0, bench.test_items())?;
                bench.add_evaluation(part);
            }
            let device = device.unwrap_or_else(|| cost::devices()[0].id.to_string());
            let report = bench.report(&device, rate)?;
            if json { print_json(out, &report) } else { print_report(out, &report) }
        }
        Command::Bundle { model, preset, recipe, data, labels, device, rate, output } => {
            let recipe = match (&preset, &recipe) {
                (None, None) => Recipe::original(),
                _ => recipe_of(preset.as_deref(), recipe.as_deref())?,
            };
            let mut bench = Bench::new();
            bench.open(&read(&model)?, &file_name(&model))?;
            if let Some(path) = data {
                self::data(&mut bench, &path, labels.as_deref(), recipe.trained().is_some())?;
            }
            bench.train(&recipe, &mut Silent)?;
            write(&output, &bench.bundle(&recipe, &device, rate, &mut Silent)?)
        }
        Command::Diagnose(arguments) => diagnose::run(&arguments, out),
        Command::Search(arguments) => search::run(&arguments, out),
        Command::Audio { command } => audio::run(command, out),
        Command::Imc { command } => imc::run(command, out),
    }
}

fn info(path: &Path, json: bool, out: &mut dyn Write) -> Result<()> {
    let bytes = read(path)?;
    let opened = tflite::read(&bytes)?;
    let card = card::card(&opened, &bytes, &file_name(path));
    if json {
        return print_json(out, &card);
    }
    line(out, format_args!("{}  {} bytes", card.name, bytes.len()))?;
    line(out, format_args!("sha256      {}", card.sha256))?;
    for (what, ports) in [("input", &card.inputs), ("output", &card.outputs)] {
        for port in ports {
            let scale = port.scale.map(|scale| format!("  scale {scale}, zero point {}", port.zero_point.unwrap_or(0)));
            line(out, format_args!("{what:<11} {} {:?}{}", port.dtype, port.shape, scale.unwrap_or_default()))?;
        }
    }
    line(out, format_args!("MACs        {}", card.macs.value))?;
    line(out, format_args!("parameters  {}", card.parameters.value))?;
    for (id, node) in opened.model.nodes.iter().enumerate() {
        let shape = node.outputs.first().map(|&output| opened.model.values[output].shape.clone()).unwrap_or_default();
        line(out, format_args!("{id:>4}  {:<24} {shape:?}", node.op.name()))?;
    }
    for remark in &card.remarks {
        line(out, format_args!("{}: {}", remark.severity, remark.sentence))?;
    }
    for dropped in &card.dropped {
        line(out, format_args!("not carried along: {dropped}"))?;
    }
    if let Some(blocked) = &card.blocked {
        line(out, format_args!("cannot run: {blocked}"))?;
    }
    Ok(())
}

fn print_report(out: &mut dyn Write, report: &report::Report) -> Result<()> {
    let strip = &report.strip;
    let rows = [
        ("flash", Some(&strip.flash)),
        ("RAM", Some(&strip.ram)),
        ("score", strip.score.as_ref()),
        ("time", strip.latency.as_ref()),
        ("energy", strip.energy.as_ref()),
    ];
    for (name, figure) in rows {
        let Some(figure) = figure else { continue };
        let kind = format!("{:?}", figure.kind).to_lowercase();
        let band = match (figure.low, figure.high) {
            (Some(low), Some(high)) => format!(" ({low:.4} to {high:.4})"),
            _ => String::new(),
        };
        line(out, format_args!("{name:<8} {} {}{band}  [{kind}] {}", figure.value, figure.unit, figure.note))?;
    }
    for device in &report.devices {
        line(out, format_args!("{:<24} {}; {}", device.name, device.fits_sentence, device.power_sentence))?;
    }
    Ok(())
}

fn print_json(out: &mut dyn Write, value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Error::numeric(error.to_string()))?;
    line(out, format_args!("{text}"))
}

fn line(out: &mut dyn Write, text: std::fmt::Arguments<'_>) -> Result<()> {
    writeln!(out, "{text}").map_err(|error| Error::parameter(format!("the output cannot be written: {error}")))
}

fn recipe_of(preset: Option<&str>, recipe: Option<&Path>) -> Result<Recipe> {
    if let Some(path) = recipe {
        let text = String::from_utf8(read(path)?).map_err(|_| Error::format("the recipe is not UTF-8 text"))?;
        return Recipe::from_json(&text).map_err(|error| error.at(path.display()));
    }
    let presets = compress::presets();
    let found = presets.iter().find(|known| Some(known.name.as_str()) == preset);
    found.map(|preset| preset.recipe.clone()).ok_or_else(|| {
        let names: Vec<&str> = presets.iter().map(|preset| preset.name.as_str()).collect();
        Error::parameter(format!(
            "no preset is called {:?}; there are {}",
            preset.unwrap_or_default(),
            names.join(", ")
        ))
    })
}

fn kernels_of(name: &str) -> Result<Kernels> {
    match name {
        "fast" => Ok(Kernels::Fast),
        "reference" => Ok(Kernels::Reference),
        _ => Err(Error::parameter(format!("no kernels are called {name:?}; there are fast and reference"))),
    }
}

/// Puts inputs on the bench: every row of an array, anything else split as on the page.
///
/// Where a network `learns`, it is tested on other items.
fn data(bench: &mut Bench, path: &Path, labels: Option<&Path>, learns: bool) -> Result<()> {
    let (name, bytes) = (file_name(path), read(path)?);
    if is_array(&bytes) {
        let labels = labels.map(array).transpose()?;
        let array = npy::read(&bytes).map_err(|error| error.at(&name))?;
        bench.set_inputs(batch::inputs(&name, &array, labels.as_ref())?);
        return Ok(());
    }
    if labels.is_some() {
        return Err(Error::parameter("--labels goes with an array; clips have the labels of their folders"));
    }
    bench.set_files(vec![(name, bytes)], Split { seed: files::SEED, learns }).map(|_| ())
}

/// Whether these bytes are one array, whose rows are all used; anything else is split as on the page.
fn is_array(bytes: &[u8]) -> bool {
    format::kind_of(bytes) == Some(format::Kind::Npy)
}

fn array(path: &Path) -> Result<Tensor> {
    npy::read(&read(path)?).map_err(|error| error.at(path.display()))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Error::parameter(format!("cannot read: {error}: {}", path.display())))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| Error::parameter(format!("cannot write: {error}: {}", path.display())))
}
