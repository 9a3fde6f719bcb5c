//! What training wins back that pruning and low bits cost: a published keyword spotter, adapted to a few hundred clips.
//!
//! MLPerf Tiny's float DS-CNN learns on 350 of 500 real clips and is tested on the other 150, in five folds; without
//! training, the same is done to it at once. The files are looked for in `../shared` and not shipped. Prints the table of
//! `docs/training.md`; `ten` does so in ten folds of 50 clips, `at-once` prints what fewer channels cost where nothing is
//! learned, and `inner [part of a name] [plan]` how a plan does inside the clips that the first fold learns from, which is
//! how the plans were chosen.
#![allow(clippy::print_stdout, reason = "a command that says what it measured")]

mod balance;
mod cases;
mod clips;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use balance::balanced;
use cases::{Case, at_once, still};
use clips::{CLASSES, Clips, FIVE, Folds, NUMBERS, Recordings, SMALLER, TEN, TEST};
use milliwatt::compress::channels;
use milliwatt::compress::recipe::{ChannelsOptions, PruneScope};
use milliwatt::exec::{Executor, Options};
use milliwatt::format::tflite;
use milliwatt::model::Model;
use milliwatt::progress::Silent;
use milliwatt::quant::Quantization;
use milliwatt::tensor::Tensor;
use milliwatt::train::{Data, Examples, Plan, Trainer, one_hot};

/// Inputs that the network is balanced on.
const LOOKED_AT: usize = 200;
/// Synthetic words on which a pupil is compared with its teacher.
const COMPARED: usize = 2000;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let root = std::env::var_os("MILLIWATT_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let (file, data) = (root.join("mlperf/models/kws01_fp32_qualcomm.tflite"), root.join("mlperf/data/kws_dev.npz"));
    if !file.exists() || !data.exists() {
        println!("skipped: the keyword spotter or its clips are not in {}", root.display());
        return Ok(());
    }
    let model = tflite::read(&fs::read(file)?)?.model;
    let recordings = Recordings::read(&data)?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == "inner") {
        return inner(&model, &recordings, &arguments[1..]);
    }
    if arguments.first().is_some_and(|word| word == "at-once") {
        return at_once_table(&model, &recordings);
    }
    let (folds, named) = match arguments.first() {
        Some(word) if word == "ten" => (TEN, arguments.get(1)),
        named => (FIVE, named),
    };
    table(&model, &recordings, folds, named.map_or("", String::as_str))
}

