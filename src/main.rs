//! `milliwatt`: the page's pipeline as a command, with the same bits.

#[path = "main/audio.rs"]
mod audio;
#[path = "main/bundle.rs"]
mod bundle;
#[path = "main/compress.rs"]
mod compress;
#[path = "main/data.rs"]
mod data;
#[path = "main/diagnose.rs"]
mod diagnose;
#[path = "main/imc.rs"]
mod imc;
#[path = "main/report.rs"]
mod report;
#[path = "main/run.rs"]
mod run;
#[path = "main/search.rs"]
mod search;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use milliwatt::compress::{lint, presets, recipe::Recipe};
use milliwatt::cost::{self, Runtime};
use milliwatt::error::{Error, Result};
use milliwatt::format::tflite;
use milliwatt::lab::arena::Arenas;
use milliwatt::lab::card;

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
    Run(run::Run),
    /// Make a smaller model
    Compress(compress::Compress),
    /// Say what keeps a model from its target, what to do about it, and which operators TFLM needs
    Lint {
        /// TFLite file
        model: PathBuf,
        /// tflm, cmsis-nn, esp-nn, ethos-u or litert
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
    Report(report::Report),
    /// Pack a model for the board: with C++ that runs it, test vectors, its recipe and a report
    Bundle(bundle::Bundle),
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
    let result = execute(Arguments::parse().command, &mut std::io::stdout().lock());
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed pipe (`| head`) leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "milliwatt: {error}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command, out: &mut dyn Write) -> Result<()> {
    match command {
        Command::Info { model, json } => info(&model, json, out),
        Command::Run(arguments) => run::run(&arguments),
        Command::Compress(arguments) => compress::run(arguments, out),
        Command::Lint { model, target, json } => {
            let model = tflite::read(&read(&model)?)?.model;
            let mut problems = lint::lint(&model, lint::Target::from_name(&target)?);
            // Advice that cannot be followed on this very file is worse than none.
            for problem in &mut problems {
                if let Some(mend) = problem.mend.filter(|mend| mend.mended(&Recipe::original(), &model).is_none()) {
                    (problem.fix, problem.mend) = (mend.elsewhere().into(), None);
                }
            }
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
            for preset in presets() {
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
        Command::Report(arguments) => report::run(arguments, out),
        Command::Bundle(arguments) => bundle::run(arguments),
        Command::Diagnose(arguments) => diagnose::run(&arguments, out),
        Command::Search(arguments) => search::run(&arguments, out),
        Command::Audio { command } => audio::run(command, out),
        Command::Imc { command } => imc::run(command, out),
    }
}

/// What `milliwatt info --json` writes.
#[derive(serde::Serialize)]
struct Info {
    #[serde(flatten)]
    card: milliwatt::report::ModelCard,
    /// The smallest arena that loads, by build of TFLM.
    arena: Vec<milliwatt::report::ArenaRow>,
}

fn info(path: &Path, json: bool, out: &mut dyn Write) -> Result<()> {
    let bytes = read(path)?;
    let opened = tflite::read(&bytes)?;
    let card = card::card(&opened, &bytes, &file_name(path));
    let arenas = Arenas::of(&opened.model);
    if json {
        return print_json(out, &Info { card, arena: arenas.rows() });
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
    for runtime in [Runtime::Reference, Runtime::CmsisNn] {
        let arena = arenas.figure(runtime);
        let least = if arena.at_least { "at least " } else { "" };
        line(out, format_args!("arena       {least}{} bytes ({})", arena.value, runtime.label()))?;
    }
    if let Some(caution) = arenas.caution() {
        line(out, format_args!("caution: {caution}"))?;
    }
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
    let presets = presets();
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

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Error::parameter(format!("cannot read: {error}: {}", path.display())))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| Error::parameter(format!("cannot write: {error}: {}", path.display())))
}
