//! What training wins back that pruning and low bits cost: a published keyword spotter, adapted to a few hundred clips.
//!
//! MLPerf Tiny's float DS-CNN learns on 350 of 500 real clips and is tested on the other 150, in five folds; without
//! training, the same is done to it at once. The files are looked for in `../shared` and not shipped.
#![allow(clippy::print_stdout, reason = "a command that says what it measured")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use milliwatt::compress::prune::prune;
use milliwatt::compress::recipe::{PruneOptions, PruneScope};
use milliwatt::exec::{Executor, Options};
use milliwatt::format::{npy, tflite};
use milliwatt::model::Model;
use milliwatt::quant::Quantization;
use milliwatt::random::Random;
use milliwatt::tensor::Tensor;
use milliwatt::train::plan::{self, Distillation, Pattern, Pruning, Schedule, Steps};
use milliwatt::train::{Data, Examples, Loss, Plan, Trainer, one_hot};

const FOLDS: usize = 5;
const TEST: usize = 150;
const NUMBERS: usize = 490;
const CLASSES: usize = 12;
/// The scale and zero point of the published features.
const SCALE: f32 = 0.584_702_9;
const ZERO_POINT: f32 = 83.0;

/// Clips as features, with their classes.
struct Clips {
    inputs: Vec<f32>,
    labels: Vec<usize>,
}

impl Clips {
    fn some(&self, rows: &[usize]) -> Self {
        let row = |&row: &usize| &self.inputs[row * NUMBERS..(row + 1) * NUMBERS];
        Self {
            inputs: rows.iter().flat_map(row).copied().collect(),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
        }
    }
}