/// Every case in every fold, as a table.
fn table(model: &Model, recordings: &Recordings, folds: Folds, named: &str) -> Outcome<()> {
    println!("| | not trained | trained | each fold | as integers | seconds |");
    println!("|---|---|---|---|---|---|");
    for case in cases::all().into_iter().filter(|case| case.name.contains(named)) {
        let start = Instant::now();
        let (mut before, mut after, mut integer) = (Vec::new(), Vec::new(), Vec::new());
        for fold in 0..folds.count {
            let (training, test) = recordings.fold(folds, fold, case.more);
            let model = &balanced(model, SMALLER, &training.inputs[..LOOKED_AT * NUMBERS])?;
            if case.untrained {
                before.push(untrained(model, &case, &training, &test)?);
            }
            let trainer = trained(model, &case, fold as u64 + 1, &training)?;
            after.push(judge(&trainer, &test)?);
            if case.plan.quantization.is_some() {
                integer.push(accuracy(&trainer.export()?, &test)?);
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        let (name, before, integer) = (case.name, with_folds(&before), with_folds(&integer));
        println!("| {name} | {before} | {} | {} | {integer} | {seconds:.0} |", mean(&after), each(&after));
    }
    Ok(())
}

/// Channels that go without anything being learned, in every fold: by the size of weights, and where layers make up for them.
fn at_once_table(model: &Model, recordings: &Recordings) -> Outcome<()> {
    println!(
        "| channels that stay | smallest weights gone | fitted, each layer alike | fitted, in the whole network |"
    );
    println!("|---|---|---|---|");
    for keep in [0.875, 0.75, 0.625, 0.5] {
        let plain = ChannelsOptions { keep, ..ChannelsOptions::default() };
        let fitted = ChannelsOptions { keep, ..ChannelsOptions::fitted() };
        let global = ChannelsOptions { scope: PruneScope::Global, ..fitted.clone() };
        let mut cells = Vec::new();
        for options in [plain, fitted, global] {
            let mut found = Vec::new();
            for fold in 0..FIVE.count {
                let (training, test) = recordings.fold(FIVE, fold, false);
                // Clips as they are, without their copies.
                let rows = training.inputs.chunks_exact(NUMBERS).step_by(training.labels.len() / (500 - TEST));
                // The network as it came takes features of their own size.
                let clip = |row: &[f32]| row.iter().map(|x| x * SMALLER).collect::<Vec<f32>>();
                let shape = &model.values[model.inputs[0]].shape;
                let inputs = rows.map(|row| Tensor::from_f32(shape, clip(row)).map(|clip| vec![clip]));
                let inputs = inputs.take(LOOKED_AT).collect::<milliwatt::Result<Vec<_>>>()?;
                let thin = channels::remove_on(model, &options, &inputs, &mut Silent)?;
                found.push(accuracy(&thin, &Clips { inputs: clip(&test.inputs), ..test })?);
            }
            cells.push(with_folds(&found));
        }
        println!("| {} | {} |", percent(keep), cells.join(" | "));
    }
    Ok(())
}

/// How some plans do on clips that no fold's figure comes from before they are learned.
fn inner(model: &Model, recordings: &Recordings, arguments: &[String]) -> Outcome<()> {
    let named = arguments.first().map_or("", String::as_str);
    for mut case in cases::all().into_iter().filter(|case| case.name.contains(named)) {
        if let Some(changes) = arguments.get(1) {
            let mut plan = serde_json::to_value(&case.plan)?;
            let changes: serde_json::Map<String, serde_json::Value> = serde_json::from_str(changes)?;
            plan.as_object_mut().ok_or("a plan is an object")?.extend(changes);
            case.plan = Plan::from_json(&plan.to_string())?;
        }
        let start = Instant::now();
        let (mut before, mut after, mut alike) = (Vec::new(), Vec::new(), Vec::new());
        for part in 0..3 {
            let (training, test) = recordings.inner(part, case.more);
            let model = &balanced(model, SMALLER, &training.inputs[..LOOKED_AT * NUMBERS])?;
            if case.untrained {
                before.push(untrained(model, &case, &training, &test)?);
            }
            let trainer = trained(model, &case, part as u64 + 11, &training)?;
            after.push(judge(&trainer, &test)?);
            if case.more {
                let inputs = training.unlabelled[..COMPARED * NUMBERS].to_vec();
                let labels = answers(model, &inputs)?;
                alike.push(judge(&trainer, &Clips { inputs, labels, ..Clips::default() })?);
            }
        }
        let (seconds, name) = (start.elapsed().as_secs_f64(), case.name);
        println!("{name}: {} -> {} ({seconds:.0} s)", with_folds(&before), with_folds(&after));
        println!("synthetic words answered as the network as it came does: {}", with_folds(&alike));
    }
    Ok(())
}

/// How good the network is when the same is done to it at once.
fn untrained(model: &Model, case: &Case, training: &Clips, test: &Clips) -> Outcome<f64> {
    match at_once(&case.start.model(model, 1)?, &case.plan)? {
        Some(model) => accuracy(&model, test),
        None => {
            let plan = still(&case.plan);
            judge(&trained(model, &Case { plan, ..*case }, 1, training)?, test)
        }
    }
}

fn trained(model: &Model, case: &Case, seed: u64, training: &Clips) -> Outcome<Trainer> {
    let (mut inputs, mut targets) = (training.inputs.clone(), one_hot(&training.labels, CLASSES)?);
    let mut executor = Executor::new(model, Options::default())?;
    for row in training.unlabelled.chunks_exact(NUMBERS) {
        let clip = Tensor::from_f32(&model.values[model.inputs[0]].shape, row.to_vec())?;
        targets.extend(executor.run(&[clip])?[0].to_f32_vec());
    }
    inputs.extend_from_slice(&training.unlabelled);
    let data = Data::of(Examples { inputs: &inputs, targets: &targets });
    let mut trainer = Trainer::new(&case.start.model(model, seed)?, &Plan { seed, ..case.plan.clone() })?;
    if case.plan.distillation.is_some() {
        trainer.set_teacher(model)?;
    }
    while !trainer.is_over() {
        trainer.step(data)?;
    }
    Ok(trainer)
}

fn judge(trainer: &Trainer, test: &Clips) -> Outcome<f64> {
    let targets = one_hot(&test.labels, CLASSES)?;
    let judgement = trainer.judge_kept(Examples { inputs: &test.inputs, targets: &targets })?;
    Ok(judgement.right.unwrap_or(0) as f64 / judgement.n as f64)
}

fn accuracy(model: &Model, test: &Clips) -> Outcome<f64> {
    let answers = answers(model, &test.inputs)?;
    let right = answers.iter().zip(&test.labels).filter(|(answer, label)| answer == label).count();
    Ok(right as f64 / test.labels.len() as f64)
}

/// The class that a network gives each input.
fn answers(model: &Model, inputs: &[f32]) -> Outcome<Vec<usize>> {
    let input = model.values[model.inputs[0]].clone();
    let mut executor = Executor::new(model, Options::default())?;
    let mut answers = Vec::new();
    for row in inputs.chunks_exact(NUMBERS) {
        let tensor = match &input.quantization {
            Some(quantization) => Tensor::from_i8(&input.shape, quantized(row, quantization))?,
            None => Tensor::from_f32(&input.shape, row.to_vec())?,
        };
        let output = executor.run(&[tensor])?[0].to_f32_vec();
        answers.push((1..output.len()).fold(0, |best, i| if output[i] > output[best] { i } else { best }));
    }
    Ok(answers)
}

fn quantized(row: &[f32], quantization: &Quantization) -> Vec<i8> {
    let (scale, zero_point) = (quantization.scale_of(0), quantization.zero_point_of(0) as f32);
    row.iter().map(|x| (x / scale + zero_point).round().clamp(-128.0, 127.0) as i8).collect()
}

fn percent(share: f64) -> String {
    format!("{} %", 100.0 * share)
}

fn mean(found: &[f64]) -> String {
    format!("{:.1} %", 100.0 * found.iter().sum::<f64>() / found.len() as f64)
}

fn each(found: &[f64]) -> String {
    found.iter().map(|share| format!("{:.1}", 100.0 * share)).collect::<Vec<_>>().join(", ")
}

fn with_folds(found: &[f64]) -> String {
    if found.is_empty() { "-".into() } else { format!("{} ({})", mean(found), each(found)) }
}
