//! `milliwatt imc`: in-memory compute, without a page.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use milliwatt::error::{Error, Result};
use milliwatt::format::npy;
use milliwatt::imc::analog::Circuit;
use milliwatt::imc::array::{GENERIC, Knobs};
use milliwatt::lab::Bench;
use milliwatt::lab::imc::{self, matmul, matrices, validation};
use milliwatt::lab::inputs::Purpose;
use milliwatt::report::Figure;
use milliwatt::report::imc::{EnergyPart, ImcReport, MatmulReport};
use milliwatt::tensor::Tensor;

use super::data::Data;
use super::{file_name, line, print_json, read, write};

/// One variant for each thing to do; each has a function below, and its row in [`run`].
#[derive(Subcommand)]
pub enum Imc {
    /// List the macros
    Macros {
        /// Write JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Multiply two matrices in the array, and say what that takes there and elsewhere
    Matmul(Matmul),
    /// Put a model into the array, layer by layer beside the processor
    Report(Report),
    /// Hold the cost model against published silicon
    Validate {
        /// Write JSON instead of Markdown
        #[arg(long)]
        json: bool,
    },
}

/// The array.
#[derive(Args)]
struct Array {
    /// The macro; `milliwatt imc macros` lists them
    #[arg(long = "macro", default_value = GENERIC)]
    name: String,
    /// What is turned on it, as JSON, such as '{"rows":512,"supply":0.7}'; "model_bit" is what a bit of flash or DRAM takes, in pJ
    #[arg(long, default_value = "{}")]
    knobs: String,
    /// One layer for each tile and one tile for each array, as the reference vectors have it
    #[arg(long)]
    no_packing: bool,
}

impl Array {
    fn knobs(&self) -> Result<Knobs> {
        serde_json::from_str(&self.knobs).map_err(|error| Error::parameter(format!("--knobs: {error}")))
    }
}

#[derive(Args)]
pub struct Matmul {
    /// Matrix [rows, depth]: NPY, NPZ (its first), or text with numbers in lines
    a: PathBuf,
    /// Matrix [depth, columns]
    b: PathBuf,
    #[command(flatten)]
    array: Array,
    /// Bits of A, 1 to 16
    #[arg(long, default_value_t = 8)]
    a_bits: usize,
    /// Bits of B, 1 to 16
    #[arg(long, default_value_t = 8)]
    b_bits: usize,
    /// Compute on charge, with the default circuit and this seed of the chip
    #[arg(long, value_name = "SEED")]
    analog: Option<u64>,
    /// Let converters cover whole columns instead of what the data needs
    #[arg(long)]
    whole_range: bool,
    /// NPY array to write the result to
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Write JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Report {
    /// TFLite file
    model: PathBuf,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    array: Array,
    /// Device whose processor is beside the array; `milliwatt devices` lists them
    #[arg(long, default_value = "nucleo-u575zi-q")]
    device: String,
    /// Items that run in the array, at most; 0 prices random data without running
    #[arg(long, default_value_t = 20)]
    items: usize,
    /// Run this many analog chips as well, with the default circuit
    #[arg(long, value_name = "CHIPS")]
    analog: Option<usize>,
    /// Bits of the converters of analog chips
    #[arg(long, default_value_t = 8)]
    adc_bits: u32,
    /// The rest of their circuit, as JSON, such as '{"unit_ff":5,"dac_bits":1}'
    #[arg(long, default_value = "{}")]
    circuit: String,
    /// Let converters cover whole columns instead of what the data needs
    #[arg(long)]
    whole_range: bool,
    /// Write JSON instead of text
    #[arg(long)]
    json: bool,
}

pub fn run(command: Imc, out: &mut dyn Write) -> Result<()> {
    match command {
        Imc::Macros { json } => macros(json, out),
        Imc::Matmul(arguments) => product(&arguments, out),
        Imc::Report(arguments) => network(&arguments, out),
        Imc::Validate { json } => {
            let report = validation::report()?;
            if json { print_json(out, &report) } else { line(out, format_args!("{}", validation::markdown(&report))) }
        }
    }
}

fn macros(json: bool, out: &mut dyn Write) -> Result<()> {
    let cards = imc::cards()?;
    if json {
        return print_json(out, &cards);
    }
    for card in cards {
        let size = format!("{}x{}", card.rows, card.columns);
        line(out, format_args!("{:<14} {:<11} {size:<10} {}", card.id, card.label, card.name))?;
    }
    Ok(())
}

fn product(arguments: &Matmul, out: &mut dyn Write) -> Result<()> {
    let (a, b) = (matrix(&arguments.a)?, matrix(&arguments.b)?);
    let request = matmul::MatmulRequest {
        array: arguments.array.name.clone(),
        knobs: arguments.array.knobs()?,
        a_bits: arguments.a_bits,
        b_bits: arguments.b_bits,
        packing: !arguments.array.no_packing,
        chip: arguments.analog.map(|seed| (Circuit::default(), seed)),
        choose: !arguments.whole_range,
    };
    let (report, product) = matmul::matmul(&a, &b, &request)?;
    if let Some(path) = &arguments.output {
        let [rows, _, columns] = product.size;
        let values = product.values.iter().map(|&value| value as f32).collect();
        write(path, &npy::write(&Tensor::from_f32(&[rows, columns], values)?)?)?;
    }
    if arguments.json { print_json(out, &report) } else { show_product(&report, out) }
}

/// The first matrix of a file: NPY, NPZ, or text.
fn matrix(path: &Path) -> Result<Tensor> {
    let name = file_name(path);
    let found = matrices::file(&name, &read(path)?).map_err(|error| error.at(&name))?;
    found.into_iter().next().map(|(_, matrix)| matrix).ok_or_else(|| Error::format("no matrix"))
}

fn show_product(report: &MatmulReport, out: &mut dyn Write) -> Result<()> {
    let [rows, depth, columns] = report.size;
    line(out, format_args!("{rows}x{depth} by {depth}x{columns} on {} ({})", report.array.name, report.array.label))?;
    line(out, format_args!("{}", report.array.sentence))?;
    for (name, figure) in [
        ("largest error", &report.largest_error),
        ("relative error", &report.relative_error),
        ("cycles", &report.cycles),
        ("utilisation", &report.utilisation),
        ("time", &report.latency),
        ("macro", &report.macro_energy),
        ("system", &report.system_energy),
    ] {
        show(name, figure, out)?;
    }
    show_parts(&report.parts, out)?;
    for row in &report.processors {
        for (what, figure) in [("time", &row.latency), ("energy", &row.energy)] {
            if let Some(figure) = figure {
                show(&format!("{} {what}", row.id), figure, out)?;
            }
        }
    }
    report.break_even.iter().try_for_each(|row| line(out, format_args!("{}", row.sentence)))
}

fn network(arguments: &Report, out: &mut dyn Write) -> Result<()> {
    let mut bench = Bench::new();
    bench.open(&read(&arguments.model)?, &file_name(&arguments.model))?;
    arguments.data.put(&mut bench, Purpose::Ranges)?;
    let circuit: Circuit =
        serde_json::from_str(&arguments.circuit).map_err(|error| Error::parameter(format!("--circuit: {error}")))?;
    let request = imc::ImcRequest {
        array: arguments.array.name.clone(),
        knobs: arguments.array.knobs()?,
        packing: !arguments.array.no_packing,
        device: arguments.device.clone(),
        items: arguments.items,
        analog: arguments.analog.map(|chips| imc::AnalogRequest {
            circuit: Circuit { adc_bits: arguments.adc_bits, ..circuit.clone() },
            chips,
            optimise: !arguments.whole_range,
        }),
    };
    let report = bench.imc(&request)?;
    if arguments.json { print_json(out, &report) } else { show_report(&report, out) }
}

fn show_report(report: &ImcReport, out: &mut dyn Write) -> Result<()> {
    line(out, format_args!("{} ({}): {}", report.array.name, report.array.label, report.array.sentence))?;
    line(
        out,
        format_args!(
            "{:>4}  {:<18} {:>10} {:>6} {:>9} {:>8} {:>11} {:>11}  better",
            "node", "layer", "MACs", "tiles", "cycles", "loading", "macro nJ", "system nJ"
        ),
    )?;
    for layer in &report.layers {
        line(
            out,
            format_args!(
                "{:>4}  {:<18} {:>10} {:>6} {:>9} {:>8} {:>11.2} {:>11.2}  {}",
                layer.node,
                layer.name,
                layer.macs,
                layer.tiles,
                layer.compute_cycles.value,
                layer.load_cycles.value,
                layer.macro_energy.value * 1e9,
                layer.system_energy.value * 1e9,
                layer.better
            ),
        )?;
    }
    show_parts(&report.parts, out)?;
    for row in &report.choices {
        line(out, format_args!("{}", row.name))?;
        for (what, figure) in [("time", &row.latency), ("energy", &row.energy)] {
            if let Some(figure) = figure {
                show(&format!("  {what}"), figure, out)?;
            }
        }
    }
    for row in &report.joules {
        line(out, format_args!("Where a joule goes: {}", row.name))?;
        show_parts(&row.parts, out)?;
        row.remark.iter().try_for_each(|remark| line(out, format_args!("  {remark}")))?;
    }
    if let Some([runs, same]) = report.same_bytes {
        line(out, format_args!("{same} of {runs} inferences gave the bytes of the executor"))?;
    }
    if let Some(score) = &report.score {
        show("score", score, out)?;
    }
    if let Some(chips) = &report.chips {
        show(&format!("{} of {} chips", chips.metric, chips.chips.len()), &chips.mean, out)?;
        show("clipped", &chips.clipped, out)?;
    }
    report.findings.iter().try_for_each(|finding| line(out, format_args!("{finding}")))
}

fn show_parts(parts: &[EnergyPart], out: &mut dyn Write) -> Result<()> {
    parts.iter().try_for_each(|part| show(&format!("  {}", part.part), &part.energy, out))
}

fn show(name: &str, figure: &Figure, out: &mut dyn Write) -> Result<()> {
    let kind = format!("{:?}", figure.kind).to_lowercase();
    let band = match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!(" ({low:.3e} to {high:.3e})"),
        _ => String::new(),
    };
    line(out, format_args!("{name:<24} {:.4e} {}{band}  [{kind}]", figure.value, figure.unit))
}