/// What is done to the network.
struct Case {
    name: &'static str,
    plan: Plan,
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = std::env::var_os("MILLIWATT_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let (file, data) = (root.join("mlperf/models/kws01_fp32_qualcomm.tflite"), root.join("mlperf/data/kws_dev.npz"));
    if !file.exists() || !data.exists() {
        println!("skipped: the keyword spotter or its clips are not in {}", root.display());
        return Ok(());
    }
    let model = tflite::read(&fs::read(file)?)?.model;
    let clips = read_clips(&fs::read(data)?)?;
    let only = std::env::args().nth(1);
    println!("accuracy on {TEST} clips that were not learned, in {FOLDS} folds (measured); as it came: float");
    for case in cases() {
        if only.as_ref().is_some_and(|only| !case.name.contains(only.as_str())) {
            continue;
        }
        let start = Instant::now();
        let (mut before, mut after, mut integer) = (Vec::new(), Vec::new(), Vec::new());
        for fold in 0..FOLDS {
            let (training, test) = split(&clips, fold);
            before.push(accuracy(untrained(&model, &case.plan, &training)?, &test)?);
            let trainer = trained(&model, &Plan { seed: fold as u64 + 1, ..case.plan.clone() }, &training)?;
            after.push(judge(&trainer, &test)?);
            if case.plan.quantization.is_some() {
                integer.push(accuracy(Runs::Integer(trainer.export()?), &test)?);
            }
        }
        println!("{}: ({:.0} s)", case.name, start.elapsed().as_secs_f64());
        println!("    not trained  {}", folds(&before));
        println!("    trained      {}", folds(&after));
        if !integer.is_empty() {
            println!("    as integers  {}", folds(&integer));
        }
    }
    Ok(())
}

fn cases() -> Vec<Case> {
    // So few clips are soon known by heart; the network as it came is the teacher, and keeps it from forgetting.
    let learn = Plan {
        epochs: 30,
        batch: 25,
        learning_rate: 2e-4,
        schedule: Schedule::Cosine,
        mixup: 0.4,
        distillation: Some(Distillation { share: 0.8, temperature: 3.0, ..Distillation::default() }),
        ..Plan::default()
    };
    let pruned = |pattern, sparsity, scope| {
        Some(Pruning { pattern, sparsity, scope, begin: 0.0, end: 0.6, every: 14, regrowth: 0.0 })
    };
    let with_bits =
        |weight_bits, method| Some(plan::Quantization { weight_bits, method, ..plan::Quantization::default() });
    let case = |name, plan| Case { name, plan };
    vec![
        case("float", learn.clone()),
        case(
            "80 % of the weights zero",
            Plan {
                pruning: pruned(Pattern::Unstructured, 0.8, PruneScope::Global),
                learning_rate: 1e-3,
                epochs: 60,
                ..learn.clone()
            },
        ),
        case(
            "2 of 4 weights zero",
            Plan {
                pruning: pruned(Pattern::NOfM { n: 2, m: 4 }, 0.5, PruneScope::PerLayer),
                learning_rate: 5e-4,
                ..learn.clone()
            },
        ),
        case("4-bit weights, 8-bit activations", Plan { quantization: with_bits(4, Steps::Lsq), ..learn.clone() }),
        case("8-bit weights and activations", Plan { quantization: with_bits(8, Steps::MovingAverage), ..learn }),
    ]
}

/// Something that answers.
enum Runs {
    Float(Model),
    Integer(Model),
    /// A training that has taken no step worth the name: rounded, not moved.
    Rounded(Box<Trainer>),
}

/// The same done to the model at once.
fn untrained(model: &Model, plan: &Plan, training: &Clips) -> Result<Runs, Box<dyn Error>> {
    // Steps of no length: what the plan does besides learning is all that happens.
    let still = Plan {
        epochs: 1,
        batch: training.labels.len(),
        learning_rate: 0.0,
        mixup: 0.0,
        pruning: plan.pruning.map(|pruning| Pruning { begin: 0.0, end: 0.0, ..pruning }),
        quantization: plan
            .quantization
            .map(|quantization| plan::Quantization { method: Steps::MinMax, ..quantization }),
        ..plan.clone()
    };
    if let (None, Some(pruning)) = (&plan.quantization, &plan.pruning)
        && pruning.pattern == Pattern::Unstructured
    {
        return Ok(Runs::Float(prune(model, &PruneOptions { sparsity: pruning.sparsity, scope: pruning.scope })?));
    }
    Ok(Runs::Rounded(Box::new(trained(model, &still, training)?)))
}

fn trained(model: &Model, plan: &Plan, training: &Clips) -> Result<Trainer, Box<dyn Error>> {
    let targets = one_hot(&training.labels, CLASSES)?;
    let data = Data::of(Examples { inputs: &training.inputs, targets: &targets });
    let mut trainer = Trainer::new(model, &Plan { loss: Loss::CrossEntropy, ..plan.clone() })?;
    if plan.distillation.is_some() {
        trainer.set_teacher(model)?;
    }
    while !trainer.is_over() {
        trainer.step(data)?;
    }
    Ok(trainer)
}

fn judge(trainer: &Trainer, test: &Clips) -> Result<f64, Box<dyn Error>> {
    let targets = one_hot(&test.labels, CLASSES)?;
    let judgement = trainer.judge_kept(Examples { inputs: &test.inputs, targets: &targets })?;
    Ok(judgement.right.unwrap_or(0) as f64 / judgement.n as f64)
}

fn accuracy(runs: Runs, test: &Clips) -> Result<f64, Box<dyn Error>> {
    let model = match runs {
        Runs::Rounded(trainer) => return judge(&trainer, test),
        Runs::Float(model) | Runs::Integer(model) => model,
    };
    let input = model.values[model.inputs[0]].clone();
    let mut executor = Executor::new(&model, Options::default())?;
    let mut right = 0;
    for (row, &label) in test.inputs.chunks_exact(NUMBERS).zip(&test.labels) {
        let tensor = match &input.quantization {
            Some(quantization) => Tensor::from_i8(&input.shape, quantized(row, quantization))?,
            None => Tensor::from_f32(&input.shape, row.to_vec())?,
        };
        let output = executor.run(&[tensor])?[0].to_f32_vec();
        let largest = (1..output.len()).fold(0, |best, i| if output[i] > output[best] { i } else { best });
        right += usize::from(largest == label);
    }
    Ok(right as f64 / test.labels.len() as f64)
}

fn quantized(row: &[f32], quantization: &Quantization) -> Vec<i8> {
    let (scale, zero_point) = (quantization.scale_of(0), quantization.zero_point_of(0) as f32);
    row.iter().map(|x| (x / scale + zero_point).round().clamp(-128.0, 127.0) as i8).collect()
}

/// The clips of a fold: each clip is tested at least once.
fn split(clips: &Clips, fold: usize) -> (Clips, Clips) {
    let mut order: Vec<usize> = (0..clips.labels.len()).collect();
    Random::new(7).shuffle(&mut order);
    order.rotate_left(fold * clips.labels.len() / FOLDS);
    (clips.some(&order[TEST..]), clips.some(&order[..TEST]))
}

fn folds(found: &[f64]) -> String {
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    let each: Vec<String> = found.iter().map(|share| format!("{:.1}", 100.0 * share)).collect();
    format!("{:.1} %   ({})", 100.0 * mean, each.join(", "))
}

fn read_clips(bytes: &[u8]) -> Result<Clips, Box<dyn Error>> {
    let arrays = npy::read_npz(bytes)?;
    let array = |name: &str| arrays.iter().find(|(found, _)| found == name).map(|(_, array)| array.to_f32_vec());
    let features = array("mfcc").ok_or("there are no features in the archive")?;
    let labels = array("y").ok_or("there are no classes in the archive")?;
    Ok(Clips {
        inputs: features.iter().map(|q| (q - ZERO_POINT) * SCALE).collect(),
        labels: labels.iter().map(|&label| label as usize).collect(),
    })
}
