//! `milliwatt diagnose`: why a candidate lost, layer by layer.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use milliwatt::compress::recipe::Recipe;
use milliwatt::error::Result;
use milliwatt::lab::Bench;
use milliwatt::lab::inputs::Purpose;
use milliwatt::progress::Silent;
use milliwatt::report::Figure;
use milliwatt::report::search::{SearchRequest, Trial};

use super::data::Data;
use super::{file_name, line, print_json, read, recipe_of};

#[derive(Args)]
#[command(group = clap::ArgGroup::new("candidate").required(true))]
pub struct Diagnose {
    /// TFLite file
    model: PathBuf,
    /// A named recipe; `milliwatt presets` lists them
    #[arg(long, group = "candidate")]
    preset: Option<String>,
    /// A recipe as JSON
    #[arg(long, group = "candidate")]
    recipe: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
    /// Make and measure the remedies, too, and the recipe without each of its repairs; takes as long as a search for each
    #[arg(long, conflicts_with = "json")]
    measure: bool,
    /// Write JSON instead of text
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Diagnose, out: &mut dyn Write) -> Result<()> {
    let recipe = recipe_of(arguments.preset.as_deref(), arguments.recipe.as_deref())?;
    let mut bench = Bench::new();
    bench.open(&read(&arguments.model)?, &file_name(&arguments.model))?;
    arguments.data.required("diagnose")?;
    arguments.data.put(&mut bench, Purpose::learning(recipe.trained().is_some()))?;
    bench.train(&recipe, &mut Silent)?;
    let report = bench.diagnose(&recipe, &mut Silent)?;
    if arguments.json {
        return print_json(out, &report);
    }
    line(out, format_args!("{}\n{}", report.sentence, report.desktop))?;
    for row in &report.coverage {
        line(out, format_args!("{}: {:.3} {}", row.what, row.figure.value, row.figure.unit.replace('1', "times")))?;
    }
    let text = |figure: Option<&Figure>| figure.map_or("-".into(), |figure| format!("{:.2}", figure.value));
    for layer in &report.layers {
        line(
            out,
            format_args!(
                "{}{:>4} {:<20} alone {:>7} dB, in all {:>7} dB, cosine {}, shift {} %, cut off {} %, used {} %, spread {}, dead {}",
                if layer.is_worst { ">" } else { " " },
                layer.node,
                layer.op,
                text(layer.local.as_ref()),
                text(layer.accumulated.as_ref()),
                format_args!("{:.5}", layer.cosine.value),
                text(Some(&layer.shift)),
                text(Some(&layer.saturated)),
                text(layer.used.as_ref()),
                text(layer.spread.as_ref()),
                layer.dead.value
            ),
        )?;
    }
    let mut search = arguments.measure.then(|| bench.search(&SearchRequest::default(), None)).transpose()?;
    let mut measured = |recipe: &Recipe| {
        let trial = search.as_mut().map(|search| search.attempt(&bench, recipe, &mut Silent)).transpose()?;
        let score = |trial: &Trial| trial.strip.score.as_ref().map_or_else(String::new, scored);
        Ok(trial.map_or_else(String::new, |trial| format!("{}, {} B", score(&trial), trial.strip.flash.value)))
    };
    if arguments.measure {
        line(out, format_args!("This recipe: {}", measured(&recipe)?))?;
    }
    for row in &report.repairs {
        line(out, format_args!("Without \"{}\": {} {}", row.sentence, measured(&row.recipe)?, row.recipe.to_json()))?;
    }
    for row in &report.remedies {
        line(out, format_args!("{}: {} {}", row.sentence, measured(&row.recipe)?, row.recipe.to_json()))?;
    }
    Ok(())
}

fn scored(score: &Figure) -> String {
    format!("{:.2} {}", score.value, score.unit)
}
